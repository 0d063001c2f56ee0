//! Captures: Kinesis records as `GetRecords` returns them, one a line, with the shard added.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Options;
use crate::broken::random_bytes;
use crate::clock::Clock;
use crate::cloudtrail::{SOURCE, Trail, TrailEvent};
use crate::cloudwatch::{Payload, TrailBatches, control_message};
use crate::eventbridge::push_trail_event;
use crate::kpl::Aggregate;
use crate::output::{Output, PlainFile};
use crate::random::Random;

const N_SHARDS: usize = 4;
const N_EVENTS_PER_PAYLOAD_MAX: u64 = 60;
const N_RECORDS_PER_AGGREGATE_MAX: u64 = 40;
const N_RECORDS_PER_CONTROL: u64 = 50;
/// One payload in so many goes by a producer that aggregates.
const N_PAYLOADS_PER_NESTED: u64 = 8;
/// One payload in so many is put on the stream twice.
const N_PAYLOADS_PER_REPEAT: u64 = 20;

/// CloudTrail as a capture of a stream on which producers of every kind meet.
pub(crate) fn capture(trail: &mut Trail, options: &Options, output: &mut Output<'_>) -> io::Result<()> {
    let mut capture = Capture::open(options.seed, output)?;
    let broken_at = options.broken.then_some(options.n_events / 2);
    let mut idx = 0;
    while let Some(event) = trail.next()? {
        if broken_at == Some(idx) {
            capture.put_broken(event.clock)?;
            output.n_broken += 1;
        }
        capture.push(&event, output)?;
        output.count_event(SOURCE);
        idx += 1;
    }
    capture.finish(output)
}

/// A capture under construction.
pub(crate) struct Capture {
    file: PlainFile,
    random: Random,
    batches: TrailBatches,
    aggregate: Aggregate,
    repeat: Option<Payload>,
    sequence_numbers: [u128; N_SHARDS],
    n_records: u64,
    n_control: u64,
    last: Clock,
    text: String,
}

impl Capture {
    /// Opens `capture.jsonl`.
    pub(crate) fn open(seed: u64, output: &mut Output<'_>) -> io::Result<Capture> {
        let payloads = Random::new(seed, "capture payloads");
        Ok(Capture {
            file: output.plain("capture.jsonl")?,
            random: Random::new(seed, "capture"),
            batches: TrailBatches::new(N_EVENTS_PER_PAYLOAD_MAX, payloads),
            aggregate: Aggregate::default(),
            repeat: None,
            sequence_numbers: [1_000_000, 2_000_000, 3_000_000, 4_000_000],
            n_records: 0,
            n_control: 0,
            last: Clock::new(0)?,
            text: String::new(),
        })
    }

    /// Puts an event on the stream, by itself or in company.
    pub(crate) fn push(&mut self, event: &TrailEvent<'_>, output: &mut Output<'_>) -> io::Result<()> {
        self.last.set(event.clock.ms())?;
        match self.random.below(100) {
            0..60 => {
                if let Some(payload) = self.batches.push(event)? {
                    self.put_payload(payload, output)?;
                }
            }
            60..90 => self.aggregate(event)?,
            _ => {
                self.render(event);
                let data = std::mem::take(&mut self.text);
                self.put(data.as_bytes())?;
                self.text = data;
            }
        }
        if self.n_records >= self.n_control * N_RECORDS_PER_CONTROL {
            self.n_control += 1;
            output.n_control += 1;
            self.put(&control_message(event.clock.ms())?)?;
        }
        Ok(())
    }

    /// Puts bytes on the stream that are of no format.
    pub(crate) fn put_broken(&mut self, clock: &Clock) -> io::Result<()> {
        self.last.set(clock.ms())?;
        let bytes = random_bytes(&mut self.random);
        self.put(&bytes)
    }

    /// Puts what is still gathered, and ends the file.
    pub(crate) fn finish(mut self, output: &mut Output<'_>) -> io::Result<()> {
        let left = TrailBatches::new(1, Random::new(0, "none"));
        for payload in std::mem::replace(&mut self.batches, left).finish() {
            self.put_payload(payload?, output)?;
        }
        self.put_repeat(output)?;
        self.put_aggregate()?;
        self.file.finish()
    }

    fn aggregate(&mut self, event: &TrailEvent<'_>) -> io::Result<()> {
        self.render(event);
        self.aggregate.push(event.header.account, self.text.as_bytes());
        let n_records = self.aggregate.n_records();
        let is_full =
            n_records >= N_RECORDS_PER_AGGREGATE_MAX || self.random.one_in(N_RECORDS_PER_AGGREGATE_MAX);
        if is_full { self.put_aggregate() } else { Ok(()) }
    }

    fn render(&mut self, event: &TrailEvent<'_>) {
        self.text.clear();
        push_trail_event(event, &mut self.random, &mut self.text);
    }

    fn put_aggregate(&mut self) -> io::Result<()> {
        let aggregate = std::mem::take(&mut self.aggregate);
        if aggregate.n_records() == 0 {
            return Ok(());
        }
        self.put(&aggregate.finish())
    }

    fn put_payload(&mut self, payload: Payload, output: &mut Output<'_>) -> io::Result<()> {
        if self.random.one_in(N_PAYLOADS_PER_NESTED) {
            self.aggregate.push("cloudwatch-logs", &payload.bytes);
            return Ok(());
        }
        self.put(&payload.bytes)?;
        self.put_repeat(output)?;
        if self.random.one_in(N_PAYLOADS_PER_REPEAT) {
            self.repeat = Some(payload);
        }
        Ok(())
    }

    /// A producer that got no answer puts the same bytes again: a new sequence number, the same events.
    fn put_repeat(&mut self, output: &mut Output<'_>) -> io::Result<()> {
        let Some(payload) = self.repeat.take() else { return Ok(()) };
        output.n_duplicates += payload.n_events;
        self.put(&payload.bytes)
    }

    fn put(&mut self, data: &[u8]) -> io::Result<()> {
        let shard = self.random.below(N_SHARDS as u64) as usize;
        let step = self.random.between(1, 1 << 40);
        self.sequence_numbers[shard] += u128::from(step);
        self.n_records += 1;
        let (sequence_number, ms) = (self.sequence_numbers[shard], self.last.ms());
        let (seconds, thousandths) = (ms.div_euclid(1_000), ms.rem_euclid(1_000));
        // Real ones have 56 digits too: the head is the shard's, the rest rises.
        let line = format!(
            r#"{{"SequenceNumber":"4966{shard}{sequence_number:051}","PartitionKey":"{}","ApproximateArrivalTimestamp":{seconds}.{thousandths:03},"Data":"{}","ShardId":"shardId-{shard:012}"}}"#,
            self.random.hex(32),
            STANDARD.encode(data),
        );
        self.file.line(&line)
    }
}
