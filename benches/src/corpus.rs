//! Corpora: folders of traffic.

use kinescope_generate::{Manifest, Options, Shape, generate};
use kinescope_pipeline::{
    Piece,
    source::{Files, Reader},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{atomic::AtomicU64, mpsc::sync_channel},
    time::SystemTime,
};

/// Events of each generated corpus.
pub const N_EVENTS: u64 = 20_000;
/// The seed of all of them.
pub const SEED: u64 = 7;
/// When their first event happens: 2026-11-20T08:00:00Z.
pub const START_MS: i64 = 1_795_161_600_000;

/// A folder of traffic.
pub struct Corpus {
    /// What its benches are called.
    pub name: String,
    folder: PathBuf,
}

impl Corpus {
    /// The corpus of a shape, made if it is not there, or older than this executable and so perhaps than the generator.
    pub fn of(shape: Shape) -> Corpus {
        Corpus::sized(shape, N_EVENTS)
    }

    /// The same of so many events.
    pub fn sized(shape: Shape, n_events: u64) -> Corpus {
        let executable = env::current_exe().unwrap();
        let folder = executable.with_file_name(format!("corpus-{n_events}-{SEED}-{shape}"));
        let built = modified(&executable).unwrap();
        if modified(&folder.join("manifest.json")).is_none_or(|made| made < built) {
            make(shape, n_events, &folder);
        }
        Corpus { name: shape.to_string(), folder: folder.join("traffic") }
    }

    /// One corpus a shape, and the recordings.
    pub fn all() -> Vec<Corpus> {
        Shape::ALL.into_iter().map(Corpus::of).chain(recorded()).collect()
    }

    /// Its files.
    pub fn files(&self) -> Files {
        Files::list(std::slice::from_ref(&self.folder)).unwrap()
    }

    /// What the source makes of it: batches, as the road takes them.
    pub fn batches(&self) -> Vec<Vec<Piece>> {
        const BATCHES_MAX: usize = 1 << 16;
        let (sender, batches) = sync_channel(BATCHES_MAX);
        let n_bytes = AtomicU64::new(0);
        Reader::new(sender, &n_bytes, None).read(&self.files()).expect("the queue is long enough");
        batches.into_iter().collect()
    }

    /// All pieces of all batches.
    pub fn pieces(&self) -> Vec<Piece> {
        self.batches().into_iter().flatten().collect()
    }
}

/// The folder that `KINESCOPE_RECORDED` names, if it does: real recordings, which nobody can put in a repository.
pub fn recorded() -> Option<Corpus> {
    let folder = PathBuf::from(env::var_os("KINESCOPE_RECORDED")?);
    Some(Corpus { name: "recorded".to_owned(), folder })
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

fn make(shape: Shape, n_events: u64, folder: &Path) -> Manifest {
    let options = Options { n_events, seed: SEED, shape, start_ms: START_MS, broken: false };
    generate(&options, folder, &mut |_| {}).unwrap()
}
