//! Parts of a time, such as the hour that a rule compares.

use jiff::{Timestamp, tz::TimeZone};

/// A part of a time, in UTC.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Part {
    Minute,
    Hour,
    /// Of the month.
    Day,
    /// As ISO 8601 counts them.
    Week,
    Month,
    Year,
}

/// Numbers above this are milliseconds since 1970, those below seconds: the year 33658 or 2001.
const SECONDS_MAX: i64 = 1_000_000_000_000;

impl Part {
    /// The part as text; `None` if the value is no time.
    pub(super) fn of(self, value: &str) -> Option<String> {
        let time = time(value.trim())?.to_zoned(TimeZone::UTC);
        let number = match self {
            Part::Minute => i64::from(time.minute()),
            Part::Hour => i64::from(time.hour()),
            Part::Day => i64::from(time.day()),
            Part::Week => i64::from(time.date().iso_week_date().week()),
            Part::Month => i64::from(time.month()),
            Part::Year => i64::from(time.year()),
        };
        Some(number.to_string())
    }
}

fn time(value: &str) -> Option<Timestamp> {
    if let Ok(number) = value.parse::<i64>() {
        let ms = if number > SECONDS_MAX { number } else { number.checked_mul(1_000)? };
        return Timestamp::from_millisecond(ms).ok();
    }
    value.parse().ok().or_else(|| {
        // Without an offset it is UTC.
        let civil: jiff::civil::DateTime = value.parse().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let parts = [Part::Minute, Part::Hour, Part::Day, Part::Week, Part::Month, Part::Year];
        for (value, expected) in [
            ("2027-01-03T23:59:01Z", ["59", "23", "3", "53", "1", "2027"]),
            ("2027-01-04T01:00:00+02:00", ["0", "23", "3", "53", "1", "2027"]),
            ("2027-01-03 23:59:01", ["59", "23", "3", "53", "1", "2027"]),
            ("1798761599", ["59", "23", "31", "53", "12", "2026"]),
            ("1798761599000", ["59", "23", "31", "53", "12", "2026"]),
        ] {
            assert_eq!(parts.map(|part| part.of(value).unwrap_or_default()), expected, "{value}");
        }
        for value in ["", "soon", "99999999999999999", "2027-13-01T00:00:00Z"] {
            assert_eq!(Part::Hour.of(value), None, "{value}");
        }
    }
}
