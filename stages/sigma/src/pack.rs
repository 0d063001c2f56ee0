//! Documents as bytes that are read back at once: what a start needs of rules, less YAML and its grammar. What a rule looks
//! for stays bytes until an event asks for it, beside the key by which events find it: most rules are never asked.
//!
//! The bytes have no version: whoever keeps them says which build they are of. Collections, whose documents are not
//! whole by themselves, cannot be packed, nor can what no rule may use, and both say so.

use crate::{
    Body, Cases, Correlation, Document, Filter, Key, Origin, Page, Rule, RuleError, Sought, Text,
    documents::action,
};
use bytes::Bytes;
use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Detections, FieldSpec, LogSource, Modifier, Quantifier,
    SelectorPattern, SigmaString, SigmaValue,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::{borrow::Cow, cell::Cell};

/// How deep selections and conditions may be nested, which are read by recursion. YAML's reader follows 128.
pub const NESTING_MAX: usize = 256;

/// Documents as bytes, and their texts as others: most of a pack, and nothing that matching needs.
pub fn pack(documents: &[Document]) -> Result<(Vec<u8>, Vec<u8>), RuleError> {
    let mut texts = Vec::new();
    let mut packed = Vec::with_capacity(documents.len());
    for document in documents {
        packed.push(Whole::new(document, texts.len())?);
        texts.extend_from_slice(document.origin.text.as_bytes());
    }
    let packed = postcard::to_allocvec(&packed).map_err(|error| broken("rules", &error))?;
    Ok((packed, texts))
}

/// The documents that were packed, which keep the bytes; without their texts each has an empty one. `path` is what errors
/// name.
pub fn unpack(path: &str, bytes: &Bytes, texts: &Bytes) -> Result<Vec<Document>, RuleError> {
    let packed: Vec<Whole<'_>> = postcard::from_bytes(bytes).map_err(|error| broken(path, &error))?;
    Ok(packed.into_iter().map(|whole| whole.unpack(bytes, texts)).collect())
}

/// What a rule looks for, packed.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed(Bytes);

impl Packed {
    /// What was packed; `None` if nobody packed it.
    pub fn read(&self) -> Option<Detections> {
        postcard::from_bytes::<Selections<'_>>(&self.0).ok().map(Selections::unpack)
    }
}

/// Whether a rule names lists of the user, who may change them after it was packed.
pub fn names_lists(detections: &Detections) -> bool {
    fn names(detection: &Detection) -> bool {
        match detection {
            Detection::AllOf(lines) => lines.iter().any(|line| line.field.has_modifier(Modifier::Expand)),
            Detection::AnyOf(list) | Detection::And(list) => list.iter().any(names),
            _ => false,
        }
    }
    detections.named.values().any(names)
}

fn broken(path: &str, error: &postcard::Error) -> RuleError {
    let origin = Origin { path: path.to_owned(), line: 1, text: "".into() };
    RuleError::at_line(&origin, 1, format!("{error}: compile it again"))
}

/// A document.
#[derive(Serialize, Deserialize)]
struct Whole<'a> {
    path: &'a str,
    line: usize,
    /// Where its text begins among all, and its bytes.
    text: (usize, usize),
    page: Page,
    #[serde(borrow)]
    body: PackedBody<'a>,
}

#[derive(Serialize, Deserialize)]
enum PackedBody<'a> {
    Rule(#[serde(borrow)] Source<'a>, RuleSought<'a>),
    Correlation(Correlation),
    Filter(#[serde(borrow)] PackedFilter<'a>),
}

/// What a rule looks for: at once where it [names lists](names_lists), and as bytes elsewhere.
#[derive(Serialize, Deserialize)]
enum RuleSought<'a> {
    AtOnce(#[serde(borrow)] Selections<'a>),
    Later(Cow<'a, Key>, Selected<'a>),
}

/// The bytes of [`Selections`].
struct Selected<'a>(Cow<'a, [u8]>);

impl Serialize for Selected<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Selected<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(|bytes| Selected(bytes.into()))
    }
}

/// A [`Filter`].
#[derive(Serialize, Deserialize)]
struct PackedFilter<'a> {
    author: Option<&'a str>,
    expires: Option<&'a str>,
    #[serde(borrow)]
    targets: Option<Vec<Cow<'a, str>>>,
    logsource: Option<Source<'a>>,
    selections: Selections<'a>,
}

/// Category, product and service.
type Source<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>);

/// The selections in the order of their names, and the conditions.
#[derive(Serialize, Deserialize)]
struct Selections<'a> {
    #[serde(borrow)]
    named: Vec<(&'a str, Deep<Tree<'a>>)>,
    conditions: Vec<Deep<Condition<'a>>>,
    timeframe: Option<&'a str>,
}

