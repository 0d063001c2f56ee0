//! Notable events: those of a batch that are medium or worse, or changes, many to an item.
//!
//! One in ten events is a change: an item each would cost more than all the rest. They are kept twice, by severity and
//! hour and by account and day, and count with their part (see [`lane`](crate::lane)).

use crate::{lane, layout, port::Item};
use kinescope_pipeline::output::Notable;
use kinescope_schemas::{Id, Severity};
use kinescope_stages::parse::cloudtrail_key;
use std::collections::{BTreeMap, HashSet};

/// Text after which a chunk is closed; even text that gzip makes no smaller fits an item.
const CHUNK_BYTES: usize = 128 << 10;

/// An event as the table has it: a list of its members, in this order.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub struct Stored {
    /// Milliseconds since 1970.
    pub time_ms: i64,
    /// The event's key; in the table it is empty where account and id say it.
    pub key: String,
    /// Its id as users see it.
    pub uid: String,
    /// How bad.
    #[serde(deserialize_with = "severity")]
    pub severity: Severity,
    /// Who wrote it.
    pub source: String,
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

/// Events under way to the table, by partition.
#[derive(Debug, Default)]
pub struct Chunks(BTreeMap<Place, Chunk>);

/// By what events are found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Severity and start of the hour.
    Timed(Severity, i64),
    /// The partition of an account's day.
    Account(String),
}

#[derive(Debug, Default)]
struct Chunk {
    text: String,
    closed: Vec<Vec<u8>>,
}

impl Chunks {
    /// Adds an event.
    pub fn add(&mut self, event: &Notable) {
        let line = line(event);
        let timed = Place::Timed(event.severity, layout::hour_of(event.time_ms));
        let account = Place::Account(layout::account_pk("event", &event.account, event.time_ms));
        for place in [timed, account] {
            let chunk = self.0.entry(place).or_default();
            if chunk.text.len() + line.len() > CHUNK_BYTES {
                chunk.close();
            }
            chunk.text.push_str(&line);
            chunk.text.push('\n');
        }
    }

    /// The items of all that was added.
    pub fn items(&mut self, lane: &str, last: &str, part: Id, now_ms: i64) -> Vec<Item> {
        let mut items = Vec::new();
        for (place, mut chunk) in std::mem::take(&mut self.0) {
            chunk.close();
            let pk = match place {
                Place::Timed(severity, hour_ms) => {
                    layout::timed_pk("event", severity, hour_ms, layout::bucket(part))
                }
                Place::Account(pk) => pk,
            };
            for (at, bytes) in chunk.closed.into_iter().enumerate() {
                let mut item = layout::item(&pk, format!("{part}#{at:04}"), now_ms);
                lane::mark(&mut item, lane, last, part);
                layout::put_bytes(&mut item, "events", bytes);
                items.push(item);
            }
        }
        items
    }
}

impl Chunk {
    fn close(&mut self) {
        if !self.text.is_empty() {
            self.closed.push(layout::zipped(&self.text));
            self.text.clear();
        }
    }
}

fn line(event: &Notable) -> String {
    let (account, uid) = (cut(&event.account), cut(&event.uid));
    // Half of what an event takes would be its two ids, which nothing makes smaller.
    let is_derived = event.key == cloudtrail_key(account, uid);
    let key = if is_derived { String::new() } else { event.key.to_string() };
    serde_json::json!([
        event.time_ms,
        key,
        uid,
        event.severity.id(),
        event.source,
        cut(&event.category),
        account,
        cut(&event.region),
        cut(&event.service),
        cut(&event.operation),
        cut(&event.actor),
        cut(&event.message),
    ])
    .to_string()
}

/// Text as long as a chunk has room for.
fn cut(text: &str) -> &str {
    const TEXT_BYTES_MAX: usize = 4 << 10;
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

/// The events of items, the oldest first; one that came by two ways is there once.
pub fn read(items: &[Item]) -> Vec<Stored> {
    let texts: Vec<String> = items.iter().map(|item| layout::unzipped(item, "events")).collect();
    let mut events: Vec<Stored> = texts
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    for event in events.iter_mut().filter(|event| event.key.is_empty()) {
        event.key = cloudtrail_key(&event.account, &event.uid).to_string();
    }
    events.sort_by(|a, b| (a.time_ms, &a.key).cmp(&(b.time_ms, &b.key)));
    let mut seen = HashSet::new();
    events.retain(|event| seen.insert(event.key.clone()));
    events
}

fn severity<'d, D: serde::Deserializer<'d>>(deserializer: D) -> Result<Severity, D::Error> {
    <i64 as serde::Deserialize>::deserialize(deserializer).map(Severity::from_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_whether_the_table_has_it_or_not() {
        let (account, uid) = ("111122223333", "3eb979d2-189d-429e-ad25-a8265ea407f4");
        let own = cloudtrail_key(account, uid);
        for (key, is_kept) in [(own, false), (Id::of(&[b"another"]), true)] {
            let text = || String::from("t");
            let event = Notable {
                key,
                uid: uid.into(),
                time_ms: 1,
                severity: Severity::Low,
                source: "cloudtrail",
                category: text(),
                account: account.into(),
                region: text(),
                service: text(),
                operation: text(),
                actor: text(),
                message: text(),
            };
            let mut chunks = Chunks::default();
            chunks.add(&event);
            let items = chunks.items("lane", "last", Id::of(&[b"part"]), 1);
            assert_eq!(items.len(), 2);
            let kept = layout::unzipped(&items[0], "events").contains(&key.to_string());
            assert_eq!(kept, is_kept);
            let read: Vec<String> = read(&items).into_iter().map(|event| event.key).collect();
            assert_eq!(read, [key.to_string()]);
        }
    }
}
