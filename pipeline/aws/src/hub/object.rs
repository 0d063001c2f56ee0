//! An object of any size, as one record: it is fetched in ranges, cut between messages and taken in sections, each of
//! which is entered in the object's own lane. Memory holds one section and one range of it. When time ends or something
//! fails the whole object comes again, and the sections that are entered are passed over.

use super::{Arrival, Hub, Part, Taken};
use crate::{
    lane,
    port::{Aws, CallError, Called, ObjectAt, Ranged, Sources},
    send::Patience,
};
use kinescope_pipeline::{Content, Piece, Record, sink::Open, source::Arriving};
use kinescope_schemas::{Fate, Id};
use kinescope_stages::decode::Envelope;
use std::sync::Arc;
use tokio::time::Instant;

/// Bytes of one GetObject.
const RANGE_BYTES: u64 = 4 << 20;
/// Text after which a section is entered: a second of work, and what is held of an object. Ten calls a section enter it.
const SECTION_BYTES: usize = 8 << 20;
/// Codes of S3 that say that an object can never be read as it was told of.
const NEVER: [&str; 7] = [
    "InvalidObjectState",
    "MethodNotAllowed",
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchVersion",
    "NotFound",
    "PreconditionFailed",
];

/// An object that a bucket told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewObject {
    /// Which.
    pub at: ObjectAt,
    /// When the bucket had it, milliseconds since 1970.
    pub time_ms: i64,
}

impl NewObject {
    /// Its lane, which no other object has.
    pub fn lane(&self) -> String {
        format!("s3/{}/{}", self.at.bucket, self.at.id())
    }
}

/// An object that is being read.
struct Reading<'o> {
    object: &'o NewObject,
    /// With the ETag that it had when it was begun.
    at: ObjectAt,
    patience: Patience,
    offset: u64,
    n_bytes_whole: u64,
    n_parts: u64,
}

impl<A: Aws + Sources> Hub<A> {
    /// Takes an object; what has to come again is the object, at place 0.
    pub async fn take_object(&self, object: &NewObject, until: Instant, now_ms: i64) -> Taken {
        let mut taken = Taken::default();
        let mut reading = Reading {
            object,
            at: object.at.clone(),
            patience: Patience::until(until),
            offset: 0,
            n_bytes_whole: 0,
            n_parts: 0,
        };
        if let Err(error) = self.read_object(&mut reading, &mut taken, until, now_ms).await {
            let words = format!("{}: failed to {error}", object.at);
            if NEVER.contains(&error.code()) {
                let refused = self.refuse(object, &error, until, now_ms).await;
                taken.again.extend(&refused.again);
                taken.add(refused);
            } else {
                taken.again.push(0);
            }
            taken.errors.push(words);
        }
        taken.retried(&reading.patience);
        taken.ledger.bytes_in += reading.offset;
        taken.again.truncate(1);
        if !taken.again.is_empty() && taken.ledger.records.r#in == 0 {
            taken.ledger.record(Fate::Redeliver);
        }
        taken
    }

    async fn read_object(
        &self,
        reading: &mut Reading<'_>,
        taken: &mut Taken,
        until: Instant,
        now_ms: i64,
    ) -> Called<()> {
        let lane = reading.object.lane();
        let known = lane::read(&self.edge, &reading.patience, &lane, &lane::order("0")).await?;
        for outbox in &known.outboxes {
            self.edge.empty(&reading.patience, &lane, outbox).await?;
        }
        if known.done.contains(&reading.object.at.id()) {
            taken.ledger.record(Fate::Duplicate);
            return Ok(());
        }
        let (mut open, mut section, mut n_bytes) = (Open::default(), Vec::new(), 0);
        let first = reading.range(&self.edge.aws).await?.bytes;
        let mut arriving = Arriving::begin(reading.record(), first, reading.is_all());
        loop {
            let piece = match arriving.next_piece() {
                Ok(Some(piece)) => piece,
                Ok(None) => return Ok(()),
                Err(_) => {
                    let bytes = reading.range(&self.edge.aws).await?.bytes;
                    arriving.put(bytes, reading.is_all());
                    continue;
                }
            };
            n_bytes += piece.n_bytes_estimated();
            let is_last = piece.last;
            section.push(reading.part(piece));
            if is_last || n_bytes >= SECTION_BYTES || section.len() >= lane::RECORDS_MAX {
                n_bytes = 0;
                let part = self.take_open(&lane, &section, &mut open, until, now_ms).await;
                section.clear();
                let is_done = part.again.is_empty();
                taken.add(part);
                if !is_done {
                    taken.again.push(0);
                    return Ok(());
                }
            }
        }
    }

    /// Enters in quarantine that an object cannot be read, and why.
    async fn refuse(&self, object: &NewObject, error: &CallError, until: Instant, now_ms: i64) -> Taken {
        let next = match error.code() {
            "PreconditionFailed" => {
                "it was overwritten before it was read: what it holds now is told of by itself"
            }
            "InvalidObjectState" => "it is in an archive: restore it and process it by `kinescope backfill`",
            _ => "it was deleted before it was read: keep objects longer, or give versions to the bucket",
        };
        let arrival = Arrival {
            // Of its own kind, so that the object is read should it be told of again and be there.
            id: Id::of(&[b"unreadable", &object.at.id().0]),
            order: lane::order("0"),
            source: object.at.to_string(),
            arrival_ms: object.time_ms,
            content: Err(format!("failed to {error}; {next}")),
        };
        self.take(&object.lane(), &[arrival], until, now_ms).await
    }
}

impl Reading<'_> {
    /// The next range.
    async fn range<A: Sources>(&mut self, aws: &A) -> Called<Ranged> {
        let (at, from) = (&self.at, self.offset);
        let ranged = self.patience.call("read", || aws.get_range(at, from, RANGE_BYTES)).await?;
        self.offset += ranged.bytes.len() as u64;
        self.n_bytes_whole = ranged.n_bytes_whole;
        if ranged.bytes.is_empty() && !self.is_all() {
            return Err(CallError {
                action: "read",
                resource: self.at.to_string(),
                words: format!("NoBytes: it ended after {from} of {} bytes", self.n_bytes_whole),
                may_pass: true,
            });
        }
        // From here on it must stay what it is.
        if self.at.etag.is_none() && !ranged.etag.is_empty() {
            self.at.etag = Some(ranged.etag.clone());
        }
        Ok(ranged)
    }

    fn is_all(&self) -> bool {
        self.offset >= self.n_bytes_whole
    }

    fn record(&self) -> Arc<Record> {
        Arc::new(Record {
            index: 0,
            source: self.at.to_string(),
            id: self.object.at.id(),
            file_id: Default::default(),
            arrival_ms: Some(self.object.time_ms),
            envelope: Envelope::default(),
        })
    }

    fn part(&mut self, piece: Piece) -> Part {
        let (id, number) = (self.object.at.id(), self.n_parts);
        self.n_parts += 1;
        let bytes: &[u8] = match &piece.content {
            Content::Bytes(bytes) | Content::Refused(_, bytes) => bytes,
            Content::Known => b"end",
        };
        Part {
            id: Id::of(&[b"part", &id.0, &number.to_le_bytes(), bytes]),
            whole: piece.last.then_some(id),
            order: lane::order(&number.to_string()),
            piece,
            is_redriven: false,
        }
    }
}
