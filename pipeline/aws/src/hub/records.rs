//! What a hub takes: whole records, or the parts of one.

use crate::lane;
use kinescope_pipeline::{Content, Piece, Record, batch::n_bytes_estimated, output::Tally};
use kinescope_schemas::Id;
use kinescope_stages::decode::Envelope;
use std::sync::Arc;

/// What a lane enters one by one.
pub trait Taking: Sync {
    /// What the lane knows it by.
    fn id(&self) -> Id;
    /// The record that ends with it.
    fn whole(&self) -> Option<Id>;
    /// Its place in the lane; see [`lane::order`](crate::lane::order).
    fn order(&self) -> &str;
    /// When it came, milliseconds since 1970.
    fn arrival_ms(&self) -> i64;
    /// Bytes that it came as.
    fn n_bytes(&self) -> u64;
    /// About how many bytes of text it holds.
    fn n_bytes_estimated(&self) -> usize;
    /// As the road takes it, at a place in its batch.
    fn piece(&self, at: usize, known: bool) -> Piece;
    /// Whether the lane may take it for done for ever, after this came of it.
    fn is_settled(&self, tally: &Tally) -> bool;
}

/// A record as it arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Derived from shard and sequence number, or from the object.
    pub id: Id,
    /// Its place in the lane; see [`lane::order`](crate::lane::order).
    pub order: String,
    /// Shard and sequence number, or bucket and key, for people.
    pub source: String,
    /// When the stream took it, milliseconds since 1970.
    pub arrival_ms: i64,
    /// Its bytes, or why there are none.
    pub content: Result<Vec<u8>, String>,
}

impl Arrival {
    /// A record of a shard: the same whoever reads it.
    pub fn of_shard(shard: &str, sequence: &str, arrival_ms: i64, data: Vec<u8>) -> Arrival {
        Arrival {
            id: Id::of(&[b"kinesis", shard.as_bytes(), sequence.as_bytes()]),
            order: lane::order(sequence),
            source: format!("{shard}:{sequence}"),
            arrival_ms,
            content: Ok(data),
        }
    }
}

impl Taking for Arrival {
    fn id(&self) -> Id {
        self.id
    }

    fn whole(&self) -> Option<Id> {
        Some(self.id)
    }

    fn order(&self) -> &str {
        &self.order
    }

    fn arrival_ms(&self) -> i64 {
        self.arrival_ms
    }

    fn n_bytes(&self) -> u64 {
        self.content.as_ref().map_or(0, |bytes| bytes.len() as u64)
    }

    fn n_bytes_estimated(&self) -> usize {
        self.content.as_ref().map_or(0, |bytes| n_bytes_estimated(bytes))
    }

    fn piece(&self, at: usize, known: bool) -> Piece {
        let record = Arc::new(Record {
            index: at as u64,
            source: self.source.clone(),
            id: self.id,
            file_id: Default::default(),
            arrival_ms: Some(self.arrival_ms),
            envelope: Envelope::default(),
        });
        let content = match &self.content {
            _ if known => Content::Known,
            Ok(bytes) => Content::Bytes(bytes.clone()),
            Err(reason) => Content::Refused(reason.clone(), Vec::new()),
        };
        Piece { record, offset: 0, header: None, last: true, content }
    }

    fn is_settled(&self, _: &Tally) -> bool {
        true
    }
}

/// A part of a record that is too large to be held at once, or that comes from quarantine.
#[derive(Debug)]
pub struct Part {
    /// Derived from the record, the part's number and its bytes.
    pub id: Id,
    /// The record that is done when this is, and all before it.
    pub whole: Option<Id>,
    /// Its place in the lane; see [`lane::order`](crate::lane::order).
    pub order: String,
    /// What it holds.
    pub piece: Piece,
    /// Whether it was in quarantine, where it may go again: then it has to be tried another time.
    pub is_redriven: bool,
}

impl Taking for Part {
    fn id(&self) -> Id {
        self.id
    }

    fn whole(&self) -> Option<Id> {
        self.whole
    }

    fn order(&self) -> &str {
        &self.order
    }

    fn arrival_ms(&self) -> i64 {
        self.piece.record.arrival_ms.unwrap_or(0)
    }

    /// What was read of the record counts where it is read.
    fn n_bytes(&self) -> u64 {
        0
    }

    fn n_bytes_estimated(&self) -> usize {
        self.piece.n_bytes_estimated()
    }

    fn piece(&self, _: usize, known: bool) -> Piece {
        let content = match &self.piece.content {
            _ if known => Content::Known,
            content => copy(content),
        };
        Piece { content, record: self.piece.record.clone(), header: self.piece.header.clone(), ..self.piece }
    }

    fn is_settled(&self, tally: &Tally) -> bool {
        !self.is_redriven || tally.n_bad == 0 || tally.events.accepted > 0
    }
}

fn copy(content: &Content) -> Content {
    match content {
        Content::Bytes(bytes) => Content::Bytes(bytes.clone()),
        Content::Refused(reason, bytes) => Content::Refused(reason.clone(), bytes.clone()),
        Content::Known => Content::Known,
    }
}

/// A piece once more, to see what it adds up to; what was refused adds nothing.
pub(super) fn again(piece: &Piece) -> Piece {
    let content = match &piece.content {
        Content::Refused(..) => Content::Known,
        content => copy(content),
    };
    Piece { content, record: piece.record.clone(), header: piece.header.clone(), ..*piece }
}
