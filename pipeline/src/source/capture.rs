//! Captures: records of a stream, one JSON object a line, as GetRecords returns them, with the shard added.

use base64::{Engine, display::Base64Display, engine::general_purpose::STANDARD};
use kinescope_schemas::Id;
use kinescope_stages::json::{Fields, Reader};
use serde::Serialize;
use std::io::{self, Write};

/// A record of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Captured {
    /// The shard that it lay on; "" if the capture does not say.
    pub shard: String,
    /// Its place there: decimal digits.
    pub sequence: String,
    /// What decides on the shard; "" if the capture does not say.
    pub partition_key: String,
    /// When it reached the stream, milliseconds since 1970.
    pub arrival_ms: Option<i64>,
    /// Its data.
    pub data: Vec<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'c> {
    sequence_number: &'c str,
    partition_key: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    approximate_arrival_timestamp: Option<f64>,
    data: String,
    shard_id: &'c str,
}

impl Captured {
    /// Reads a line; `None` if it is no line of a capture.
    pub fn parse(line: &[u8]) -> Option<Captured> {
        let line = line.trim_ascii();
        if !line.starts_with(b"{") || memchr::memmem::find(line, b"\"SequenceNumber\"").is_none() {
            return None;
        }
        let fields = Fields::read(&mut Reader::new(std::str::from_utf8(line).ok()?, 0)).ok()?;
        let text = |name| fields.text(name).map(|text| text.into_owned());
        Some(Captured {
            sequence: text("SequenceNumber")?,
            shard: text("ShardId").unwrap_or_default(),
            partition_key: text("PartitionKey").unwrap_or_default(),
            arrival_ms: text("ApproximateArrivalTimestamp").and_then(|time| arrival_ms(&time)),
            data: STANDARD.decode(fields.text("Data")?.as_bytes()).ok()?,
        })
    }

    /// Writes the line, with its line break.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let line = Line {
            sequence_number: &self.sequence,
            partition_key: &self.partition_key,
            approximate_arrival_timestamp: self.arrival_ms.map(|ms| ms as f64 / 1e3),
            data: Base64Display::new(&self.data, &STANDARD).to_string(),
            shard_id: &self.shard,
        };
        serde_json::to_writer(&mut *to, &line)?;
        to.write_all(b"\n")
    }

    /// Shard and sequence number, as positions name the record.
    pub fn source(&self) -> String {
        format!("{}:{}", self.shard, self.sequence)
    }

    /// Derived from shard and sequence number: the same whether it was captured or read from the stream.
    pub fn id(&self) -> Id {
        Id::of(&[b"kinesis", self.shard.as_bytes(), self.sequence.as_bytes()])
    }
}

/// Seconds since 1970, as the service has it, or a date and time, as its command line prints it.
fn arrival_ms(text: &str) -> Option<i64> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() => Some((seconds * 1e3).round() as i64),
        _ => kinescope_stages::parse::time::epoch_ms(text),
    }
}

/// Whether a file begins as a capture does.
pub(super) fn is_capture(bytes: &[u8]) -> bool {
    const FIRST_LINE_BYTES_MAX: usize = 16 << 20;
    let start = &bytes[..bytes.len().min(FIRST_LINE_BYTES_MAX)];
    let line = start.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    line.is_some_and(|line| Captured::parse(line).is_some())
}

/// The source, id and bytes of a line. A line that is none is taken as it is: decoding says what it is.
pub(super) fn line(line: &[u8], file: &str, number: u64) -> (String, Id, Vec<u8>) {
    match Captured::parse(line) {
        Some(captured) => (captured.source(), captured.id(), captured.data),
        None => {
            let id = Id::of(&[b"line", file.as_bytes(), &number.to_le_bytes(), line]);
            (format!("{file}:{number}"), id, line.to_vec())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let captured = Captured {
            shard: "shardId-000000000001".to_owned(),
            sequence: "49660000000000000000000000000000000000000000000000000007".to_owned(),
            partition_key: "a \"key\" é".to_owned(),
            arrival_ms: Some(1_772_438_400_123),
            data: vec![0, 159, 146, 150],
        };
        let nameless = Captured { sequence: "7".to_owned(), ..Captured::default() };
        for captured in [captured, nameless] {
            let mut line = Vec::new();
            captured.write(&mut line).unwrap();
            assert_eq!(Captured::parse(&line).as_ref(), Some(&captured));
        }
    }

    #[test]
    fn times_come_in_two_forms() {
        for (text, ms) in [
            ("1772438400.5", Some(1_772_438_400_500)),
            ("2026-03-02T08:00:00.123Z", Some(1_772_438_400_123)),
            ("soon", None),
        ] {
            assert_eq!(arrival_ms(text), ms, "{text}");
        }
    }
}
