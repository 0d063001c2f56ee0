//! What became of a batch.

use crate::send::Patience;
use kinescope_pipeline::Ledger;
use std::{collections::BTreeMap, time::Duration};

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Taken {
    /// Places of the records that have to come again.
    pub again: Vec<usize>,
    /// All sums.
    pub ledger: Ledger,
    /// What went wrong, in words; each sink's first.
    pub errors: Vec<String>,
    /// Calls that were made again, by what they do.
    pub retries: BTreeMap<&'static str, u64>,
    /// Time by stage.
    pub times: BTreeMap<&'static str, Duration>,
    /// Places of what could not be read, and whether quarantine was told of all of it just now.
    pub bad: Vec<(usize, bool)>,
}

impl Taken {
    /// Adds what became of the next batch of the same record.
    pub fn add(&mut self, next: Taken) {
        self.ledger.add(&next.ledger);
        self.errors.extend(next.errors);
        add(&mut self.retries, next.retries);
        for (stage, time) in next.times {
            *self.times.entry(stage).or_default() += time;
        }
    }

    /// Adds what was tried again.
    pub(super) fn retried(&mut self, patience: &Patience) {
        add(&mut self.retries, patience.retries());
    }
}

/// Adds counts to counts of the same names.
fn add(counts: &mut BTreeMap<&'static str, u64>, more: BTreeMap<&'static str, u64>) {
    for (name, n) in more {
        *counts.entry(name).or_default() += n;
    }
}
