//! Everything at once: the traffic of the demo.

use std::io;

use crate::capture::Capture;
use crate::clock::Span;
use crate::cloudtrail::{SOURCE, Trail, TrailEvent};
use crate::output::Output;
use crate::random::Random;
use crate::trail_files::{EventBridgeFile, PayloadFiles, RecordsFiles};
use crate::{Options, alb, flow, logs, metric_stream, service_events};

/// Of the CloudTrail events of the two roads that real accounts often have both, one in so many comes twice.
/// The other roads have a third of the events, so that this is about 2 % of all.
const N_EVENTS_PER_DUPLICATE: u64 = 33;
const PERCENT_CWL: u64 = 50;
const PERCENT_EVENTBRIDGE: u64 = 16;
const PERCENT_RECORDS: u64 = 19;

/// How many events each source has.
pub(crate) struct Shares {
    pub(crate) trail: u64,
    flow: u64,
    alb: u64,
    logs: u64,
    metrics: u64,
    service_events: u64,
}

impl Shares {
    /// The shares of a run of `n_events`: CloudTrail has three fifths and what does not divide.
    pub(crate) fn of(n_events: u64) -> Shares {
        let percent = |share: u64| n_events / 100 * share;
        let (flow, alb, logs) = (percent(14), percent(8), percent(13));
        let (metrics, service_events) = (percent(3), percent(2));
        let trail = n_events - flow - alb - logs - metrics - service_events;
        Shares { trail, flow, alb, logs, metrics, service_events }
    }
}

/// Writes all sources in all their forms.
pub(crate) fn mixed(
    trail: &mut Trail,
    options: &Options,
    span: Span,
    output: &mut Output<'_>,
) -> io::Result<()> {
    let shares = Shares::of(options.n_events);
    let seed = options.seed;
    write_trail(trail, options, output)?;
    flow::flow(seed, span, shares.flow, output)?;
    alb::alb(seed, span, shares.alb, output)?;
    logs::logs(seed, span, shares.logs, output)?;
    metric_stream::metric_stream(seed, span, shares.metrics, output)?;
    service_events::service_events(seed, span, shares.service_events, output)
}

/// The roads of CloudTrail events, all open at once.
struct Roads {
    random: Random,
    payloads: PayloadFiles,
    eventbridge: EventBridgeFile,
    records: RecordsFiles,
    capture: Capture,
}

fn write_trail(trail: &mut Trail, options: &Options, output: &mut Output<'_>) -> io::Result<()> {
    let seed = options.seed;
    // The first line or later: a small run has few.
    let broken_at = options.broken.then_some(trail.n_events() / 20);
    let mut roads = Roads {
        random: Random::new(seed, "roads"),
        payloads: PayloadFiles::new(Random::new(seed, "cwl")),
        eventbridge: EventBridgeFile::open(seed, broken_at, output)?,
        records: RecordsFiles::new(Random::new(seed, "records")),
        capture: Capture::open(seed, output)?,
    };
    while let Some(event) = trail.next()? {
        roads.push(&event, output)?;
        output.count_event(SOURCE);
    }
    roads.payloads.finish(output)?;
    roads.eventbridge.finish(output)?;
    roads.records.finish()?;
    roads.capture.finish(output)
}

impl Roads {
    fn push(&mut self, event: &TrailEvent<'_>, output: &mut Output<'_>) -> io::Result<()> {
        const EVENTBRIDGE_END: u64 = PERCENT_CWL + PERCENT_EVENTBRIDGE;
        const RECORDS_END: u64 = EVENTBRIDGE_END + PERCENT_RECORDS;
        match self.random.below(100) {
            0..EVENTBRIDGE_END if self.random.one_in(N_EVENTS_PER_DUPLICATE) => {
                output.n_duplicates += 1;
                self.payloads.push(event, output)?;
                self.eventbridge.push(event, output)
            }
            0..PERCENT_CWL => self.payloads.push(event, output),
            PERCENT_CWL..EVENTBRIDGE_END => self.eventbridge.push(event, output),
            EVENTBRIDGE_END..RECORDS_END => self.records.push(event, output),
            _ => self.capture.push(event, output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        for n_events in [0, 1, 99, 2_000, 12_345] {
            let shares = Shares::of(n_events);
            let rest = shares.flow + shares.alb + shares.logs + shares.metrics + shares.service_events;
            assert_eq!(shares.trail + rest, n_events);
        }
    }
}
