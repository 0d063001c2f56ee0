//! The output folder: staging, publishing, and recovery.
//!
//! `OUT/.kinescope/run` is where a run writes. Publishing marks it as complete and moves everything in it to its
//! place; a move that was interrupted is finished by the next run. Without the mark, what lies there is thrown away.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The marker of a run that is complete and only has to be moved.
const COMPLETE: &str = "complete";
/// In it, the word that says that what was published before is replaced.
const REPLACE: &str = "replace";
/// What a run leaves behind, besides the lake.
pub const FILES: [&str; 5] =
    ["findings.jsonl", "alerts.jsonl", "quarantine.jsonl", "ledger.json", "kinescope.db"];
const LAKE: &str = "lake";
/// How far a feed has come; only feeds leave it.
const CHECKPOINT: &str = "checkpoint.json";

/// Why the output folder cannot be used. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The disk.
    #[error("{what} {path}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: String,
        /// Why it failed.
        source: io::Error,
    },
    /// Another run is at work in it.
    #[error("use {0}: another run is writing to it; wait for it, or choose another --out")]
    Busy(String),
}

/// An output folder that this run alone may write to.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    // Held until the run ends; the operating system lets go of it when the process dies.
    _lock: File,
}

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    move |source| FolderError::Io { what, path: path.display().to_string(), source }
}

impl Folder {
    /// Opens or makes the folder, finishes or clears away what an earlier run left.
    pub fn open(root: &Path) -> Result<Folder, FolderError> {
        let hidden = root.join(".kinescope");
        fs::create_dir_all(&hidden).map_err(io_error("make the folder", &hidden))?;
        let lock = hidden.join("lock");
        let file = File::create(&lock).map_err(io_error("lock", &lock))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(FolderError::Busy(root.display().to_string())),
            Err(TryLockError::Error(source)) => return Err(io_error("lock", &lock)(source)),
        }
        let folder = Folder { root: root.to_owned(), _lock: file };
        if folder.staging().join(COMPLETE).exists() {
            folder.move_all()?;
        }
        folder.clear()?;
        let lake = folder.staging().join(LAKE);
        fs::create_dir_all(&lake).map_err(io_error("make the folder", &lake))?;
        Ok(folder)
    }

    /// A file of the folder, as published.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The window of ids, kept from run to run.
    pub fn window(&self) -> PathBuf {
        self.root.join(".kinescope").join("window")
    }

    /// Where this run writes.
    pub fn staging(&self) -> PathBuf {
        self.root.join(".kinescope").join("run")
    }

    /// A file of this run, yet to be published.
    pub fn staged(&self, name: &str) -> PathBuf {
        self.staging().join(name)
    }

    /// Syncs a file of this run.
    pub fn sync(&self, name: &str) -> io::Result<()> {
        File::open(self.staged(name))?.sync_all()
    }

    /// Where this run's lake is.
    pub fn staged_lake(&self) -> PathBuf {
        self.staging().join(LAKE)
    }

    /// How far a feed had come by the runs that are published.
    pub fn checkpoint(&self) -> Result<Option<Vec<u8>>, FolderError> {
        let path = self.path(CHECKPOINT);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("read", &path)(error)),
        }
    }

    /// Writes how far it has come, to be published with the rest.
    pub fn stage_checkpoint(&self, bytes: &[u8]) -> Result<(), FolderError> {
        let path = self.staged(CHECKPOINT);
        let write = || {
            let mut file = File::create(&path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(io_error("write", &path))
    }

    /// Begins this run's copy of a published file, if there is one.
    pub fn stage_copy(&self, name: &str) -> Result<(), FolderError> {
        let (from, to) = (self.path(name), self.staged(name));
        if from.exists() {
            fs::copy(&from, &to).map_err(io_error("copy", &from))?;
        }
        Ok(())
    }

    /// Publishes what was staged; with `replace`, instead of all that was published before.
    pub fn publish(&self, replace: bool) -> Result<(), FolderError> {
        let marker = self.staged(COMPLETE);
        let write = || {
            let mut file = File::create(&marker)?;
            file.write_all(if replace { REPLACE.as_bytes() } else { b"" })?;
            file.sync_all()
        };
        write().map_err(io_error("write", &marker))?;
        self.move_all()?;
        self.clear()
    }

    /// Moves everything to its place. May be repeated: what was moved is no longer there to be moved.
    fn move_all(&self) -> Result<(), FolderError> {
        let marker = self.staged(COMPLETE);
        let replaced = self.staged("replaced");
        if fs::read(&marker).is_ok_and(|word| word == REPLACE.as_bytes()) && !replaced.exists() {
            fs::create_dir_all(&replaced).map_err(io_error("make the folder", &replaced))?;
            let lake = self.path(LAKE);
            if lake.exists() {
                fs::rename(&lake, replaced.join(LAKE)).map_err(io_error("move", &lake))?;
            }
        }
        self.move_files(&self.staged_lake(), &self.path(LAKE))?;
        for name in FILES.into_iter().chain([CHECKPOINT]) {
            self.move_file(&self.staged(name), &self.path(name))?;
        }
        self.move_file(&self.staged("window"), &self.window())
    }

    fn move_files(&self, from: &Path, to: &Path) -> Result<(), FolderError> {
        fs::create_dir_all(to).map_err(io_error("make the folder", to))?;
        let Ok(entries) = fs::read_dir(from) else { return Ok(()) };
        for entry in entries {
            let entry = entry.map_err(io_error("list", from))?;
            let (from, to) = (entry.path(), to.join(entry.file_name()));
            if from.is_dir() { self.move_files(&from, &to)? } else { self.move_file(&from, &to)? }
        }
        Ok(())
    }

    fn move_file(&self, from: &Path, to: &Path) -> Result<(), FolderError> {
        match fs::rename(from, to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("move", from)(error)),
            _ => Ok(()),
        }
    }

    /// Throws away what lies in the staging folder.
    pub fn clear(&self) -> Result<(), FolderError> {
        let staging = self.staging();
        match fs::remove_dir_all(&staging) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("clear", &staging)(error)),
            _ => Ok(()),
        }
    }
}
