//! Lambda's JSON log format: the platform events of its Telemetry API.

use super::{Unmapped, set_megabytes, set_ms, status_of};
use crate::json::{Fields, Raw};
use kinescope_schemas::{Row, Value, tables::base, tables::logs as t};
use std::borrow::Cow;

/// Fills in what the record tells.
pub(super) fn fill<'a>(row: &mut Row<'a>, kind: &str, record: &Fields<'a>) {
    let mut unmapped = Unmapped::default();
    for (name, value) in &record.0 {
        if !take(row, &mut unmapped, kind, name, *value) {
            unmapped.add("", name, *value);
        }
    }
    row.set(base::UNMAPPED, unmapped.finish());
    let status = row.str(t::LAMBDA_STATUS);
    let message = if status.is_empty() { kind.to_owned() } else { format!("{kind}: {status}") };
    row.set(base::MESSAGE, message);
}

fn take<'a>(row: &mut Row<'a>, unmapped: &mut Unmapped, kind: &str, name: &str, value: Raw<'a>) -> bool {
    match name {
        "metrics" if value.is_object() => {
            metrics(row, unmapped, kind, value);
            true
        }
        "tracing" if value.is_object() => tracing(row, value),
        "requestId" => set_text(row, t::REQUEST_ID, value.text()),
        "functionName" => set_text(row, t::SERVICE, value.text()),
        "errorType" => set_text(row, t::LAMBDA_ERROR_TYPE, value.text()),
        "status" => {
            let status = value.text().and_then(|text| status_of(&text));
            row.set(t::LAMBDA_STATUS, status);
            status.is_some()
        }
        _ => false,
    }
}

fn set_text<'a>(row: &mut Row<'a>, column: usize, text: Option<Cow<'a, str>>) -> bool {
    row.set(column, text.map(Value::text_or_null));
    !row[column].is_null()
}

fn metrics<'a>(row: &mut Row<'a>, unmapped: &mut Unmapped, kind: &str, metrics: Raw<'a>) {
    // The duration of these is that of the initialisation.
    let is_init = matches!(kind, "platform.initReport" | "platform.initRuntimeDone");
    for (name, value) in metrics.fields().0 {
        match &*name {
            "durationMs" if is_init => set_ms(row, t::LAMBDA_INIT_MS, value.f64()),
            "durationMs" => set_ms(row, t::LAMBDA_DURATION_MS, value.f64()),
            "billedDurationMs" => set_ms(row, t::LAMBDA_BILLED_MS, value.f64()),
            "initDurationMs" => set_ms(row, t::LAMBDA_INIT_MS, value.f64()),
            "memorySizeMB" => set_megabytes(row, t::LAMBDA_MEMORY_MB, value.f64()),
            "maxMemoryUsedMB" => set_megabytes(row, t::LAMBDA_MAX_MEMORY_MB, value.f64()),
            _ => unmapped.add("metrics.", &name, value),
        }
    }
}

/// `Root=1-…;Parent=…;Sampled=1`: the root is the trace's id.
fn tracing<'a>(row: &mut Row<'a>, value: Raw<'a>) -> bool {
    let Some(header) = value.fields().text("value") else { return false };
    let root = header.split(';').find_map(|part| part.trim_ascii().strip_prefix("Root="));
    row.set(t::TRACE_ID, root.map(|root| Value::text_or_null(root.to_owned())));
    // The rest of it is kept where it stands.
    false
}
