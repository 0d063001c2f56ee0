//! Counts what correlations want counted, within one run.
//!
//! It is a sink like the others: it takes the matches of every output and answers for them. They lie in a file until the
//! run's end, when they are read in order, one group at a time: events may come in any order, and there may be more
//! matches than memory. A run on AWS, whose batches share no file, puts another in its place.

use crate::{
    lake::{DayRange, Rows, close},
    output::Output,
    sink::{Answers, Sink},
};
use kinescope_schemas::{Id, Row, Table};
use kinescope_stages::detect::{
    Correlation, Finding, Rules,
    correlate::{Hit, State},
};
use rusqlite::{Connection, params};
use std::{
    path::PathBuf,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{Scope, ScopedJoinHandle},
};

/// The sink's name.
const NAME: &str = "correlator";

/// Findings that are handed on at a time.
const FINDINGS_AT_ONCE: usize = 1_000;

/// Files that matches are spread over by their groups, each to be read by a thread of its own.
const FILES: usize = 2;

/// Appended in the order of coming, sorted when it is read, by SQLite's own sorter in bounded memory.
const SCHEMA: &str = "
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1024; PRAGMA locking_mode = EXCLUSIVE;
CREATE TABLE matches (correlation INTEGER NOT NULL, key BLOB NOT NULL, time INTEGER NOT NULL, event BLOB NOT NULL, step INTEGER NOT NULL,
    uid TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, grouped TEXT NOT NULL, value TEXT NOT NULL) STRICT;
BEGIN;
";

/// A file that is being read.
pub(super) struct Reading<'s> {
    /// What was found.
    pub(super) outputs: Receiver<Output>,
    /// How many matches found no place.
    pub(super) thread: ScopedJoinHandle<'s, rusqlite::Result<u64>>,
}

/// The correlations, in their order, and their matches.
#[derive(Default)]
pub(super) struct Correlator {
    correlations: Vec<Correlation>,
    folder: PathBuf,
    /// Each opened by its first match.
    files: [Option<Connection>; FILES],
}

impl Correlator {
    /// The correlations of some rules; matches go to files in a folder, which nobody wants at the run's end.
    pub(super) fn new(rules: &Rules, folder: PathBuf) -> Correlator {
        Correlator { correlations: rules.correlations().to_vec(), folder, files: Default::default() }
    }

    fn add(&mut self, at: usize, hit: &Hit) -> Result<(), String> {
        let failed =
            |error: &dyn std::fmt::Display| format!("failed to keep matches of correlations: {error}");
        let file = usize::from(hit.key.0[0]) % FILES;
        let matches = match &mut self.files[file] {
            Some(matches) => matches,
            none => {
                let path = self.folder.join(format!("matches-{file}.db"));
                let opened = Connection::open(path).and_then(|matches| {
                    matches.execute_batch(SCHEMA)?;
                    Ok(matches)
                });
                none.insert(opened.map_err(|error| failed(&error))?)
            }
        };
        let grouped = serde_json::to_string(&hit.group).map_err(|error| failed(&error))?;
        matches
            .prepare_cached("INSERT INTO matches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .and_then(|mut statement| {
                statement.execute(params![
                    at as i64,
                    hit.key.0,
                    hit.time_ms,
                    hit.event.0,
                    hit.step as i64,
                    hit.uid,
                    hit.account,
                    hit.region,
                    grouped,
                    hit.value
                ])
            })
            .map_err(|error| failed(&error))?;
        Ok(())
    }

    /// Reads the files, each by a thread of its own.
    pub(super) fn read<'s>(
        &'s mut self,
        scope: &'s Scope<'s, '_>,
        days: DayRange,
        only_findings: bool,
    ) -> Vec<Reading<'s>> {
        let correlations = &self.correlations;
        let files = self.files.iter_mut().filter_map(Option::take);
        files
            .map(|matches| {
                let (send, outputs) = sync_channel(1);
                let read = move || findings(&matches, correlations, days, only_findings, &send);
                Reading { outputs, thread: scope.spawn(read) }
            })
            .collect()
    }
}

/// Hands on the findings of a file, as outputs of no record, with their rows and points; how many matches found no place.
fn findings(
    matches: &Connection,
    correlations: &[Correlation],
    days: DayRange,
    only_findings: bool,
    outputs: &SyncSender<Output>,
) -> rusqlite::Result<u64> {
    let mut n_dropped = 0;
    let mut findings = Vec::new();
    let mut statement =
        matches.prepare("SELECT * FROM matches ORDER BY correlation, key, time, event, step")?;
    let mut rows = statement.query([])?;
    let mut group = Group::default();
    loop {
        let next = rows.next()?.map(read).transpose()?;
        let place = next.as_ref().map(|(at, hit)| (*at, hit.key));
        if place != group.place {
            findings.extend(group.findings(correlations));
            n_dropped += group.state.n_dropped();
            group = Group { place, state: State::default() };
        }
        if findings.len() >= FINDINGS_AT_ONCE || next.is_none() && !findings.is_empty() {
            let output = output(std::mem::take(&mut findings), days, only_findings);
            if outputs.send(output).is_err() {
                // Nobody takes them any more: writing failed, which has been said.
                return Ok(n_dropped);
            }
        }
        let Some((at, hit)) = next else { return Ok(n_dropped) };
        if let Some(correlation) = correlations.get(at) {
            group.state.add(correlation, &hit);
        }
    }
}

/// The group that is being read.
#[derive(Default)]
struct Group {
    /// The correlation's place, and the group's key.
    place: Option<(usize, Id)>,
    state: State,
}

impl Group {
    fn findings<'c>(&self, correlations: &'c [Correlation]) -> Vec<(Finding, Row<'c>)> {
        let Some((at, correlation)) = self.place.and_then(|(at, _)| Some((at, correlations.get(at)?))) else {
            return Vec::new();
        };
        let found = self.state.findings(at, correlation);
        found.iter().map(|found| Finding::of_correlation(correlation, found)).collect()
    }
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<(usize, Hit)> {
    let grouped: String = row.get(8)?;
    let hit = Hit {
        step: row.get::<_, i64>(4)? as usize,
        time_ms: row.get(2)?,
        key: Id(row.get(1)?),
        event: Id(row.get(3)?),
        uid: row.get(5)?,
        account: row.get(6)?,
        region: row.get(7)?,
        // As it was written.
        group: serde_json::from_str(&grouped).unwrap_or_default(),
        value: row.get(9)?,
    };
    Ok((row.get::<_, i64>(0)? as usize, hit))
}

fn output(findings: Vec<(Finding, Row<'_>)>, days: DayRange, only_findings: bool) -> Output {
    let mut output = Output::default();
    let mut rows = Vec::new();
    for (finding, row) in findings {
        if !only_findings {
            output.points.add_finding(&finding);
            Rows::of(&mut rows, Table::Findings, days.day_of(finding.time_ms)).push(&row, 0);
        }
        output.findings.push((0, finding));
    }
    output.rows = close(rows);
    output
}

impl Sink for Correlator {
    fn name(&self) -> &'static str {
        NAME
    }

    fn write(&mut self, output: &mut Output) -> Answers {
        let mut answers = Answers { n_items: output.hits.len() as u64, ..Answers::default() };
        for (owner, at, hit) in &output.hits {
            if let Err(error) = self.add(*at, hit) {
                answers.failed.push(*owner);
                answers.error.get_or_insert(error);
            }
        }
        answers
    }
}
