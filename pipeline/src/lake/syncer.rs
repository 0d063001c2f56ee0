//! Syncs files while others are written: a disk that takes its time with one holds nobody back until several wait.

use std::{
    fs::File,
    io,
    panic::resume_unwind,
    path::PathBuf,
    sync::mpsc::{SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

/// Files that may wait: past it, who closes one waits.
const WAITING_MAX: usize = 4;

/// A file that could not be synced, and why.
pub(super) type Failed = (PathBuf, io::Error);

/// A thread that syncs files in turn, up to the first that fails.
pub(super) struct Syncer {
    files: SyncSender<(PathBuf, File)>,
    thread: JoinHandle<Result<(), Failed>>,
}

impl Syncer {
    /// Begins.
    pub(super) fn new() -> Syncer {
        let (files, waiting) = sync_channel::<(PathBuf, File)>(WAITING_MAX);
        let thread = thread::spawn(move || {
            waiting.iter().try_for_each(|(path, file)| file.sync_all().map_err(|error| (path, error)))
        });
        Syncer { files, thread }
    }

    /// Hands over a file that is written; whether there is a use in going on, which [`end`](Syncer::end) knows more of.
    pub(super) fn sync(&self, path: PathBuf, file: File) -> bool {
        self.files.send((path, file)).is_ok()
    }

    /// Waits until all are synced.
    pub(super) fn end(self) -> Result<(), Failed> {
        drop(self.files);
        self.thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_are_synced_until_one_fails() {
        let folder = tempfile::tempdir().unwrap();
        let syncer = Syncer::new();
        for at in 0..3 * WAITING_MAX {
            let path = folder.path().join(at.to_string());
            fs::write(&path, "text").unwrap();
            assert!(syncer.sync(path.clone(), File::open(path).unwrap()));
        }
        syncer.end().unwrap();
    }

    /// `/dev/null` is no file that can be synced.
    #[test]
    fn who_failed_is_known_and_nobody_waits_for_ever() {
        let syncer = Syncer::new();
        let null = || File::open("/dev/null").unwrap();
        while syncer.sync("first".into(), null()) {}
        assert_eq!(syncer.end().unwrap_err().0, PathBuf::from("first"));
    }
}
