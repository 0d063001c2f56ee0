//! Words of which one stands in the text of every event that matches: what rules without a key are found by.
//!
//! They may ask for less than the rule does, never for more.

use super::{
    compile::{Compiled, Condition, Test},
    pattern::Pattern,
};

/// Shortest word that is looked for in the text of events: shorter ones stand in nearly all.
const WORD_BYTES_MIN: usize = 4;

/// Words of which one stands in the text of any event that matches, in lower case; `None` if there are none such.
pub(super) fn words_of(compiled: &Compiled, condition: &Condition) -> Option<Vec<String>> {
    match condition {
        Condition::Selection(at) => words_of_test(&compiled.selections[*at].1),
        Condition::Not(_) | Condition::AtLeast(0, _) => None,
        Condition::And(list) => best(list.iter().filter_map(|part| words_of(compiled, part))),
        Condition::AtLeast(_, list) => one_of(list.iter().map(|part| words_of(compiled, part))),
    }
}

fn words_of_test(test: &Test) -> Option<Vec<String>> {
    let of = |patterns: &[Pattern], all: bool| {
        let words = patterns.iter().map(words_of_pattern);
        if all { best(words.flatten()) } else { one_of(words) }
    };
    match test {
        Test::And(list) => best(list.iter().filter_map(words_of_test)),
        Test::Or(list) => one_of(list.iter().map(words_of_test)),
        Test::Words { patterns, all } => of(patterns, *all),
        Test::Field { field, patterns, all, negated: false } if field.is_in_text() => of(patterns, *all),
        Test::Field { .. } => None,
    }
}

fn words_of_pattern(pattern: &Pattern) -> Option<Vec<String>> {
    match pattern {
        Pattern::Text(text, _) => word_in(&text.text).map(|word| vec![word]),
        Pattern::Regex(expression) => word_in(&expression.needs()?.text).map(|word| vec![word]),
        Pattern::OneOf(texts) => texts.iter().map(|text| word_in(text)).collect(),
        _ => None,
    }
}

/// The longest piece that stands in the event's text as it stands in the value, however that was written: without
/// quotes, escapes and what separates values in JSON. A colon inside stands within a string; a leading one need not.
fn word_in(text: &str) -> Option<String> {
    let cuts = |c: char| {
        !c.is_ascii() || c.is_ascii_control() || matches!(c, '"' | '\\' | ',' | '{' | '}' | '[' | ']')
    };
    let longest =
        text.split(cuts).map(|piece| piece.trim_start_matches(':')).max_by_key(|piece| piece.len())?;
    (longest.len() >= WORD_BYTES_MIN).then(|| longest.to_ascii_lowercase())
}

/// Of the demands of which each must hold, the one that fewest events will meet.
fn best(parts: impl Iterator<Item = Vec<String>>) -> Option<Vec<String>> {
    parts.max_by_key(|words| words.iter().map(String::len).min())
}

fn one_of(parts: impl Iterator<Item = Option<Vec<String>>>) -> Option<Vec<String>> {
    let words = parts.collect::<Option<Vec<_>>>()?.concat();
    if words.is_empty() { None } else { Some(words) }
}
