//! Sinks answer for every item; what became of a record follows from the answers.

use crate::{
    batch::Record,
    ledger::{Events, Ledger},
    output::{Output, Tally},
};
use kinescope_schemas::{Fate, Id};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Takes what came of records.
pub trait Sink {
    /// The service or the file, as the ledger names it.
    fn name(&self) -> &'static str;
    /// Writes the items that are this sink's. An answer that did not come is a failure. It may take what no other sink
    /// wants, so that it is gone when it is written.
    fn write(&mut self, output: &mut Output) -> Answers;
}

/// A sink's answers.
#[derive(Debug, Default)]
pub struct Answers {
    /// Items that were given.
    pub n_items: u64,
    /// Owners of the items that were not confirmed, one entry an item.
    pub failed: Vec<u32>,
    /// Why the first of them was not.
    pub error: Option<String>,
}

impl Answers {
    /// Everything was confirmed.
    pub fn delivered(n_items: usize) -> Answers {
        Answers { n_items: n_items as u64, ..Answers::default() }
    }

    /// Nothing was.
    pub fn failed(owners: Vec<u32>, error: String) -> Answers {
        Answers { n_items: owners.len() as u64, failed: owners, error: Some(error) }
    }
}

/// Records under way: those whose last piece has not come yet.
#[derive(Debug, Default)]
pub struct Open(HashMap<u64, (Events, u64, bool)>);

/// What delivering led to.
#[derive(Debug, Default)]
pub struct Delivered {
    /// The records that ended, each with its fate.
    pub fates: Vec<(Arc<Record>, Fate)>,
    /// Keys of what must come again: the window has to forget them, so that they are new then.
    pub forget: Vec<Id>,
    /// Why something must come again: the sink's name and words.
    pub error: Option<(&'static str, String)>,
}

/// Gives an output to every sink, enters the answers, and tells the fate of each record that ended.
pub fn deliver(
    output: &mut Output,
    sinks: &mut [&mut dyn Sink],
    ledger: &mut Ledger,
    open: &mut Open,
) -> Delivered {
    let answers = sinks.iter_mut().map(|sink| (sink.name(), sink.write(output))).collect();
    settle(output, answers, ledger, open)
}

/// Enters the answers of all sinks to an output, and tells the fate of each record that ended.
pub fn settle(
    output: &Output,
    answers: Vec<(&'static str, Answers)>,
    ledger: &mut Ledger,
    open: &mut Open,
) -> Delivered {
    let mut delivered = Delivered::default();
    let mut again = HashSet::new();
    for (name, answers) in answers {
        let n_failed = answers.failed.len() as u64;
        ledger.sink(name, answers.n_items - n_failed, n_failed);
        again.extend(answers.failed);
        if let Some(error) = answers.error {
            delivered.error.get_or_insert((name, error));
        }
    }
    delivered
        .forget
        .extend(output.keys.iter().filter(|(owner, _)| again.contains(owner)).map(|(_, key)| *key));
    for (owner, tally) in (0..).zip(&output.records) {
        ledger.events += tally.events;
        if let Some(fate) = open.add(tally, again.contains(&owner)) {
            ledger.record(fate);
            delivered.fates.push((tally.record.clone(), fate));
        }
    }
    output.findings.iter().for_each(|(_, finding)| ledger.finding(finding.severity.name(), &finding.rule));
    delivered
}

impl Open {
    /// Adds a piece; the record's fate, if it was the last.
    fn add(&mut self, tally: &Tally, again: bool) -> Option<Fate> {
        let entry = self.0.entry(tally.record.index).or_default();
        entry.0 += tally.events;
        entry.1 += tally.n_control;
        entry.2 |= again;
        if !tally.last {
            return None;
        }
        let (events, n_control, again) = self.0.remove(&tally.record.index)?;
        Some(match () {
            () if again => Fate::Redeliver,
            () if events.quarantined > 0 => Fate::Quarantined,
            () if events.accepted > 0 => Fate::Processed,
            () if tally.known || events.duplicate > 0 => Fate::Duplicate,
            () if n_control > 0 => Fate::Control,
            () => Fate::Processed,
        })
    }
}
