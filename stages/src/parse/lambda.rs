//! What Lambda itself writes to a function's log group, as text or in its JSON format → log lines.
//!
//! Only the platform's own lines are taken, by their exact beginnings: what the function wrote is an application's
//! line, though it stands in the same log.

use super::{
    application::{begin_log, log_group_name},
    set_status, set_time,
    time::epoch_ms,
    unmapped::Unmapped,
};
use crate::{decode::Context, json::Fields};
use kinescope_schemas::{Event, Row, Source, Value, tables::base, tables::logs as t};

mod json;
mod text;

#[cfg(test)]
mod tests;

/// A line of text.
pub(super) fn parse_line<'a>(line: &'a str, context: Context<'a, '_>) -> Option<Event<'a>> {
    let kind = text::kind_of(line)?;
    let mut event = begin_log(Source::Lambda, line, context);
    let row = &mut event.row;
    row.set(base::MESSAGE, line);
    row.set(t::LAMBDA_TYPE, kind.name());
    let time_ms = text::fill(row, kind, line);
    set_time(row, time_ms, context);
    finish(row, context);
    Some(event)
}

/// `{"time":…,"type":"platform.report","record":{…}}`.
pub(super) fn parse_json<'a>(
    fields: &Fields<'a>,
    raw: &'a str,
    context: Context<'a, '_>,
) -> Option<Event<'a>> {
    let kind = fields.text("type").filter(|kind| kind.starts_with("platform."))?;
    let record = fields.get("record").filter(|record| record.is_object())?.fields();
    let mut event = begin_log(Source::Lambda, raw, context);
    let row = &mut event.row;
    let time = fields.text("time");
    set_time(row, time.as_deref().and_then(epoch_ms), context);
    row.set(base::ORIGINAL_TIME, time.map(Value::text_or_null));
    json::fill(row, &kind, &record);
    row.set(t::LAMBDA_TYPE, kind);
    finish(row, context);
    Some(event)
}

/// What both forms have in common, once the numbers are there.
fn finish<'a>(row: &mut Row<'a>, context: Context<'a, '_>) {
    row.set(base::PRODUCT_NAME, "AWS Lambda");
    row.set(t::LOG_FORMAT, "lambda");
    if row[t::SERVICE].is_null() {
        row.set(t::SERVICE, log_group_name(context));
    }
    out_of_memory(row);
    let status = row.str(t::LAMBDA_STATUS);
    let success = (!status.is_empty()).then_some(status == "success");
    set_status(row, success);
    row.set(t::LEVEL, if success == Some(false) { "error" } else { "info" });
}

/// Lambda names the error in some runtimes only; memory used up says the same, unless the function came through.
fn out_of_memory(row: &mut Row<'_>) {
    let (Some(used), Some(size)) = (row.int(t::LAMBDA_MAX_MEMORY_MB), row.int(t::LAMBDA_MEMORY_MB)) else {
        return;
    };
    // A timeout and an error that is named are what they are.
    let is_open = row[t::LAMBDA_STATUS].is_null() || row.str(t::LAMBDA_STATUS) == "error";
    let unnamed = row[t::LAMBDA_ERROR_TYPE].is_null() || row.str(t::LAMBDA_ERROR_TYPE) == "Runtime.ExitError";
    if size > 0 && used >= size && is_open && unnamed {
        row.set(t::LAMBDA_STATUS, "error");
        row.set(t::LAMBDA_ERROR_TYPE, OUT_OF_MEMORY);
    }
}

const OUT_OF_MEMORY: &str = "Runtime.OutOfMemory";

/// Lambda's words for an outcome as three.
fn status_of(word: &str) -> Option<&'static str> {
    match word {
        "success" => Some("success"),
        "timeout" => Some("timeout"),
        "error" | "failure" => Some("error"),
        _ => None,
    }
}

fn set_megabytes(row: &mut Row<'_>, column: usize, n_mb: Option<f64>) {
    row.set(column, n_mb.filter(|n| (0.0..f64::from(i32::MAX)).contains(n)).map(|n| n as i64));
}

/// Durations are finite and not negative.
fn set_ms(row: &mut Row<'_>, column: usize, ms: Option<f64>) {
    row.set(column, ms.filter(|ms| ms.is_finite() && *ms >= 0.0));
}
