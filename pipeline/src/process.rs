//! The road of records, on one screen.
//!
//! Everything that runs Kinescope takes it: a function takes a batch along it by [`process`]; a run, whose groups never end,
//! by the two steps of that, [`travel`] and [`enter`].

use crate::{
    batch::{Content, Piece},
    lake::{DayRange, Rows, close},
    output::{Output, Quarantined, Tally},
    window::Window,
};
use foldhash::HashSet;
use kinescope_schemas::{Event, Id, Position, Severity, Source, Table};
use kinescope_stages::{
    classify::classify,
    decode::{Bad, DecodeError, Input, Limits, Message, Visitor, decode},
    derive::Points,
    detect::{Finding, Rules},
    parse::{Settings, parse},
};
use rayon::prelude::*;

mod keep;
#[cfg(test)]
pub(crate) mod tests;

pub use keep::{Identities, Seen};

/// Text that one worker takes at a time, at least: small records are taken together, so that what comes of them is too.
const GROUP_BYTES: usize = 448 << 10;
/// Text that a batch of a stream holds, about: as many groups as a function has cores to spare.
pub const BATCH_BYTES: usize = 4 * GROUP_BYTES;

/// Events that a group has, about, of the kind that most come as: calls.
const EVENTS_USUAL: usize = 512;

/// What the stages need: rules and limits.
pub struct Stages {
    /// The rules.
    pub rules: Rules,
    /// Caps on decoding.
    pub limits: Limits,
    /// What users set about parsing. Where nothing but findings is asked for, there are no rows for a lake, no points, and
    /// nothing else for the hot store.
    pub settings: Settings,
    /// Days that may have a partition, for records that no stream has dated.
    pub days: DayRange,
}

/// Takes a batch through all stages, its groups side by side.
pub fn process(batch: &[Piece], stages: &Stages, window: &Window) -> Vec<Output> {
    let groups = groups(batch);
    let outputs: Vec<Output> = groups.par_iter().map(|pieces| travel(pieces, stages, window)).collect();
    let in_turn = groups.into_iter().zip(outputs);
    in_turn.map(|(pieces, output)| enter(output, pieces, stages, window)).collect()
}

/// Takes a group through all stages, beside others.
pub fn travel(pieces: &[Piece], stages: &Stages, window: &Window) -> Output {
    Road::new(stages, window).travel(pieces)
}

/// Enters what a group had, when all before it have been entered. Of two copies the first counts: should the group have
/// one of what came before it, and have taken it for new, it goes again.
pub fn enter(mut output: Output, pieces: &[Piece], stages: &Stages, window: &Window) -> Output {
    while !window.enter(output.keys.iter().map(|(_, key)| *key), output.look) {
        output = travel(pieces, stages, window);
    }
    output
}

/// Whether a group has enough with its last piece: it has so many bytes of text, or the piece was cut from a long record,
/// which has as much as a worker should take, in bytes or in lines.
pub fn is_group(n_bytes: usize, last: &Piece) -> bool {
    n_bytes >= GROUP_BYTES || !last.last
}

/// The batch in [groups](is_group).
fn groups(batch: &[Piece]) -> Vec<&[Piece]> {
    let mut n_bytes = 0;
    let starts_group = |piece: &Piece| {
        n_bytes += piece.n_bytes_estimated();
        let full = is_group(n_bytes, piece);
        n_bytes = if full { 0 } else { n_bytes };
        full
    };
    let mut full_after = starts_group;
    batch.chunk_by(|before, _| !full_after(before)).collect()
}

/// One worker's way along the road.
struct Road<'s> {
    stages: &'s Stages,
    window: &'s Window,
    /// What this group has seen itself.
    seen: HashSet<Id>,
    output: Output,
    rows: Vec<Rows>,
}

impl<'s> Road<'s> {
    fn new(stages: &'s Stages, window: &'s Window) -> Self {
        let n_points = if stages.settings.only_findings { 0 } else { 2 * EVENTS_USUAL };
        Road {
            stages,
            window,
            seen: HashSet::with_capacity_and_hasher(EVENTS_USUAL, Default::default()),
            output: Output {
                look: window.look(),
                keys: Vec::with_capacity(EVENTS_USUAL),
                points: Points::with_capacity(n_points),
                ..Output::default()
            },
            rows: Vec::new(),
        }
    }

