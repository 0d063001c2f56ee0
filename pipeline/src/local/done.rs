//! What is done and waits to be written: by whichever worker is free, one at a time, in order.
//!
//! A thread of its own for writing would be one more than there are cores, and get a share of one where it needs all of
//! it or none. As one of the workers' tasks, writing leaves no core idle: while one of them writes the others process,
//! and when nothing waits all of them do.

use super::{RunError, Status, write::Writer};
use crate::output::Output;
use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// Batches that may wait where there is more than one worker: a little writing ahead evens out what some of them take, a
/// disk that is slow holds back reading. One alone writes what it has just made before its cache forgets it.
const WAITING_MAX: usize = 2;

/// What is done.
pub(super) struct Done<'w> {
    n_waiting_max: usize,
    waiting: Mutex<Waiting>,
    /// Told when something was taken.
    taken: Condvar,
    writer: Mutex<&'w mut Writer>,
}

#[derive(Default)]
struct Waiting {
    outputs: VecDeque<Vec<Output>>,
    /// Whether a worker writes, or is about to.
    written_now: bool,
    failed: Option<RunError>,
}

impl<'w> Done<'w> {
    /// Nothing so far.
    pub(super) fn new(writer: &'w mut Writer, n_workers: usize) -> Done<'w> {
        let n_waiting_max = if n_workers == 1 { 0 } else { WAITING_MAX };
        Done { n_waiting_max, waiting: Mutex::default(), taken: Condvar::new(), writer: Mutex::new(writer) }
    }

    /// Adds what came of a batch, and returns when no more wait than may; `begin` is called if a worker has to begin to
    /// [write](Done::write). Whether there is a use in going on: not if writing has failed.
    pub(super) fn put(&self, outputs: Vec<Output>, begin: impl FnOnce()) -> bool {
        let mut waiting = self.waiting();
        waiting.outputs.push_back(outputs);
        if !std::mem::replace(&mut waiting.written_now, true) {
            begin();
        }
        drop(waiting);
        let too_many =
            |waiting: &mut Waiting| waiting.outputs.len() > self.n_waiting_max && waiting.failed.is_none();
        // Writing may be a task that this worker has begun and nobody else has taken.
        while too_many(&mut self.waiting()) && rayon::yield_now() == Some(rayon::Yield::Executed) {}
        let waiting = self.taken.wait_while(self.waiting(), too_many);
        waiting.unwrap_or_else(PoisonError::into_inner).failed.is_none()
    }

    /// Writes until nothing waits.
    pub(super) fn write(&self, status: &Status) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(outputs) = self.next() {
            if let Err(error) = writer.write_all(outputs, status) {
                let mut waiting = self.waiting();
                waiting.failed.get_or_insert(error);
                self.taken.notify_one();
                return;
            }
        }
    }

    fn next(&self) -> Option<Vec<Output>> {
        let mut waiting = self.waiting();
        let next = waiting.outputs.pop_front();
        waiting.written_now = next.is_some();
        self.taken.notify_one();
        next
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it could not be written, if it could not.
    pub(super) fn end(self) -> Result<(), RunError> {
        let waiting = self.waiting.into_inner().unwrap_or_else(PoisonError::into_inner);
        waiting.failed.map_or(Ok(()), Err)
    }
}
