//! What an event must have for a rule to match: exact values of fields that have one value, and words of its text.
//!
//! A demand may be weaker than the rule, never stronger: the index is built on it.

use super::{
    compile::{Compiled, Condition, Test},
    pattern::Pattern,
    text::Place,
};
use kinescope_schemas::Source;
use std::collections::{BTreeMap, BTreeSet};

/// The values of which a field must have one, in lower case; `None` stands for a missing field.
pub(super) type Values = BTreeSet<Option<String>>;

/// What must hold of an event.
#[derive(Debug, Clone, Default)]
pub(super) struct Demand {
    /// Nothing can match.
    pub(super) never: bool,
    /// By the field's path.
    pub(super) fields: BTreeMap<String, Values>,
}

/// What the condition demands of events of a source.
pub(super) fn of_condition(compiled: &Compiled, condition: &Condition, source: Source) -> Demand {
    let parts = |list: &[Condition]| -> Vec<Demand> {
        list.iter().map(|part| of_condition(compiled, part, source)).collect()
    };
    match condition {
        Condition::Selection(at) => of_test(&compiled.selections[*at].1, source),
        Condition::Not(_) => Demand::default(),
        Condition::And(list) => all(parts(list)),
        Condition::AtLeast(n, list) => at_least(*n, parts(list)),
    }
}

pub(super) fn of_test(test: &Test, source: Source) -> Demand {
    match test {
        Test::And(list) => all(list.iter().map(|test| of_test(test, source)).collect()),
        Test::Or(list) => at_least(1, list.iter().map(|test| of_test(test, source)).collect()),
        Test::Words { .. } => Demand::default(),
        // One value cannot be two; several are what `all` is for.
        Test::Field { field, patterns, all: list, negated: false } if field.has_slot(source) => {
            let of = |patterns: &[Pattern]| {
                let values = exact(patterns);
                let fields: BTreeMap<_, _> =
                    values.map(|values| (field.path.clone(), values)).into_iter().collect();
                Demand { never: false, fields }
            };
            if *list {
                all(patterns.iter().map(|pattern| of(std::slice::from_ref(pattern))).collect())
            } else {
                of(patterns)
            }
        }
        Test::Field { .. } => Demand::default(),
    }
}

/// The values, if every pattern is an exact one.
fn exact(patterns: &[Pattern]) -> Option<Values> {
    let mut values = Values::new();
    for pattern in patterns {
        match pattern {
            Pattern::Text(text, Place::Whole) => {
                values.insert(Some(text.text.to_lowercase()));
            }
            Pattern::OneOf(texts) => values.extend(texts.iter().cloned().map(Some)),
            Pattern::Null | Pattern::Exists(false) => {
                values.insert(None);
            }
            _ => return None,
        }
    }
    Some(values)
}

/// Every part must hold, so each part's demand does.
fn all(parts: Vec<Demand>) -> Demand {
    let mut sum = Demand::default();
    for part in parts {
        sum.never |= part.never;
        for (path, values) in part.fields {
            match sum.fields.get_mut(&path) {
                Some(known) => known.retain(|value| values.contains(value)),
                None => {
                    sum.fields.insert(path, values);
                }
            }
        }
    }
    sum.never |= sum.fields.values().any(BTreeSet::is_empty);
    sum
}

/// So many parts must hold: all, or else what the parts that can hold have in common.
fn at_least(n: usize, parts: Vec<Demand>) -> Demand {
    if n == 0 {
        return Demand::default();
    }
    let mut parts: Vec<Demand> = parts.into_iter().filter(|part| !part.never).collect();
    if n > parts.len() {
        return Demand { never: true, fields: BTreeMap::new() };
    }
    if n == parts.len() {
        return all(parts);
    }
    let mut sum = parts.pop().unwrap_or_default();
    for part in parts {
        sum.fields.retain(|path, _| part.fields.contains_key(path));
        for (path, values) in &mut sum.fields {
            values.extend(part.fields[path].iter().cloned());
        }
    }
    sum
}

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
