//! Everything on one machine: files in, a folder out.
//!
//! A run works in a folder of its own below the output folder, and what it wrote is published at its end, all of it or
//! nothing: a killed run leaves no trace, and the next one does the whole work. A record that a finished run has
//! dealt with is known by its content and is not dealt with again.

mod alerts;
mod correlator;
mod findings;
mod folder;
mod quarantine;
mod run;
mod store;
mod turns;
mod write;

pub use folder::{Folder, FolderError};
pub use quarantine::{EntryError, Redriven, read as read_quarantine};
pub use run::{Input, Report, Run, RunError, Status, run};
pub use store::{Store, StoreError};

use std::{panic::resume_unwind, thread::ScopedJoinHandle};

/// What a thread came to.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}
