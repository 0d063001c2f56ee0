//! A row of a table while it is on the road: one slot a column, borrowed from the message wherever possible.

use std::{borrow::Cow, cell::Cell};

/// More columns than any table has; a test holds the tables to it.
pub const COLUMNS_MAX: usize = 72;
const _: () = assert!(COLUMNS_MAX <= 128);

/// What a slot holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value<'a> {
    /// Absent. OCSF has no null: what is absent is left out.
    #[default]
    Null,
    /// Text, or JSON text where the column says so.
    Text(Cow<'a, str>),
    /// An integer, an id, or milliseconds since 1970.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// A flag.
    Bool(bool),
}

impl<'a> Value<'a> {
    /// Text that may be empty or "-", which AWS writes for "absent".
    pub fn text_or_null(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        if text.is_empty() || text == "-" { Value::Null } else { Value::Text(text) }
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// The number, whole or not.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(n) => Some(*n as f64),
            Value::Float(x) => Some(*x),
            _ => None,
        }
    }

    /// The value as a rule or a metric reads it: text.
    pub fn to_text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Value::Null => return None,
            Value::Text(text) => Cow::Borrowed(text),
            Value::Int(n) => Cow::Owned(n.to_string()),
            Value::Float(x) => Cow::Owned(x.to_string()),
            Value::Bool(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
        })
    }

    /// Whether the slot is empty.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(Cow::Borrowed(text))
    }
}
impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::Text(Cow::Owned(text))
    }
}
impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Value::Text(text)
    }
}
impl From<i64> for Value<'_> {
    fn from(n: i64) -> Self {
        Value::Int(n)
    }
}
impl From<f64> for Value<'_> {
    fn from(x: f64) -> Self {
        Value::Float(x)
    }
}
impl From<bool> for Value<'_> {
    fn from(b: bool) -> Self {
        Value::Bool(b)
    }
}
impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// The slots of one event, indexed by the constants of its table's module. Most slots are empty, so only what is
/// filled is kept, in the order of filling.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    values: Vec<Value<'a>>,
    /// Where each slot's value is, counted from 1; 0 if it never had one.
    places: [u8; COLUMNS_MAX],
    /// A bit for every slot that holds something: whoever goes through a row passes over the others.
    filled: [u64; 2],
}

/// What an empty slot holds.
static EMPTY: Value<'static> = Value::Null;

thread_local! {
    /// Values of rows that are gone: to allocate them anew for every event would cost as much as to fill them.
    static SPARE: Cell<Vec<Value<'static>>> = const { Cell::new(Vec::new()) };
}

/// The allocation without what was in it. Nothing is left to map, so the library hands on the memory.
fn emptied<'b>(mut values: Vec<Value<'_>>) -> Vec<Value<'b>> {
    values.clear();
    values.into_iter().map(|_| Value::Null).collect()
}

impl Default for Row<'_> {
    fn default() -> Self {
        let mut values = emptied(SPARE.take());
        values.reserve(COLUMNS_MAX);
        Row { values, places: [0; COLUMNS_MAX], filled: [0; 2] }
    }
}

impl Drop for Row<'_> {
    fn drop(&mut self) {
        SPARE.set(emptied(std::mem::take(&mut self.values)));
    }
}

impl<'a> Row<'a> {
    /// Calls `take` with each column that holds something, in order, and with what it holds.
    #[inline]
    pub fn each_filled<'s>(&'s self, mut take: impl FnMut(usize, &'s Value<'a>)) {
        for (first, word) in (0..).step_by(64).zip(self.filled) {
            let mut left = word;
            while left != 0 {
                let column = first + left.trailing_zeros() as usize;
                take(column, &self[column]);
                left &= left - 1;
            }
        }
    }

    /// Fills a slot.
    #[inline]
    pub fn set(&mut self, column: usize, value: impl Into<Value<'a>>) {
        let value = value.into();
        let (word, bit) = (&mut self.filled[column / 64], 1 << (column % 64));
        *word = if value.is_null() { *word & !bit } else { *word | bit };
        let place = &mut self.places[column];
        if *place > 0 {
            self.values[usize::from(*place) - 1] = value;
        } else if !value.is_null() {
            self.values.push(value);
            *place = self.values.len() as u8;
        }
    }

    /// Text of a slot, or "".
    pub fn str(&self, column: usize) -> &str {
        self[column].as_str().unwrap_or_default()
    }

    /// Integer of a slot.
    pub fn int(&self, column: usize) -> Option<i64> {
        self[column].as_int()
    }

    /// Number of a slot.
    pub fn f64(&self, column: usize) -> Option<f64> {
        self[column].as_f64()
    }

    /// Whether a slot holds true.
    pub fn is_true(&self, column: usize) -> bool {
        self[column] == Value::Bool(true)
    }
}

impl<'a> std::ops::Index<usize> for Row<'a> {
    type Output = Value<'a>;
    #[inline]
    fn index(&self, column: usize) -> &Value<'a> {
        match self.places[column] {
            0 => &EMPTY,
            place => &self.values[usize::from(place) - 1],
        }
    }
}
