//! Documents as bytes that are read back at once: what a start needs of our own pack, less YAML and its grammar.
//!
//! The bytes are of one build and read by the same one, so they have no version. What our pack does not use, filters
//! and collections, cannot be packed, and says so.

use crate::{Body, Cases, Correlation, Document, Origin, Page, Rule, RuleError, documents::action};
use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Detections, FieldSpec, LogSource, Modifier, SigmaString,
    SigmaValue,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Documents as bytes.
pub fn pack(documents: &[Document]) -> Result<Vec<u8>, RuleError> {
    let packed: Vec<Packed<'_>> = documents.iter().map(Packed::new).collect::<Result<_, _>>()?;
    postcard::to_allocvec(&packed).map_err(|error| broken(&error))
}

/// The documents that were packed.
pub fn unpack(bytes: &[u8]) -> Result<Vec<Document>, RuleError> {
    let packed: Vec<Packed<'_>> = postcard::from_bytes(bytes).map_err(|error| broken(&error))?;
    packed.into_iter().map(Packed::unpack).collect()
}

fn broken(error: &postcard::Error) -> RuleError {
    let origin = Origin { path: "the built-in pack".to_owned(), line: 1, text: "".into() };
    RuleError::at_line(&origin, 1, format!("{error}: build it again"))
}

/// A document, its text where the bytes lie.
#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    path: &'a str,
    line: usize,
    text: &'a str,
    page: Page,
    #[serde(borrow)]
    body: PackedBody<'a>,
}

#[derive(Serialize, Deserialize)]
enum PackedBody<'a> {
    Rule(#[serde(borrow)] Source<'a>, Selections<'a>),
    Correlation(Correlation),
}

/// Category, product and service.
type Source<'a> = (Option<&'a str>, Option<&'a str>, Option<&'a str>);

/// The selections in the order of their names, and the conditions.
#[derive(Serialize, Deserialize)]
struct Selections<'a> {
    #[serde(borrow)]
    named: Vec<(&'a str, Tree<'a>)>,
    conditions: Vec<ConditionExpr>,
    timeframe: Option<&'a str>,
}

