//! Plain text: a line that has a level among its first words.

use super::{Found, level, moment_ms};
use kinescope_schemas::{Row, tables::base, tables::logs as t};
use std::borrow::Cow;

/// Words in which a level is looked for.
const WORDS_MAX: usize = 6;

/// Reads a line with a level. It is its own message: thread and logger have no agreed place in it.
pub(super) fn read<'a>(row: &mut Row<'a>, line: &'a str) -> Option<Found> {
    let level = level_of(line)?;
    row.set(t::LEVEL, level);
    row.set(base::MESSAGE, line);
    Some(Found { format: "plain", time_ms: leading_time(line).map(|(ms, _)| ms) })
}

/// The level that a line tells. Capitals are believed anywhere; other letters only in brackets, before a colon, or
/// right behind the time, where a level stands and prose does not.
pub(super) fn level_of(line: &str) -> Option<&'static str> {
    // What may be a time is counted by its looks, so that reading it can wait until there is a level.
    let n_time_words = if begins_like_time(line) {
        line.split_ascii_whitespace().take(2).filter(|w| is_timely(w)).count()
    } else {
        0
    };
    line.split_ascii_whitespace().take(WORDS_MAX).enumerate().find_map(|(at, word)| {
        let bare =
            word.trim_matches(['[', ']', '(', ')', '<', '>', '{', '}', '|', '*', '-', ',', ':', ';', '.']);
        let name = bare.split_once(':').map_or(bare, |(name, _)| name);
        let capitals = name.bytes().all(|byte| byte.is_ascii_uppercase());
        let bracketed = word.starts_with(['[', '(', '<']) && name == bare;
        let before_colon = word.ends_with(':') && name == bare;
        let behind_time = n_time_words > 0 && at == n_time_words;
        if capitals || bracketed || before_colon || behind_time { level::of_word(name) } else { None }
    })
}

fn is_timely(word: &str) -> bool {
    word.trim_start_matches('[').starts_with(|first: char| first.is_ascii_digit())
}

/// Whether a date of four digits, a dash or slash begins the line.
fn begins_like_time(line: &str) -> bool {
    let bytes = line.strip_prefix('[').unwrap_or(line).as_bytes();
    matches!(bytes, [a, b, c, d, b'-' | b'/', ..] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()))
}

/// The time that a line begins with, and the text of it.
pub(super) fn leading_time(line: &str) -> Option<(i64, &str)> {
    if !begins_like_time(line) {
        return None;
    }
    let line = line.strip_prefix('[').unwrap_or(line);
    let word_end = |from: usize| {
        let rest = line.get(from..).unwrap_or_default();
        rest.find([' ', '\t', '\n', ']']).map_or(line.len(), |n| from + n)
    };
    let first_end = word_end(0);
    // A date alone goes on in the next word.
    let end = if first_end == DATE_BYTES { word_end(first_end + 1) } else { first_end };
    let text = line.get(..end)?.trim_end_matches([',', ':', ';']);
    let ms = match offset_behind(line, end) {
        Some(offset) if first_end == DATE_BYTES => moment_ms(&format!("{}{offset}", iso(text))),
        _ => moment_ms(&iso(text)),
    };
    Some((ms?, text))
}

/// Bytes of `2026-11-20`.
const DATE_BYTES: usize = 10;

/// `+0100` behind a date and a time.
fn offset_behind(line: &str, end: usize) -> Option<&str> {
    let word = line.get(end..)?.strip_prefix(' ')?.split([' ', ']']).next()?;
    let digits = word.strip_prefix(['+', '-'])?;
    (matches!(digits.len(), 4 | 5) && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b':'))
        .then_some(word)
}

/// Go's and nginx's dates have slashes; log4j's and Python's fractions a comma.
fn iso(text: &str) -> Cow<'_, str> {
    if text.as_bytes().get(DATE_BYTES) == Some(&b' ') || text.contains('/') {
        return text.replacen('/', "-", 2).replacen(' ', "T", 1).replacen(',', ".", 1).into();
    }
    text.into()
}
