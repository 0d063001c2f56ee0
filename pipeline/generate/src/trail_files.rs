//! CloudTrail in files of one kind: lines, S3 objects, CloudWatch Logs payloads, EventBridge events.

use std::io;

use crate::Options;
use crate::broken::{CUT_EVENTBRIDGE_LINE, CUT_TRAIL_LINE};
use crate::cloudtrail::{SOURCE, Trail, TrailEvent};
use crate::cloudwatch::{Payload, TrailBatches, control_message};
use crate::eventbridge::push_trail_event;
use crate::output::{GzipFile, Output, PlainFile};
use crate::random::Random;

const N_EVENTS_PER_PAYLOAD_MAX: u64 = 300;
/// One control message comes before so many payloads.
const N_PAYLOADS_PER_CONTROL: u64 = 40;

/// One event a line.
pub(crate) fn jsonl(trail: &mut Trail, broken: bool, output: &mut Output<'_>) -> io::Result<()> {
    let mut file = output.plain("events.jsonl")?;
    let cut_at = trail.n_events() / 2;
    let mut idx = 0;
    while let Some(event) = trail.next()? {
        if broken && idx == cut_at {
            file.line(CUT_TRAIL_LINE)?;
            output.n_broken += 1;
        }
        file.line(event.json)?;
        output.count_event(SOURCE);
        idx += 1;
    }
    file.finish()
}

/// S3 objects of a few thousand events each.
pub(crate) fn records(trail: &mut Trail, seed: u64, output: &mut Output<'_>) -> io::Result<()> {
    let mut files = RecordsFiles::new(Random::new(seed, "records"));
    while let Some(event) = trail.next()? {
        files.push(&event, output)?;
        output.count_event(SOURCE);
    }
    files.finish()
}

/// CloudWatch Logs payloads, one a file, with a control message now and then.
pub(crate) fn cwl(trail: &mut Trail, seed: u64, output: &mut Output<'_>) -> io::Result<()> {
    let mut files = PayloadFiles::new(Random::new(seed, "cwl"));
    while let Some(event) = trail.next()? {
        files.push(&event, output)?;
        output.count_event(SOURCE);
    }
    files.finish(output)
}

/// EventBridge events, one a line.
pub(crate) fn eventbridge(trail: &mut Trail, options: &Options, output: &mut Output<'_>) -> io::Result<()> {
    let broken_at = options.broken.then_some(options.n_events / 2);
    let mut file = EventBridgeFile::open(options.seed, broken_at, output)?;
    while let Some(event) = trail.next()? {
        file.push(&event, output)?;
        output.count_event(SOURCE);
    }
    file.finish(output)
}

/// Files as CloudTrail delivers them to a bucket.
///
/// CloudTrail keeps accounts and regions apart; here a file has what comes, and is named after its first
/// event, or a small run would be nothing but files of one event.
pub(crate) struct RecordsFiles {
    random: Random,
    open: Option<GzipFile>,
    n_events_left: u64,
}

impl RecordsFiles {
    pub(crate) fn new(random: Random) -> RecordsFiles {
        RecordsFiles { random, open: None, n_events_left: 0 }
    }

    pub(crate) fn push(&mut self, event: &TrailEvent<'_>, output: &mut Output<'_>) -> io::Result<()> {
        match &mut self.open {
            Some(file) => {
                file.text(",")?;
                file.text(event.json)?;
            }
            None => {
                let mut file = output.gzip(&self.object_key(event)?)?;
                file.text("{\"Records\":[")?;
                file.text(event.json)?;
                self.open = Some(file);
                self.n_events_left = self.random.between(2_000, 5_000);
            }
        }
        self.n_events_left -= 1;
        if self.n_events_left == 0 { self.close() } else { Ok(()) }
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.close()
    }

    fn close(&mut self) -> io::Result<()> {
        let Some(mut file) = self.open.take() else { return Ok(()) };
        file.text("]}")?;
        file.finish()
    }

    fn object_key(&mut self, event: &TrailEvent<'_>) -> io::Result<String> {
        let (account, region) = (event.header.account, event.header.region);
        let (day, minute) = (event.clock.spelled("%Y/%m/%d")?, event.clock.spelled("%Y%m%dT%H%M")?);
        let mut key =
            format!("AWSLogs/{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{minute}Z_");
        self.random.push_letters(&mut key, 16);
        key.push_str(".json.gz");
        Ok(key)
    }
}

/// CloudWatch Logs payloads of the organisation's trail, one a file.
pub(crate) struct PayloadFiles {
    batches: TrailBatches,
    n_payloads: u64,
}

impl PayloadFiles {
    pub(crate) fn new(random: Random) -> PayloadFiles {
        PayloadFiles { batches: TrailBatches::new(N_EVENTS_PER_PAYLOAD_MAX, random), n_payloads: 0 }
    }

    pub(crate) fn push(&mut self, event: &TrailEvent<'_>, output: &mut Output<'_>) -> io::Result<()> {
        let Some(payload) = self.batches.push(event)? else { return Ok(()) };
        if self.n_payloads.is_multiple_of(N_PAYLOADS_PER_CONTROL) {
            let path = format!("cloudwatch-logs/{:06}-control.gz", self.n_payloads);
            output.write(&path, &control_message(event.clock.ms())?)?;
            output.n_control += 1;
        }
        write_payload(&mut self.n_payloads, &payload, output)
    }

    pub(crate) fn finish(self, output: &mut Output<'_>) -> io::Result<()> {
        let mut n_payloads = self.n_payloads;
        for payload in self.batches.finish() {
            write_payload(&mut n_payloads, &payload?, output)?;
        }
        Ok(())
    }
}

fn write_payload(n_payloads: &mut u64, payload: &Payload, output: &mut Output<'_>) -> io::Result<()> {
    let path = format!("cloudwatch-logs/{:06}-cloudtrail.gz", n_payloads);
    *n_payloads += 1;
    output.write(&path, &payload.bytes)
}

/// CloudTrail events by EventBridge, one a line.
pub(crate) struct EventBridgeFile {
    file: PlainFile,
    random: Random,
    line: String,
    n_lines: u64,
    broken_at: Option<u64>,
}

impl EventBridgeFile {
    /// Opens the file, with a cut line at place `broken_at`, or at the end when there are fewer.
    pub(crate) fn open(
        seed: u64,
        broken_at: Option<u64>,
        output: &mut Output<'_>,
    ) -> io::Result<EventBridgeFile> {
        let file = output.plain("eventbridge/cloudtrail.jsonl")?;
        let random = Random::new(seed, "eventbridge");
        Ok(EventBridgeFile { file, random, line: String::new(), n_lines: 0, broken_at })
    }

    pub(crate) fn push(&mut self, event: &TrailEvent<'_>, output: &mut Output<'_>) -> io::Result<()> {
        if self.broken_at.is_some_and(|at| at <= self.n_lines) {
            self.put_broken(output)?;
        }
        self.n_lines += 1;
        self.line.clear();
        push_trail_event(event, &mut self.random, &mut self.line);
        self.file.line(&self.line)
    }

    pub(crate) fn finish(mut self, output: &mut Output<'_>) -> io::Result<()> {
        if self.broken_at.is_some() {
            self.put_broken(output)?;
        }
        self.file.finish()
    }

    fn put_broken(&mut self, output: &mut Output<'_>) -> io::Result<()> {
        self.broken_at = None;
        output.n_broken += 1;
        self.file.line(CUT_EVENTBRIDGE_LINE)
    }
}
