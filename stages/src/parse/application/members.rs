//! JSON log lines: members by their common names, on the first level and inside the objects that usually hold them.

use super::{
    level, moment_ms,
    names::{N_SLOTS, Slot, slot_of},
    trace,
};
use crate::{
    json::{Fields, Raw},
    parse::unmapped::Unmapped,
};
use kinescope_schemas::{Row, Value, tables::base, tables::logs as t};
use std::borrow::Cow;

/// Fills the columns from the members; the rest goes to `unmapped`. The time, if one is told.
pub(super) fn read<'a>(row: &mut Row<'a>, fields: &Fields<'a>) -> Option<i64> {
    let mut reading = Reading { row, time_ms: None, unmapped: Unmapped::default() };
    let best = best_names(fields);
    for (at, (name, value)) in fields.0.iter().enumerate() {
        let slot = slot_of(name)
            .map(|(slot, _)| slot)
            .filter(|slot| best[*slot as usize].is_some_and(|(_, i)| i == at));
        // Objects inside come last: what the first level says counts more.
        if !is_opened(name, *value) && !slot.is_some_and(|slot| reading.take(slot, *value)) {
            reading.keep("", name, *value);
        }
    }
    for (name, value) in fields.0.iter().filter(|(name, value)| is_opened(name, *value)) {
        match slot_of(name) {
            Some((Slot::Error | Slot::Message, _)) if name != "log" => reading.error(name, *value),
            _ => reading.inside(name, *value),
        }
    }
    reading.row.set(base::UNMAPPED, reading.unmapped.finish());
    reading.time_ms
}

/// For each slot, the rank and position of the member with the best name for it.
fn best_names(fields: &Fields<'_>) -> [Option<(u8, usize)>; N_SLOTS] {
    let mut best: [Option<(u8, usize)>; N_SLOTS] = [None; N_SLOTS];
    for (at, (name, value)) in fields.0.iter().enumerate() {
        if let Some((slot, rank)) = slot_of(name)
            && !matches!(value.0, "null" | "\"\"")
            && best[slot as usize].is_none_or(|(best, _)| rank < best)
        {
            best[slot as usize] = Some((rank, at));
        }
    }
    best
}

/// Whether the member is looked into: an exception of any form, or an object of a common name.
fn is_opened(name: &str, value: Raw<'_>) -> bool {
    match slot_of(name) {
        Some((Slot::Error, _)) => !value.is_null(),
        Some((Slot::Message, 0)) => value.is_object() && value.0.contains("\"errorType\""),
        _ => value.is_object() && matches!(name, "log" | "service" | "trace" | "dd" | "fields"),
    }
}

struct Reading<'a, 'r> {
    row: &'r mut Row<'a>,
    time_ms: Option<i64>,
    unmapped: Unmapped,
}

impl<'a> Reading<'a, '_> {
    /// Fills the slot, if it is empty and the value makes sense there.
    fn take(&mut self, slot: Slot, value: Raw<'a>) -> bool {
        match slot {
            Slot::Level => self.level(value),
            Slot::Time => self.time(value),
            Slot::Stack => self.set(t::STACK_TRACE, stack_text(value)),
            Slot::Message if value.is_object() => {
                value.0.len() > 2 && self.set(base::MESSAGE, Some(value.0.into()))
            }
            slot => slot.column().is_some_and(|column| self.set(column, value.text())),
        }
    }

    fn set(&mut self, column: usize, text: Option<Cow<'a, str>>) -> bool {
        let value = text.map_or(Value::Null, Value::text_or_null);
        let fits = self.row[column].is_null() && !value.is_null();
        if fits {
            self.row.set(column, value);
        }
        fits
    }

    fn level(&mut self, value: Raw<'a>) -> bool {
        let level = value.text().and_then(|text| level::normal(&text));
        let fits = self.row[t::LEVEL].is_null() && level.is_some();
        if fits {
            self.row.set(t::LEVEL, level);
        }
        fits
    }

    fn time(&mut self, value: Raw<'a>) -> bool {
        let Some(text) = value.text() else { return false };
        let Some(ms) = moment_ms(&text).filter(|_| self.time_ms.is_none()) else { return false };
        self.time_ms = Some(ms);
        self.row.set(base::ORIGINAL_TIME, text);
        true
    }

    /// Members of an object by their full names, such as `log.level`.
    fn inside(&mut self, outer: &str, value: Raw<'a>) {
        for (name, value) in value.fields().0 {
            let slot = slot_of(&format!("{outer}.{name}")).map(|(slot, _)| slot);
            if !slot.is_some_and(|slot| self.take(slot, value)) {
                self.keep(outer, &name, value);
            }
        }
    }

    /// An exception: an object of its parts, or text that may be a whole trace.
    fn error(&mut self, name: &str, value: Raw<'a>) {
        if value.is_object() {
            return self.error_object(name, value);
        }
        let Some(text) = value.text().filter(|_| value.0.starts_with('"')) else {
            return self.keep("", name, value);
        };
        let class = trace::class_of(&text).map(str::to_owned);
        if trace::is_trace(&text) {
            self.set(t::EXCEPTION, class.map(Cow::Owned));
            self.set(base::MESSAGE, Some(Cow::Owned(trace::headline(&text).to_owned())));
            if !self.set(t::STACK_TRACE, Some(text)) {
                self.keep("", name, value);
            }
            return;
        }
        self.set(t::EXCEPTION, class.map(Cow::Owned));
        if !self.set(base::MESSAGE, Some(text)) {
            self.keep("", name, value);
        }
    }

    fn error_object(&mut self, outer: &str, value: Raw<'a>) {
        for (name, value) in value.fields().0 {
            let taken = match &*name {
                "type" | "name" | "class" | "kind" | "errorType" | "exception_class" => {
                    self.set(t::EXCEPTION, value.text())
                }
                "message" | "msg" | "errorMessage" => self.set(base::MESSAGE, value.text()),
                "stack" | "stack_trace" | "stackTrace" | "stacktrace" | "trace" | "traceback"
                | "backtrace" => self.set(t::STACK_TRACE, stack_text(value)),
                _ => false,
            };
            if !taken {
                self.keep(outer, &name, value);
            }
        }
    }

    fn keep(&mut self, outer: &str, name: &str, value: Raw<'_>) {
        let dot = if outer.is_empty() { "" } else { "." };
        self.unmapped.add("", &format!("{outer}{dot}{name}"), value);
    }
}

/// A stack trace as text: its lines may be a list.
fn stack_text(value: Raw<'_>) -> Option<Cow<'_, str>> {
    if !value.is_array() {
        return value.text_or_json();
    }
    let lines: Vec<_> = value.items().into_iter().filter_map(Raw::text_or_json).collect();
    Some(lines.join("\n").into())
}
