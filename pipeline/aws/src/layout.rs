//! The one table of DynamoDB: its keys, and what lies under them.
//!
//! | what | pk | sk |
//! |---|---|---|
//! | findings of a batch | `finding#<severity>#<hour>#<bucket>` and, without their OCSF form, `finding#<account>#<day>` | `<part>#<chunk>` |
//! | notable events of a batch | `event#<severity>#<hour>#<bucket>` and `event#<account>#<day>` | `<part>#<chunk>` |
//! | metrics of some services | `metric#<group>#<hour>` | `<part>#<chunk>` |
//! | services of a day | `services#<day>` | `<service>` |
//! | agent | `agents#<bucket>` | `<id>#<account>#<region>` |
//! | alert | `alert#<fold>` | `state`, or a part's id |
//! | alerts to look at again | `due#<bucket>` | `<minute>#<id of several>` |
//! | alerts sent in a minute | `sent#<minute>` | `count` |
//! | what a batch did | `lane#<lane>` | `fence`, `done#<order>#<part>`, `outbox#<part>` |
//!
//! There is no index, which would be paid for as the table is. How a finding is written is in
//! [`findings`](crate::sinks::findings), how an event is in [`events`](crate::sinks::events).
//!
//! **Hot keys.** A partition takes 1,000 writes of 1 KB a second. Findings, notable events and metrics are written many to
//! an item, some dozens of items a batch. With [`BUCKETS`] buckets an hour of one severity takes 16,000 KB a second: at half
//! a KB a finding among others and one finding in a hundred events, 3.2 million events a second of one severity. An
//! account's day is one key: 1,000 batches a second that find something in it, or some 8,000 findings. Metrics lie by group
//! and not by service, for a batch has a line or two of most services, and each item costs a kilobyte. The services of a
//! day, which are one key, are written once by each environment. Reading an hour of one severity is 16 queries.
//!
//! **Parts.** What a batch writes many to an item (findings, notable events, metrics, counts behind an alert) is a part that
//! is named after the records it was made of. A part counts only if its lane has a `done` item with its name, and that is
//! written in one transaction that two batches with a record in common cannot both make. So a redelivery can change
//! nothing, and what a batch left behind when it died counts for nothing.

use crate::port::Item;
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use kinescope_schemas::{Id, Severity, ocsf::rfc3339};
use std::io::{Read, Write};

/// Partitions that what is written at one time is spread over.
pub const BUCKETS: u8 = 16;
/// Groups that services are told apart by where metrics lie: every batch writes an item to most of them.
pub const METRIC_GROUPS: u8 = 8;
/// Days that the table keeps what it has, after its arrival.
pub const DAYS_KEPT: i64 = 35;

/// The attribute of the partition key.
pub const PK: &str = "pk";
/// The attribute of the sort key.
pub const SK: &str = "sk";
/// The attribute that time to live goes by: seconds since 1970.
pub const TTL: &str = "ttl";

const HOUR_MS: i64 = 3_600_000;
/// Bytes that an attribute may inflate to: 400 KB at the most that DEFLATE can.
const UNZIPPED_BYTES_MAX: u64 = 400_000 * 1_032;
const MS_MAX: i64 = 9_999_999_999_999;
/// Bytes of one part of a key that someone else wrote: DynamoDB takes sort keys of up to 1,024 bytes.
const NAME_BYTES_MAX: usize = 200;

/// The partition of a severity, hour and bucket.
pub fn timed_pk(what: &str, severity: Severity, time_ms: i64, bucket: u8) -> String {
    format!("{what}#{}#{}#{bucket:02}", severity.id(), hour(time_ms))
}

/// The partition of an account's day.
pub fn account_pk(what: &str, account: &str, time_ms: i64) -> String {
    format!("{what}#{}#{}", name(account), day(time_ms))
}

/// A time as a sort key has it: 13 digits.
pub fn sortable(time_ms: i64) -> String {
    format!("{:013}", clamped(time_ms))
}

/// A time that keys can tell: from 1970 to 2286. An event may say anything of its time.
pub fn clamped(time_ms: i64) -> i64 {
    time_ms.clamp(0, MS_MAX)
}

/// The bucket of an id.
pub fn bucket(id: Id) -> u8 {
    id.0[0] % BUCKETS
}

/// The start of the hour.
pub fn hour_of(time_ms: i64) -> i64 {
    clamped(time_ms).div_euclid(HOUR_MS) * HOUR_MS
}

/// `2026-11-20T08`.
pub fn hour(time_ms: i64) -> String {
    date(time_ms, 'T', 3)
}

/// `2026-11-20`.
pub fn day(time_ms: i64) -> String {
    date(time_ms, 'T', 0)
}

fn date(time_ms: i64, at: char, more: usize) -> String {
    let text = rfc3339(clamped(time_ms)).unwrap_or_default();
    let end = text.find(at).map_or(text.len(), |found| found + more);
    text[..end].to_owned()
}

/// The metrics of an hour, of a service and of those that share its group.
pub fn metric_pk(service: &str, hour_ms: i64) -> String {
    let group = Id::of(&[name(service).as_bytes()]).0[0] % METRIC_GROUPS;
    format!("metric#{group}#{}", hour(hour_ms))
}

/// The services of a day.
pub fn services_pk(time_ms: i64) -> String {
    format!("services#{}", day(time_ms))
}

