//! CloudWatch Logs subscription payloads: what a subscription filter puts on a stream.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::clock::Clock;
use crate::cloudtrail::{Header, TrailEvent};
use crate::json;
use crate::random::{Random, push_number};
use crate::world::{ACCOUNTS, MANAGEMENT_ACCOUNT};

/// A payload stays below this before it is compressed, well within what fits a Kinesis record.
const PAYLOAD_BYTES_MAX: usize = 512 * 1024;
const TRAIL_GROUP: &str = "aws-cloudtrail-logs-111122223333-0a1b2c3d";
const ORGANISATION: &str = "o-exampleorg1";

/// A finished payload, gzipped.
pub(crate) struct Payload {
    pub(crate) bytes: Vec<u8>,
    pub(crate) n_events: u64,
}

/// A payload under construction.
pub(crate) struct Batch {
    head: String,
    events: String,
    n_events: u64,
}

impl Batch {
    /// An empty payload of a log stream.
    pub(crate) fn new(owner: &str, group: &str, stream: &str) -> Batch {
        let head = format!(
            r#"{{"messageType":"DATA_MESSAGE","owner":"{owner}","logGroup":"{group}","logStream":"{stream}","subscriptionFilters":["kinescope"],"logEvents":["#
        );
        Batch { head, events: String::new(), n_events: 0 }
    }

    /// Adds a log event.
    pub(crate) fn push(&mut self, message: &str, clock: &Clock, random: &mut Random) {
        let out = &mut self.events;
        if self.n_events > 0 {
            out.push(',');
        }
        out.push_str("{\"id\":\"");
        push_log_event_id(out, clock, random);
        out.push_str("\",\"timestamp\":");
        out.push_str(&clock.ms().to_string());
        out.push_str(",\"message\":");
        json::push_string(out, message);
        out.push('}');
        self.n_events += 1;
    }

    /// Log events so far.
    pub(crate) fn n_events(&self) -> u64 {
        self.n_events
    }

    /// Ends the payload and empties the batch; `None` when it was empty already.
    pub(crate) fn take(&mut self) -> io::Result<Option<Payload>> {
        if self.n_events == 0 {
            return Ok(None);
        }
        let text = format!("{}{}]}}", self.head, self.events);
        let payload = Payload { bytes: gzip(text.as_bytes())?, n_events: self.n_events };
        self.events.clear();
        self.n_events = 0;
        Ok(Some(payload))
    }

    fn is_large(&self) -> bool {
        self.events.len() > PAYLOAD_BYTES_MAX
    }
}

/// The payloads of an organisation's trail: a log stream for each account.
pub(crate) struct TrailBatches {
    batches: Vec<Batch>,
    n_events_max: u64,
    random: Random,
}

impl TrailBatches {
    /// Payloads of at most `n_events_max` events.
    pub(crate) fn new(n_events_max: u64, random: Random) -> TrailBatches {
        let batch = |account: &&str| {
            let stream = format!("{ORGANISATION}_{account}_CloudTrail_us-east-1");
            Batch::new(MANAGEMENT_ACCOUNT, TRAIL_GROUP, &stream)
        };
        TrailBatches { batches: ACCOUNTS.iter().map(batch).collect(), n_events_max, random }
    }

    /// Adds an event; a payload when that filled one.
    pub(crate) fn push(&mut self, event: &TrailEvent<'_>) -> io::Result<Option<Payload>> {
        let Header { account, .. } = event.header;
        let idx = ACCOUNTS.iter().position(|known| *known == account).unwrap_or_default();
        let batch = &mut self.batches[idx];
        batch.push(event.json, event.clock, &mut self.random);
        // Payloads are of any size up to the largest, as real ones are.
        let is_full = batch.n_events() >= self.n_events_max || self.random.one_in(self.n_events_max);
        if is_full || batch.is_large() { batch.take() } else { Ok(None) }
    }

    /// What is left at the end.
    pub(crate) fn finish(self) -> impl Iterator<Item = io::Result<Payload>> {
        self.batches.into_iter().filter_map(|mut batch| batch.take().transpose())
    }
}

/// The message by which CloudWatch Logs checks that a stream can be reached, gzipped. It carries no event.
pub(crate) fn control_message(ms: i64) -> io::Result<Vec<u8>> {
    let text = format!(
        r#"{{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],"logEvents":[{{"id":"","timestamp":{ms},"message":"CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}}]}}"#
    );
    gzip(text.as_bytes())
}

/// `bytes` as one gzip member.
pub(crate) fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 6), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Log event ids are 56 decimal digits that rise with time.
fn push_log_event_id(out: &mut String, clock: &Clock, random: &mut Random) {
    out.push_str("39");
    // Eighteen digits hold any date of the calendar in milliseconds, and a count would add nothing: the
    // other digits are random.
    let ms = clock.ms().unsigned_abs();
    push_number(out, 100_000_000_000_000_000 + ms);
    random.push_digits(out, 36);
}
