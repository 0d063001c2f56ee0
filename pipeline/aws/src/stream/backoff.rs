//! Waiting before trying again: full jitter, so that many who were refused together do not come back together.

use crate::send::longest_pause;
use std::time::Duration;

/// Failures in a row after which it is no use: about half a minute of waiting.
pub(crate) const ATTEMPTS_MAX: u32 = 16;
/// The same for what begins a command: whoever mistyped an address should not wait long to be told.
pub(crate) const ATTEMPTS_AT_FIRST_MAX: u32 = 4;

/// The waits between attempts at one thing.
#[derive(Debug)]
pub(crate) struct Backoff {
    n_failed: u32,
    attempts_max: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff::of(ATTEMPTS_MAX)
    }
}

impl Backoff {
    /// Of so many attempts.
    pub(crate) fn of(attempts_max: u32) -> Backoff {
        Backoff { n_failed: 0, attempts_max }
    }

    /// How long to wait after one more failure; `None` when there were too many.
    pub(crate) fn wait(&mut self) -> Option<Duration> {
        self.n_failed += 1;
        (self.n_failed < self.attempts_max).then(|| limit(self.n_failed).mul_f64(fastrand::f64()))
    }

    /// It worked: the next failure is the first again.
    pub(crate) fn reset(&mut self) {
        self.n_failed = 0;
    }
}

/// What the wait after the nth failure lasts at most.
fn limit(n_failed: u32) -> Duration {
    longest_pause(n_failed.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_end() {
        let limits: Vec<u128> = (1..=8).map(|n| limit(n).as_millis()).collect();
        assert_eq!(limits, [50, 100, 200, 400, 800, 1600, 3200, 5000]);
        let mut backoff = Backoff::default();
        let waits: Vec<_> = std::iter::from_fn(|| backoff.wait()).collect();
        assert_eq!(waits.len() as u32, ATTEMPTS_MAX - 1);
        assert!((1..).zip(&waits).all(|(n, wait)| *wait <= limit(n)));
        backoff.reset();
        assert!(backoff.wait().is_some_and(|wait| wait <= limit(1)));
    }
}
