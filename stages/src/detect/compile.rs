//! From rsigma-parser's tree to ours: selections of tests, and a condition over the selections.

use super::{
    field::{Field, Subject},
    item::{Scope, item, words},
    pattern::Pattern,
    set::Form,
};
use crate::facts::Lists;
use rsigma_parser::{ConditionExpr, Detection, Detections, Quantifier};

/// What a selection asks.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// A field, and values of which one must match, or all.
    Field { field: Field, patterns: Vec<Pattern>, all: bool, negated: bool },
    /// Words anywhere in the event, of which one must be there, or all.
    Words { patterns: Vec<Pattern>, all: bool },
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

/// What never matches.
impl Default for Compiled {
    fn default() -> Self {
        Compiled { selections: Vec::new(), condition: Condition::AtLeast(1, Vec::new()) }
    }
}

/// Why a line cannot be compiled: words to find the line by, and the reason.
pub(super) type Refusal = (String, String);

/// Why a detection cannot be compiled: words to find the place by, one behind the other, and the reason.
pub(super) type Refused = ([String; 2], String);

pub(super) fn compile(detections: &Detections, lists: &Lists, form: Form) -> Result<Compiled, Refused> {
    if detections.timeframe.is_some() {
        return Err((
            [String::new(), "timeframe:".into()],
            "timeframe is not supported: a correlation rule says what it meant".into(),
        ));
    }
    let mut names: Vec<&String> = detections.named.keys().collect();
    names.sort();
    let mut scope = Scope::new(lists, form);
    let selections = names
        .iter()
        .map(|name| {
            let test = test(&detections.named[*name], &mut scope)
                .map_err(|(words, reason)| ([format!("{name}:"), words], reason))?;
            Ok(((*name).clone(), test))
        })
        .collect::<Result<Vec<_>, Refused>>()?;
    let mut n_nodes = 0;
    let conditions = detections
        .conditions
        .iter()
        .map(|expr| condition(expr, &names, &mut n_nodes))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|reason| ([String::new(), "condition:".to_owned()], reason))?;
    if conditions.is_empty() {
        return Err(([String::new(), String::new()], "there is no condition".into()));
    }
    Ok(Compiled { selections, condition: Condition::AtLeast(1, conditions) })
}

/// Selections that a rule's conditions speak of, those behind `1 of x*` one by one.
pub const CONDITION_NODES_MAX: usize = 10_000;

fn condition(expr: &ConditionExpr, names: &[&String], n_nodes: &mut usize) -> Result<Condition, String> {
    let mut all = |list: &[ConditionExpr]| {
        list.iter().map(|expr| condition(expr, names, n_nodes)).collect::<Result<Vec<_>, _>>()
    };
    Ok(match expr {
        ConditionExpr::And(list) => Condition::And(all(list)?),
        ConditionExpr::Or(list) => Condition::AtLeast(1, all(list)?),
        ConditionExpr::Not(inner) => Condition::Not(Box::new(condition(inner, names, n_nodes)?)),
        ConditionExpr::Identifier(name) => {
            let at = names.binary_search(&name).map_err(|_| format!("there is no selection {name}"))?;
            count(1, n_nodes)?;
            Condition::Selection(at)
        }
        ConditionExpr::Selector { quantifier, pattern } => {
            let chosen: Vec<_> = (0..names.len())
                .filter(|at| pattern.matches_detection_name(names[*at]))
                .map(Condition::Selection)
                .collect();
            if chosen.is_empty() {
                return Err(format!("no selection is named like {pattern}"));
            }
            count(chosen.len(), n_nodes)?;
            match quantifier {
                Quantifier::All => Condition::And(chosen),
                Quantifier::Any => Condition::AtLeast(1, chosen),
                Quantifier::Count(n) => Condition::AtLeast(usize::try_from(*n).unwrap_or(usize::MAX), chosen),
            }
        }
    })
}

fn count(n: usize, n_nodes: &mut usize) -> Result<(), String> {
    *n_nodes += n;
    if *n_nodes > CONDITION_NODES_MAX {
        return Err(format!("conditions speak of at most {CONDITION_NODES_MAX} selections"));
    }
    Ok(())
}

fn test(detection: &Detection, scope: &mut Scope<'_>) -> Result<Test, Refusal> {
    let mut list =
        |items: &[Detection]| items.iter().map(|item| test(item, scope)).collect::<Result<Vec<_>, _>>();
    Ok(match detection {
        Detection::AllOf(items) => {
            Test::And(items.iter().map(|line| item(line, scope)).collect::<Result<_, _>>()?)
        }
        Detection::And(items) => Test::And(list(items)?),
        Detection::AnyOf(items) => Test::Or(list(items)?),
        Detection::Keywords(values) => words(values, scope)?,
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

impl Compiled {
    /// Adds another's condition, so that both must hold. Its selections are called by `name` too.
    pub(super) fn join(&mut self, name: &str, other: &Compiled) {
        let n = self.selections.len();
        let renamed = other.selections.iter().map(|(own, test)| (format!("{name}: {own}"), test.clone()));
        self.selections.extend(renamed);
        let before = std::mem::replace(&mut self.condition, Condition::And(Vec::new()));
        self.condition = Condition::And(vec![before, other.condition.moved(n)]);
    }

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
            Test::Words { patterns, all } => {
                let one = |pattern: &Pattern| has_word(pattern, subject);
                if *all { patterns.iter().all(one) } else { patterns.iter().any(one) }
            }
            Test::Field { field, patterns, all, negated } => {
                let one = |pattern: &Pattern| subject.any(field, &mut |seen| pattern.matches(&seen, subject));
                *negated != if *all { patterns.iter().all(one) } else { patterns.iter().any(one) }
            }
        }
    }
}

/// Whether a word stands in the event's text, or in a value whose text has escapes.
fn has_word(pattern: &Pattern, subject: &Subject<'_>) -> bool {
    pattern.matches_text(subject.event.raw, subject)
        || subject.json().any_leaf(&mut |leaf| pattern.matches_text(leaf, subject))
}

impl Condition {
    /// The same over selections that stand so much further back.
    fn moved(&self, by: usize) -> Condition {
        let list = |list: &[Condition]| list.iter().map(|part| part.moved(by)).collect();
        match self {
            Condition::Selection(at) => Condition::Selection(at + by),
            Condition::Not(inner) => Condition::Not(Box::new(inner.moved(by))),
            Condition::And(parts) => Condition::And(list(parts)),
            Condition::AtLeast(n, parts) => Condition::AtLeast(*n, list(parts)),
        }
    }
}
