//! `kinescope replay`: the records of a capture, put back on a stream.

use crate::{Done, args, progress::Progress, show::number};
use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;
use kinescope_aws::{
    access::Access,
    stream::{Entry, Stream, Writer, partition_key},
};
use kinescope_pipeline::source::Captured;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// Bytes of a line: a record of 10 MiB in base64, and the rest.
const LINE_BYTES_MAX: u64 = 16 << 20;
/// What is due sooner is written with what is due now.
const EARLY_MAX: Duration = Duration::from_millis(10);

/// Runs the command.
pub fn replay(args: &args::Replay) -> Result<Done> {
    let name = args.capture.display().to_string();
    let mut lines = open(&args.capture).with_context(|| format!("read the capture {name}"))?;
    let access = Access::find()?;
    let mut writer = Writer::new(Stream::open(&access, &args.stream)?);
    let mut pace = Pace { rate: args.rate, speed: args.speed, first_ms: None, began: Instant::now() };
    let mut progress = Progress::new(0);
    let (mut line, mut n_lines, mut n_records, mut n_bytes) = (Vec::new(), 0u64, 0u64, 0u64);
    while next_line(&mut lines, &mut line).with_context(|| format!("read the capture {name}"))? {
        n_lines += 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let Some(record) = Captured::parse(&line) else {
            bail!("read line {n_lines} of {name}: it is no line of a capture, as kinescope record writes it");
        };
        if let Some(wait) = pace.wait(n_records, record.arrival_ms) {
            writer.flush()?;
            thread::sleep(wait);
        }
        n_records += 1;
        n_bytes += record.data.len() as u64;
        writer.put(Entry { partition_key: partition_key(&record.partition_key), data: record.data })?;
        let rate = writer.n_written() as f64 / pace.began.elapsed().as_secs_f64().max(1e-3);
        let words = format!("{} records ({}/s)", number(writer.n_written()), number(rate as u64));
        progress.say(n_bytes, words);
    }
    writer.flush()?;
    progress.end();
    let seconds = pace.began.elapsed().as_secs_f64();
    words!(
        "{} records, {:.1} MiB of data in {seconds:.1} s; {} were refused on the way and written again",
        number(writer.n_written()),
        n_bytes as f64 / f64::from(1 << 20),
        number(writer.n_refused())
    );
    Ok(Done::Well)
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    const GZIP: [u8; 2] = [0x1f, 0x8b];
    let file: Box<dyn Read> =
        if path.as_os_str() == "-" { Box::new(io::stdin().lock()) } else { Box::new(File::open(path)?) };
    let mut file = BufReader::new(file);
    let is_gzip = file.fill_buf()?.starts_with(&GZIP);
    Ok(if is_gzip { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(file) })
}

/// Reads the next line; whether there is one.
fn next_line(lines: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let n_bytes = lines.take(LINE_BYTES_MAX).read_until(b'\n', line)?;
    if n_bytes as u64 == LINE_BYTES_MAX {
        let words = format!("a line has more than {LINE_BYTES_MAX} bytes; no record is so large");
        return Err(io::Error::new(io::ErrorKind::InvalidData, words));
    }
    Ok(n_bytes > 0)
}

/// When records are due.
struct Pace {
    /// Records a second.
    rate: Option<f64>,
    /// Times the pace of the recording.
    speed: Option<f64>,
    /// When the first record had come.
    first_ms: Option<i64>,
    began: Instant,
}

impl Pace {
    /// How long to wait before the nth record, if it is not due.
    fn wait(&mut self, n: u64, arrival_ms: Option<i64>) -> Option<Duration> {
        let due = self.due(n, arrival_ms)?;
        due.checked_sub(self.began.elapsed()).filter(|wait| *wait > EARLY_MAX)
    }

    /// When it is due, counted from the begin.
    fn due(&mut self, n: u64, arrival_ms: Option<i64>) -> Option<Duration> {
        let seconds = match (self.rate, self.speed, arrival_ms) {
            (Some(rate), _, _) => n as f64 / rate,
            (None, Some(speed), Some(ms)) => (ms - *self.first_ms.get_or_insert(ms)) as f64 / 1e3 / speed,
            _ => return None,
        };
        Duration::try_from_secs_f64(seconds).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_due_by_count_or_by_time() {
        let due = |rate, speed, records: &[(u64, Option<i64>)]| -> Vec<Option<u128>> {
            let mut pace = Pace { rate, speed, first_ms: None, began: Instant::now() };
            records.iter().map(|(n, ms)| Some(pace.due(*n, *ms)?.as_millis())).collect()
        };
        let records = [(0, Some(5_000)), (1, Some(5_500)), (2, None), (3, Some(4_000))];
        assert_eq!(due(Some(100.0), None, &records), [Some(0), Some(10), Some(20), Some(30)]);
        // What has no time, or an earlier one, is due at once.
        assert_eq!(due(None, Some(2.0), &records), [Some(0), Some(250), None, None]);
        assert_eq!(due(None, None, &records), [None; 4]);
    }
}
