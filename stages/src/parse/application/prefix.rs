//! What Lambda's runtimes put before a function's own words: time, request id and level, separated by tabs.

use super::{Found, level, members, plain, trace};
use crate::{
    json::{Fields, Reader},
    parse::time::epoch_ms,
};
use kinescope_schemas::{Row, Value, tables::base, tables::logs as t};

struct Prefix<'a> {
    time: &'a str,
    time_ms: i64,
    request_id: &'a str,
    level: &'static str,
    message: &'a str,
}

/// Reads a line that has such a prefix.
pub(super) fn read<'a>(row: &mut Row<'a>, line: &'a str) -> Option<Found> {
    let prefix = Prefix::of(line)?;
    let format = body(row, prefix.message);
    // console.log writes INFO before everything: what the message says of itself counts more.
    if row[t::LEVEL].is_null() {
        row.set(t::LEVEL, prefix.level);
    }
    if prefix.request_id != "undefined" {
        row.set(t::REQUEST_ID, Value::text_or_null(prefix.request_id));
    }
    row.set(base::ORIGINAL_TIME, prefix.time);
    Some(Found { format, time_ms: Some(prefix.time_ms) })
}

impl<'a> Prefix<'a> {
    /// Node.js: time, id, level. Python: level in brackets, time, id.
    fn of(line: &'a str) -> Option<Prefix<'a>> {
        if !line.starts_with(|first: char| first.is_ascii_digit() || first == '[') {
            return None;
        }
        let mut parts = line.splitn(4, '\t');
        let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
        let message = parts.next().unwrap_or_default();
        let (level, time, request_id) = match first.strip_prefix('[').and_then(|word| word.strip_suffix(']'))
        {
            Some(level) => (level, second, third),
            None => (third, first, second),
        };
        let level = level::normal(level)?;
        let is_id = !request_id.contains([' ', '\n']);
        is_id.then_some(Prefix { time, time_ms: epoch_ms(time)?, request_id, level, message })
    }
}

/// Fills in what the function wrote; its format.
fn body<'a>(row: &mut Row<'a>, message: &'a str) -> &'static str {
    if let Some((headline, fields)) = json_in(message) {
        // The time of the prefix is as good.
        members::read(row, &fields);
        if row[base::MESSAGE].is_null() {
            row.set(base::MESSAGE, Value::text_or_null(if headline.is_empty() { message } else { headline }));
        }
        return "json";
    }
    if trace::is_trace(message) {
        let level = plain::level_of(message);
        trace::fill(row, message);
        row.set(t::LEVEL, level);
        return "stack_trace";
    }
    row.set(base::MESSAGE, Value::text_or_null(message));
    "plain"
}

/// An object that is the message, or that ends it behind a tab, as the runtime writes an unhandled error.
fn json_in(message: &str) -> Option<(&str, Fields<'_>)> {
    let (headline, json) = if message.starts_with('{') {
        ("", message)
    } else {
        let (headline, rest) = message.split_once("\t{")?;
        (headline.trim_ascii(), message.get(message.len() - rest.len() - 1..)?)
    };
    let mut reader = Reader::new(json, 0);
    let fields = Fields::read(&mut reader).ok()?;
    (reader.peek() == 0 && reader.at() == json.len() && !fields.0.is_empty()).then_some((headline, fields))
}