/// A part of something that is nested: refused where it is too deep to be read.
#[derive(Serialize)]
struct Deep<T>(T);

thread_local! {
    /// How deep the part is that is being read.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
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
enum Condition<'a> {
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

impl<'a> Whole<'a> {
    fn new(document: &'a Document, text_at: usize) -> Result<Whole<'a>, RuleError> {
        let origin = &document.origin;
        let refuse = |what: &str| RuleError::at_line(origin, 1, format!("{what} cannot be compiled"));
        if action(&origin.text).is_some() {
            return Err(refuse("collections"));
        }
        let selections = |detection: &'a Detections| {
            let selections = Selections::new(detection).ok_or_else(|| refuse("array quantifiers"))?;
            if selections.depth() > NESTING_MAX {
                return Err(refuse(&format!("selections and conditions more than {NESTING_MAX} deep")));
            }
            Ok(selections)
        };
        let body = match &document.body {
            Body::Rule(rule) => {
                let sought = match &rule.sought {
                    Sought::Packed(key, Packed(bytes)) => {
                        RuleSought::Later(Cow::Borrowed(key), Selected(Cow::Borrowed(bytes)))
                    }
                    Sought::Read(detections) => {
                        let selections = selections(detections)?;
                        if names_lists(detections) {
                            RuleSought::AtOnce(selections)
                        } else {
                            let failed = |error| broken(&origin.path, &error);
                            let bytes = postcard::to_allocvec(&selections).map_err(failed)?;
                            RuleSought::Later(Cow::Owned(Key::of(detections)), Selected(bytes.into()))
                        }
                    }
                };
                PackedBody::Rule(source(&rule.logsource), sought)
            }
            Body::Correlation(correlation) => PackedBody::Correlation(correlation.clone()),
            Body::Filter(filter) => PackedBody::Filter(PackedFilter {
                author: filter.author.as_deref(),
                expires: filter.expires.as_deref(),
                targets: filter.targets.as_ref().map(|list| list.iter().map(Cow::from).collect()),
                logsource: filter.logsource.as_ref().map(source),
                selections: selections(&filter.detection)?,
            }),
        };
        Ok(Whole {
            path: &origin.path,
            line: origin.line,
            text: (text_at, origin.text.len()),
            page: document.page.clone(),
            body,
        })
    }

    fn unpack(self, bytes: &Bytes, texts: &Bytes) -> Document {
        let (start, n_bytes) = self.text;
        let text = Text::within(texts, start..start.saturating_add(n_bytes));
        let origin = Origin { path: self.path.to_owned(), line: self.line, text };
        let body = match self.body {
            PackedBody::Rule(source, sought) => {
                let sought = match sought {
                    RuleSought::AtOnce(selections) => Sought::Read(selections.unpack()),
                    RuleSought::Later(key, selected) => {
                        let bytes = match selected.0 {
                            Cow::Borrowed(part) => bytes.slice_ref(part),
                            Cow::Owned(part) => part.into(),
                        };
                        Sought::Packed(key.into_owned(), Packed(bytes))
                    }
                };
                Body::Rule(Rule { logsource: logsource(source), sought })
            }
            PackedBody::Correlation(correlation) => Body::Correlation(correlation),
            PackedBody::Filter(filter) => Body::Filter(Filter {
                author: filter.author.map(str::to_owned),
                expires: filter.expires.map(str::to_owned),
                targets: filter.targets.map(|list| list.into_iter().map(Cow::into_owned).collect()),
                logsource: filter.logsource.map(logsource),
                detection: filter.selections.unpack(),
            }),
        };
        Document { origin, page: self.page, cases: Cases::default(), body }
    }
}

fn source(logsource: &LogSource) -> Source<'_> {
    (logsource.category.as_deref(), logsource.product.as_deref(), logsource.service.as_deref())
}

fn logsource((category, product, service): Source<'_>) -> LogSource {
    let [category, product, service] = [category, product, service].map(|it| it.map(str::to_owned));
    LogSource { category, product, service, ..LogSource::default() }
}

impl<'a> Selections<'a> {
    fn new(detections: &'a Detections) -> Option<Selections<'a>> {
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
    fn depth(&self) -> usize {
        let trees = self.named.iter().map(|(_, tree)| tree.0.depth());
        trees.chain(self.conditions.iter().map(|condition| condition.0.depth())).max().unwrap_or_default()
    }

    fn unpack(self) -> Detections {
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

#[cfg(test)]
mod tests;
