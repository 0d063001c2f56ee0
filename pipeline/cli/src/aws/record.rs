//! `kinescope record`: what is on a stream, into a capture.

use super::{behind, from, until};
use crate::{Done, args, progress::Progress, show::number};
use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};
use kinescope_aws::{
    access::Access,
    stream::{Checkpoint, Poller, Stream},
};
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    time::{Duration, Instant},
};

/// How often the progress is shown while nothing comes.
const SHOW_EVERY: Duration = Duration::from_millis(200);

/// Runs the command.
pub fn record(args: &args::Record) -> Result<Done> {
    let access = Access::find()?;
    let stop = access.stop_signal()?;
    let stream = Stream::open(&access, &args.reading.stream)?;
    let name = args.out.display();
    let mut capture = Capture::create(&args.out).with_context(|| format!("create the capture {name}"))?;
    let checkpoint = Checkpoint::new(stream.arn().to_owned(), from(&args.reading));
    let mut poller = Poller::begin(stream, checkpoint, until(&args.reading), stop)?;
    let lag = poller.lag();
    let mut progress = Progress::new(0);
    let (mut n_records, mut n_bytes) = (0u64, 0u64);
    let ends = args.seconds.and_then(|seconds| Instant::now().checked_add(seconds));
    let is_over = |n_records| {
        args.records.is_some_and(|most| n_records >= most) || ends.is_some_and(|ends| Instant::now() >= ends)
    };
    while !poller.is_done() && !is_over(n_records) {
        let show = Instant::now() + SHOW_EVERY;
        if let Some(record) = poller.next(Some(ends.map_or(show, |ends| ends.min(show)))) {
            record.write(&mut capture).with_context(|| format!("write the capture {name}"))?;
            n_records += 1;
            n_bytes += record.data.len() as u64;
        }
        progress.say(n_bytes, format!("{} records, {}", number(n_records), behind(&lag)));
    }
    progress.end();
    capture.finish().with_context(|| format!("write the capture {name}"))?;
    if let Some(fault) = poller.fault() {
        bail!(fault);
    }
    words!("{} records, {:.1} MiB of data", number(n_records), n_bytes as f64 / f64::from(1 << 20));
    words!("try: kinescope process {name} --out OUT");
    Ok(Done::Well)
}

/// The file under way.
enum Capture {
    Plain(BufWriter<Box<dyn Write>>),
    Gzip(Box<GzEncoder<BufWriter<File>>>),
}

impl Capture {
    /// A new file; one that is there already is left as it is.
    fn create(path: &Path) -> io::Result<Capture> {
        if path.as_os_str() == "-" {
            return Ok(Capture::Plain(BufWriter::new(Box::new(io::stdout()))));
        }
        let file = File::create_new(path)?;
        if path.extension().is_some_and(|end| end == "gz") {
            let file = GzEncoder::new(BufWriter::new(file), Compression::default());
            return Ok(Capture::Gzip(Box::new(file)));
        }
        Ok(Capture::Plain(BufWriter::new(Box::new(file))))
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Capture::Plain(mut file) => file.flush(),
            Capture::Gzip(file) => {
                file.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
            }
        }
    }
}

impl Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Capture::Plain(file) => file.write(bytes),
            Capture::Gzip(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Capture::Plain(file) => file.flush(),
            Capture::Gzip(file) => file.flush(),
        }
    }
}
