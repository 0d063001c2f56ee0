//! What a batch writes many to an item: lines of text, squeezed together. An item each would cost several times as much.
//!
//! Each thing is kept twice, by severity and hour and by account and day, and counts with its part (see [`lane`]).

use crate::{lane, layout, port::Item};
use kinescope_schemas::{Id, Severity};
use std::{collections::BTreeMap, mem};

/// Text after which a chunk is closed. A line that is longer lies alone.
const CHUNK_BYTES: usize = 128 << 10;

/// A kind of things.
#[derive(Debug)]
pub struct Kind {
    /// What partitions are called by.
    pub name: &'static str,
    /// The attribute that has the text.
    pub attribute: &'static str,
    /// Squeezes text.
    pub squeeze: fn(&str) -> Vec<u8>,
    /// The text that was squeezed; `None` if it is damaged, for half of a text would be worse than none.
    pub unsqueeze: fn(&[u8]) -> Option<String>,
}

/// Lines under way to the table, by partition.
#[derive(Debug)]
pub struct Chunks {
    kind: &'static Kind,
    places: BTreeMap<Place, Chunk>,
}

/// By what things are found.
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

impl Kind {
    /// The lines of items.
    pub fn lines(&self, items: &[Item]) -> Vec<String> {
        let texts = items.iter().filter_map(|item| (self.unsqueeze)(layout::bytes(item, self.attribute)));
        texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }
}

impl Chunks {
    /// No lines yet.
    pub fn new(kind: &'static Kind) -> Chunks {
        Chunks { kind, places: BTreeMap::new() }
    }

    /// Adds a thing: its line among those of its severity and hour, and its line among those of its account and day.
    pub fn add(&mut self, severity: Severity, time_ms: i64, account: &str, timed: &str, of_account: &str) {
        let account = layout::account_pk(self.kind.name, account, time_ms);
        for (place, line) in
            [(Place::Timed(severity, layout::hour_of(time_ms)), timed), (Place::Account(account), of_account)]
        {
            let chunk = self.places.entry(place).or_default();
            if chunk.text.len() + line.len() > CHUNK_BYTES {
                chunk.close(self.kind);
            }
            chunk.text.push_str(line);
            chunk.text.push('\n');
        }
    }

    /// The items of all that was added.
    pub fn items(&mut self, lane: &str, last: &str, part: Id, now_ms: i64) -> Vec<Item> {
        let mut items = Vec::new();
        for (place, mut chunk) in mem::take(&mut self.places) {
            chunk.close(self.kind);
            let pk = match place {
                Place::Timed(severity, hour_ms) => {
                    layout::timed_pk(self.kind.name, severity, hour_ms, layout::bucket(part))
                }
                Place::Account(pk) => pk,
            };
            for (at, bytes) in chunk.closed.into_iter().enumerate() {
                let mut item = layout::item(&pk, format!("{part}#{at:04}"), now_ms);
                lane::mark(&mut item, lane, last, part);
                layout::put_bytes(&mut item, self.kind.attribute, bytes);
                items.push(item);
            }
        }
        items
    }
}

impl Chunk {
    fn close(&mut self, kind: &Kind) {
        if !self.text.is_empty() {
            self.closed.push((kind.squeeze)(&self.text));
            self.text.clear();
        }
    }
}
