//! Logs of applications and functions, as CloudWatch Logs payloads, one a file.

mod application;
mod lambda;

use std::collections::VecDeque;
use std::io;

use crate::clock::{Clock, Span};
use crate::cloudwatch::{Batch, Payload};
use crate::output::Output;
use crate::random::Random;
use crate::world::{ACCOUNTS, APPS};

const N_EVENTS_PER_PAYLOAD_MAX: u64 = 120;

/// A log event before it is put into a payload.
struct LogEvent {
    message: String,
    /// The name under which it counts in the manifest.
    source: &'static str,
}

/// Writes `n_events` log events: about a quarter of them of functions.
pub(crate) fn logs(seed: u64, span: Span, n_events: u64, output: &mut Output<'_>) -> io::Result<()> {
    let mut random = Random::new(seed, "logs");
    let mut groups = Groups::new(&mut random);
    let mut waiting: VecDeque<(usize, LogEvent)> = VecDeque::new();
    let mut clock = Clock::new(span.at_ms(0, n_events))?;
    let mut n_invocations = 0;
    for idx in 0..n_events {
        clock.set(span.at_ms(idx, n_events))?;
        if waiting.is_empty() {
            let app_idx = random.skewed(APPS.len());
            // The first invocations show what can go wrong, so that a small run has it too.
            if n_invocations < 4 || random.one_in(12) {
                n_invocations += 1;
                let events = lambda::invocation(n_invocations, APPS[app_idx], &clock, &mut random);
                waiting.extend(events.into_iter().map(|event| (APPS.len() + app_idx, event)));
            } else {
                waiting.push_back((app_idx, application::line(app_idx, &clock, &mut random)));
            }
        }
        if let Some((group_idx, event)) = waiting.pop_front() {
            groups.push(group_idx, &event, (&clock, &mut random), output)?;
        }
    }
    groups.finish(output)
}

/// The payloads under construction: a log group for each application, and one for each of their functions.
struct Groups {
    batches: Vec<Batch>,
    n_payloads: u64,
}

impl Groups {
    fn new(random: &mut Random) -> Groups {
        let application = |(idx, app): (usize, &&str)| {
            Batch::new(ACCOUNTS[idx], &format!("/ecs/prod/{app}"), &format!("{app}/{app}/{}", random.hex(32)))
        };
        let mut batches: Vec<Batch> = APPS.iter().enumerate().map(application).collect();
        batches.extend(APPS.iter().enumerate().map(|(idx, app)| {
            let stream = format!("2026/03/01/[$LATEST]{}", random.hex(32));
            Batch::new(ACCOUNTS[idx], &format!("/aws/lambda/{app}-handler"), &stream)
        }));
        Groups { batches, n_payloads: 0 }
    }

    fn push(
        &mut self,
        group_idx: usize,
        event: &LogEvent,
        (clock, random): (&Clock, &mut Random),
        output: &mut Output<'_>,
    ) -> io::Result<()> {
        output.count_event(event.source);
        let batch = &mut self.batches[group_idx];
        batch.push(&event.message, clock, random);
        if batch.n_events() < N_EVENTS_PER_PAYLOAD_MAX && !random.one_in(N_EVENTS_PER_PAYLOAD_MAX) {
            return Ok(());
        }
        match batch.take()? {
            Some(payload) => self.write(&payload, output),
            None => Ok(()),
        }
    }

    fn finish(mut self, output: &mut Output<'_>) -> io::Result<()> {
        for mut batch in std::mem::take(&mut self.batches) {
            if let Some(payload) = batch.take()? {
                self.write(&payload, output)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, payload: &Payload, output: &mut Output<'_>) -> io::Result<()> {
        let path = format!("cloudwatch-logs/{:06}-logs.gz", self.n_payloads);
        self.n_payloads += 1;
        output.write(&path, &payload.bytes)
    }
}
