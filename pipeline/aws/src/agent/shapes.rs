//! Messages by shape: a thousand errors that differ in a number are one thing to be told of.

use super::{DETAIL_TYPE, SOURCE, Settings};
use crate::port::{BusEvent, LogEvent};
use kinescope_schemas::{Id, ocsf::rfc3339};
use serde_json::json;
use std::collections::BTreeMap;

/// Shapes that are told apart in one period of one log group; what has others counts as one.
const SHAPES_MAX: usize = 50;
/// Bytes of a message that make its shape.
const SHAPE_BYTES_MAX: usize = 256;
/// Bytes of a message that are told.
const MESSAGE_BYTES_MAX: usize = 4 << 10;
/// The shape of all that came when there were enough.
const OTHERS: &str = "(other shapes)";

/// What a log group said in a period.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    by_shape: BTreeMap<String, Group>,
    /// Whether there was more than was read.
    pub(super) is_cut: bool,
}

#[derive(Debug)]
struct Group {
    n: u64,
    first_ms: i64,
    last_ms: i64,
    /// The first that was seen.
    stream: String,
    message: String,
}

impl Shapes {
    pub(super) fn add(&mut self, event: LogEvent) {
        let shape = shape(&event.message);
        let is_new = !self.by_shape.contains_key(&shape);
        let shape = if is_new && self.by_shape.len() >= SHAPES_MAX { OTHERS.to_owned() } else { shape };
        let group = self.by_shape.entry(shape).or_insert_with(|| Group {
            n: 0,
            first_ms: event.time_ms,
            last_ms: event.time_ms,
            message: cut(&event.message, MESSAGE_BYTES_MAX).to_owned(),
            stream: event.stream,
        });
        group.n += 1;
        group.first_ms = group.first_ms.min(event.time_ms);
        group.last_ms = group.last_ms.max(event.time_ms);
    }

    /// An event a shape, whose id is the same whenever the period is looked at.
    pub(super) fn events(self, settings: &Settings, log_group: &str, from_ms: i64) -> Vec<BusEvent> {
        let is_cut = self.is_cut;
        let event = |(shape, group): (String, Group)| {
            let parts = [settings.id.as_str(), log_group, &shape].map(str::as_bytes);
            let id = Id::of(&[&[b"errors".as_slice()][..], &parts, &[&from_ms.to_le_bytes()]].concat());
            let detail = json!({
                "eventId": id.to_string(), "agentId": settings.id, "version": env!("CARGO_PKG_VERSION"),
                // The agent is well: it is others that it tells of.
                "status": "ok", "timestamp": rfc3339(group.last_ms), "message": group.message,
                "logGroup": log_group, "logStream": group.stream, "pattern": settings.pattern, "shape": shape,
                "count": group.n, "firstTime": rfc3339(group.first_ms), "lastTime": rfc3339(group.last_ms),
                "isCut": is_cut,
            });
            BusEvent {
                source: SOURCE.to_owned(),
                detail_type: DETAIL_TYPE.to_owned(),
                detail: detail.to_string(),
                time_ms: group.last_ms,
            }
        };
        self.by_shape.into_iter().map(event).collect()
    }
}

/// A message without what differs from one to the next: words with a digit in them become `#`.
fn shape(message: &str) -> String {
    let start = cut(message, SHAPE_BYTES_MAX);
    let mut shape = String::with_capacity(start.len());
    for word in start.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        if bare.chars().any(|c| c.is_ascii_digit()) {
            shape.push('#');
            shape.push_str(&word[bare.len()..]);
        } else {
            shape.push_str(word);
        }
    }
    shape.trim().to_owned()
}

fn cut(text: &str, n_bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(n_bytes_max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_numbers_has_one_shape() {
        for (message, expected) in [
            ("ERROR order 17 failed", "ERROR order # failed"),
            ("ERROR order 18 failed\n", "ERROR order # failed"),
            ("2026-03-02T08:00:00Z id=9f8a71 é", "#-#-#:#:# id=# é"),
            ("no numbers", "no numbers"),
            ("", ""),
        ] {
            assert_eq!(shape(message), expected);
        }
        assert!(shape(&"é".repeat(1_000)).len() <= SHAPE_BYTES_MAX);
    }

    #[test]
    fn shapes_are_bounded_and_count_everything() {
        let mut shapes = Shapes::default();
        for at in 0..3 * SHAPES_MAX {
            let word = "x".repeat(at + 1);
            shapes.add(LogEvent {
                id: String::new(),
                stream: String::new(),
                time_ms: at as i64,
                message: word,
            });
        }
        assert_eq!(shapes.by_shape.len(), SHAPES_MAX + 1);
        assert_eq!(shapes.by_shape.values().map(|group| group.n).sum::<u64>(), 3 * SHAPES_MAX as u64);
    }
}
