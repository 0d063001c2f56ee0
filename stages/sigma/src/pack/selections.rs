//! What a rule looks for, as bytes: its selections and conditions, nested as deep as they may be.

use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Detections, FieldSpec, Modifier, Quantifier, SelectorPattern,
    SigmaString, SigmaValue,
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use std::{borrow::Cow, cell::Cell};

/// How deep selections and conditions may be nested, which are read by recursion. YAML's reader follows 128.
pub const NESTING_MAX: usize = 256;

/// The selections in the order of their names, and the conditions.
#[derive(Serialize, Deserialize)]
pub(super) struct Selections<'a> {
    #[serde(borrow)]
    named: Vec<(&'a str, Deep<Tree<'a>>)>,
    conditions: Vec<Deep<Condition<'a>>>,
    timeframe: Option<&'a str>,
}

/// A part of something that is nested: refused where it is too deep to be read.
#[derive(Serialize)]
pub(super) struct Deep<T>(pub(super) T);

thread_local! {
    /// How deep the part is that is being read.
    pub(super) static DEPTH: Cell<usize> = const { Cell::new(0) };
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Deep<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let depth = DEPTH.get();
        if depth >= NESTING_MAX {
            return Err(D::Error::custom("nested too deep"));
        }
        DEPTH.set(depth + 1);
        let part = T::deserialize(deserializer);
        DEPTH.set(depth);
        part.map(Deep)
    }
}

