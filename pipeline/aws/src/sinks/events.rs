//! Notable events: those of a batch that are medium or worse, or changes; one in ten is a change. They lie in
//! [chunks](super::chunks).

use super::chunks::{Chunks, Kind};
use crate::{layout, port::Item};
use kinescope_pipeline::output::Notable;
use kinescope_schemas::Severity;
use kinescope_stages::parse::cloudtrail_key;
use std::collections::HashSet;

/// How they lie.
pub static EVENTS: Kind =
    Kind { name: "event", attribute: "events", squeeze: layout::zipped, unsqueeze: layout::unzipped };

/// An event as the table has it: a list of its members, in this order.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
pub struct Stored {
    /// Milliseconds since 1970.
    pub time_ms: i64,
    /// The event's key; in the table it is empty where account and id say it.
    pub key: String,
    /// Its id as users see it.
    pub uid: String,
    /// How bad.
    #[serde(rename = "severity_id", with = "layout::severity_id")]
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

/// Adds an event.
pub fn add(chunks: &mut Chunks, event: &Notable) {
    let line = line(event);
    chunks.add(event.severity, event.time_ms, &event.account, &line, &line);
}

fn line(event: &Notable) -> String {
    let (account, uid) = (layout::cut(&event.account), layout::cut(&event.uid));
    // Half of what an event takes would be its two ids, which nothing makes smaller.
    let is_derived = event.key == cloudtrail_key(account, uid);
    let key = if is_derived { String::new() } else { event.key.to_string() };
    serde_json::json!([
        event.time_ms,
        key,
        uid,
        event.severity.id(),
        event.source,
        layout::cut(&event.category),
        account,
        layout::cut(&event.region),
        layout::cut(&event.service),
        layout::cut(&event.operation),
        layout::cut(&event.actor),
        layout::cut(&event.message),
    ])
    .to_string()
}

/// The events of items, the oldest first; one that came by two ways is there once.
pub fn read(items: &[Item]) -> Vec<Stored> {
    let lines = EVENTS.lines(items);
    let mut events: Vec<Stored> = lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for event in events.iter_mut().filter(|event| event.key.is_empty()) {
        event.key = cloudtrail_key(&event.account, &event.uid).to_string();
    }
    events.sort_by(|a, b| (a.time_ms, &a.key).cmp(&(b.time_ms, &b.key)));
    let mut seen = HashSet::new();
    events.retain(|event| seen.insert(event.key.clone()));
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinescope_schemas::Id;

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
            let mut chunks = Chunks::new(&EVENTS);
            add(&mut chunks, &event);
            let items = chunks.items("lane", "last", Id::of(&[b"part"]), 1);
            assert_eq!(items.len(), 2);
            let kept = EVENTS.lines(&items)[0].contains(&key.to_string());
            assert_eq!(kept, is_kept);
            let read: Vec<String> = read(&items).into_iter().map(|event| event.key).collect();
            assert_eq!(read, [key.to_string()]);
        }
    }
}
