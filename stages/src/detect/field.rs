//! What a rule may ask of an event: a slot that parsing filled, or a path into the event's own JSON, which is opened
//! only when a candidate rule asks for it.

use crate::facts::{self, Fact, Lists, View};
use kinescope_schemas::{Event, Source, Value};
use serde_json::Value as Json;
use std::{borrow::Cow, cell::OnceCell};

/// An event while rules look at it.
pub struct Subject<'e> {
    pub(super) event: &'e Event<'e>,
    json: OnceCell<Json>,
    facts: View<'e>,
}

/// A field of a rule.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// As the rule writes it.
    pub(super) path: String,
    parts: Vec<String>,
    /// The fact that it names.
    fact: Option<&'static Fact>,
}

/// What a field holds, one value at a time.
pub(super) enum Seen<'v> {
    /// Nothing, or null.
    Missing,
    /// A scalar, as text.
    Text(Cow<'v, str>),
    /// An object.
    Object(&'v Json),
}

impl<'e> Subject<'e> {
    /// Wraps an event; the lists are what facts compare it with.
    pub fn new(event: &'e Event<'e>, lists: &'e Lists) -> Self {
        Subject { event, json: OnceCell::new(), facts: View::new(event, lists) }
    }

    /// The event's own JSON; null if it is none.
    pub(super) fn json(&self) -> &Json {
        self.json.get_or_init(|| serde_json::from_str(self.event.raw).unwrap_or_default())
    }

    /// Whether some value of the field passes the test. A missing field is one value.
    pub(super) fn any(&self, field: &Field, test: &mut dyn FnMut(Seen<'_>) -> bool) -> bool {
        if let Some(fact) = field.fact {
            let values = fact.values(&self.facts);
            return if values.is_empty() {
                test(Seen::Missing)
            } else {
                values.into_iter().any(|value| test(Seen::Text(value)))
            };
        }
        if let Some(slot) = self.slot(&field.path) {
            return match slot.to_text() {
                Some(text) => test(Seen::Text(text)),
                None => test(Seen::Missing),
            };
        }
        walk(self.json(), &field.parts, test).unwrap_or_else(|| test(Seen::Missing))
    }

    /// Slots by the source's own names for CloudTrail, by OCSF's for everything else.
    fn slot(&self, path: &str) -> Option<&Value<'e>> {
        let column = match self.event.source {
            Source::CloudTrail => crate::parse::raw_path(path),
            _ => self.event.table.column(path),
        }?;
        Some(&self.event.row[column])
    }

    /// The field's values as text, for people.
    pub(super) fn texts(&self, field: &Field) -> Vec<String> {
        let mut texts = Vec::new();
        self.any(field, &mut |seen| {
            texts.push(match seen {
                Seen::Missing => return false,
                Seen::Text(text) => text.into_owned(),
                Seen::Object(object) => object.to_string(),
            });
            false
        });
        texts
    }
}

impl Field {
    /// A field by its path; an error if it asks for a fact that there is not.
    pub(super) fn new(path: &str) -> Result<Field, String> {
        let fact = facts::named(path);
        if fact.is_none() && path.starts_with(facts::PREFIX) {
            return Err(format!("there is no {path}: `kinescope rules facts` lists the facts"));
        }
        Ok(Field { path: path.to_owned(), parts: path.split('.').map(str::to_owned).collect(), fact })
    }

    /// Whether it names a fact.
    pub(super) fn is_fact(&self) -> bool {
        self.fact.is_some()
    }
}

/// Follows a path, through every item of lists on the way. `None` if it leads nowhere.
fn walk(value: &Json, parts: &[String], test: &mut dyn FnMut(Seen<'_>) -> bool) -> Option<bool> {
    match (value, parts.split_first()) {
        (Json::Array(items), _) => {
            let mut found = None;
            for item in items {
                match walk(item, parts, test) {
                    Some(true) => return Some(true),
                    Some(false) => found = Some(false),
                    None => {}
                }
            }
            found
        }
        (Json::Null, _) => None,
        (Json::Object(members), Some((first, rest))) => {
            // A member whose own name has dots comes first: EMF and application logs have such names.
            if !rest.is_empty()
                && let Some(value) = members.get(&parts.join("."))
            {
                return walk(value, &[], test);
            }
            walk(members.get(first)?, rest, test)
        }
        (_, Some(_)) => None,
        (Json::Object(_), None) => Some(test(Seen::Object(value))),
        (Json::String(text), None) => Some(test(Seen::Text(Cow::Borrowed(text)))),
        (scalar, None) => Some(test(Seen::Text(Cow::Owned(scalar.to_string())))),
    }
}
