//! Log lines of applications → base events: JSON, logfmt, plain text with a level, stack traces. What nobody
//! recognises ends here too, as a line of format `unknown`, so that nothing is dropped.
//!
//! Applications agree on nothing, so everything is read by the names and shapes that are common, and what is not
//! understood is kept: members in `unmapped`, lines in `message`.

use super::{begin, key_of, set_class, set_time};
use crate::{decode::Context, json::Fields};
use kinescope_schemas::{Class, Event, Row, Source, Table, Value, tables::base, tables::logs as t};
use std::borrow::Cow;

mod level;
mod logfmt;
mod members;
mod names;
mod plain;
mod prefix;
mod trace;

#[cfg(test)]
mod tests;

/// What a line turned out to be, beside the columns that it filled.
struct Found {
    format: &'static str,
    time_ms: Option<i64>,
}

/// A line of text.
pub(super) fn parse_line<'a>(line: &'a str, context: Context<'a, '_>) -> Event<'a> {
    let mut event = begin_log(Source::Application, line, context);
    let row = &mut event.row;
    let found = prefix::read(row, line)
        .or_else(|| trace::read(row, line))
        .or_else(|| logfmt::read(row, line))
        .or_else(|| plain::read(row, line));
    let Some(found) = found else {
        event.source = Source::Unknown;
        event.row.set(base::MESSAGE, Value::text_or_null(line));
        let time_ms = plain::leading_time(line).map(|(ms, _)| ms);
        finish(&mut event.row, Found { format: "unknown", time_ms }, context);
        return event;
    };
    finish(row, found, context);
    event
}

/// A JSON object that no other parser knew: a log line, or an event of the bus.
pub(super) fn parse_json<'a>(fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Event<'a> {
    let mut event = begin_log(Source::Application, raw, context);
    let row = &mut event.row;
    let time_ms = members::read(row, fields);
    finish(row, Found { format: "json", time_ms }, context);
    let envelope = context.envelope;
    if let Some(kind) = &envelope.detail_type {
        row.set(base::EVENT_CODE, Value::text_or_null(kind.clone()));
        if row[base::MESSAGE].is_null() {
            row.set(base::MESSAGE, Value::text_or_null(kind.clone()));
        }
        if let Some(source) = envelope.bus_source.clone().filter(|source| !source.is_empty()) {
            row.set(base::PRODUCT_NAME, source);
        }
    }
    event
}

/// Begins the row of a log line.
pub(super) fn begin_log<'a>(source: Source, raw: &'a str, context: Context<'a, '_>) -> Event<'a> {
    let mut event = begin(source, Table::Logs, key_of(context, raw), raw, context);
    set_class(&mut event.row, Class::Base, 99);
    event.row.set(base::STATUS_ID, 0);
    event.row.set(t::LOG_STREAM, context.envelope.log_stream.clone().map(Value::text_or_null));
    event
}

fn finish<'a>(row: &mut Row<'a>, found: Found, context: Context<'a, '_>) {
    set_time(row, found.time_ms, context);
    row.set(t::LOG_FORMAT, found.format);
    if row[t::LEVEL].is_null() && !(row[t::EXCEPTION].is_null() && row[t::STACK_TRACE].is_null()) {
        row.set(t::LEVEL, "error");
    }
    if row[t::SERVICE].is_null() {
        row.set(t::SERVICE, log_group_name(context));
    }
    let product =
        if row[t::SERVICE].is_null() { Value::from("application") } else { row[t::SERVICE].clone() };
    row.set(base::PRODUCT_NAME, product);
}

/// The last part of the log group's name, which for Lambda is the function's name.
pub(super) fn log_group_name<'a>(context: Context<'a, '_>) -> Value<'a> {
    fn last(name: &str) -> &str {
        name.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }
    match &context.envelope.log_group {
        Some(Cow::Borrowed(name)) => Value::text_or_null(last(name)),
        Some(Cow::Owned(name)) => Value::text_or_null(last(name).to_owned()),
        None => Value::Null,
    }
}

/// The earliest time that a log line is believed to tell: 1980. Smaller numbers are durations.
const TIME_MS_MIN: i64 = 315_532_800_000;
/// The last that can be written as text: the end of the year 9999.
const TIME_MS_MAX: i64 = 253_402_300_799_999;

/// A moment, if the text tells a credible one.
fn moment_ms(text: &str) -> Option<i64> {
    super::time::lenient_ms(text).filter(|ms| (TIME_MS_MIN..=TIME_MS_MAX).contains(ms))
}
