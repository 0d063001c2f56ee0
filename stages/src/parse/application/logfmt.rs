//! logfmt: `level=info msg="two words" user=7`.

use super::{
    Found, level, moment_ms,
    names::{Slot, slot_of},
};
use crate::parse::unmapped::Unmapped;
use kinescope_schemas::{Row, Value, tables::base, tables::logs as t};
use std::borrow::Cow;

/// Pairs that a line must have at least: one may stand in prose.
const PAIRS_MIN: usize = 2;

/// Reads a line of pairs, one of which is a level, a message or a time.
pub(super) fn read<'a>(row: &mut Row<'a>, line: &'a str) -> Option<Found> {
    let pairs = pairs(line)?;
    let telling = |name: &str| matches!(slot_of(name), Some((Slot::Level | Slot::Message | Slot::Time, _)));
    let n_valued = pairs.iter().filter(|pair| pair.1.is_some()).count();
    if n_valued < PAIRS_MIN || !pairs.iter().any(|(name, value)| value.is_some() && telling(name)) {
        return None;
    }
    let mut time_ms = None;
    let mut unmapped = Unmapped::default();
    let mut errors = Vec::new();
    if n_valued < pairs.len() {
        // Words without a value: a message that lacks its quotes, perhaps. The line keeps them in their order.
        row.set(base::MESSAGE, line);
    }
    for (name, value) in pairs {
        let Some(value) = value else { continue };
        match slot_of(name).map(|(slot, _)| slot) {
            Some(Slot::Level) if row[t::LEVEL].is_null() && level::normal(&value).is_some() => {
                row.set(t::LEVEL, level::normal(&value));
            }
            Some(Slot::Time) if time_ms.is_none() && moment_ms(&value).is_some() => {
                time_ms = moment_ms(&value);
                row.set(base::ORIGINAL_TIME, value);
            }
            Some(Slot::Error) => errors.push((name, value)),
            slot => match slot.and_then(Slot::column).filter(|column| row[*column].is_null()) {
                Some(column) => row.set(column, Value::text_or_null(value)),
                None => unmapped.add_text(name, &value),
            },
        }
    }
    for (name, value) in errors {
        if row[base::MESSAGE].is_null() {
            row.set(base::MESSAGE, Value::text_or_null(value));
        } else {
            unmapped.add_text(name, &value);
        }
    }
    if row[base::MESSAGE].is_null() {
        row.set(base::MESSAGE, line);
    }
    row.set(base::UNMAPPED, unmapped.finish());
    Some(Found { format: "logfmt", time_ms })
}

type Pair<'a> = (&'a str, Option<Cow<'a, str>>);

/// The pairs of a line; `None` if anything in it is none, or the first word has no value.
fn pairs(line: &str) -> Option<Vec<Pair<'_>>> {
    let mut pairs = Vec::new();
    let mut rest = line.trim_ascii();
    while !rest.is_empty() {
        let end = rest.find(|c: char| !is_key(c)).unwrap_or(rest.len());
        let (name, behind) = rest.split_at_checked(end)?;
        if name.is_empty() {
            return None;
        }
        let (value, behind) = match behind.strip_prefix('=') {
            Some(text) => {
                let (value, behind) = value(text)?;
                (Some(value), behind)
            }
            None if pairs.is_empty() => return None,
            None => (None, behind),
        };
        if !behind.is_empty() && !behind.starts_with([' ', '\t', '\n', '\r']) {
            return None;
        }
        pairs.push((name, value));
        rest = behind.trim_ascii_start();
    }
    Some(pairs)
}

fn is_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '@' | '/' | ':')
}

/// A value, quoted or up to a space, and what follows it.
fn value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', '\n', '\r']).unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end)?;
        return Some((value.into(), rest));
    };
    let mut escape = false;
    let end = quoted.bytes().position(|byte| {
        let ends = byte == b'"' && !escape;
        escape = byte == b'\\' && !escape;
        ends
    })?;
    let (value, rest) = quoted.split_at_checked(end)?;
    Some((unescaped(value), rest.strip_prefix('"')?))
}

fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return value.into();
    }
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(c) = characters.next() {
        match (c, if c == '\\' { characters.next() } else { None }) {
            ('\\', Some('n')) => text.push('\n'),
            ('\\', Some('t')) => text.push('\t'),
            ('\\', Some('r')) => text.push('\r'),
            ('\\', Some(escaped @ ('"' | '\\'))) => text.push(escaped),
            ('\\', Some(other)) => text.extend(['\\', other]),
            (c, _) => text.push(c),
        }
    }
    text.into()
}