/// The partition of an agent.
pub fn agents_pk(id: &str) -> String {
    format!("agents#{:02}", bucket(Id::of(&[id.as_bytes()])))
}

/// The partition of a lane.
pub fn lane_pk(lane: &str) -> String {
    format!("lane#{lane}")
}

/// The partition of an alert.
pub fn alert_pk(fold: Id) -> String {
    format!("alert#{fold}")
}

/// A name that somebody else chose, as part of a key.
pub fn name(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c == '#' || c.is_control() { '_' } else { c }).collect();
    let end = plain.floor_char_boundary(NAME_BYTES_MAX);
    if plain.is_empty() { "-".to_owned() } else { plain[..end].to_owned() }
}

/// An item with its keys, kept for [`DAYS_KEPT`].
pub fn item(pk: impl Into<String>, sk: impl Into<String>, now_ms: i64) -> Item {
    let mut item = Item::new();
    put(&mut item, PK, pk);
    put(&mut item, SK, sk);
    put_number(&mut item, TTL, ttl(now_ms));
    item
}

/// When what is written now may go, in seconds since 1970.
pub fn ttl(now_ms: i64) -> i64 {
    now_ms / 1_000 + DAYS_KEPT * 86_400
}

/// Sets a text.
pub fn put(item: &mut Item, attribute: &str, text: impl Into<String>) {
    item.insert(attribute.to_owned(), AttributeValue::S(text.into()));
}

/// Sets a text, unless it is empty.
pub fn put_some(item: &mut Item, attribute: &str, text: &str) {
    if !text.is_empty() {
        put(item, attribute, text);
    }
}

/// Sets a number.
pub fn put_number(item: &mut Item, attribute: &str, number: impl ToString) {
    item.insert(attribute.to_owned(), AttributeValue::N(number.to_string()));
}

/// Sets bytes.
pub fn put_bytes(item: &mut Item, attribute: &str, bytes: Vec<u8>) {
    item.insert(attribute.to_owned(), AttributeValue::B(Blob::new(bytes)));
}

/// A text of an item, or "".
pub fn text<'i>(item: &'i Item, attribute: &str) -> &'i str {
    item.get(attribute).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

/// A number of an item, or 0.
pub fn number(item: &Item, attribute: &str) -> i64 {
    item.get(attribute).and_then(|value| value.as_n().ok()).and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// Bytes of an item, or none.
pub fn bytes<'i>(item: &'i Item, attribute: &str) -> &'i [u8] {
    item.get(attribute).and_then(|value| value.as_b().ok()).map_or(&[], |blob| blob.as_ref())
}

/// Sets a text, gzipped: a write is paid for by the kilobyte.
pub fn put_zipped(item: &mut Item, attribute: &str, text: &str) {
    put_bytes(item, attribute, zipped(text));
}

/// Text, gzipped.
pub fn zipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(text.as_bytes());
    encoder.finish().unwrap_or_default()
}

/// The text that was gzipped; `None` if it is damaged.
pub fn unzipped(bytes: &[u8]) -> Option<String> {
    let mut text = String::new();
    GzDecoder::new(bytes).take(UNZIPPED_BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Text as long as an item of several has room for.
pub fn cut(text: &str) -> &str {
    const TEXT_BYTES_MAX: usize = 4 << 10;
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

/// A severity as its number.
pub mod severity_id {
    use super::Severity;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes it.
    pub fn serialize<S: Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
        severity.id().serialize(serializer)
    }

    /// Reads it.
    pub fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Severity, D::Error> {
        i64::deserialize(deserializer).map(Severity::from_id)
    }
}

/// An item's partition key and sort key.
pub fn key(item: &Item) -> (String, String) {
    (text(item, PK).to_owned(), text(item, SK).to_owned())
}

/// What an item takes of the service's limit: names and values.
pub fn size(item: &Item) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        _ => 1,
    };
    item.iter().map(|(name, of)| name.len() + value(of)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME_MS: i64 = 1_795_161_600_123; // 2026-11-20T08:00:00.123Z

    #[test]
    fn keys_are_a_contract() {
        let id: Id = "4985701bf87e4180111b7512065f412c".parse().unwrap();
        let timed = timed_pk("finding", Severity::High, TIME_MS, bucket(id));
        assert_eq!(timed, "finding#4#2026-11-20T08#09");
        assert_eq!(account_pk("finding", "111122223333", TIME_MS), "finding#111122223333#2026-11-20");
        let item = item("a", "b", TIME_MS);
        assert_eq!((text(&item, PK), text(&item, SK)), ("a", "b"));
        assert_eq!(number(&item, TTL), TIME_MS / 1_000 + 35 * 86_400);
        assert_eq!(metric_pk("billing", TIME_MS), "metric#5#2026-11-20T08");
        assert_eq!(services_pk(TIME_MS), "services#2026-11-20");
    }

    #[test]
    fn whatever_a_name_or_time_says_it_makes_a_key() {
        for (given, kept) in
            [("", "-".to_owned()), ("a#b\n", "a_b_".to_owned()), (&"é".repeat(300), "é".repeat(100))]
        {
            assert_eq!(name(given), kept);
        }
        for (given, kept) in [
            (-1, "0000000000000"),
            (i64::MIN, "0000000000000"),
            (i64::MAX, "9999999999999"),
            (7, "0000000000007"),
        ] {
            assert_eq!(sortable(given), kept);
            assert_eq!(hour(given).len(), 13);
        }
    }
}
