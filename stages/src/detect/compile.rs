//! From rsigma-parser's tree to ours: selections of tests, and a condition over the selections.

use super::{
    field::{Field, Seen, Subject},
    pattern::{Compare, Pattern, Text},
};
use ipnet::IpNet;
use regex::RegexBuilder;
use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Detections, FieldSpec, Modifier, Quantifier, SigmaString,
    SigmaValue,
};

/// What a selection asks.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// A field, and values of which one must match, or all.
    Field { field: Field, patterns: Vec<Pattern>, all: bool, negated: bool },
    /// Words anywhere in the event.
    Words(Vec<Pattern>),
    /// All of them.
    And(Vec<Test>),
    /// One of them.
    Or(Vec<Test>),
}

/// How selections combine.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Selection(usize),
    Not(Box<Condition>),
    And(Vec<Condition>),
    /// At least so many of them.
    AtLeast(usize, Vec<Condition>),
}

/// A rule's detection, compiled. Selections are in the order of their names.
#[derive(Debug, Clone)]
pub(super) struct Compiled {
    pub(super) selections: Vec<(String, Test)>,
    pub(super) condition: Condition,
}

/// Why a detection cannot be compiled: words to find the place by, and the reason.
pub(super) type Refusal = (String, String);

pub(super) fn compile(detections: &Detections) -> Result<Compiled, Refusal> {
    if detections.timeframe.is_some() {
        return Err((
            "timeframe:".into(),
            "timeframe is not supported: a correlation rule says what it meant".into(),
        ));
    }
    let mut names: Vec<&String> = detections.named.keys().collect();
    names.sort();
    let selections = names
        .iter()
        .map(|name| Ok(((*name).clone(), test(&detections.named[*name])?)))
        .collect::<Result<Vec<_>, Refusal>>()?;
    let conditions = detections
        .conditions
        .iter()
        .map(|expr| condition(expr, &names))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|reason| ("condition:".to_owned(), reason))?;
    if conditions.is_empty() {
        return Err(("detection:".into(), "there is no condition".into()));
    }
    Ok(Compiled { selections, condition: Condition::AtLeast(1, conditions) })
}

fn condition(expr: &ConditionExpr, names: &[&String]) -> Result<Condition, String> {
    let all = |list: &[ConditionExpr]| {
        list.iter().map(|expr| condition(expr, names)).collect::<Result<Vec<_>, _>>()
    };
    Ok(match expr {
        ConditionExpr::And(list) => Condition::And(all(list)?),
        ConditionExpr::Or(list) => Condition::AtLeast(1, all(list)?),
        ConditionExpr::Not(inner) => Condition::Not(Box::new(condition(inner, names)?)),
        ConditionExpr::Identifier(name) => {
            let at = names.iter().position(|known| *known == name);
            Condition::Selection(at.ok_or_else(|| format!("there is no selection {name}"))?)
        }
        ConditionExpr::Selector { quantifier, pattern } => {
            let chosen: Vec<_> = (0..names.len())
                .filter(|at| pattern.matches_detection_name(names[*at]))
                .map(Condition::Selection)
                .collect();
            if chosen.is_empty() {
                return Err(format!("no selection is named like {pattern}"));
            }
            match quantifier {
                Quantifier::All => Condition::And(chosen),
                Quantifier::Any => Condition::AtLeast(1, chosen),
                Quantifier::Count(n) => Condition::AtLeast(usize::try_from(*n).unwrap_or(usize::MAX), chosen),
            }
        }
    })
}

fn test(detection: &Detection) -> Result<Test, Refusal> {
    let list = |items: &[Detection]| items.iter().map(test).collect::<Result<Vec<_>, _>>();
    Ok(match detection {
        Detection::AllOf(items) => Test::And(items.iter().map(item).collect::<Result<_, _>>()?),
        Detection::And(items) => Test::And(list(items)?),
        Detection::AnyOf(items) => Test::Or(list(items)?),
        Detection::Keywords(values) => Test::Words(words(values)?),
        Detection::ArrayMatch { field, .. } => {
            return Err((
                field.clone(),
                "array quantifiers are not supported: a path walks through lists by itself".into(),
            ));
        }
        Detection::Conditional { .. } => {
            return Err(("condition:".into(), "conditions inside a selection are not supported".into()));
        }
    })
}

fn words(values: &[SigmaValue]) -> Result<Vec<Pattern>, Refusal> {
    values
        .iter()
        .map(|value| match value {
            SigmaValue::String(string) => {
                Pattern::glob(string, true, true, false).map_err(|e| (string.to_string(), e))
            }
            other => Ok(Pattern::Contains(Text::new(&other.to_string(), false))),
        })
        .collect()
}

