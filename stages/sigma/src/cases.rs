//! Inline cases as rules write them.

use crate::{Origin, read};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};
use std::sync::OnceLock;

/// The attribute that has them.
pub(crate) const KEY: &str = "cases";

/// Events of one case.
const EVENTS_MAX: u64 = 2_000;
/// When the first event of a case happens, if nothing else is said: 2026-11-20T08:00:00Z, in seconds.
const START_S: i64 = 1_795_161_600;

/// An inline case: events, and whether the rule must fire on them. A rule looks at one, a correlation at several.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// In short words.
    pub name: String,
    /// Whether it must fire.
    pub fires: bool,
    /// The events.
    pub events: Vec<Json>,
}

/// The cases of a document. They are half of our pack's text and only tests of rules ask for them, so those of the pack
/// are read when that happens.
#[derive(Debug, Clone, Default)]
pub struct Cases(OnceLock<Vec<Case>>);

impl Cases {
    /// Cases that were read with their document.
    pub(crate) fn known(cases: Vec<Case>) -> Cases {
        Cases(OnceLock::from(cases))
    }

    /// The cases of the document that has this text, which is whole and has been read before.
    pub fn of(&self, origin: &Origin) -> &[Case] {
        self.0.get_or_init(|| {
            // What is packed was read when it was packed, and so were its cases: there is no error left.
            let documents = read(&origin.path, &origin.text).unwrap_or_default();
            let cases = documents.into_iter().next().and_then(|document| document.cases.0.into_inner());
            cases.unwrap_or_default()
        })
    }
}

/// `cases: {base: event, fires: [{name, event}], quiet: […]}`. A case's event is the base with its own members laid
/// over it, so that a case shows what makes the difference; null takes a member out.
///
/// A correlation's case has several: `{name, events: [{times: 10, every: 5, event}]}`, `every` in seconds. In them
/// `%n%` is the number of the event, from 0, `%s%` its time in seconds since 1970 and `%ms%` in milliseconds; an
/// event of CloudTrail gets an id and a time if it has none.
pub(crate) fn of(written: Option<&impl serde::Serialize>) -> Result<Vec<Case>, String> {
    let Some(written) = written else { return Ok(Vec::new()) };
    let written = serde_json::to_value(written).map_err(|error| error.to_string())?;
    let base = written.get("base").cloned().unwrap_or_else(|| Json::Object(Map::new()));
    let mut list = Vec::new();
    for (kind, fires) in [("fires", true), ("quiet", false)] {
        for case in written.get(kind).and_then(Json::as_array).into_iter().flatten() {
            let name = case.get("name").and_then(Json::as_str).unwrap_or(kind).to_owned();
            let events = events(&base, case).map_err(|reason| format!("the case {name} {reason}"))?;
            list.push(Case { name, fires, events });
        }
    }
    Ok(list)
}

fn events(base: &Json, case: &Json) -> Result<Vec<Json>, String> {
    let Some(parts) = case.get("events").and_then(Json::as_array) else {
        return Ok(vec![laid_over(base, case)?]);
    };
    let (mut events, mut at_s) = (Vec::new(), START_S);
    for part in parts {
        let number = |name: &str, default: u64| part.get(name).and_then(Json::as_u64).unwrap_or(default);
        let (times, every) = (number("times", 1), number("every", 1));
        if times + events.len() as u64 > EVENTS_MAX {
            return Err(format!("has more than {EVENTS_MAX} events"));
        }
        for _ in 0..times {
            let mut event = laid_over(base, part)?;
            number_it(&mut event, events.len(), at_s);
            of_its_own(&mut event, events.len(), at_s);
            events.push(event);
            at_s = at_s.saturating_add_unsigned(every);
        }
    }
    Ok(events)
}

fn laid_over(base: &Json, case: &Json) -> Result<Json, String> {
    let own = case.get("event").filter(|event| event.is_object()).ok_or("has no event")?;
    let mut event = base.clone();
    lay_over(&mut event, own);
    Ok(event)
}

/// Merges objects member by member; anything else takes the place of what was there.
fn lay_over(base: &mut Json, own: &Json) {
    let (Json::Object(members), Json::Object(own)) = (&mut *base, own) else { return *base = own.clone() };
    for (name, value) in own {
        if value.is_null() {
            members.remove(name);
        } else {
            lay_over(members.entry(name).or_insert(Json::Null), value);
        }
    }
}

fn number_it(value: &mut Json, n: usize, at_s: i64) {
    match value {
        Json::String(text) if text.contains('%') => {
            *text = text
                .replace("%n%", &n.to_string())
                .replace("%s%", &at_s.to_string())
                .replace("%ms%", &at_s.saturating_mul(1_000).to_string());
        }
        Json::Array(items) => items.iter_mut().for_each(|item| number_it(item, n, at_s)),
        Json::Object(members) => members.values_mut().for_each(|member| number_it(member, n, at_s)),
        _ => {}
    }
}

fn of_its_own(event: &mut Json, n: usize, at_s: i64) {
    let Some(members) = event.as_object_mut().filter(|members| members.contains_key("eventSource")) else {
        return;
    };
    members.entry("eventID").or_insert_with(|| json!(format!("case-{n}")));
    let time = Timestamp::from_second(at_s).map(|time| time.to_string()).unwrap_or_default();
    members.entry("eventTime").or_insert_with(|| json!(time));
}
