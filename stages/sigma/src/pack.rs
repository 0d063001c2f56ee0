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
use rsigma_parser::{Detection, Detections, LogSource, Modifier};
use selections::Selections;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

mod selections;
#[cfg(test)]
mod tests;

pub use selections::NESTING_MAX;

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
