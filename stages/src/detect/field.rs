//! What a rule may ask of an event: a slot that parsing filled, or a path into the event's own JSON, which is opened
//! only when a candidate rule asks for it.

use super::deep::Node;
use crate::facts::{self, Fact, Lists, View};
use foldhash::{HashMap, HashMapExt};
use kinescope_schemas::{Event, Source, Table, tables::api_activity as t};
use std::{borrow::Cow, cell::OnceCell, sync::LazyLock};

/// An event while rules look at it.
pub struct Subject<'e> {
    pub(super) event: &'e Event<'e>,
    json: OnceCell<Node<'e>>,
    facts: View<'e>,
}

/// A field of a rule.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// As the rule writes it.
    pub(super) path: String,
    raw: Slot,
    columns: Columns,
    /// The fact that it names.
    fact: Option<&'static Fact>,
}

/// Where a CloudTrail event keeps the field.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Slot {
    /// In its JSON.
    Deep,
    /// In one slot.
    One(usize),
    /// An address, or the name of the service that called.
    Address,
}

/// The columns that an OCSF path has in each table.
type Columns = [Option<u8>; Table::ALL.len()];

static COLUMNS: LazyLock<HashMap<&'static str, Columns>> = LazyLock::new(|| {
    let mut map: HashMap<&'static str, Columns> = HashMap::new();
    for table in Table::ALL {
        for (at, column) in table.spec().columns.iter().enumerate() {
            // COLUMNS_MAX is far below what the type holds.
            let at = u8::try_from(at).ok();
            let place = &mut map.entry(column.path).or_default()[table as usize];
            *place = place.or(at);
        }
    }
    map
});

/// What a field holds, one value at a time.
pub(super) enum Seen<'v, 'e> {
    /// Nothing, or null.
    Missing,
    /// A scalar, as text.
    Text(&'v str),
    /// An object.
    Object(&'v Node<'e>),
}

impl<'e> Subject<'e> {
    /// Wraps an event; the lists are what facts compare it with.
    pub fn new(event: &'e Event<'e>, lists: &'e Lists) -> Self {
        Subject { event, json: OnceCell::new(), facts: View::new(event, lists) }
    }

    /// The event's own JSON; null if it is none.
    pub(super) fn json(&self) -> &Node<'e> {
        self.json.get_or_init(|| Node::of_text(self.event.raw))
    }

    /// Whether some value of the field passes the test. A missing field is one value.
    #[inline]
    pub(super) fn any(&self, field: &Field, test: &mut dyn FnMut(Seen<'_, '_>) -> bool) -> bool {
        if let Some(fact) = field.fact {
            return match self.facts.tell(fact).values() {
                [] => test(Seen::Missing),
                values => values.iter().any(|value| test(Seen::Text(value))),
            };
        }
        match self.slot(field) {
            Some(Some(text)) => test(Seen::Text(&text)),
            Some(None) => test(Seen::Missing),
            None => self.json().walk(Some(&field.path), test).unwrap_or_else(|| test(Seen::Missing)),
        }
    }

    /// What the field's slot holds, if it has one for events of this source: by the source's own names for CloudTrail,
    /// by OCSF's for everything else.
    #[inline]
    pub(super) fn slot(&self, field: &Field) -> Option<Option<Cow<'_, str>>> {
        let event = self.event;
        let column = match (event.source, field.raw) {
            (Source::CloudTrail, Slot::One(column)) => column,
            (Source::CloudTrail, Slot::Address) if event.row[t::SRC_ENDPOINT_IP].is_null() => {
                t::SRC_ENDPOINT_SVC_NAME
            }
            (Source::CloudTrail, Slot::Address) => t::SRC_ENDPOINT_IP,
            (Source::CloudTrail, Slot::Deep) => return None,
            _ => usize::from(field.columns[event.table as usize]?),
        };
        Some(event.row[column].to_text())
    }

    /// The field's values as text, for people.
    pub(super) fn texts(&self, field: &Field) -> Vec<String> {
        let mut texts = Vec::new();
        self.any(field, &mut |seen| {
            texts.push(match seen {
                Seen::Missing => return false,
                Seen::Text(text) => text.to_owned(),
                Seen::Object(object) => object.compact().into_owned(),
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
        Ok(Field { fact, ..Field::of_event(path) })
    }

    /// A field that the event itself has.
    pub(super) fn of_event(path: &str) -> Field {
        let raw = match path {
            "sourceIPAddress" => Slot::Address,
            _ => crate::parse::raw_path(path).map_or(Slot::Deep, Slot::One),
        };
        let columns = COLUMNS.get(path).copied().unwrap_or_default();
        Field { path: path.to_owned(), raw, columns, fact: None }
    }

    /// Whether it names a fact.
    pub(super) fn is_fact(&self) -> bool {
        self.fact.is_some()
    }

    /// Whether events of this source keep it in a slot, where it has one value and no more.
    pub(super) fn has_slot(&self, source: Source) -> bool {
        match (source, table_of_lines(source)) {
            (Source::CloudTrail, _) => self.raw != Slot::Deep,
            (_, Some(table)) => self.columns[table as usize].is_some(),
            // Elsewhere a path may as well lead into the event's own JSON.
            (_, None) => false,
        }
    }

    /// Whether what it holds in a CloudTrail event stands in the event's text: a Region may be its envelope's, and
    /// facts are computed.
    pub(super) fn is_in_text(&self) -> bool {
        self.path != "awsRegion" && !self.is_fact()
    }
}

/// The table of a source whose events are lines: columns are all that they have.
pub(super) fn table_of_lines(source: Source) -> Option<Table> {
    match source {
        Source::VpcFlow | Source::Nlb => Some(Table::NetworkActivity),
        Source::Alb | Source::S3Access => Some(Table::HttpActivity),
        _ => None,
    }
}
