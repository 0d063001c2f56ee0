//! What an event must have for a rule to match: exact values of fields that have one value.
//!
//! A demand may be weaker than the rule, never stronger: the index of rules is built on it. It is told from a rule as it is
//! written, so that packed rules bring their [`Key`], and a start need not read what else they ask.

use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Detections, Modifier, Quantifier, SigmaValue,
    fieldpath::unescape_brackets,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// CloudTrail's field for the service.
const SERVICE: &str = "eventSource";
/// And for the operation.
const OPERATION: &str = "eventName";
/// Fields that a rule which names neither is found by, the most telling first. In CloudTrail each has one value.
pub const OTHER_FIELDS: [&str; 8] = [
    "userIdentity.arn",
    "userIdentity.principalId",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "userIdentity.invokedBy",
    "userIdentity.type",
    "eventType",
];

/// By what a rule is found among others. Values are in lower case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Key {
    /// By nothing: it cannot match.
    Never,
    /// By one of the services, with one of the operations; where there are none, by any.
    Call {
        /// The services.
        services: Vec<String>,
        /// The operations.
        operations: Vec<String>,
    },
    /// By one of the values of a field, which is told by its path.
    Field(String, Vec<String>),
    /// By none of these.
    Other,
}

impl Key {
    /// The key of a rule.
    pub fn of(detections: &Detections) -> Key {
        let is_key = |path: &str| [SERVICE, OPERATION].contains(&path) || OTHER_FIELDS.contains(&path);
        let demand = Demand::of(detections, &is_key);
        let values = |path: &str| demand.fields.get(path).and_then(all_given);
        let [services, operations] = [SERVICE, OPERATION].map(values);
        if demand.never {
            return Key::Never;
        }
        if services.is_some() || operations.is_some() {
            let [services, operations] = [services, operations].map(Option::unwrap_or_default);
            return Key::Call { services, operations };
        }
        let of_field = |path: &str| Some(Key::Field(path.to_owned(), values(path)?));
        OTHER_FIELDS.into_iter().find_map(of_field).unwrap_or(Key::Other)
    }
}

/// The values, if all of them can be looked up: a missing field cannot, and "" is what a key has for any.
fn all_given(values: &Values) -> Option<Vec<String>> {
    values.iter().map(|value| value.clone().filter(|value| !value.is_empty())).collect()
}

/// The values of which a field must have one, in lower case; `None` stands for a missing field.
type Values = BTreeSet<Option<String>>;

/// What must hold of an event.
#[derive(Debug, Clone, Default)]
pub struct Demand {
    /// Nothing can match.
    pub never: bool,
    /// By the field's path.
    fields: BTreeMap<String, Values>,
}

/// Whether a field, by its path, has one value and no more.
type IsOne<'f> = &'f dyn Fn(&str) -> bool;

impl Demand {
    /// What a rule demands of the fields that have one value.
    pub fn of(detections: &Detections, is_one: IsOne<'_>) -> Demand {
        at_least(1, detections.conditions.iter().map(|one| of_condition(detections, one, is_one)).collect())
    }

    /// What a selection demands.
    pub fn of_selection(detection: &Detection, is_one: IsOne<'_>) -> Demand {
        let parts = |list: &[Detection]| -> Vec<Demand> {
            list.iter().map(|one| Demand::of_selection(one, is_one)).collect()
        };
        match detection {
            Detection::AllOf(lines) => all(lines.iter().map(|line| of_line(line, is_one)).collect()),
            Detection::And(list) => all(parts(list)),
            Detection::AnyOf(list) => at_least(1, parts(list)),
            Detection::Keywords(_) | Detection::ArrayMatch { .. } | Detection::Conditional { .. } => {
                Demand::default()
            }
        }
    }
}

fn of_condition(detections: &Detections, condition: &ConditionExpr, is_one: IsOne<'_>) -> Demand {
    let of_name = |name: &String| {
        detections.named.get(name).map_or_else(Demand::default, |one| Demand::of_selection(one, is_one))
    };
    let parts = |list: &[ConditionExpr]| -> Vec<Demand> {
        list.iter().map(|one| of_condition(detections, one, is_one)).collect()
    };
    match condition {
        ConditionExpr::And(list) => all(parts(list)),
        ConditionExpr::Or(list) => at_least(1, parts(list)),
        ConditionExpr::Not(_) => Demand::default(),
        ConditionExpr::Identifier(name) => of_name(name),
        ConditionExpr::Selector { quantifier, pattern } => {
            let names = detections.named.keys().filter(|name| pattern.matches_detection_name(name));
            let parts = names.map(of_name).collect::<Vec<_>>();
            match quantifier {
                Quantifier::All => all(parts),
                Quantifier::Any => at_least(1, parts),
                Quantifier::Count(n) => at_least(usize::try_from(*n).unwrap_or(usize::MAX), parts),
            }
        }
    }
}

fn of_line(line: &DetectionItem, is_one: IsOne<'_>) -> Demand {
    let spec = &line.field;
    let path = spec.name.as_deref().map(unescape_brackets).unwrap_or_default();
    if !is_one(&path) || spec.has_modifier(Modifier::Neq) {
        return Demand::default();
    }
    let of = |values: &[SigmaValue]| {
        let values = values.iter().map(|value| exact(value, &spec.modifiers)).collect::<Option<Values>>();
        let fields = values.map(|values| (path.to_string(), values)).into_iter().collect();
        Demand { never: false, fields }
    };
    // One value cannot be two; several are what `all` is for.
    if spec.has_modifier(Modifier::All) {
        all(line.values.iter().map(|value| of(std::slice::from_ref(value))).collect())
    } else {
        of(&line.values)
    }
}

/// The value that a field must have, if it is an exact one.
fn exact(value: &SigmaValue, modifiers: &[Modifier]) -> Option<Option<String>> {
    let is_plain = |modifier: &Modifier| matches!(modifier, Modifier::All | Modifier::Cased);
    if !modifiers.iter().all(is_plain) {
        return None;
    }
    match value {
        SigmaValue::Null => Some(None),
        SigmaValue::String(string) => string.as_plain().map(|text| Some(text.to_lowercase())),
        scalar => Some(Some(scalar.to_string().to_lowercase())),
    }
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
