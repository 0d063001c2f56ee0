//! The time of the traffic: it advances evenly from the start, and never reads a real clock.

use std::fmt::Write as _;
use std::io;

use jiff::Timestamp;

use crate::random::push_number;

/// Time between two events of a run, whatever their source: twenty a second.
pub(crate) const STEP_MS: u64 = 50;

/// Spreads the events of one source evenly over the span of the run.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    start_ms: i64,
    length_ms: u64,
}

impl Span {
    /// The span of a run of `n_events`, all sources together, that begins at `start_ms`.
    pub(crate) fn new(start_ms: i64, n_events: u64) -> Span {
        Span { start_ms, length_ms: n_events.saturating_mul(STEP_MS) }
    }

    /// When event `idx` of a source with `n` events happens, in epoch milliseconds.
    pub(crate) fn at_ms(self, idx: u64, n: u64) -> i64 {
        let passed = u128::from(self.length_ms) * u128::from(idx) / u128::from(n.max(1));
        self.start_ms.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX))
    }
}

/// A moment and its spellings, which are made anew only when the second changes.
pub(crate) struct Clock {
    ms: i64,
    second: i64,
    iso: String,
    hour_iso: String,
}

impl Clock {
    /// A clock at `ms`, epoch milliseconds.
    pub(crate) fn new(ms: i64) -> io::Result<Clock> {
        let mut clock = Clock { ms, second: i64::MIN, iso: String::new(), hour_iso: String::new() };
        clock.set(ms)?;
        Ok(clock)
    }

    /// Moves to `ms`, epoch milliseconds; an error when it is out of the calendar.
    pub(crate) fn set(&mut self, ms: i64) -> io::Result<()> {
        self.ms = ms;
        let second = ms.div_euclid(1_000);
        if second != self.second {
            self.second = second;
            let moment = Timestamp::from_second(second).map_err(bad_time)?;
            let hour = Timestamp::from_second(second - second.rem_euclid(3_600)).map_err(bad_time)?;
            respell(&mut self.iso, moment);
            respell(&mut self.hour_iso, hour);
        }
        Ok(())
    }

    /// The moment in epoch milliseconds.
    pub(crate) fn ms(&self) -> i64 {
        self.ms
    }

    /// The moment in epoch seconds.
    pub(crate) fn seconds(&self) -> i64 {
        self.second
    }

    /// The moment to the second: `2026-03-01T12:34:56Z`.
    pub(crate) fn iso(&self) -> &str {
        &self.iso
    }

    /// The beginning of the hour, which serves as the beginning of sessions.
    pub(crate) fn hour_iso(&self) -> &str {
        &self.hour_iso
    }

    /// The day: `2026-03-01`.
    pub(crate) fn day(&self) -> &str {
        self.iso.split('T').next().unwrap_or_default()
    }

    /// Appends the moment to the millisecond: `2026-03-01T12:34:56.789Z`.
    pub(crate) fn push_iso_ms(&self, out: &mut String) {
        out.push_str(self.iso.trim_end_matches('Z'));
        out.push('.');
        let ms = self.ms.rem_euclid(1_000).unsigned_abs();
        push_number(out, ms / 100);
        push_number(out, ms / 10 % 10);
        push_number(out, ms % 10);
        out.push('Z');
    }

    /// The moment to the millisecond.
    pub(crate) fn iso_ms(&self) -> String {
        let mut out = String::with_capacity(24);
        self.push_iso_ms(&mut out);
        out
    }

    /// The moment in the form that jiff's `strftime` makes of `format`.
    pub(crate) fn spelled(&self, format: &str) -> io::Result<String> {
        let moment = Timestamp::from_second(self.second).map_err(bad_time)?;
        Ok(moment.strftime(format).to_string())
    }
}

fn respell(text: &mut String, moment: Timestamp) {
    text.clear();
    // Writing to a String cannot fail.
    let _ = write!(text, "{moment}");
}

fn bad_time(source: jiff::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_moments() {
        let mut clock = Clock::new(1_772_368_496_007).unwrap();
        assert_eq!(clock.iso(), "2026-03-01T12:34:56Z");
        assert_eq!(clock.iso_ms(), "2026-03-01T12:34:56.007Z");
        assert_eq!(clock.hour_iso(), "2026-03-01T12:00:00Z");
        assert_eq!(clock.day(), "2026-03-01");
        assert_eq!(clock.spelled("%Y/%m/%d").unwrap(), "2026/03/01");
        assert!(clock.set(i64::MAX).is_err());
    }

    #[test]
    fn every_source_covers_the_whole_span() {
        let span = Span::new(1_000, 100);
        assert_eq!(span.at_ms(0, 10), 1_000);
        assert_eq!(span.at_ms(5, 10), 3_500);
        assert_eq!(span.at_ms(3, 100), 1_150);
    }
}