/// A [`ConditionExpr`].
#[derive(Serialize, Deserialize)]
pub(super) enum Condition<'a> {
    And(#[serde(borrow)] Vec<Deep<Condition<'a>>>),
    Or(Vec<Deep<Condition<'a>>>),
    Not(Box<Deep<Condition<'a>>>),
    Name(&'a str),
    Of(Quantifier, Option<&'a str>),
}

/// A [`Detection`], less what no rule may use.
#[derive(Serialize, Deserialize)]
enum Tree<'a> {
    AllOf(#[serde(borrow)] Vec<Line<'a>>),
    AnyOf(Vec<Deep<Tree<'a>>>),
    Words(Vec<Value<'a>>),
    And(Vec<Deep<Tree<'a>>>),
}

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    name: Option<&'a str>,
    /// By name.
    modifiers: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    values: Vec<Value<'a>>,
}

#[derive(Serialize, Deserialize)]
enum Value<'a> {
    Text(&'a str),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Null,
}

impl<'a> Selections<'a> {
    pub(super) fn new(detections: &'a Detections) -> Option<Selections<'a>> {
        let named = detections
            .named
            .iter()
            .map(|(name, detection)| Some((name.as_str(), Deep(Tree::new(detection)?))));
        let mut named: Vec<_> = named.collect::<Option<_>>()?;
        // The same bytes of the same files.
        named.sort_by_key(|(name, _)| *name);
        let conditions = detections.conditions.iter().map(|one| Deep(Condition::new(one))).collect();
        Some(Selections { named, conditions, timeframe: detections.timeframe.as_deref() })
    }

    /// The depth of what is nested deepest.
    pub(super) fn depth(&self) -> usize {
        let trees = self.named.iter().map(|(_, tree)| tree.0.depth());
        trees.chain(self.conditions.iter().map(|condition| condition.0.depth())).max().unwrap_or_default()
    }

    pub(super) fn unpack(self) -> Detections {
        Detections {
            named: self.named.into_iter().map(|(name, tree)| (name.to_owned(), tree.0.unpack())).collect(),
            conditions: self.conditions.into_iter().map(|condition| condition.0.unpack()).collect(),
            condition_strings: Vec::new(),
            timeframe: self.timeframe.map(str::to_owned),
        }
    }
}

impl<'a> Condition<'a> {
    fn new(condition: &'a ConditionExpr) -> Condition<'a> {
        let all = |list: &'a [ConditionExpr]| list.iter().map(|one| Deep(Condition::new(one))).collect();
        match condition {
            ConditionExpr::And(list) => Condition::And(all(list)),
            ConditionExpr::Or(list) => Condition::Or(all(list)),
            ConditionExpr::Not(one) => Condition::Not(Box::new(Deep(Condition::new(one)))),
            ConditionExpr::Identifier(name) => Condition::Name(name),
            ConditionExpr::Selector { quantifier, pattern } => {
                let pattern = match pattern {
                    SelectorPattern::Them => None,
                    SelectorPattern::Pattern(pattern) => Some(pattern.as_str()),
                };
                Condition::Of(quantifier.clone(), pattern)
            }
        }
    }

    fn depth(&self) -> usize {
        1 + match self {
            Condition::And(list) | Condition::Or(list) => deepest(list, Condition::depth),
            Condition::Not(one) => one.0.depth(),
            Condition::Name(_) | Condition::Of(..) => 0,
        }
    }

    fn unpack(self) -> ConditionExpr {
        let all = |list: Vec<Deep<Condition<'a>>>| list.into_iter().map(|one| one.0.unpack()).collect();
        match self {
            Condition::And(list) => ConditionExpr::And(all(list)),
            Condition::Or(list) => ConditionExpr::Or(all(list)),
            Condition::Not(one) => ConditionExpr::Not(Box::new(one.0.unpack())),
            Condition::Name(name) => ConditionExpr::Identifier(name.to_owned()),
            Condition::Of(quantifier, pattern) => {
                let pattern = pattern
                    .map_or(SelectorPattern::Them, |pattern| SelectorPattern::Pattern(pattern.to_owned()));
                ConditionExpr::Selector { quantifier, pattern }
            }
        }
    }
}

fn deepest<T>(list: &[Deep<T>], depth: fn(&T) -> usize) -> usize {
    list.iter().map(|one| depth(&one.0)).max().unwrap_or_default()
}

impl<'a> Tree<'a> {
    fn new(detection: &'a Detection) -> Option<Tree<'a>> {
        let trees =
            |list: &'a [Detection]| list.iter().map(|one| Tree::new(one).map(Deep)).collect::<Option<_>>();
        Some(match detection {
            Detection::AllOf(lines) => Tree::AllOf(lines.iter().map(Line::new).collect()),
            Detection::AnyOf(list) => Tree::AnyOf(trees(list)?),
            Detection::Keywords(values) => Tree::Words(values.iter().map(Value::new).collect()),
            Detection::And(list) => Tree::And(trees(list)?),
            Detection::ArrayMatch { .. } | Detection::Conditional { .. } => return None,
        })
    }

    fn depth(&self) -> usize {
        1 + match self {
            Tree::AnyOf(list) | Tree::And(list) => deepest(list, Tree::depth),
            Tree::AllOf(_) | Tree::Words(_) => 0,
        }
    }

    fn unpack(self) -> Detection {
        let trees = |list: Vec<Deep<Tree<'a>>>| list.into_iter().map(|one| one.0.unpack()).collect();
        match self {
            Tree::AllOf(lines) => Detection::AllOf(lines.into_iter().map(Line::unpack).collect()),
            Tree::AnyOf(list) => Detection::AnyOf(trees(list)),
            Tree::Words(values) => {
                Detection::Keywords(values.into_iter().map(|value| value.unpack(SigmaString::new)).collect())
            }
            Tree::And(list) => Detection::And(trees(list)),
        }
    }
}

impl<'a> Line<'a> {
    fn new(item: &'a DetectionItem) -> Line<'a> {
        Line {
            name: item.field.name.as_deref(),
            // The names that the parser reads.
            modifiers: item
                .field
                .modifiers
                .iter()
                .map(|one| format!("{one:?}").to_lowercase().into())
                .collect(),
            values: item.values.iter().map(Value::new).collect(),
        }
    }

    fn unpack(self) -> DetectionItem {
        let modifiers = self.modifiers.iter().filter_map(|name| name.parse().ok()).collect();
        let field = FieldSpec::new(self.name.map(str::to_owned), modifiers);
        // In a regular expression an asterisk is no wildcard.
        let string = if field.has_modifier(Modifier::Re) { SigmaString::from_raw } else { SigmaString::new };
        DetectionItem { values: self.values.into_iter().map(|value| value.unpack(string)).collect(), field }
    }
}

impl<'a> Value<'a> {
    fn new(value: &'a SigmaValue) -> Value<'a> {
        match value {
            SigmaValue::String(string) => Value::Text(&string.original),
            SigmaValue::Integer(n) => Value::Integer(*n),
            SigmaValue::Float(n) => Value::Float(*n),
            SigmaValue::Bool(is) => Value::Bool(*is),
            SigmaValue::Null => Value::Null,
        }
    }

    fn unpack(self, string: fn(&str) -> SigmaString) -> SigmaValue {
        match self {
            Value::Text(text) => SigmaValue::String(string(text)),
            Value::Integer(n) => SigmaValue::Integer(n),
            Value::Float(n) => SigmaValue::Float(n),
            Value::Bool(is) => SigmaValue::Bool(is),
            Value::Null => SigmaValue::Null,
        }
    }
}
