//! What came of some records: rows, findings and the rest, each with the record that it came from.

use crate::{batch::Record, lake::Closed, ledger::Events, window::Look};
use kinescope_schemas::{Id, Position, Severity};
use kinescope_stages::{
    decode::Envelope,
    derive::Points,
    detect::{Finding, correlate::Hit},
};
use serde::Serialize;
use std::sync::Arc;

/// What came of a group of pieces. An owner is a place in `records`.
#[derive(Default)]
pub struct Output {
    /// One tally a piece, in the order of reading.
    pub records: Vec<Tally>,
    /// Rows for the lake, by table and day.
    pub rows: Vec<Closed>,
    /// Findings and their owners.
    pub findings: Vec<(u32, Finding)>,
    /// Matches that correlations count: owner, the correlation's place among the rules' correlations, the match.
    pub hits: Vec<(u32, usize, Hit)>,
    /// What the hot store keeps, and its owners.
    pub notable: Vec<(u32, Notable)>,
    /// Agents that were heard of, and the owners.
    pub agents: Vec<(u32, Agent)>,
    /// What could not be read, and its owners.
    pub quarantined: Vec<(u32, Quarantined)>,
    /// Metric points.
    pub points: Points,
    /// The keys of the accepted events, which are forgotten if their record has to come again.
    pub keys: Vec<(u32, Id)>,
    /// What was found in the window, and when.
    pub look: Look,
    /// Accepted events by source and the busiest identities, for the summary.
    pub seen: crate::process::Seen,
}

impl Output {
    /// Bytes that its rows and findings take: nearly all.
    pub(crate) fn n_bytes(&self) -> usize {
        let rows = self.rows.iter().map(|rows| rows.batch.get_array_memory_size()).sum::<usize>();
        rows + self.findings.iter().map(|(_, finding)| finding.ocsf.len()).sum::<usize>()
    }

    /// Outputs one after the other as one, but for their points, which minutes take.
    pub fn joined(outputs: impl IntoIterator<Item = Output>) -> Output {
        let mut all = Output::default();
        for output in outputs {
            let base = all.records.len() as u32;
            fn put<T>(all: &mut Vec<(u32, T)>, items: Vec<(u32, T)>, base: u32) {
                all.extend(items.into_iter().map(|(owner, item)| (base + owner, item)));
            }
            all.records.extend(output.records);
            all.rows.extend(output.rows.into_iter().map(|rows| rows.owned_from(base)));
            put(&mut all.findings, output.findings, base);
            all.hits.extend(output.hits.into_iter().map(|(owner, at, hit)| (base + owner, at, hit)));
            put(&mut all.notable, output.notable, base);
            put(&mut all.agents, output.agents, base);
            put(&mut all.quarantined, output.quarantined, base);
            put(&mut all.keys, output.keys, base);
            all.seen.add(&output.seen);
        }
        all
    }
}

/// What a piece of a record held.
#[derive(Debug)]
pub struct Tally {
    /// The record.
    pub record: Arc<Record>,
    /// Bytes of the record before this piece.
    pub offset: u64,
    /// Whether the record ends with this piece.
    pub last: bool,
    /// Its events.
    pub events: Events,
    /// Messages that could not be read, those included that lie in quarantine already.
    pub n_bad: u64,
    /// Its control messages.
    pub n_control: u64,
    /// Whether a finished run has it already.
    pub known: bool,
}

/// An event that the hot store keeps: medium or worse, or a change.
#[derive(Debug, Clone)]
pub struct Notable {
    /// The event's key.
    pub key: Id,
    /// The event's id as users see it.
    pub uid: String,
    /// Milliseconds since 1970.
    pub time_ms: i64,
    /// How bad.
    pub severity: Severity,
    /// Who wrote it.
    pub source: &'static str,
    /// What kind of act.
    pub category: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Service, load balancer, application.
    pub service: String,
    /// Operation or type.
    pub operation: String,
    /// Who did it.
    pub actor: String,
    /// A line for a person.
    pub message: String,
}

/// An agent that was heard of.
#[derive(Debug, Clone)]
pub struct Agent {
    /// Its id.
    pub id: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Its state.
    pub state: String,
    /// Its version.
    pub version: String,
    /// When, milliseconds since 1970.
    pub time_ms: i64,
}

/// A quarantine entry: enough to understand what happened and to try again.
#[derive(Debug, Clone, Serialize)]
pub struct Quarantined {
    /// Derived from the record, the place in it and the bytes.
    pub id: Id,
    /// The record's id, which a redrive needs.
    pub record_id: Id,
    /// Which stage refused it: source, decode or parse.
    pub stage: &'static str,
    /// Why, and what to do.
    pub reason: String,
    /// Where it was.
    #[serde(flatten)]
    pub position: Position,
    /// What the envelopes around it had said.
    pub envelope: Envelope<'static>,
    /// How many bytes it has.
    pub n_bytes: usize,
    /// The bytes, in base64.
    #[serde(serialize_with = "base64")]
    pub data: Vec<u8>,
}

fn base64<S: serde::Serializer>(data: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    use base64::{display::Base64Display, engine::general_purpose::STANDARD};
    serializer.collect_str(&Base64Display::new(data, &STANDARD))
}
