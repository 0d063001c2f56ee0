//! A value that was passed over and may be opened later: for the formats whose volume is low.

use super::{JsonError, Reader, Str};
use std::borrow::Cow;

/// The text of a well-formed JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a>(pub &'a str);

impl<'a> Raw<'a> {
    /// Whether it is null.
    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// A scalar as text, whatever its type; `None` for null, objects and arrays.
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self.0.as_bytes().first()? {
            b'"' => self.str().map(Str::text),
            b'{' | b'[' | b'n' => None,
            _ => Some(Cow::Borrowed(self.0)),
        }
    }

    /// Text as `text` gives it, objects and arrays as JSON text; `None` for null.
    pub fn text_or_json(self) -> Option<Cow<'a, str>> {
        if self.is_null() { None } else { Some(self.text().unwrap_or(Cow::Borrowed(self.0))) }
    }

    /// The string, if it is one.
    pub fn str(self) -> Option<Str<'a>> {
        let raw = self.0.strip_prefix('"')?.strip_suffix('"')?;
        Some(Str { raw, escaped: memchr::memchr(b'\\', raw.as_bytes()).is_some() })
    }

    /// A number, also one written as a string.
    pub fn f64(self) -> Option<f64> {
        self.text()?.trim().parse().ok().filter(|x: &f64| x.is_finite())
    }

    /// An integer, also one written as a string or with a fraction.
    pub fn i64(self) -> Option<i64> {
        let text = self.text()?;
        text.trim().parse().ok().or_else(|| self.f64().filter(|x| x.abs() < 9e15).map(|x| x as i64))
    }

    /// A flag, also one written as a string.
    pub fn bool(self) -> Option<bool> {
        match self.0 {
            "true" => return Some(true),
            "false" => return Some(false),
            _ => {}
        }
        let text = self.text()?;
        if text.eq_ignore_ascii_case("true") {
            Some(true)
        } else if text.eq_ignore_ascii_case("false") {
            Some(false)
        } else {
            None
        }
    }

    /// Whether it is an object.
    pub fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// Whether it is an array.
    pub fn is_array(self) -> bool {
        self.0.starts_with('[')
    }

    /// Its members; none if it is no object.
    pub fn fields(self) -> Fields<'a> {
        Fields::read(&mut Reader::new(self.0, 0)).unwrap_or_default()
    }

    /// Its items; none if it is no array.
    pub fn items(self) -> Vec<Raw<'a>> {
        let mut reader = Reader::new(self.0, 0);
        let mut items = Vec::new();
        let mut first = true;
        if reader.enter_array().is_ok() {
            while let Ok(true) = reader.item(&mut first) {
                let Ok(item) = reader.value() else { break };
                items.push(item);
            }
        }
        items
    }
}

/// The members of an object, in order, unopened.
#[derive(Clone, Debug, Default)]
pub struct Fields<'a>(pub Vec<(Cow<'a, str>, Raw<'a>)>);

impl<'a> Fields<'a> {
    /// Reads an object.
    pub fn read(reader: &mut Reader<'a>) -> Result<Fields<'a>, JsonError> {
        reader.enter_object()?;
        let mut fields = Vec::new();
        let mut first = true;
        while let Some(key) = reader.member(&mut first)? {
            if fields.is_empty() {
                // Many objects have no member at all; those that have, have some.
                fields.reserve(16);
            }
            fields.push((key.text(), reader.value()?));
        }
        Ok(Fields(fields))
    }

    /// The member of this name, null being absent.
    pub fn get(&self, name: &str) -> Option<Raw<'a>> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| *value).filter(|value| !value.is_null())
    }

    /// The first of several names that is there.
    pub fn any(&self, names: &[&str]) -> Option<Raw<'a>> {
        names.iter().find_map(|name| self.get(name))
    }

    /// A member of a member, and so on.
    pub fn at(&self, path: &[&str]) -> Option<Raw<'a>> {
        let (first, rest) = path.split_first()?;
        let value = self.get(first)?;
        if rest.is_empty() { Some(value) } else { value.fields().at(rest) }
    }

    /// A scalar member as text.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name)?.text()
    }

    /// Whether there is a member of this name, null or not.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }
}
