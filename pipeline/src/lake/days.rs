//! Days that may have a partition.

use kinescope_schemas::contract::{EVENT_DAY_FIRST, EVENT_DAY_OUT_OF_RANGE};

const DAY_MS: i64 = 86_400_000;

/// The days whose events have partitions of their own; all others share [`EVENT_DAY_OUT_OF_RANGE`], so that no clock
/// of an attacker opens partitions.
#[derive(Clone, Copy, Debug)]
pub struct DayRange {
    first: i64,
    last: i64,
}

impl DayRange {
    /// From the first day of any AWS log to the day after `now_ms`.
    pub fn until(now_ms: i64) -> DayRange {
        let first =
            kinescope_stages::parse::time::epoch_ms(&format!("{EVENT_DAY_FIRST}T00:00:00Z")).unwrap_or(0);
        DayRange { first: first.div_euclid(DAY_MS) + 1, last: now_ms.div_euclid(DAY_MS) + 1 }
    }

    /// The day since 1970 of a time; `None` out of range.
    pub fn day_of(&self, time_ms: i64) -> Option<i64> {
        let day = time_ms.div_euclid(DAY_MS);
        (self.first..=self.last).contains(&day).then_some(day)
    }
}

/// The name of a day's partition.
pub(super) fn name(day: Option<i64>) -> String {
    day.and_then(|day| kinescope_schemas::ocsf::rfc3339(day * DAY_MS)).map_or_else(
        || EVENT_DAY_OUT_OF_RANGE.to_owned(),
        |text| text.chars().take_while(|c| *c != 'T').collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_range_have_their_own_partition() {
        let now = 1_795_161_600_000; // 2026-11-20T08:00:00Z
        let days = DayRange::until(now);
        for (time, partition) in [
            (now, "2026-11-20"),
            (now + DAY_MS, "2026-11-21"),
            (now + 2 * DAY_MS, EVENT_DAY_OUT_OF_RANGE),
            (0, EVENT_DAY_OUT_OF_RANGE),
            (i64::MIN, EVENT_DAY_OUT_OF_RANGE),
            (i64::MAX, EVENT_DAY_OUT_OF_RANGE),
            (1_384_300_800_000, "2013-11-13"),
        ] {
            assert_eq!(name(days.day_of(time)), partition);
        }
    }
}
