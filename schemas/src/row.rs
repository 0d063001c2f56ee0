//! A row of a table while it is on the road: one slot a column, borrowed from the message wherever possible.

use std::{borrow::Cow, cell::Cell};

/// More columns than any table has; a test holds the tables to it.
pub const COLUMNS_MAX: usize = 72;
const _: () = assert!(COLUMNS_MAX < u128::BITS as usize);

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

/// The slots of one event, indexed by the constants of its table's module. They are boxed: an event passes through
/// many hands, and slots are many.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    slots: Vec<Value<'a>>,
    /// A bit for every slot that holds something: most are empty, and whoever goes through a row passes them over.
    filled: u128,
}

thread_local! {
    /// Slots of rows that are gone: to allocate them anew for every event would cost as much as to fill them.
    static SPARE: Cell<Vec<Value<'static>>> = const { Cell::new(Vec::new()) };
}

/// The allocation without what was in it. Nothing is left to map, so the library hands on the memory.
fn emptied<'b>(mut slots: Vec<Value<'_>>) -> Vec<Value<'b>> {
    slots.clear();
    slots.into_iter().map(|_| Value::Null).collect()
}

impl Default for Row<'_> {
    fn default() -> Self {
        let mut slots = emptied(SPARE.take());
        slots.resize_with(COLUMNS_MAX, || Value::Null);
        Row { slots, filled: 0 }
    }
}

impl Drop for Row<'_> {
    fn drop(&mut self) {
        SPARE.set(emptied(std::mem::take(&mut self.slots)));
    }
}

impl<'a> Row<'a> {
    /// The columns that hold something, in order, with what they hold.
    pub fn filled(&self) -> impl Iterator<Item = (usize, &Value<'a>)> {
        let mut left = self.filled;
        std::iter::from_fn(move || {
            let column = left.trailing_zeros() as usize;
            let value = self.slots.get(column)?;
            left &= left - 1;
            Some((column, value))
        })
    }

    /// Fills a slot.
    pub fn set(&mut self, column: usize, value: impl Into<Value<'a>>) {
        let value = value.into();
        let bit = 1 << column;
        self.filled = if value.is_null() { self.filled & !bit } else { self.filled | bit };
        self.slots[column] = value;
    }

    /// Text of a slot, or "".
    pub fn str(&self, column: usize) -> &str {
        self.slots[column].as_str().unwrap_or_default()
    }

    /// Integer of a slot.
    pub fn int(&self, column: usize) -> Option<i64> {
        self.slots[column].as_int()
    }

    /// Number of a slot.
    pub fn f64(&self, column: usize) -> Option<f64> {
        self.slots[column].as_f64()
    }

    /// Whether a slot holds true.
    pub fn is_true(&self, column: usize) -> bool {
        self.slots[column] == Value::Bool(true)
    }
}

impl<'a> std::ops::Index<usize> for Row<'a> {
    type Output = Value<'a>;
    fn index(&self, column: usize) -> &Value<'a> {
        &self.slots[column]
    }
}
