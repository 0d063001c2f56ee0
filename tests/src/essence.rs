//! What a run came to, whatever the order, the threads and the interruptions that it came about by.

use crate::output::Results;
use kinescope_pipeline::Ledger;
use kinescope_schemas::{Table, tables::base};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
};

/// Rows of the hot store, each as one text. Sums of fractions depend on the order of adding in their last digits.
const STORE: [(&str, &str); 4] = [
    ("findings", "SELECT uid || ocsf FROM findings"),
    (
        "events",
        "SELECT hex(key) || json_array(uid, time, severity, source, category, account, region, service, operation, actor, message) FROM events",
    ),
    ("agents", "SELECT json_array(id, account, region, state, version, first_seen, last_seen) FROM agents"),
    (
        "points",
        "SELECT json_array(minute, namespace, metric, unit, dimensions, samples, round(sum, 3), min, max) FROM points",
    ),
];

/// Everything that must be the same.
#[derive(Debug, PartialEq)]
pub struct Essence {
    /// The ledger.
    pub ledger: Ledger,
    /// Rows of the hot store by table.
    pub store: BTreeMap<&'static str, BTreeSet<String>>,
    /// Ids in the quarantine, sorted.
    pub quarantine: Vec<String>,
    /// Lines of alerts.jsonl.
    pub alerts: BTreeSet<String>,
    /// Ids of the lake's rows by table, sorted. Of metrics there are none: parts of a minute have their own.
    pub lake: BTreeMap<&'static str, Vec<String>>,
}

impl Essence {
    /// Of an output folder.
    #[track_caller]
    pub fn of(results: &Results) -> Essence {
        let mut quarantine: Vec<String> = results
            .lines("quarantine.jsonl")
            .iter()
            .map(|line| line["id"].as_str().unwrap().to_owned())
            .collect();
        quarantine.sort();
        Essence {
            ledger: results.ledger(),
            store: STORE.iter().map(|(name, sql)| (*name, results.column(sql))).collect(),
            quarantine,
            alerts: fs::read_to_string(results.path("alerts.jsonl"))
                .unwrap()
                .lines()
                .map(str::to_owned)
                .collect(),
            lake: Table::ALL
                .into_iter()
                .filter(|table| *table != Table::Metrics)
                .map(|table| (table.name(), ids(results, table)))
                .collect(),
        }
    }

    /// Asserts that another run came to the same; says which part did not.
    #[track_caller]
    pub fn is(&self, other: &Essence) {
        self.has_the_items_of(other);
        assert_eq!(self.ledger.sinks, other.ledger.sinks);
    }

    /// The same but for the parts in which items were written, which depend on the number of runs.
    #[track_caller]
    pub fn has_the_items_of(&self, other: &Essence) {
        let (mine, theirs) = (&self.ledger, &other.ledger);
        assert_eq!(records(mine), records(theirs));
        assert_eq!(mine.bytes_in, theirs.bytes_in);
        assert_eq!(mine.events, theirs.events);
        assert_eq!(mine.findings, theirs.findings);
        for (name, rows) in &self.store {
            same(name, rows, &other.store[name]);
        }
        same("alerts", &self.alerts, &other.alerts);
        assert_eq!(self.quarantine, other.quarantine);
        for (name, ids) in &self.lake {
            assert!(*ids == other.lake[name], "{name}: {} rows, not {}", ids.len(), other.lake[name].len());
        }
    }
}

/// Records by what became of them. Which of two copies is the first, and which the duplicate, is up to the threads.
fn records(ledger: &Ledger) -> [u64; 5] {
    let records = &ledger.records;
    let read = records.processed + records.duplicate;
    [records.r#in, records.control, read, records.quarantined, records.redeliver]
}

/// Asserts that two sets are the same; shows a few items of the difference.
#[track_caller]
pub fn same(what: &str, mine: &BTreeSet<String>, theirs: &BTreeSet<String>) {
    let few = |set: &BTreeSet<String>, other| set.difference(other).take(3).cloned().collect::<Vec<_>>();
    let (more, fewer) = (few(mine, theirs), few(theirs, mine));
    assert!(more.is_empty() && fewer.is_empty(), "{what}: too many {more:#?}\nmissing {fewer:#?}");
}

/// Ids of a table's rows, sorted.
fn ids(results: &Results, table: Table) -> Vec<String> {
    use arrow_array::{Array, StringArray};
    let folder = results.path("lake").join(table.name());
    if !folder.exists() {
        return Vec::new();
    }
    let mut ids = Vec::new();
    for path in crate::traffic::files(&folder) {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let column = batch.column(base::METADATA_UID).as_any().downcast_ref::<StringArray>().unwrap();
            ids.extend((0..column.len()).map(|at| column.value(at).to_owned()));
        }
    }
    ids.sort();
    ids
}
