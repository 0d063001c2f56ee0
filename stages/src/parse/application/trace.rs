//! Stack traces of Java, JavaScript, .NET, Python and Go, in text of several lines.

use super::{Found, plain};
use kinescope_schemas::{Row, Value, tables::base, tables::logs as t};

const TRACEBACK: &str = "Traceback (most recent call last):";
const CAUSED_BY: &str = "Caused by: ";

/// Reads a line that carries a trace.
pub(super) fn read<'a>(row: &mut Row<'a>, text: &'a str) -> Option<Found> {
    if !is_trace(text) {
        return None;
    }
    fill(row, text);
    let time_ms = plain::leading_time(text).map(|(ms, _)| ms);
    Some(Found { format: "stack_trace", time_ms })
}

/// Fills in what a trace tells. A level of its own, as a warning may have, counts more than that it is a trace.
pub(super) fn fill<'a>(row: &mut Row<'a>, text: &'a str) {
    row.set(base::MESSAGE, Value::text_or_null(headline(text)));
    row.set(t::EXCEPTION, class_of(text));
    row.set(t::STACK_TRACE, text);
    let first = text.lines().next().unwrap_or_default();
    row.set(t::LEVEL, plain::level_of(first).unwrap_or("error"));
}

/// Whether the text is a trace: a line behind the first is a frame or a cause.
pub(super) fn is_trace(text: &str) -> bool {
    memchr::memchr(b'\n', text.as_bytes()).is_some() && text.lines().skip(1).any(is_frame)
}

fn is_frame(line: &str) -> bool {
    let inner = line.trim_ascii_start();
    let indented = inner.len() < line.len();
    (indented && (inner.starts_with("at ") || inner.starts_with("File \"")))
        || inner.starts_with(CAUSED_BY)
        || (inner.starts_with("goroutine ") && inner.trim_ascii_end().ends_with("]:"))
}

/// The line that says what happened: the first, or of a Python traceback the last.
pub(super) fn headline(text: &str) -> &str {
    let first = text.lines().map(str::trim_ascii).find(|line| !line.is_empty()).unwrap_or_default();
    if first == TRACEBACK { python_end(text).unwrap_or(first) } else { first }
}

/// The last line of a Python traceback, which names the exception.
fn python_end(text: &str) -> Option<&str> {
    let behind = text.get(text.rfind(TRACEBACK)? + TRACEBACK.len()..)?;
    let mut outer =
        behind.lines().filter(|line| !line.starts_with([' ', '\t']) && !line.trim_ascii().is_empty());
    outer.next_back().map(str::trim_ascii)
}

/// The exception's class, if the text names one where that language does.
pub(super) fn class_of(text: &str) -> Option<&str> {
    if let Some(class) = python_end(text).and_then(leading_class) {
        return Some(class);
    }
    let mut before = "";
    for line in text.lines() {
        if is_frame(line) {
            break;
        }
        before = line;
    }
    let first = text.lines().next().unwrap_or_default();
    let cause = || text.lines().find_map(|line| line.trim_ascii_start().strip_prefix(CAUSED_BY));
    class_in(before)
        .or_else(|| class_in(first))
        .or_else(|| leading_class(cause()?))
        .or_else(|| first.starts_with("panic: ").then_some("panic"))
}

/// A name that the line begins with, up to a colon or the end.
fn leading_class(line: &str) -> Option<&str> {
    let name = line.split_once(':').map_or(line, |(name, _)| name).trim_ascii();
    is_class(name).then_some(name)
}

/// The first word that is called as exceptions are. `Exception` alone is a word of prose unless a colon follows.
fn class_in(line: &str) -> Option<&str> {
    const ENDINGS: [&str; 4] = ["Exception", "Error", "Throwable", "Fault"];
    line.split_ascii_whitespace().find_map(|word| {
        let name = word.trim_matches(['[', ']', '(', ')', ',', '"', '\'', ':']);
        let named = ENDINGS.iter().any(|ending| name.ends_with(ending));
        let bare = ENDINGS.contains(&name) && !word.ends_with(':');
        (named && !bare && is_class(name)).then_some(name)
    })
}

fn is_class(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$' | b'/' | b'+');
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && name.bytes().all(letter)
}
