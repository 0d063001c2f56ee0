//! What an event must have for a rule to match: values of fields that have one value, and of operations how they begin.
//!
//! A demand may be weaker than the rule, never stronger: the index of rules is built on it. It is told from a rule as it is
//! written, so that packed rules bring their [`Key`], and a start need not read what else they ask.

use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Detections, Modifier, Quantifier, SigmaValue, SpecialChar,
    StringPart, fieldpath::unescape_brackets,
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
        /// Whether these are only how the operation begins: some services append a date to it.
        begins: bool,
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
        let begins =
            demand.fields.get(OPERATION).is_some_and(|values| values.iter().any(Wanted::is_beginning));
        // Beginnings are tried one by one: what can be looked up comes before them.
        let is_looked_up = services.is_some() || operations.is_some() && !begins;
        let of_field = |path: &str| Some(Key::Field(path.to_owned(), values(path)?));
        if !is_looked_up && let Some(key) = OTHER_FIELDS.into_iter().find_map(of_field) {
            return key;
        }
        if services.is_none() && operations.is_none() {
            return Key::Other;
        }
        let [services, operations] = [services, operations].map(Option::unwrap_or_default);
        Key::Call { begins: begins && !operations.is_empty(), services, operations }
    }
}

/// The values, if all of them can be looked up: a missing field cannot, and "" is what a key has for any.
fn all_given(values: &Values) -> Option<Vec<String>> {
    values.iter().map(|value| value.text().filter(|text| !text.is_empty()).map(str::to_owned)).collect()
}

/// What a field must have, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    /// Nothing.
    Missing,
    /// This value.
    Is(String),
    /// A value that begins so: of operations only.
    Begins(String),
}

impl Wanted {
    fn is_beginning(&self) -> bool {
        matches!(self, Wanted::Begins(_))
    }

    fn text(&self) -> Option<&str> {
        match self {
            Wanted::Missing => None,
            Wanted::Is(text) | Wanted::Begins(text) => Some(text),
        }
    }

    /// Whether what has this may have one of the others too.
    fn fits(&self, others: &Values) -> bool {
        others.iter().any(|other| match (self, other) {
            (Wanted::Is(text), Wanted::Begins(start)) | (Wanted::Begins(start), Wanted::Is(text)) => {
                text.starts_with(start)
            }
            (Wanted::Begins(one), Wanted::Begins(other)) => one.starts_with(other) || other.starts_with(one),
            (one, other) => one == other,
        })
    }
}

/// Of what a field must have one.
type Values = BTreeSet<Wanted>;

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
        let wanted =
            |value| exact(value, &spec.modifiers).or_else(|| beginning(&path, value, &spec.modifiers));
        let values = values.iter().map(wanted).collect::<Option<Values>>();
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
fn exact(value: &SigmaValue, modifiers: &[Modifier]) -> Option<Wanted> {
    let is_plain = |modifier: &Modifier| matches!(modifier, Modifier::All | Modifier::Cased);
    if !modifiers.iter().all(is_plain) {
        return None;
    }
    Some(match value {
        SigmaValue::Null => Wanted::Missing,
        SigmaValue::String(string) => Wanted::Is(string.as_plain()?.to_lowercase()),
        scalar => Wanted::Is(scalar.to_string().to_lowercase()),
    })
}

/// How the operation must begin, if that is what a value says.
fn beginning(path: &str, value: &SigmaValue, modifiers: &[Modifier]) -> Option<Wanted> {
    let is_plain =
        |modifier: &Modifier| matches!(modifier, Modifier::All | Modifier::Cased | Modifier::StartsWith);
    let SigmaValue::String(string) = value else { return None };
    if path != OPERATION || !modifiers.iter().all(is_plain) {
        return None;
    }
    let text = match &string.parts[..] {
        [StringPart::Plain(text), StringPart::Special(SpecialChar::WildcardMulti)] => text,
        [StringPart::Plain(text)] => text,
        _ => return None,
    };
    Some(Wanted::Begins(text.to_lowercase()))
}

/// Every part must hold, so each part's demand does.
fn all(parts: Vec<Demand>) -> Demand {
    let mut sum = Demand::default();
    for part in parts {
        sum.never |= part.never;
        for (path, values) in part.fields {
            match sum.fields.get_mut(&path) {
                // Of two beginnings the first is kept, which may ask for less than both.
                Some(known) => known.retain(|value| value.fits(&values)),
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
