//! Days that may have a partition.

use kinescope_schemas::contract::{EVENT_DAY_FIRST, EVENT_DAY_OUT_OF_RANGE};

const DAY_MS: i64 = 86_400_000;

/// The days whose events have partitions of their own; all others share [`EVENT_DAY_OUT_OF_RANGE`], so that no clock
/// of an attacker opens partitions.
#[derive(Clone, Copy, Debug)]
pub struct DayRange {
    first: i64,
    last: i64,
    /// Where all others go.
    outside: Option<i64>,
}

/// Days before its arrival that an event may have happened on: CloudWatch Logs and EventBridge try for a day, a stream
/// keeps records for a week by common setting.
const DAYS_LATE_MAX: i64 = 8;

impl DayRange {
    /// From the first day of any AWS log to the day after `now_ms`.
    pub fn until(now_ms: i64) -> DayRange {
        let first =
            kinescope_stages::parse::time::epoch_ms(&format!("{EVENT_DAY_FIRST}T00:00:00Z")).unwrap_or(0);
        DayRange { first: first.div_euclid(DAY_MS) + 1, last: now_ms.div_euclid(DAY_MS) + 1, outside: None }
    }

    /// From eight days before an arrival to the day after it; what lies outside counts to the day of arrival.
    pub fn around(arrival_ms: i64) -> DayRange {
        let day = arrival_ms.div_euclid(DAY_MS);
        DayRange { first: day - DAYS_LATE_MAX, last: day + 1, outside: Some(day) }
    }

    /// The day since 1970 of a time; `None` out of range.
    pub fn day_of(&self, time_ms: i64) -> Option<i64> {
        let day = time_ms.div_euclid(DAY_MS);
        if (self.first..=self.last).contains(&day) { Some(day) } else { self.outside }
    }
}

/// The name of a day's partition.
pub fn day_name(day: Option<i64>) -> String {
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
            assert_eq!(day_name(days.day_of(time)), partition);
        }
    }

    #[test]
    fn what_arrives_opens_no_far_partition() {
        let arrival = 1_795_161_600_000; // 2026-11-20T08:00:00Z
        let days = DayRange::around(arrival);
        for (time, partition) in [
            (arrival, "2026-11-20"),
            (arrival + DAY_MS, "2026-11-21"),
            (arrival + 2 * DAY_MS, "2026-11-20"),
            (arrival - 8 * DAY_MS, "2026-11-12"),
            (arrival - 9 * DAY_MS, "2026-11-20"),
            (i64::MIN, "2026-11-20"),
            (i64::MAX, "2026-11-20"),
        ] {
            assert_eq!(day_name(days.day_of(time)), partition);
        }
    }
}
