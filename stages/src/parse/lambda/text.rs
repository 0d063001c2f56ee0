//! Lambda's lines in text: a word, then `name: value` separated by tabs.

use super::{OUT_OF_MEMORY, Unmapped, epoch_ms, set_megabytes, set_ms, status_of};
use kinescope_schemas::{Row, Value, tables::base, tables::logs as t};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Start,
    End,
    Report,
    Init,
    InitReport,
    RestoreStart,
    RestoreReport,
    Extension,
    Telemetry,
    Logs,
    XRay,
    /// `<time> <request id> Task timed out after 3.00 seconds`.
    Timeout,
    /// `RequestId: <id> Error: Runtime exited …`.
    Error,
}

/// How lines begin. A request id follows some, and nothing else will do there.
const BEGINNINGS: [(&str, Line); 12] = [
    ("START RequestId: ", Line::Start),
    ("END RequestId: ", Line::End),
    ("REPORT RequestId: ", Line::Report),
    ("INIT_START ", Line::Init),
    ("INIT_REPORT ", Line::InitReport),
    ("RESTORE_START ", Line::RestoreStart),
    ("RESTORE_REPORT ", Line::RestoreReport),
    ("EXTENSION\tName: ", Line::Extension),
    ("TELEMETRY\tName: ", Line::Telemetry),
    ("LOGS\tName: ", Line::Logs),
    ("XRAY TraceId: ", Line::XRay),
    ("RequestId: ", Line::Error),
];

impl Line {
    pub(super) fn name(self) -> &'static str {
        match self {
            Line::Start => "START",
            Line::End => "END",
            Line::Report => "REPORT",
            Line::Init => "INIT",
            Line::InitReport => "INIT_REPORT",
            Line::RestoreStart => "RESTORE_START",
            Line::RestoreReport => "RESTORE_REPORT",
            Line::Extension => "EXTENSION",
            Line::Telemetry => "TELEMETRY",
            Line::Logs => "LOGS",
            Line::XRay => "XRAY",
            Line::Timeout => "TIMEOUT",
            Line::Error => "ERROR",
        }
    }
}

/// What the line is, if it is the platform's.
pub(super) fn kind_of(line: &str) -> Option<Line> {
    match line.as_bytes().first()? {
        b'0'..=b'9' => timed_out(line).map(|_| Line::Timeout),
        b'S' | b'E' | b'R' | b'I' | b'T' | b'L' | b'X' => {
            let (beginning, kind) = *BEGINNINGS.iter().find(|(beginning, _)| line.starts_with(beginning))?;
            let first = line.get(beginning.len()..)?.split_ascii_whitespace().next()?;
            let needs_id = matches!(kind, Line::Start | Line::End | Line::Report | Line::Error);
            (!needs_id || is_id(first)).then_some(kind)
        }
        _ => None,
    }
}

/// A request id: a UUID.
fn is_id(word: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| {
        if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    word.len() == 36 && word.bytes().enumerate().all(fits)
}

/// Time and request id of a line that tells of a timeout.
fn timed_out(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_ascii_whitespace();
    let (time, id) = (words.next()?, words.next()?);
    (is_id(id) && words.next()? == "Task" && words.next()? == "timed" && words.next()? == "out")
        .then_some((time, id))
}

/// Fills in what the line tells; its time, if it has one.
pub(super) fn fill<'a>(row: &mut Row<'a>, kind: Line, line: &'a str) -> Option<i64> {
    row.set(t::REQUEST_ID, value_of(line, "RequestId: ").filter(|id| is_id(id)));
    row.set(t::TRACE_ID, value_of(line, "XRAY TraceId: "));
    match kind {
        Line::Report | Line::InitReport | Line::RestoreReport => report(row, kind, line),
        Line::Error => {
            row.set(t::LAMBDA_STATUS, "error");
            row.set(t::LAMBDA_ERROR_TYPE, error_type(line));
        }
        Line::Timeout => return timeout(row, line),
        _ => keep(row, line),
    }
    None
}

