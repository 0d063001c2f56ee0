//! The hot store on one machine: SQLite. Everything in it is keyed by a derived id, so writing twice changes nothing.
//!
//! It is written in the run's staging folder, where no crash can leave half of it: journal and syncing are off until
//! it is closed.

use crate::{
    output::{Agent, Notable, Output},
    sink::{Answers, Sink},
};
use kinescope_schemas::Id;
use kinescope_stages::{
    derive::{Key, Point, Set},
    detect::Finding,
};
use rusqlite::{Connection, OptionalExtension, Statement, params};
use std::{fmt::Write, path::Path};

/// Tables. Times are milliseconds since 1970. The points of a minute are JSON, each with the number of its set of
/// dimensions, of which a few have most points; the view `points` merges them on read.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS findings (uid TEXT PRIMARY KEY, event BLOB NOT NULL, time INTEGER NOT NULL, severity INTEGER NOT NULL, rule TEXT NOT NULL,
    title TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, resource TEXT NOT NULL, actor TEXT NOT NULL, ocsf TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS findings_by_time ON findings (time, event, uid);
CREATE TABLE IF NOT EXISTS events (time INTEGER NOT NULL, key BLOB NOT NULL, uid TEXT NOT NULL, severity INTEGER NOT NULL, source TEXT NOT NULL,
    category TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, service TEXT NOT NULL, operation TEXT NOT NULL,
    actor TEXT NOT NULL, message TEXT NOT NULL,
    UNIQUE (time, key)) STRICT;
