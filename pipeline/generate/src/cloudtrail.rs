//! The stream of CloudTrail events: background traffic with the scenarios at their places.

mod background;
mod data;
mod op;
mod rare;
mod reads;
pub(crate) mod record;
mod writes;

use std::io;

use background::Background;
pub(crate) use record::{EventType, Record};

use crate::clock::{Clock, Span};
use crate::scenarios::Schedule;
use crate::{Scenario, json};

/// The name under which these events count in the manifest.
pub(crate) const SOURCE: &str = "cloudtrail";

/// What an envelope around an event has to know of it.
#[derive(Clone, Copy)]
pub(crate) struct Header {
    pub(crate) account: &'static str,
    pub(crate) region: &'static str,
    /// The service, as in `s3.amazonaws.com` before the first dot.
    pub(crate) service: &'static str,
    pub(crate) event_type: EventType,
}

/// An event as it leaves the stream.
pub(crate) struct TrailEvent<'a> {
    pub(crate) header: Header,
    pub(crate) json: &'a str,
    pub(crate) clock: &'a Clock,
}

/// A stream of a fixed number of CloudTrail events, of which only the current one is in memory.
pub(crate) struct Trail {
    background: Background,
    schedule: Schedule,
    clock: Clock,
    span: Span,
    n_events: u64,
    next_idx: u64,
    json: String,
}

impl Trail {
    /// The stream of a run's `n_events` CloudTrail events.
    pub(crate) fn new(seed: u64, span: Span, n_events: u64) -> io::Result<Trail> {
        Ok(Trail {
            background: Background::new(seed),
            schedule: Schedule::new(seed, n_events),
            clock: Clock::new(span.at_ms(0, n_events))?,
            span,
            n_events,
            next_idx: 0,
            json: String::with_capacity(4_096),
        })
    }

    /// Makes the next event, in place of the one before.
    pub(crate) fn next(&mut self) -> io::Result<Option<TrailEvent<'_>>> {
        if self.next_idx == self.n_events {
            return Ok(None);
        }
        let idx = self.next_idx;
        self.next_idx += 1;
        self.clock.set(self.span.at_ms(idx, self.n_events))?;
        self.json.clear();
        let header = match self.schedule.due(idx) {
            Some(step) => step.write(&self.clock, &mut self.json),
            None => self.background.write(&self.clock, &mut self.json),
        };
        Ok(Some(TrailEvent { header, json: &self.json, clock: &self.clock }))
    }

    /// Events of the whole stream.
    pub(crate) fn n_events(&self) -> u64 {
        self.n_events
    }

    /// The scenarios of the stream, for the manifest.
    pub(crate) fn into_scenarios(self) -> Vec<Scenario> {
        self.schedule.into_scenarios()
    }
}

/// An `errorMessage` may hold quotes: the one member that is not made of our own clean words.
pub(super) fn push_message(out: &mut String, message: &str) {
    json::push_string(out, message);
}