/// A [`Detection`], less what no rule may use.
#[derive(Serialize, Deserialize)]
enum Tree<'a> {
    AllOf(#[serde(borrow)] Vec<Line<'a>>),
    AnyOf(Vec<Tree<'a>>),
    Words(Vec<Value<'a>>),
    And(Vec<Tree<'a>>),
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

impl<'a> Packed<'a> {
    fn new(document: &'a Document) -> Result<Packed<'a>, RuleError> {
        let origin = &document.origin;
        let refuse =
            |reason: &str| RuleError::at_line(origin, 1, format!("the built-in pack has no {reason}"));
        if action(&origin.text).is_some() {
            return Err(refuse("collections"));
        }
        let body = match &document.body {
            Body::Rule(rule) => {
                let source = &rule.logsource;
                let source =
                    (source.category.as_deref(), source.product.as_deref(), source.service.as_deref());
                let selections = Selections::new(&rule.detection);
                PackedBody::Rule(source, selections.ok_or_else(|| refuse("array quantifiers"))?)
            }
            Body::Correlation(correlation) => PackedBody::Correlation(correlation.clone()),
            Body::Filter(_) => return Err(refuse("filters")),
        };
        Ok(Packed {
            path: &origin.path,
            line: origin.line,
            text: &origin.text,
            page: document.page.clone(),
            body,
        })
    }

    fn unpack(self) -> Result<Document, RuleError> {
        let origin = Origin { path: self.path.to_owned(), line: self.line, text: self.text.into() };
        let body = match self.body {
            PackedBody::Rule((category, product, service), selections) => {
                let [category, product, service] =
                    [category, product, service].map(|it| it.map(str::to_owned));
                let logsource = LogSource { category, product, service, ..LogSource::default() };
                Body::Rule(Rule { logsource, detection: selections.unpack() })
            }
            PackedBody::Correlation(correlation) => Body::Correlation(correlation),
        };
        Ok(Document { origin, page: self.page, cases: Cases::default(), body })
    }
}

impl<'a> Selections<'a> {
    fn new(detections: &'a Detections) -> Option<Selections<'a>> {
        let named =
            detections.named.iter().map(|(name, detection)| Some((name.as_str(), Tree::new(detection)?)));
        let mut named: Vec<_> = named.collect::<Option<_>>()?;
        // The same bytes of the same files.
        named.sort_by_key(|(name, _)| *name);
        let (conditions, timeframe) = (detections.conditions.clone(), detections.timeframe.as_deref());
        Some(Selections { named, conditions, timeframe })
    }

    fn unpack(self) -> Detections {
        Detections {
            named: self.named.into_iter().map(|(name, tree)| (name.to_owned(), tree.unpack())).collect(),
            conditions: self.conditions,
            condition_strings: Vec::new(),
            timeframe: self.timeframe.map(str::to_owned),
        }
    }
}

impl<'a> Tree<'a> {
    fn new(detection: &'a Detection) -> Option<Tree<'a>> {
        let trees = |list: &'a [Detection]| list.iter().map(Tree::new).collect::<Option<Vec<_>>>();
        Some(match detection {
            Detection::AllOf(lines) => Tree::AllOf(lines.iter().map(Line::new).collect()),
            Detection::AnyOf(list) => Tree::AnyOf(trees(list)?),
            Detection::Keywords(values) => Tree::Words(values.iter().map(Value::new).collect()),
            Detection::And(list) => Tree::And(trees(list)?),
            Detection::ArrayMatch { .. } | Detection::Conditional { .. } => return None,
        })
    }

    fn unpack(self) -> Detection {
        let trees = |list: Vec<Tree<'a>>| list.into_iter().map(Tree::unpack).collect();
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
mod tests {
    use super::*;
    use crate::read;

    #[test]
    fn what_is_unpacked_is_what_was_read() {
        let rule = "title: t\nname: n\nlogsource: {product: aws, service: cloudtrail}\nlevel: high\ntags: [a.b]\ndetection:\n";
        for detection in [
            "  s: {a: b*, 'c|re|i|m|s': 'x*\\.', 'd|windash|base64offset|contains': -e, 'f|fieldref|neq': g}\n  condition: s",
            "  s: {a: [1, 2.5, true, null, '\\*'], 'b|gte': 1, 'c|expand|wide': '%x%', 'd|utf16be|cased': e}\n  condition: not s",
            "  s: [{a: b}, {c: d, 'e[0].f|exists': false}]\n  t: ['x*', 5]\n  condition: [s, 1 of t*, 2 of them and (s or t)]",
            "  s: [[{a: b}], {'|all': [c, d]}, {'e|minute|lt': 5}]\n  timeframe: 5m\n  condition: all of them",
        ] {
            same(&format!("{rule}{detection}\ncases: {{fires: [{{name: c, event: {{a: b}}}}]}}\n"));
        }
        for correlation in [
            "type: value_count, rules: [a, b], group-by: [u], timespan: 1h, aliases: {u: {a: x, b: y}}, generate: true, condition: {gte: 3, field: [f, g]}",
            "type: temporal, rules: [a, b], timespan: 5m, condition: a and b",
            "type: value_percentile, rules: [a], timespan: 5d, condition: {gt: 1, lte: 9, field: f, percentile: 90}",
        ] {
            same(&format!("title: c\nid: i\ncorrelation: {{{correlation}}}\n"));
        }
    }

    fn same(text: &str) {
        let written = read("a/b.yml", &format!("# first\n---\n{text}")).unwrap();
        let read = unpack(&pack(&written).unwrap()).unwrap();
        assert_eq!((written.len(), read.len()), (1, 1), "{text}");
        let (written, read) = (&written[0], &read[0]);
        assert_eq!(written.origin, read.origin);
        assert_eq!(written.page, read.page);
        assert_eq!(written.body, read.body);
        assert_eq!(written.cases.of(&written.origin), read.cases.of(&read.origin));
        assert_eq!(read.cases.of(&read.origin).len(), text.matches("name: c,").count());
    }

    #[test]
    fn what_cannot_be_packed_says_so() {
        let rule = "title: t\nlogsource: {service: cloudtrail}\ndetection: {s: {a: b}, condition: s}\n";
        let filter = "title: f\nfilter: {rules: any, s: {a: b}, condition: not s}\n";
        let array =
            rule.replace("{s: {a: b}", "{s: {'a[any]': {b: c}}").replace("title", "sigma-version: 3\ntitle");
        for (text, reason) in [
            (format!("{rule}---\naction: repeat\nid: b\n"), "r.yml:5: the built-in pack has no collections"),
            (filter.to_owned(), "r.yml:1: the built-in pack has no filters"),
            (array, "r.yml:1: the built-in pack has no array quantifiers"),
        ] {
            let error = pack(&read("r.yml", &text).unwrap()).unwrap_err();
            assert_eq!(error.to_string(), reason);
        }
    }

    #[test]
    fn bytes_of_another_build_are_an_error() {
        let documents = read(
            "r.yml",
            "title: c\ncorrelation: {type: event_count, rules: [a], timespan: 5m, condition: {gte: 2}}\n",
        );
        let mut bytes = pack(&documents.unwrap()).unwrap();
        bytes.truncate(bytes.len() / 2);
        assert!(unpack(&bytes).unwrap_err().reason.contains("build it again"));
    }
}
