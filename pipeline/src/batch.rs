//! What sources hand to the road: records, or pieces of records that are too large to be held at once.

use kinescope_schemas::Id;
use kinescope_stages::decode::Envelope;
use std::sync::{Arc, OnceLock};

/// A record's identity: a file, a line of a capture, or what came on a stream.
#[derive(Debug)]
pub struct Record {
    /// Its number in the run, from 0.
    pub index: u64,
    /// The file, or the shard and sequence number.
    pub source: String,
    /// Derived from its content (of a long file, from how it begins and how long it is), or from shard and sequence number.
    pub id: Id,
    /// The file that it lies in, by its content: what a finished run remembers. A stream has none, and of a file that is
    /// read for the first time it is set before its last piece goes.
    pub file_id: OnceLock<Id>,
    /// When a stream took it, milliseconds since 1970: its events go to days around that. `None` for a file.
    pub arrival_ms: Option<i64>,
    /// What is already known about its messages; empty but for redriven ones.
    pub envelope: Envelope<'static>,
}

/// A record, or a piece of one.
#[derive(Debug)]
pub struct Piece {
    /// Which record.
    pub record: Arc<Record>,
    /// Bytes of the record before this piece.
    pub offset: u64,
    /// The VPC flow header that began the record.
    pub header: Option<Arc<str>>,
    /// Whether this is the record's last piece.
    pub last: bool,
    /// What it holds.
    pub content: Content,
}

/// What a piece holds.
#[derive(Debug)]
pub enum Content {
    /// Bytes to be decoded.
    Bytes(Vec<u8>),
    /// What the source could not read or would not hold: why, and the bytes it has.
    Refused(String, Vec<u8>),
    /// A record that a finished run has already dealt with.
    Known,
}

impl Piece {
    /// About how many bytes of text it holds: gzip has some ten times its own size.
    pub fn n_bytes_estimated(&self) -> usize {
        match &self.content {
            Content::Bytes(bytes) => n_bytes_estimated(bytes),
            Content::Refused(_, bytes) => bytes.len(),
            Content::Known => 0,
        }
    }
}

/// About how many bytes of text a record's bytes hold: gzip has some ten times its own size.
pub fn n_bytes_estimated(bytes: &[u8]) -> usize {
    const GZIP_RATIO: usize = 10;
    if bytes.starts_with(&[0x1f, 0x8b]) { bytes.len() * GZIP_RATIO } else { bytes.len() }
}
