//! Captures: one JSON object a line, as GetRecords returns it.

use base64::{Engine, engine::general_purpose::STANDARD};
use kinescope_schemas::Id;
use kinescope_stages::json::{Fields, Reader};

/// A line of a capture.
pub(super) struct Captured {
    /// Shard and sequence number, or file and line.
    pub(super) source: String,
    /// Derived from shard and sequence number.
    pub(super) id: Id,
    /// The record's data.
    pub(super) bytes: Vec<u8>,
}

/// Whether a file begins as a capture does.
pub(super) fn is_capture(bytes: &[u8]) -> bool {
    const FIRST_LINE_BYTES_MAX: usize = 16 << 20;
    let start = &bytes[..bytes.len().min(FIRST_LINE_BYTES_MAX)];
    let line = start.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    line.is_some_and(|line| parse(line).is_some())
}

fn parse(line: &[u8]) -> Option<Captured> {
    let line = line.trim_ascii();
    if !line.starts_with(b"{") || memchr::memmem::find(line, b"\"SequenceNumber\"").is_none() {
        return None;
    }
    let fields = Fields::read(&mut Reader::new(std::str::from_utf8(line).ok()?, 0)).ok()?;
    let sequence = fields.text("SequenceNumber")?;
    let shard = fields.text("ShardId").unwrap_or_default();
    let bytes = STANDARD.decode(fields.text("Data")?.as_bytes()).ok()?;
    let id = Id::of(&[b"kinesis", shard.as_bytes(), sequence.as_bytes()]);
    Some(Captured { source: format!("{shard}:{sequence}"), id, bytes })
}

/// The record of a line. A line that is none is taken as it is: decoding says what it is.
pub(super) fn line(line: &[u8], file: &str, number: u64) -> Captured {
    parse(line).unwrap_or_else(|| Captured {
        source: format!("{file}:{number}"),
        id: Id::of(&[b"line", file.as_bytes(), &number.to_le_bytes(), line]),
        bytes: line.to_vec(),
    })
}
