//! EventBridge events that are not CloudTrail's: what AWS services and our own agents report.

mod agent;
mod alarm;
mod guardduty;
mod health;
mod security_hub;

use std::io;

use crate::clock::{Clock, Span};
use crate::eventbridge::Envelope;
use crate::output::Output;
use crate::random::Random;
use crate::world::{ACCOUNTS, REGIONS};

/// What one of the modules made.
struct ServiceEvent {
    detail_type: &'static str,
    source: &'static str,
    /// JSON array.
    resources: String,
    /// JSON.
    detail: String,
}

/// Where and when an event happens.
struct Place<'a> {
    account: &'static str,
    region: &'static str,
    clock: &'a Clock,
    random: &'a mut Random,
}

/// Writes `n_events` events, in turns of all kinds.
pub(crate) fn service_events(
    seed: u64,
    span: Span,
    n_events: u64,
    output: &mut Output<'_>,
) -> io::Result<()> {
    if n_events == 0 {
        return Ok(());
    }
    let mut random = Random::new(seed, "service events");
    let mut file = output.plain("eventbridge/services.jsonl")?;
    let mut clock = Clock::new(span.at_ms(0, n_events))?;
    let mut pages = health::Pages::default();
    let mut line = String::new();
    for idx in 0..n_events {
        clock.set(span.at_ms(idx, n_events))?;
        let drawn = (ACCOUNTS[random.skewed(ACCOUNTS.len())], REGIONS[random.skewed(REGIONS.len())]);
        let turn = idx % 10;
        let waiting = if turn == 2 { pages.waiting_place() } else { None };
        let (account, region) = waiting.unwrap_or(drawn);
        let mut place = Place { account, region, clock: &clock, random: &mut random };
        let (counted_as, event) = match turn {
            0 => ("guardduty", guardduty::finding(&mut place)?),
            1 | 6 => ("alarm", alarm::state_change(&mut place)),
            2 => ("health", pages.event(&mut place)?),
            3 => ("security_hub", security_hub::imported(&mut place)),
            _ => ("agent", agent::event(&mut place)),
        };
        line.clear();
        let ServiceEvent { detail_type, source, resources, detail } = &event;
        let envelope = Envelope { detail_type, source, account, region, resources };
        envelope.push(detail, &clock, &mut random, &mut line);
        file.line(&line)?;
        output.count_event(counted_as);
    }
    file.finish()
}
