//! Times as AWS and applications write them.

use jiff::{Timestamp, civil::DateTime, fmt::rfc2822, tz::TimeZone};

/// Milliseconds since 1970 of ISO 8601 or RFC 2822 text; `None` if it is neither.
pub fn epoch_ms(text: &str) -> Option<i64> {
    iso_utc(text.as_bytes()).or_else(|| slow(text.trim()))
}

/// `2026-11-20T08:00:00Z`, with a fraction or without: what nearly all of the traffic carries.
fn iso_utc(b: &[u8]) -> Option<i64> {
    let (head, rest) = b.split_first_chunk::<19>()?;
    if head[4] != b'-' || head[7] != b'-' || head[10] != b'T' || head[13] != b':' || head[16] != b':' {
        return None;
    }
    let two = |at: usize| {
        let (tens, ones) = (head[at].wrapping_sub(b'0'), head[at + 1].wrapping_sub(b'0'));
        (tens <= 9 && ones <= 9).then(|| i64::from(tens * 10 + ones))
    };
    let (year, month, day) = (two(0)? * 100 + two(2)?, two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    if !(1..=12).contains(&month)
        || !(1..=days_in(year, month)).contains(&day)
        || hour > 23
        || minute > 59
        || second > 59
    {
        return None;
    }
    let ms = match rest {
        b"Z" => 0,
        [b'.', fraction @ .., b'Z'] if !fraction.is_empty() => milliseconds(fraction)?,
        _ => return None,
    };
    Some((days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000 + ms)
}

fn milliseconds(fraction: &[u8]) -> Option<i64> {
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some((0..3).fold(0, |sum, at| sum * 10 + i64::from(fraction.get(at).map_or(0, |c| c - b'0'))))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 of a date of the Gregorian calendar (Howard Hinnant's algorithm).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Offsets, spaces for T, no zone (read as UTC), RFC 2822, and CloudWatch's `+0000`.
fn slow(text: &str) -> Option<i64> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.as_millisecond());
    }
    // Times without a zone are UTC: AWS writes them so. A comma before the fraction is log4j's and Python's.
    if let Ok(civil) = text.replace(',', ".").parse::<DateTime>() {
        return Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond());
    }
    if let Ok(zoned) = rfc2822::parse(text) {
        return Some(zoned.timestamp().as_millisecond());
    }
    jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%.f%z", text)
        .ok()?
        .to_timestamp()
        .ok()
        .map(|moment| moment.as_millisecond())
}

/// `epoch_ms`, also of a number: seconds, milliseconds, microseconds or nanoseconds since 1970 by its size.
pub fn lenient_ms(text: &str) -> Option<i64> {
    let Ok(number) = text.parse::<f64>() else { return epoch_ms(text) };
    // 1e11 seconds lie in the year 5138, 1e11 milliseconds in 1973.
    let ms = match number.abs() {
        n if n < 1e11 => number * 1e3,
        n if n < 1e14 => number,
        n if n < 1e17 => number / 1e3,
        n if n < 1e20 => number / 1e6,
        _ => return None,
    };
    Some(ms as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_written() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-11-20T08:00:00Z", Some(1_795_161_600_000)),
            ("2026-11-20T08:00:00.5Z", Some(1_795_161_600_500)),
            ("2026-11-20T08:00:00.123456Z", Some(1_795_161_600_123)),
            ("2026-11-20T10:00:00+02:00", Some(1_795_161_600_000)),
            ("2026-11-20T08:00:00.000+0000", Some(1_795_161_600_000)),
            ("2026-11-20 08:00:00,250", Some(1_795_161_600_250)),
            ("Fri, 20 Nov 2026 08:00:00 GMT", Some(1_795_161_600_000)),
            ("2024-02-29T00:00:00Z", Some(1_709_164_800_000)),
            ("2023-02-29T00:00:00Z", None),
            ("2026-13-20T08:00:00Z", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(epoch_ms(text), ms, "{text}");
        }
        assert_eq!(lenient_ms("1795161600"), Some(1_795_161_600_000));
        assert_eq!(lenient_ms("1795161600000"), Some(1_795_161_600_000));
        assert_eq!(lenient_ms("1795161600.25"), Some(1_795_161_600_250));
    }
}