CREATE TABLE IF NOT EXISTS agents (id TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, state TEXT NOT NULL, version TEXT NOT NULL,
    first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, PRIMARY KEY (id, account, region)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sets (id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT NOT NULL,
    dimensions TEXT NOT NULL, UNIQUE (metric, namespace, unit, dimensions)) STRICT;
CREATE TABLE IF NOT EXISTS metrics (minute INTEGER NOT NULL, part TEXT NOT NULL, points TEXT NOT NULL, PRIMARY KEY (minute, part)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (id BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS points AS SELECT minute, namespace, metric, unit, dimensions,
    sum(json_extract(value, '$[1]')) AS samples,
    sum(coalesce(json_extract(value, '$[2]'), json_extract(value, '$[1]'))) AS sum,
    min(coalesce(json_extract(value, '$[3]'), 1)) AS min, max(coalesce(json_extract(value, '$[4]'), 1)) AS max
    FROM metrics, json_each(points) JOIN sets ON sets.id = json_extract(value, '$[0]') GROUP BY 1, 2, 3, 4, 5;
";
const EVENTS_INDEXES: &str = "
CREATE INDEX IF NOT EXISTS events_by_severity ON events (severity, time);
CREATE INDEX IF NOT EXISTS events_by_account ON events (account, time);
";

/// Why the store could not be used. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
#[error("{what} the hot store: {source}")]
pub struct StoreError {
    /// What was tried.
    pub what: &'static str,
    /// Why it failed.
    pub source: rusqlite::Error,
}

fn error(what: &'static str) -> impl FnOnce(rusqlite::Error) -> StoreError {
    move |source| StoreError { what, source }
}

/// The hot store.
#[derive(Debug)]
pub struct Store {
    pub(super) db: Connection,
    /// Tells apart the parts of a minute's metrics that were written at different times.
    part: String,
    n_parts: u64,
    /// What the run's sets of dimensions are numbered by here; 0 is not known yet.
    sets: Vec<i64>,
}

impl Store {
    /// Opens it for writing in the staging folder; `part` names the run.
    pub fn create(path: &Path, part: String) -> Result<Store, StoreError> {
        let open = || {
            let db = Connection::open(path)?;
            db.execute_batch(
                "PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1024; PRAGMA locking_mode = EXCLUSIVE;",
            )?;
            db.execute_batch(SCHEMA)?;
            db.execute_batch("BEGIN")?;
            db.set_prepared_statement_cache_capacity(32);
            Ok(db)
        };
        Ok(Store { db: open().map_err(error("create"))?, part, n_parts: 0, sets: Vec::new() })
    }

    /// Opens a published one to look at.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        use rusqlite::OpenFlags;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags).map_err(error("open"))?;
        Ok(Store { db, part: String::new(), n_parts: 0, sets: Vec::new() })
    }

    /// Whether a finished run has this record.
    pub fn has_record(&self, id: Id) -> Result<bool, StoreError> {
        let mut statement =
            self.db.prepare_cached("SELECT 1 FROM records WHERE id = ?").map_err(error("read"))?;
        Ok(statement.query_row([id.0], |_| Ok(())).optional().map_err(error("read"))?.is_some())
    }

    /// Ids of all records.
    pub fn n_records(&self) -> Result<i64, StoreError> {
        self.db.query_row("SELECT count(*) FROM records", [], |row| row.get(0)).map_err(error("read"))
    }

    /// Enters a record as dealt with.
    pub fn add_record(&self, id: Id) -> Result<(), StoreError> {
        self.run("INSERT OR IGNORE INTO records VALUES (?)", params![id.0])
    }

    /// A setting of the runs that filled this store.
    pub fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.db
            .query_row("SELECT value FROM settings WHERE name = ?", [name], |row| row.get(0))
            .optional()
            .map_err(error("read"))
    }

    /// Sets it.
    pub fn set(&self, name: &str, value: &str) -> Result<(), StoreError> {
        self.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", params![name, value])
    }

    fn run(&self, sql: &str, values: impl rusqlite::Params) -> Result<(), StoreError> {
        let run = || self.db.prepare_cached(sql)?.execute(values);
        run().map(drop).map_err(error("write to"))
    }

    /// Runs a statement for each item, and answers for its owner. It is looked up once for all of them.
    fn each<T>(
        &self,
        sql: &str,
        items: &[(u32, T)],
        answers: &mut Answers,
        run: impl Fn(&mut Statement<'_>, &T) -> rusqlite::Result<usize>,
    ) {
        let mut statement = self.db.prepare_cached(sql);
        for (owner, item) in items {
            answers.n_items += 1;
            let words = match &mut statement {
                Ok(statement) => run(statement, item).err().map(|error| error.to_string()),
                Err(error) => Some(error.to_string()),
            };
            if let Some(words) = words {
                answers.failed.push(*owner);
                answers.error.get_or_insert_with(|| format!("failed to write to the hot store: {words}"));
            }
        }
    }

    /// Enters closed minutes, which are sorted: one row a minute.
    pub fn metrics(&mut self, points: &[(Key, Point)]) -> Result<(), StoreError> {
        self.n_parts += 1;
        let part = format!("{}-{}", self.part, self.n_parts);
        for points in points.chunk_by(|(a, _), (b, _)| a.minute_ms == b.minute_ms) {
            let Some((key, _)) = points.first() else { continue };
            let json = self.points_json(points)?;
            self.run("INSERT OR REPLACE INTO metrics VALUES (?, ?, ?)", params![key.minute_ms, part, json])?;
        }
        Ok(())
    }

    /// A list of points: [set, samples], and for what is not a plain count also sum, min and max.
    fn points_json(&mut self, points: &[(Key, Point)]) -> Result<String, StoreError> {
        let mut json = String::with_capacity(points.len() * 16);
        for (key, point) in points {
            json.push_str(if json.is_empty() { "[[" } else { ",[" });
            push_number(self.set_id(key)? as f64, &mut json);
            let is_count = point.min == 1.0 && point.max == 1.0;
            let numbers = [point.samples, point.sum, point.min, point.max];
            for number in &numbers[..if is_count { 1 } else { 4 }] {
                json.push(',');
                push_number(*number, &mut json);
            }
            json.push(']');
        }
        json.push(']');
        Ok(json)
    }

    /// The number of a set of dimensions, which is entered when it is new.
    fn set_id(&mut self, key: &Key) -> Result<i64, StoreError> {
        let number = key.number as usize;
        if self.sets.len() <= number {
            self.sets.resize(number + 1, 0);
        }
        if self.sets[number] == 0 {
            self.sets[number] = self.enter_set(&key.set).map_err(error("write to"))?;
        }
        Ok(self.sets[number])
    }

    fn enter_set(&self, set: &Set) -> rusqlite::Result<i64> {
        let values = params![set.namespace(), set.metric(), set.unit(), set.dimensions()];
        let insert =
            "INSERT OR IGNORE INTO sets (namespace, metric, unit, dimensions) VALUES (?1, ?2, ?3, ?4)";
        if self.db.prepare_cached(insert)?.execute(values)? == 1 {
            return Ok(self.db.last_insert_rowid());
        }
        let select =
            "SELECT id FROM sets WHERE namespace = ?1 AND metric = ?2 AND unit = ?3 AND dimensions = ?4";
        self.db.prepare_cached(select)?.query_row(values, |row| row.get(0))
    }

    /// Makes the indexes of events, in one go: all have come.
    pub fn index_events(&self) -> Result<(), StoreError> {
        self.db.execute_batch(EVENTS_INDEXES).map_err(error("index"))
    }

    /// Commits, and closes the file.
    pub fn finish(self) -> Result<(), StoreError> {
        self.db.execute_batch("COMMIT").map_err(error("commit"))?;
        self.db.close().map_err(|(_, source)| StoreError { what: "close", source })
    }
}

/// Appends a number as JSON has it. Most are small counts, whose digits are found faster than those of a fraction.
fn push_number(number: f64, json: &mut String) {
    const EXACT_MAX: f64 = 1e15;
    let is_whole = number.trunc() == number && number.abs() < EXACT_MAX && !number.is_sign_negative();
    if is_whole {
        json.push_str(itoa::Buffer::new().format(number as u64));
    } else {
        // Writing to a String cannot fail.
        let _ = write!(json, "{number}");
    }
}

const FINDING: &str = "INSERT OR IGNORE INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

fn finding(statement: &mut Statement<'_>, finding: &Finding) -> rusqlite::Result<usize> {
    statement.execute(params![
        finding.uid.to_string(),
        finding.event.0,
        finding.time_ms,
        finding.severity.id(),
        finding.rule,
        finding.title,
        finding.account,
        finding.region,
        finding.resource,
        finding.actor,
        finding.ocsf
    ])
}

const EVENT: &str = "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

fn event(statement: &mut Statement<'_>, event: &Notable) -> rusqlite::Result<usize> {
    statement.execute(params![
        event.time_ms,
        event.key.0,
        event.uid,
        event.severity.id(),
        event.source,
        event.category,
        event.account,
        event.region,
        event.service,
        event.operation,
        event.actor,
        event.message
    ])
}

/// The newest word counts, in whatever order words come.
const AGENT: &str = "INSERT INTO agents VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT DO UPDATE SET
    state = CASE WHEN (excluded.last_seen, excluded.state) >= (last_seen, state) THEN excluded.state ELSE state END,
    version = CASE WHEN (excluded.last_seen, excluded.version) >= (last_seen, version) THEN excluded.version ELSE version END,
    first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)";

fn agent(statement: &mut Statement<'_>, agent: &Agent) -> rusqlite::Result<usize> {
    statement.execute(params![
        agent.id,
        agent.account,
        agent.region,
        agent.state,
        agent.version,
        agent.time_ms
    ])
}

impl Sink for Store {
    fn name(&self) -> &'static str {
        "store"
    }

    fn write(&mut self, output: &mut Output) -> Answers {
        let mut answers = Answers::default();
        self.each(FINDING, &output.findings, &mut answers, finding);
        self.each(EVENT, &output.notable, &mut answers, event);
        self.each(AGENT, &output.agents, &mut answers, agent);
        answers
    }
}