    fn travel(mut self, pieces: &[Piece]) -> Output {
        for piece in pieces {
            let record = piece.record.clone();
            let known = matches!(piece.content, Content::Known);
            self.output.records.push(Tally {
                record,
                offset: piece.offset,
                last: piece.last,
                events: Default::default(),
                n_bad: 0,
                n_control: 0,
                known,
            });
            match &piece.content {
                Content::Bytes(bytes) => decode(&self.input(piece, bytes), &self.stages.limits, &mut self),
                Content::Refused(reason, bytes) => self.refused(piece, reason, bytes),
                Content::Known => {}
            }
        }
        self.output.rows = close(self.rows);
        self.output
    }

    fn event(&mut self, event: &mut Event<'_>) {
        // Rules call what a call has by CloudTrail's names: without rows, nobody sees what it is classified as.
        let is_seen = !self.stages.settings.only_findings || event.source != Source::CloudTrail;
        let severity = if is_seen { classify(event) } else { Severity::Unknown };
        let day = self.day_of(event.time_ms());
        self.keep(event, severity, day);
        let (stages, owner) = (self.stages, self.owner());
        let Output { findings, hits, points, .. } = &mut self.output;
        let rows = &mut self.rows;
        stages.rules.judge(
            event,
            |rule| {
                let (finding, row) = Finding::new(event, rule, stages.rules.lists());
                if !stages.settings.only_findings {
                    points.add_finding(&finding);
                    Rows::of(rows, Table::Findings, day).push(&row, owner);
                }
                findings.push((owner, finding));
            },
            |correlation, hit| hits.push((owner, correlation, hit)),
        );
    }

    fn input<'p>(&self, piece: &'p Piece, bytes: &'p [u8]) -> Input<'p> {
        Input {
            bytes,
            record_id: piece.record.id,
            offset: piece.offset,
            header: piece.header.as_deref(),
            envelope: &piece.record.envelope,
        }
    }

    fn is_new(&mut self, id: Id) -> bool {
        !self.window.shows(id, &mut self.output.look) && self.seen.insert(id)
    }

    fn owner(&self) -> u32 {
        self.output.records.len() as u32 - 1
    }

    /// The tally of the piece under way.
    fn tally(&mut self) -> &mut Tally {
        let last = self.output.records.len() - 1;
        &mut self.output.records[last]
    }

    fn refused(&mut self, piece: &Piece, reason: &str, bytes: &[u8]) {
        let position = Position { offset: piece.offset, ..Position::default() };
        self.quarantine("source", reason.to_owned(), position, bytes, piece.record.envelope.clone());
    }
}

impl Visitor for Road<'_> {
    fn message(&mut self, message: Message<'_, '_>) -> Result<(), DecodeError> {
        let mut event = parse(message, &self.stages.settings)?;
        let new = self.is_new(event.key);
        let events = &mut self.tally().events;
        events.r#in += 1;
        if new {
            events.accepted += 1;
            self.event(&mut event);
        } else {
            events.duplicate += 1;
        }
        Ok(())
    }

    fn control(&mut self) {
        self.tally().n_control += 1;
    }

    fn bad(&mut self, bad: Bad<'_, '_>) {
        let stage = if matches!(bad.error, DecodeError::Parse(_)) { "parse" } else { "decode" };
        let reason = format!("failed to decode {}", bad.error);
        let envelope = keep::owned(bad.context.envelope);
        self.quarantine(stage, reason, bad.context.position(), bad.bytes, envelope);
    }
}

impl Road<'_> {
    fn quarantine(
        &mut self,
        stage: &'static str,
        reason: String,
        place: Position,
        bytes: &[u8],
        envelope: kinescope_stages::decode::Envelope<'static>,
    ) {
        let owner = self.owner();
        let record = self.tally().record.clone();
        let position = Position { source: record.source.clone(), record: record.index, ..place };
        // Not of the path: a redriven message has lost its envelopes, and is still the same.
        let id = quarantined_id(record.id, position.offset, bytes);
        let new = self.is_new(id);
        self.tally().n_bad += 1;
        let events = &mut self.tally().events;
        events.r#in += 1;
        if !new {
            events.duplicate += 1;
            return;
        }
        events.quarantined += 1;
        self.output.keys.push((owner, id));
        let entry = Quarantined {
            id,
            record_id: record.id,
            stage,
            reason,
            position,
            envelope,
            n_bytes: bytes.len(),
            data: bytes.to_vec(),
        };
        self.output.quarantined.push((owner, entry));
    }
}

/// What makes a message in quarantine the same however often it comes: its record, the place in it, and its bytes.
pub fn quarantined_id(record: Id, offset: u64, bytes: &[u8]) -> Id {
    Id::of(&[b"quarantine", &record.0, &offset.to_le_bytes(), bytes])
}
