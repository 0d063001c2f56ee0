//! The folder of traffic: files, and the counts that become the manifest.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{Manifest, Options, Progress, Scenario};

const TRAFFIC: &str = "traffic";
const MANIFEST: &str = "manifest.json";
const BUFFER_BYTES: usize = 256 * 1024;
const N_EVENTS_PER_PROGRESS: u64 = 2_048;

/// An open plain file; call `finish` to see its errors.
pub(crate) struct PlainFile(BufWriter<Counted>);

/// An open gzip file of one member; call `finish` to write its end.
pub(crate) struct GzipFile(GzEncoder<BufWriter<Counted>>);

/// Where the files of a run go, and what was written so far.
pub(crate) struct Output<'a> {
    folder: PathBuf,
    on_progress: &'a mut dyn FnMut(Progress),
    n_bytes: Rc<Cell<u64>>,
    n_files: u64,
    n_events: u64,
    by_source: BTreeMap<&'static str, u64>,
    pub(crate) n_duplicates: u64,
    pub(crate) n_control: u64,
    pub(crate) n_broken: u64,
}

impl<'a> Output<'a> {
    /// Makes `traffic/` below `out`, in place of that of an earlier run.
    pub(crate) fn create(out: &Path, on_progress: &'a mut dyn FnMut(Progress)) -> io::Result<Output<'a>> {
        clear_earlier_run(out)?;
        let folder = out.join(TRAFFIC);
        fs::create_dir_all(&folder)?;
        Ok(Output {
            folder,
            on_progress,
            n_bytes: Rc::default(),
            n_files: 0,
            n_events: 0,
            by_source: BTreeMap::new(),
            n_duplicates: 0,
            n_control: 0,
            n_broken: 0,
        })
    }

    /// Counts a distinct event of `source`.
    pub(crate) fn count_event(&mut self, source: &'static str) {
        *self.by_source.entry(source).or_default() += 1;
        self.n_events += 1;
        if self.n_events.is_multiple_of(N_EVENTS_PER_PROGRESS) {
            self.report();
        }
    }

    /// Opens a plain file at `path` below the traffic folder.
    pub(crate) fn plain(&mut self, path: &str) -> io::Result<PlainFile> {
        Ok(PlainFile(self.open(path)?))
    }

    /// Opens a gzip file at `path` below the traffic folder.
    pub(crate) fn gzip(&mut self, path: &str) -> io::Result<GzipFile> {
        // The traffic is made to be read: its size matters less than the time it takes to make.
        Ok(GzipFile(GzEncoder::new(self.open(path)?, Compression::fast())))
    }

    /// Writes a whole file at `path` below the traffic folder.
    pub(crate) fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.plain(path)?;
        file.0.write_all(bytes)?;
        file.finish()
    }

    /// Writes the manifest, which makes the run complete.
    pub(crate) fn finish(mut self, options: &Options, scenarios: Vec<Scenario>) -> io::Result<Manifest> {
        self.report();
        let manifest = Manifest {
            kinescope_manifest: 1,
            seed: options.seed,
            shape: options.shape,
            n_events: self.n_events,
            n_duplicates: self.n_duplicates,
            n_control: self.n_control,
            n_broken: self.n_broken,
            n_files: self.n_files,
            n_bytes: self.n_bytes.get(),
            by_source: self.by_source.into_iter().map(|(source, n)| (source.to_owned(), n)).collect(),
            scenarios,
        };
        let mut text = serde_json::to_vec_pretty(&manifest)?;
        text.push(b'\n');
        fs::write(self.folder.with_file_name(MANIFEST), text)?;
        Ok(manifest)
    }

    fn report(&mut self) {
        (self.on_progress)(Progress { n_events: self.n_events, n_bytes: self.n_bytes.get() });
    }

    fn open(&mut self, path: &str) -> io::Result<BufWriter<Counted>> {
        let path = self.folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let file = File::create(path)?;
        self.n_files += 1;
        let counted = Counted { file, n_bytes: Rc::clone(&self.n_bytes) };
        Ok(BufWriter::with_capacity(BUFFER_BYTES, counted))
    }
}

impl PlainFile {
    /// Writes `line` and a line break.
    pub(crate) fn line(&mut self, line: &str) -> io::Result<()> {
        self.0.write_all(line.as_bytes())?;
        self.0.write_all(b"\n")
    }

    /// Flushes the file.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl GzipFile {
    /// Writes `text` as it is.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        self.0.write_all(text.as_bytes())
    }

    /// Ends the member and flushes the file.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.0.finish()?.flush()
    }
}

/// A file that adds what is written to the run's count of bytes.
struct Counted {
    file: File,
    n_bytes: Rc<Cell<u64>>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n_written = self.file.write(bytes)?;
        self.n_bytes.set(self.n_bytes.get() + n_written as u64);
        Ok(n_written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Files of an earlier run would be read with the new ones and belie the manifest. Only a folder that has
/// our manifest is surely ours to clear.
fn clear_earlier_run(out: &Path) -> io::Result<()> {
    let (traffic, manifest) = (out.join(TRAFFIC), out.join(MANIFEST));
    if !traffic.exists() {
        return Ok(());
    }
    if fs::read(&manifest).is_ok_and(|text| serde_json::from_slice::<Manifest>(&text).is_ok()) {
        // The manifest goes last, so that a clearing cut short can be taken up again.
        fs::remove_dir_all(&traffic)?;
        return fs::remove_file(&manifest);
    }
    let problem = format!("{} is there without a manifest of ours beside it", traffic.display());
    Err(io::Error::new(io::ErrorKind::AlreadyExists, problem))
}
