//! Why a rule did or did not match an event: each selection, and the values it saw.

use super::{
    Rule, Rules,
    compile::{Condition, Test},
    field::{Field, Subject},
};
use crate::facts::Lists;
use kinescope_schemas::Event;

/// The explanation of one rule on one event.
#[derive(Debug)]
pub struct Explanation {
    /// Whether the rule sees events of this source at all.
    pub sees: bool,
    /// Whether the index would choose it.
    pub candidate: bool,
    /// Whether it matches.
    pub matches: bool,
    /// The selections by name.
    pub selections: Vec<Selection>,
    /// The condition, as it was understood.
    pub condition: String,
}

/// One selection.
#[derive(Debug)]
pub struct Selection {
    /// Its name.
    pub name: String,
    /// Whether it holds.
    pub holds: bool,
    /// Its tests: the field, whether the test holds, the values that it saw.
    pub tests: Vec<(String, bool, Vec<String>)>,
}

/// Explains.
pub fn explain(rules: &Rules, rule: &Rule, event: &Event<'_>) -> Explanation {
    let subject = Subject::new(event, rules.lists());
    let compiled = rule.detection.get();
    let selections = compiled.selections.iter().map(|(name, test)| {
        let mut tests = Vec::new();
        collect(test, &subject, &mut tests);
        Selection { name: name.clone(), holds: test.matches(&subject), tests }
    });
    let selections: Vec<_> = selections.collect();
    let names: Vec<&str> = compiled.selections.iter().map(|(name, _)| name.as_str()).collect();
    Explanation {
        sees: rule.sees(event.source),
        candidate: rules.is_candidate(event, rule),
        matches: rule.sees(event.source) && rule.matches(&subject),
        selections,
        condition: words(&compiled.condition, &names),
    }
}

/// The facts that a rule asks for, by their fields, with what they say of an event.
pub fn facts_used(rule: &Rule, event: &Event<'_>, lists: &Lists) -> Vec<(String, Vec<String>)> {
    let subject = Subject::new(event, lists);
    let mut fields = Vec::new();
    rule.detection.get().selections.iter().for_each(|(_, test)| facts_of(test, &mut fields));
    fields.sort_unstable_by_key(|field| &field.path);
    fields.dedup_by_key(|field| &field.path);
    fields.iter().map(|field| (field.path.clone(), subject.texts(field))).collect()
}

fn facts_of<'r>(test: &'r Test, into: &mut Vec<&'r Field>) {
    match test {
        Test::And(list) | Test::Or(list) => list.iter().for_each(|test| facts_of(test, into)),
        Test::Words { .. } => {}
        Test::Field { field, .. } => into.extend(Some(field).filter(|field| field.is_fact())),
    }
}

fn collect(test: &Test, subject: &Subject<'_>, into: &mut Vec<(String, bool, Vec<String>)>) {
    match test {
        Test::And(list) | Test::Or(list) => list.iter().for_each(|test| collect(test, subject, into)),
        Test::Words { .. } => into.push(("words anywhere".to_owned(), test.matches(subject), Vec::new())),
        Test::Field { field, .. } => {
            into.push((field.path.clone(), test.matches(subject), subject.texts(field)))
        }
    }
}

fn words(condition: &Condition, names: &[&str]) -> String {
    let list = |list: &[Condition], with: &str| {
        list.iter().map(|part| words(part, names)).collect::<Vec<_>>().join(with)
    };
    match condition {
        Condition::Selection(at) => names[*at].to_owned(),
        Condition::Not(inner) => format!("not {}", words(inner, names)),
        Condition::And(parts) => format!("({})", list(parts, " and ")),
        Condition::AtLeast(1, parts) if parts.len() == 1 => words(&parts[0], names),
        Condition::AtLeast(1, parts) => format!("({})", list(parts, " or ")),
        Condition::AtLeast(n, parts) => format!("{n} of ({})", list(parts, ", ")),
    }
}
