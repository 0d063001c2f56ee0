//! What a run leaves behind.

use crate::traffic::files;
use kinescope_pipeline::Ledger;
use rusqlite::{Connection, OpenFlags, types::FromSql};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// An output folder.
pub struct Results(pub PathBuf);

impl Results {
    /// The folder at a path.
    pub fn at(path: impl AsRef<Path>) -> Results {
        Results(path.as_ref().to_owned())
    }

    /// A file of it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The ledger, whose sums are asserted.
    #[track_caller]
    pub fn ledger(&self) -> Ledger {
        let ledger: Ledger = serde_json::from_slice(&fs::read(self.path("ledger.json")).unwrap()).unwrap();
        ledger.check().unwrap();
        ledger
    }

    /// The lines of a file of JSON lines.
    #[track_caller]
    pub fn lines(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The member at `pointer` of every line of a file.
    #[track_caller]
    pub fn members(&self, name: &str, pointer: &str) -> BTreeSet<String> {
        let text = |line: &Value| line.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        self.lines(name).iter().map(text).collect()
    }

    /// Why something was quarantined, in the order of the file.
    pub fn reasons(&self) -> Vec<String> {
        let reason = |line: &Value| line["reason"].as_str().unwrap().to_owned();
        self.lines("quarantine.jsonl").iter().map(reason).collect()
    }

    /// The hot store, to be read.
    pub fn store(&self) -> Connection {
        Connection::open_with_flags(self.path("kinescope.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }

    /// The only value of a query on the hot store.
    #[track_caller]
    pub fn query<T: FromSql>(&self, sql: &str) -> T {
        self.store().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The first column of a query's rows.
    #[track_caller]
    pub fn column<T: FromSql + Ord>(&self, sql: &str) -> BTreeSet<T> {
        let store = self.store();
        let mut statement = store.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    /// Items that a sink confirmed; 0 of a sink that was given none.
    pub fn delivered(&self, sink: &str) -> u64 {
        self.ledger().sinks.get(sink).map_or(0, |tally| tally.delivered)
    }

    /// Every published file and its bytes.
    pub fn bytes(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let all = files(&self.0).into_iter().filter(|path| !path.starts_with(self.0.join(".kinescope")));
        all.map(|path| (path.strip_prefix(&self.0).unwrap().to_owned(), fs::read(&path).unwrap())).collect()
    }

    /// Whether a run was published here.
    pub fn is_published(&self) -> bool {
        self.path("ledger.json").exists()
    }
}