fn report<'a>(row: &mut Row<'a>, kind: Line, line: &'a str) {
    let number = |name: &str| value_of(line, name).and_then(|word| word.parse().ok());
    set_ms(row, t::LAMBDA_DURATION_MS, number("Duration: "));
    set_ms(row, t::LAMBDA_BILLED_MS, number("Billed Duration: "));
    set_ms(row, t::LAMBDA_INIT_MS, number("Init Duration: "));
    set_megabytes(row, t::LAMBDA_MEMORY_MB, number("Memory Size: "));
    set_megabytes(row, t::LAMBDA_MAX_MEMORY_MB, number("Max Memory Used: "));
    row.set(t::LAMBDA_ERROR_TYPE, value_of(line, "Error Type: ").map(Value::text_or_null));
    row.set(t::LAMBDA_STATUS, value_of(line, "Status: ").and_then(status_of));
    super::out_of_memory(row);
    // Lambda names no status when all went well.
    if row[t::LAMBDA_STATUS].is_null() && kind == Line::Report {
        let status = if row[t::LAMBDA_ERROR_TYPE].is_null() { "success" } else { "error" };
        row.set(t::LAMBDA_STATUS, status);
    }
    keep(row, line);
}

fn timeout<'a>(row: &mut Row<'a>, line: &'a str) -> Option<i64> {
    let (time, id) = timed_out(line)?;
    row.set(t::REQUEST_ID, id);
    row.set(t::LAMBDA_STATUS, "timeout");
    row.set(t::LAMBDA_ERROR_TYPE, "Sandbox.Timedout");
    row.set(base::ORIGINAL_TIME, time);
    let seconds =
        line.split_once("timed out after ").and_then(|(_, rest)| rest.split_ascii_whitespace().next());
    set_ms(
        row,
        t::LAMBDA_DURATION_MS,
        seconds.and_then(|text| text.parse::<f64>().ok()).map(|s| s * 1_000.0),
    );
    epoch_ms(time)
}

/// The type that the platform writes on a line of its own, such as `Runtime.ExitError`.
fn error_type(line: &str) -> Option<&str> {
    if line.contains("OutOfMemory") {
        return Some(OUT_OF_MEMORY);
    }
    let is_type = |word: &&str| {
        word.starts_with("Runtime.") || word.starts_with("Extension.") || word.starts_with("Sandbox.")
    };
    line.split_ascii_whitespace()
        .find(is_type)
        .or_else(|| line.contains("Runtime exited").then_some("Runtime.ExitError"))
}

/// The first word behind `name`, where that is not the end of a longer name.
fn value_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let at = memchr::memmem::find_iter(line.as_bytes(), name).find(|at| {
        let before = line.get(..*at).unwrap_or_default().trim_end_matches(' ');
        !["Billed", "Init", "Restore"].iter().any(|longer| before.ends_with(longer))
    })?;
    line.get(at + name.len()..)?.split_ascii_whitespace().next()
}

/// Keeps what has no column: the parts that are separated by tabs.
fn keep(row: &mut Row<'_>, line: &str) {
    const KNOWN: [&str; 10] = [
        "RequestId",
        "Duration",
        "Billed Duration",
        "Init Duration",
        "Memory Size",
        "Max Memory Used",
        "Status",
        "Error Type",
        "TraceId",
        "XRAY TraceId",
    ];
    let mut unmapped = Unmapped::default();
    for part in line.split(['\t', '\n']) {
        let Some((name, value)) = part.split_once(": ") else { continue };
        let name = name.trim_ascii();
        let name = BEGINNINGS.iter().find_map(|(start, _)| name.strip_prefix(start)).unwrap_or(name);
        if let Some((_, version)) = value.split_once(" Version: ") {
            unmapped.add_text("Version", version.trim_ascii());
        }
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ');
        if plain && !KNOWN.iter().any(|known| name == *known || name.ends_with(" RequestId")) {
            unmapped.add_text(name, value.trim_ascii());
        }
    }
    row.set(base::UNMAPPED, unmapped.finish());
}
