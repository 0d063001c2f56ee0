//! What the parsers' tests share: a line or a value goes through decode and parse, and its row is compared as text.

use super::{Settings, parse};
use crate::decode::{Bad, DecodeError, Envelope, Input, Limits, Message, Visitor, decode};
use kinescope_schemas::{
    Id, Source, Table, Value,
    table::Kind,
    tables::{base, logs},
};
use std::collections::BTreeMap;

/// An event that outlives its buffers: every slot that is filled, as text by its OCSF path, and every unmapped member
/// under `unmapped.`.
#[derive(Debug)]
pub(super) struct Parsed {
    pub source: Source,
    pub table: Table,
    pub key: Id,
    pub slots: BTreeMap<String, String>,
}

impl Parsed {
    /// Text of the slot, "" if it is empty.
    pub fn get(&self, path: &str) -> &str {
        self.slots.get(path).map_or("", String::as_str)
    }

    /// Asserts that slots hold what is expected; "" means nothing.
    #[track_caller]
    pub fn has(&self, expected: &[(&str, &str)]) {
        for (path, text) in expected {
            assert_eq!(self.get(path), *text, "{path} of {:#?}", self.slots);
        }
    }
}

#[derive(Default)]
struct Collector {
    settings: Settings,
    events: Vec<Parsed>,
    n_bad: usize,
}

impl Visitor for Collector {
    fn message(&mut self, message: Message<'_, '_>) -> Result<(), DecodeError> {
        let event = parse(message, &self.settings)?;
        let mut slots = BTreeMap::new();
        for (at, column) in event.table.spec().columns.iter().enumerate() {
            let value = &event.row[at];
            check_kind(value, column.kind, column.path);
            if let Some(text) = value.to_text() {
                slots.insert(column.path.to_owned(), text.into_owned());
            }
        }
        if let Some(json) = slots.remove("unmapped") {
            let members: BTreeMap<String, String> =
                serde_json::from_str(&json).expect("unmapped is text by name");
            for (name, text) in members {
                slots.insert(format!("unmapped.{name}"), text);
            }
        }
        assert!(
            event.row.int(base::TIME).is_some() && event.row.int(base::CLASS_UID).is_some(),
            "{}",
            event.raw
        );
        assert!(event.table != Table::Logs || !event.row[logs::LOG_FORMAT].is_null());
        self.events.push(Parsed { source: event.source, table: event.table, key: event.key, slots });
        Ok(())
    }

    fn control(&mut self) {}

    fn bad(&mut self, _: Bad<'_, '_>) {
        self.n_bad += 1;
    }
}

/// Asserts that the writer can write the value.
fn check_kind(value: &Value<'_>, kind: Kind, path: &str) {
    let fits = match (value, kind) {
        (Value::Null, _) => true,
        (Value::Text(text), Kind::Text) => !text.is_empty() && text != "-",
        (Value::Text(text), Kind::JsonText | Kind::Json) => {
            serde_json::from_str::<serde_json::Value>(text).is_ok()
        }
        (Value::Int(n), Kind::Int) => i32::try_from(*n).is_ok(),
        (Value::Int(_), Kind::Long | Kind::Time | Kind::Double) => true,
        (Value::Float(x), Kind::Double) => x.is_finite(),
        (Value::Bool(_), Kind::Bool) => true,
        _ => false,
    };
    assert!(fits, "{path} takes no {value:?}");
}

fn collect(bytes: &[u8], envelope: &Envelope<'_>, settings: Settings) -> Collector {
    let mut collector = Collector { settings, ..Collector::default() };
    let input = Input { bytes, record_id: Id::of(&[b"test"]), offset: 0, header: None, envelope };
    decode(&input, &Limits::default(), &mut collector);
    collector
}

/// The events of a payload.
pub(super) fn all(text: &str, envelope: &Envelope<'_>, settings: Settings) -> Vec<Parsed> {
    let collector = collect(text.as_bytes(), envelope, settings);
    assert_eq!(collector.n_bad, 0, "{text}");
    collector.events
}

/// The only event of a payload.
pub(super) fn one(text: &str) -> Parsed {
    one_of(text, &Envelope::default())
}

/// The only event of a payload inside an envelope.
pub(super) fn one_of(text: &str, envelope: &Envelope<'_>) -> Parsed {
    let mut events = all(text, envelope, Settings::default());
    assert_eq!(events.len(), 1, "{text}");
    events.remove(0)
}

/// The event of a message that CloudWatch Logs delivered, which may have several lines.
pub(super) fn logged(log_group: &str, message: &str) -> Parsed {
    let payload = serde_json::json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": log_group, "logStream": "stream",
        "logEvents": [{"id": "1", "timestamp": 1_795_161_600_000_i64, "message": message}],
    });
    one(&payload.to_string())
}

/// Feeds every prefix of each sample, and each sample with every byte replaced, and trusts the checks above: no
/// panic, and no value that its column cannot take.
pub(super) fn survives(samples: &[&str], settings: &Settings) {
    const BYTES: &[u8] = b" -\"\\0\t\n:[]{=/%\xc3";
    let envelope = Envelope { log_group: Some("/aws/lambda/orders".into()), ..Envelope::default() };
    let mut n_events = 0;
    for sample in samples {
        for end in 0..sample.len() {
            n_events += collect(&sample.as_bytes()[..end], &envelope, settings.clone()).events.len();
            let mut bytes = sample.as_bytes().to_vec();
            bytes[end] = BYTES[end % BYTES.len()];
            n_events += collect(&bytes, &envelope, settings.clone()).events.len();
            bytes[end] = BYTES[(end / 7 + 5) % BYTES.len()];
            bytes.remove(end / 2);
            n_events += collect(&bytes, &envelope, settings.clone()).events.len();
        }
    }
    assert!(n_events > samples.len());
}
