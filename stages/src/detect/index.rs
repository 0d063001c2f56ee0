//! Which rules could match an event: a look-up by service and operation.
//!
//! From each rule's condition follows what the service and the operation of any event that matches must be. The index
//! may offer a rule that does not match, never withhold one that does.

use super::{
    compile::{Compiled, Condition, Test},
    pattern::Pattern,
    rule::Rule,
};
use foldhash::HashMap;
use kinescope_schemas::{Event, Source, tables::api_activity as t};
use std::collections::BTreeSet;

/// Longest key that is looked up; a longer one belongs to no AWS operation and meets the rules without a key only.
const KEY_BYTES_MAX: usize = 192;

#[derive(Debug, Default)]
pub(super) struct Index {
    /// By lower-case "service\0operation", "service\0" or "\0operation".
    by_key: HashMap<Box<[u8]>, Vec<usize>>,
    /// CloudTrail rules without a key.
    unkeyed: Vec<usize>,
    /// Rules on other sources.
    by_source: HashMap<Source, Vec<usize>>,
}

/// What an event must have for a rule to match; `None` where anything may do.
#[derive(Clone, Default)]
struct Anchor {
    services: Option<BTreeSet<String>>,
    operations: Option<BTreeSet<String>>,
}

impl Index {
    pub(super) fn new(rules: &[Rule]) -> Index {
        let mut index = Index::default();
        for (at, rule) in rules.iter().enumerate() {
            for source in rule.sources() {
                if *source == Source::CloudTrail {
                    index.add(at, &anchor(&rule.compiled, &rule.compiled.condition));
                } else {
                    index.by_source.entry(*source).or_default().push(at);
                }
            }
        }
        index
    }

    fn add(&mut self, at: usize, anchor: &Anchor) {
        let any = || BTreeSet::from([String::new()]);
        if anchor.services.is_none() && anchor.operations.is_none() {
            return self.unkeyed.push(at);
        }
        let services = anchor.services.clone().unwrap_or_else(any);
        for operation in anchor.operations.clone().unwrap_or_else(any) {
            for service in &services {
                let key = [service.as_bytes(), b"\0", operation.as_bytes()].concat();
                self.by_key.entry(key.into()).or_default().push(at);
            }
        }
    }

    /// Calls `each` with the place of every rule that could match.
    pub(super) fn candidates(&self, event: &Event<'_>, mut each: impl FnMut(usize)) {
        if event.source != Source::CloudTrail {
            self.by_source.get(&event.source).into_iter().flatten().for_each(|at| each(*at));
            return;
        }
        self.unkeyed.iter().for_each(|at| each(*at));
        let (service, operation) = (event.row.str(t::API_SERVICE_NAME), event.row.str(t::API_OPERATION));
        let mut buffer = [0u8; KEY_BYTES_MAX];
        let n_bytes = service.len() + 1 + operation.len();
        let Some(key) = buffer.get_mut(..n_bytes) else { return };
        key[..service.len()].copy_from_slice(service.as_bytes());
        key[service.len() + 1..].copy_from_slice(operation.as_bytes());
        key.make_ascii_lowercase();
        for part in [&key[..], &key[..=service.len()], &key[service.len()..]] {
            self.by_key.get(part).into_iter().flatten().for_each(|at| each(*at));
        }
    }
}

/// What must hold for a condition to hold.
fn anchor(compiled: &Compiled, condition: &Condition) -> Anchor {
    match condition {
        Condition::Selection(at) => of_test(&compiled.selections[*at].1),
        Condition::Not(_) => Anchor::default(),
        Condition::And(list) => all(list.iter().map(|condition| anchor(compiled, condition))),
        Condition::AtLeast(n, list) if *n >= 1 => {
            any(list.iter().map(|condition| anchor(compiled, condition)))
        }
        Condition::AtLeast(..) => Anchor::default(),
    }
}

fn of_test(test: &Test) -> Anchor {
    match test {
        Test::And(list) => all(list.iter().map(of_test)),
        Test::Or(list) => any(list.iter().map(of_test)),
        Test::Words(_) => Anchor::default(),
        Test::Field { field, patterns, all: false, negated: false } => match field.path.as_str() {
            "eventSource" => Anchor { services: exact(patterns), operations: None },
            "eventName" => Anchor { services: None, operations: exact(patterns) },
            _ => Anchor::default(),
        },
        Test::Field { .. } => Anchor::default(),
    }
}

/// The texts, if every pattern is one exact ASCII text: the look-up folds ASCII case only.
fn exact(patterns: &[Pattern]) -> Option<BTreeSet<String>> {
    patterns
        .iter()
        .map(|pattern| match pattern {
            Pattern::Exact(text) if text.text.is_ascii() && !text.text.is_empty() => {
                Some(text.text.to_ascii_lowercase())
            }
            _ => None,
        })
        .collect()
}

/// Every part must hold, so any one part's demand is sound; where two parts demand, both do.
fn all(parts: impl Iterator<Item = Anchor>) -> Anchor {
    let both = |a: Option<BTreeSet<String>>, b: Option<BTreeSet<String>>| match (a, b) {
        (Some(a), Some(b)) => Some(a.intersection(&b).cloned().collect()),
        (one, other) => one.or(other),
    };
    parts.fold(Anchor::default(), |sum, part| Anchor {
        services: both(sum.services, part.services),
        operations: both(sum.operations, part.operations),
    })
}

/// One part must hold: it is one of all that the parts demand, if every part demands something.
fn any(parts: impl Iterator<Item = Anchor>) -> Anchor {
    let either = |a: Option<BTreeSet<String>>, b: Option<BTreeSet<String>>| Some(&a? | &b?);
    parts
        .reduce(|sum, part| Anchor {
            services: either(sum.services, part.services),
            operations: either(sum.operations, part.operations),
        })
        .unwrap_or_default()
}
