//! Where a piece of input came from, and what became of it.

use serde::{Deserialize, Serialize};

/// Where a piece of input was: enough to find it again by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The file, or the shard and sequence number, or `-` for standard input.
    pub source: String,
    /// The record's number in the run, from 0, in the order of reading.
    pub record: u64,
    /// Bytes from the start of the record's own (inflated, if it was a gzip file) text.
    pub offset: u64,
    /// The envelopes that were opened on the way, outermost first, such as `gzip/cloudwatch_logs[3]`.
    pub path: String,
}

/// What became of a record: every record ends in exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// At least one new event came of it and every sink has it.
    Processed,
    /// Control messages only; acknowledged.
    Control,
    /// Nothing in it was new.
    Duplicate,
    /// A part of it could not be read and lies in quarantine; its good parts went on.
    Quarantined,
    /// A sink did not confirm one of its items: it has to come again.
    Redeliver,
}
