//! The writing side of a run: gives what came of records to the sinks, closes minutes, keeps the ledger.

use super::{RunError, Status, Store, correlator::Correlator, joined, quarantine::Quarantine};
use crate::{
    lake::{DayRange, Lake, of_points},
    ledger::Ledger,
    output::Output,
    process::Seen,
    sink::{Open, Sink, deliver},
};
use kinescope_schemas::Fate;
use kinescope_stages::derive::Minutes;
use std::{collections::HashSet, sync::atomic::Ordering, thread};

/// Points that are rows at a time: of all that are closed at once rows would take as much memory as all else here.
const POINTS_AT_ONCE: usize = 4_096;

/// The sinks, and what is kept until the run's end.
pub(super) struct Writer {
    pub(super) lake: Option<Lake>,
    pub(super) store: Store,
    pub(super) quarantine: Quarantine,
    pub(super) correlator: Correlator,
    pub(super) ledger: Ledger,
    pub(super) open: Open,
    pub(super) minutes: Minutes,
    pub(super) seen: Seen,
    pub(super) days: DayRange,
    pub(super) redrives: bool,
    /// Redriven records that could be read.
    pub(super) mended: HashSet<u64>,
}

impl Writer {
    /// Writes what came of a group.
    pub(super) fn write_one(&mut self, mut output: Output, status: &Status) -> Result<(), RunError> {
        self.write(&mut output)?;
        self.minutes.add(output.points);
        self.seen.add(&output.seen);
        self.minutes(false)?;
        status.n_events.store(self.ledger.events.r#in, Ordering::Relaxed);
        status.n_findings.store(self.ledger.findings.total, Ordering::Relaxed);
        Ok(())
    }

    fn write(&mut self, output: &mut Output) -> Result<(), RunError> {
        let lake = self.lake.iter_mut().map(|lake| lake as &mut dyn Sink);
        let others: [&mut dyn Sink; 3] = [&mut self.store, &mut self.quarantine, &mut self.correlator];
        // The lake first, which has the most to give back.
        let mut sinks: Vec<_> = lake.chain(others).collect();
        let delivered = deliver(output, &mut sinks, &mut self.ledger, &mut self.open);
        if let Some((sink, words)) = delivered.error {
            return Err(RunError::Sink { sink, words });
        }
        if self.redrives {
            let mended = delivered.fates.iter().filter(|(_, fate)| *fate == Fate::Processed);
            self.mended.extend(mended.map(|(record, _)| record.index));
        }
        let ended = delivered.fates.iter().filter(|(_, fate)| *fate != Fate::Redeliver);
        Ok(ended
            .filter_map(|(record, _)| record.file_id.get().copied())
            .try_for_each(|id| self.store.add_record(id))?)
    }

    /// Writes what correlations found in all that came; how many matches found no place. What that adds nothing to is
    /// finished while the matches are read.
    pub(super) fn correlations(&mut self) -> Result<u64, RunError> {
        let (days, only_findings) = (self.days, self.lake.is_none());
        let mut correlator = std::mem::take(&mut self.correlator);
        let lake = self.lake.take();
        thread::scope(|scope| {
            let files = correlator.read(scope, days, only_findings);
            let closing = scope.spawn(|| lake.map(Lake::close_all_but_derived).transpose());
            self.store.index_events()?;
            self.lake = joined(closing)?;
            let mut n_dropped = 0;
            for file in files {
                for mut output in file.outputs {
                    self.write(&mut output)?;
                    self.minutes.add(output.points);
                    self.minutes(false)?;
                }
                n_dropped += joined(file.thread)?;
            }
            Ok(n_dropped)
        })
    }

    /// Writes the minutes that are closed.
    pub(super) fn minutes(&mut self, all: bool) -> Result<(), RunError> {
        let closed = self.minutes.close(all);
        if closed.is_empty() {
            return Ok(());
        }
        self.store.metrics(&closed)?;
        self.ledger.sink("store", closed.len() as u64, 0);
        let Some(lake) = &mut self.lake else { return Ok(()) };
        for points in closed.chunks(POINTS_AT_ONCE) {
            of_points(points, self.days, None).iter().try_for_each(|rows| lake.write(rows))?;
        }
        self.ledger.sink("lake", closed.len() as u64, 0);
        Ok(())
    }
}
