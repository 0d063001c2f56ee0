//! Groups of messages are taken along the road side by side, one a worker, and written one at a time, in turn.
//!
//! The first worker writes what is ready when it has taken a group along, while the others go on: what the lake's
//! encoders look up stays in the cache of one core. When it waits for a group, or too much is ready, whoever has what comes
//! next writes. A thread of its own for writing would be one more than there are cores, and get a share of one where it
//! needs all of it or none. No worker waits for another but when too much is ready: a disk that is slow holds back reading.

use super::{RunError, Status, write::Writer};
use crate::{
    batch::Piece,
    output::Output,
    process::{Stages, enter, travel},
    window::Window,
};
use std::{
    collections::BTreeMap,
    sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc::Receiver},
    thread,
};

/// Bytes of text, rows and findings that may be ready to be written: some six groups, so that what the first worker writes
/// is seldom left to another, and nobody waits while it ends a row group.
const READY_BYTES_MAX: usize = 6 << 20;

type Group = Vec<Piece>;

/// The turns of a run.
pub(super) struct Turns<'r> {
    stages: &'r Stages,
    window: &'r Window,
    status: &'r Status,
    /// How many were taken, and the others.
    groups: Mutex<(u64, Receiver<Group>)>,
    ready: Mutex<Ready>,
    /// Told when one was written, or when there is no use in going on.
    written: Condvar,
    writer: Mutex<&'r mut Writer>,
}

#[derive(Default)]
struct Ready {
    groups: BTreeMap<u64, (Group, Output)>,
    /// Bytes of their text, rows and findings.
    n_bytes: usize,
    /// Whose turn it is to be written.
    turn: u64,
    /// Whether the first worker has a group under way, behind which it writes.
    first_will_write: bool,
    /// Whether a worker writes.
    written_now: bool,
    /// Whether there is no use in going on, and why, unless a worker panics and says so itself.
    stopped: bool,
    failed: Option<RunError>,
}

impl<'r> Turns<'r> {
    /// Those of the groups that come.
    pub(super) fn new(
        groups: Receiver<Group>,
        stages: &'r Stages,
        window: &'r Window,
        writer: &'r mut Writer,
        status: &'r Status,
    ) -> Turns<'r> {
        Turns {
            stages,
            window,
            status,
            groups: Mutex::new((0, groups)),
            ready: Mutex::default(),
            written: Condvar::new(),
            writer: Mutex::new(writer),
        }
    }

    /// What a worker, by its number from 0, does until no more groups come.
    pub(super) fn work(&self, worker: usize) {
        let _panic_stops_all = StopsAll(self);
        let is_first = worker == 0;
        while let Some((turn, group)) = self.next() {
            if is_first {
                self.ready().first_will_write = true;
            }
            let output = travel(&group, self.stages, self.window);
            if !self.put(turn, group, output, is_first) {
                return;
            }
        }
    }

    fn next(&self) -> Option<(u64, Group)> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let group = groups.1.recv().ok()?;
        groups.0 += 1;
        Some((groups.0 - 1, group))
    }

    /// Adds what came of a group, and writes what has its turn, unless another worker does or will. Returns when no more is
    /// ready than may be; whether there is a use in going on.
    fn put(&self, turn: u64, group: Group, output: Output, is_first: bool) -> bool {
        let mut ready = self.ready();
        ready.first_will_write &= !is_first;
        ready.n_bytes += n_bytes(&group, &output);
        ready.groups.insert(turn, (group, output));
        while !ready.stopped {
            let turn = ready.turn;
            let is_too_much = ready.n_bytes > READY_BYTES_MAX;
            if !ready.written_now
                && (is_too_much || !ready.first_will_write)
                && let Some((group, output)) = ready.groups.remove(&turn)
            {
                ready.written_now = true;
                ready.n_bytes -= n_bytes(&group, &output);
                drop(ready);
                let written = self.write(group, output);
                ready = self.ready();
                ready.written_now = false;
                ready.turn += 1;
                ready.stopped |= written.is_err();
                ready.failed = written.err();
                self.written.notify_all();
            } else if is_too_much {
                ready = self.written.wait(ready).unwrap_or_else(PoisonError::into_inner);
            } else {
                return true;
            }
        }
        false
    }

    fn write(&self, group: Group, output: Output) -> Result<(), RunError> {
        let output = enter(output, &group, self.stages, self.window);
        drop(group);
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).write_one(output, self.status)
    }

    fn ready(&self) -> MutexGuard<'_, Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it could not be written, if it could not.
    pub(super) fn end(self) -> Result<(), RunError> {
        self.ready.into_inner().unwrap_or_else(PoisonError::into_inner).failed.map_or(Ok(()), Err)
    }
}

fn n_bytes(group: &Group, output: &Output) -> usize {
    group.iter().map(Piece::n_bytes_estimated).sum::<usize>() + output.n_bytes()
}

/// A worker that panics will never have its turn: nobody must wait for that.
struct StopsAll<'t, 'r>(&'t Turns<'r>);

impl Drop for StopsAll<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.ready().stopped = true;
            self.0.written.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::tests::piece;

    /// Without a lake there are no rows, and a bound of those alone would be none.
    #[test]
    fn text_counts_where_there_are_no_rows() {
        assert_eq!(n_bytes(&vec![piece(1_000, true)], &Output::default()), 1_000);
    }
}
