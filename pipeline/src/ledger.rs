//! The ledger: every record and every event is in it exactly once, and its sums are asserted.

use kinescope_schemas::Fate;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::AddAssign};

/// What became of everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// By record.
    pub records: Records,
    /// By event.
    pub events: Events,
    /// By sink.
    pub sinks: BTreeMap<String, SinkTally>,
    /// What the rules found.
    pub findings: Findings,
    /// How long it took.
    pub seconds: f64,
    /// Bytes read.
    pub bytes_in: u64,
}

/// Records, by what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Records {
    /// All of them.
    pub r#in: u64,
    /// Something new came of them, and all of it was delivered.
    pub processed: u64,
    /// Control messages.
    pub control: u64,
    /// Nothing new in them.
    pub duplicate: u64,
    /// A part of them lies in quarantine.
    pub quarantined: u64,
    /// They must come again.
    pub redeliver: u64,
}

/// Events, by what became of them. A message that could not be read counts as an event in quarantine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// All of them.
    pub r#in: u64,
    /// New.
    pub accepted: u64,
    /// Seen before.
    pub duplicate: u64,
    /// In quarantine.
    pub quarantined: u64,
}

impl AddAssign for Events {
    fn add_assign(&mut self, other: Events) {
        self.r#in += other.r#in;
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        self.quarantined += other.quarantined;
    }
}

/// What a sink was given and what it answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkTally {
    /// Items given.
    pub r#in: u64,
    /// Items confirmed.
    pub delivered: u64,
    /// Items not confirmed.
    pub redeliver: u64,
}

/// Findings by severity and by rule id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// All of them.
    pub total: u64,
    /// By severity.
    pub by_severity: BTreeMap<String, u64>,
    /// By rule id.
    pub by_rule: BTreeMap<String, u64>,
}

/// A sum that does not hold: a bug in Kinescope, which must not pass.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("balance the ledger: {what}: {left} is not {right}; nothing was published, please report this")]
pub struct Imbalance {
    what: String,
    left: u64,
    right: u64,
}

impl Ledger {
    /// Enters a record's fate.
    pub fn record(&mut self, fate: Fate) {
        let records = &mut self.records;
        records.r#in += 1;
        *match fate {
            Fate::Processed => &mut records.processed,
            Fate::Control => &mut records.control,
            Fate::Duplicate => &mut records.duplicate,
            Fate::Quarantined => &mut records.quarantined,
            Fate::Redeliver => &mut records.redeliver,
        } += 1;
    }

    /// Enters a sink's answers.
    pub fn sink(&mut self, name: &str, n_delivered: u64, n_redeliver: u64) {
        let tally = match self.sinks.get_mut(name) {
            Some(tally) => tally,
            None => self.sinks.entry(name.to_owned()).or_default(),
        };
        tally.r#in += n_delivered + n_redeliver;
        tally.delivered += n_delivered;
        tally.redeliver += n_redeliver;
    }

    /// Enters a finding.
    pub fn finding(&mut self, severity: &str, rule: &str) {
        self.findings.total += 1;
        for (map, key) in [(&mut self.findings.by_severity, severity), (&mut self.findings.by_rule, rule)] {
            match map.get_mut(key) {
                Some(n) => *n += 1,
                None => {
                    map.insert(key.to_owned(), 1);
                }
            }
        }
    }

    /// Adds what an earlier run into the same folder had entered.
    pub fn add(&mut self, earlier: &Ledger) {
        let (mine, theirs) = (&mut self.records, &earlier.records);
        mine.r#in += theirs.r#in;
        mine.processed += theirs.processed;
        mine.control += theirs.control;
        mine.duplicate += theirs.duplicate;
        mine.quarantined += theirs.quarantined;
        mine.redeliver += theirs.redeliver;
        self.events += earlier.events;
        for (name, tally) in &earlier.sinks {
            self.sink(name, tally.delivered, tally.redeliver);
        }
        self.findings.total += earlier.findings.total;
        for (mine, theirs) in [
            (&mut self.findings.by_severity, &earlier.findings.by_severity),
            (&mut self.findings.by_rule, &earlier.findings.by_rule),
        ] {
            for (key, n) in theirs {
                *mine.entry(key.clone()).or_default() += n;
            }
        }
        self.seconds += earlier.seconds;
        self.bytes_in += earlier.bytes_in;
    }

    /// Asserts every sum.
    pub fn check(&self) -> Result<(), Imbalance> {
        let (r, e, f) = (&self.records, &self.events, &self.findings);
        let equal = |what: &str, left: u64, right: u64| {
            if left == right { Ok(()) } else { Err(Imbalance { what: what.to_owned(), left, right }) }
        };
        equal("records", r.r#in, r.processed + r.control + r.duplicate + r.quarantined + r.redeliver)?;
        equal("events", e.r#in, e.accepted + e.duplicate + e.quarantined)?;
        for (name, sink) in &self.sinks {
            equal(name, sink.r#in, sink.delivered + sink.redeliver)?;
        }
        equal("findings by severity", f.total, f.by_severity.values().sum())?;
        equal("findings by rule", f.total, f.by_rule.values().sum())
    }
}