fn item(item: &DetectionItem) -> Result<Test, Refusal> {
    let spec = &item.field;
    let Some(name) = &spec.name else { return words(&item.values).map(Test::Words) };
    let place = |modifier: &str| format!("{name}|{modifier}");
    // As the key stands in the file.
    let key = format!("{name}{}", if spec.modifiers.is_empty() { ":" } else { "|" });
    for modifier in &spec.modifiers {
        if let Some(word) = unsupported(*modifier) {
            return Err((place(word), format!("the modifier {word} is not supported yet")));
        }
    }
    let patterns = item
        .values
        .iter()
        .map(|value| pattern(value, spec).map_err(|reason| (key.clone(), format!("{name}: {reason}"))))
        .collect::<Result<Vec<_>, _>>()?;
    if patterns.is_empty() {
        return Err((key, format!("{name} has no value to compare with")));
    }
    Ok(Test::Field {
        field: Field::new(name).map_err(|reason| (key, reason))?,
        patterns,
        all: spec.has_modifier(Modifier::All),
        negated: spec.has_modifier(Modifier::Neq),
    })
}

/// Modifiers that would silently mean something else if they were passed over.
fn unsupported(modifier: Modifier) -> Option<&'static str> {
    use Modifier::*;
    match modifier {
        Contains | StartsWith | EndsWith | All | Re | Cidr | Cased | Exists | FieldRef | Gt | Gte | Lt
        | Lte | Neq | IgnoreCase | Multiline | DotAll => None,
        Wide => Some("wide"),
        WindAsh => Some("windash"),
        Expand => Some("expand"),
        Minute | Hour | Day | Week | Month | Year => Some("of a part of a time"),
        _ => Some("base64 or another encoding"),
    }
}

fn pattern(value: &SigmaValue, spec: &FieldSpec) -> Result<Pattern, String> {
    let has = |modifier| spec.has_modifier(modifier);
    if has(Modifier::Exists) {
        return match value {
            SigmaValue::Bool(exists) => Ok(Pattern::Exists(*exists)),
            other => Err(format!("exists wants true or false, not {other}")),
        };
    }
    let comparisons = [
        (Modifier::Lt, Compare::Less),
        (Modifier::Lte, Compare::LessOrEqual),
        (Modifier::Gt, Compare::Greater),
        (Modifier::Gte, Compare::GreaterOrEqual),
    ];
    if let Some((_, compare)) = comparisons.iter().find(|(modifier, _)| has(*modifier)) {
        let number = value.to_string().parse().map_err(|_| format!("{value} is no number"))?;
        return Ok(Pattern::Number(*compare, number));
    }
    let SigmaValue::String(string) = value else {
        if has(Modifier::FieldRef) || has(Modifier::Cidr) || has(Modifier::Re) {
            let wanted = if has(Modifier::Cidr) { "a network such as 10.0.0.0/8" } else { "text" };
            return Err(format!("{value} is no network or text: write {wanted} in quotes"));
        }
        return Ok(match value {
            SigmaValue::Null => Pattern::Null,
            other => Pattern::glob(
                &SigmaString::from_raw(&other.to_string()),
                has(Modifier::Contains) || has(Modifier::EndsWith),
                has(Modifier::Contains) || has(Modifier::StartsWith),
                false,
            )?,
        });
    };
    if has(Modifier::FieldRef) {
        return Field::new(&string.original).map(Pattern::SameAs);
    }
    if has(Modifier::Cidr) {
        let net: Result<IpNet, _> = string.original.parse();
        return net.map(Pattern::Cidr).map_err(|_| format!("{string} is no network such as 10.0.0.0/8"));
    }
    if has(Modifier::Re) {
        return RegexBuilder::new(&string.original)
            .case_insensitive(has(Modifier::IgnoreCase))
            .multi_line(has(Modifier::Multiline))
            .dot_matches_new_line(has(Modifier::DotAll))
            .build()
            .map(Pattern::Regex)
            .map_err(|error| error.to_string());
    }
    let before = has(Modifier::Contains) || has(Modifier::EndsWith);
    let after = has(Modifier::Contains) || has(Modifier::StartsWith);
    Pattern::glob(string, before, after, has(Modifier::Cased))
}

impl Compiled {
    pub(super) fn matches(&self, subject: &Subject<'_>) -> bool {
        self.holds(&self.condition, subject)
    }

    fn holds(&self, condition: &Condition, subject: &Subject<'_>) -> bool {
        match condition {
            Condition::Selection(at) => self.selections[*at].1.matches(subject),
            Condition::Not(inner) => !self.holds(inner, subject),
            Condition::And(list) => list.iter().all(|condition| self.holds(condition, subject)),
            Condition::AtLeast(n, list) => {
                list.iter().filter(|condition| self.holds(condition, subject)).take(*n).count() >= *n
            }
        }
    }
}

impl Test {
    pub(super) fn matches(&self, subject: &Subject<'_>) -> bool {
        match self {
            Test::And(list) => list.iter().all(|test| test.matches(subject)),
            Test::Or(list) => list.iter().any(|test| test.matches(subject)),
            Test::Words(patterns) => {
                let raw = Seen::Text(subject.event.raw.into());
                patterns.iter().any(|pattern| pattern.matches(&raw, subject))
            }
            Test::Field { field, patterns, all, negated } => {
                let one = |pattern: &Pattern| subject.any(field, &mut |seen| pattern.matches(&seen, subject));
                *negated != if *all { patterns.iter().all(one) } else { patterns.iter().any(one) }
            }
        }
    }
}
