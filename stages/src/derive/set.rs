//! What a metric is called and whom it is about: few sets of dimensions have many points, so each is kept once.

use super::{DIMENSION_BYTES_MAX, Dimensions};
use crate::parse;
use foldhash::HashMap;
use std::{
    borrow::Borrow,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// A metric's name and unit.
#[derive(Clone, Copy)]
pub(super) struct Series<'s> {
    /// An application's, and not ours.
    pub(super) is_emf: bool,
    pub(super) namespace: &'s str,
    pub(super) metric: &'s str,
    pub(super) unit: &'s str,
}

/// A metric with its dimensions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Set {
    /// Origin, namespace, metric, unit and dimensions, separated by [`SEPARATOR`].
    text: Box<str>,
    /// Where each but the first begins.
    starts: [u32; 4],
}

/// Between the parts of a set: no name has it, because control characters in names become spaces.
const SEPARATOR: char = '\u{1f}';
/// The dimensions of what is past the cap.
const OTHER: &str = "{\"other\":\"true\"}";

impl Set {
    /// Names and values are cut, and control characters in names become spaces.
    pub(super) fn new(series: Series<'_>, dimensions: Dimensions<'_>) -> Set {
        let mut text = String::from(if series.is_emf { "e" } else { "d" });
        let mut starts = [0; 4];
        for (start, name) in starts.iter_mut().zip([series.namespace, series.metric, series.unit, ""]) {
            text.push(SEPARATOR);
            *start = text.len() as u32;
            // Our own names are fit as they are.
            if series.is_emf { push_name(name, &mut text) } else { text.push_str(name) }
        }
        push_json(dimensions, series.is_emf, &mut text);
        Set { text: text.into(), starts }
    }

    fn part(&self, at: usize) -> &str {
        let from = self.starts[at] as usize;
        self.starts.get(at + 1).map_or(&self.text[from..], |next| &self.text[from..*next as usize - 1])
    }

    /// Whether an application sent it.
    pub fn is_emf(&self) -> bool {
        self.text.starts_with('e')
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        self.part(0)
    }

    /// Its name.
    pub fn metric(&self) -> &str {
        self.part(1)
    }

    /// Its unit.
    pub fn unit(&self) -> &str {
        self.part(2)
    }

    /// JSON object of the dimensions, names in order.
    pub fn dimensions(&self) -> &str {
        self.part(3)
    }

    /// All but the dimensions.
    pub fn series(&self) -> &str {
        &self.text[..self.starts[3] as usize]
    }

    /// The same series with the dimensions of what is past the cap.
    pub(super) fn other(&self) -> Set {
        Set { text: format!("{}{OTHER}", self.series()).into(), starts: self.starts }
    }
}

/// A set that is found by its text, which is kept once.
#[derive(PartialEq, Eq)]
struct ByText(Arc<Set>);

impl Borrow<str> for ByText {
    fn borrow(&self) -> &str {
        &self.0.text
    }
}

impl Hash for ByText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.text.hash(state);
    }
}

/// Sets of a run, by number.
#[derive(Default)]
pub(super) struct Sets {
    pub(super) list: Vec<Arc<Set>>,
    numbers: HashMap<ByText, u32>,
}

impl Sets {
    /// The number of a set that is there.
    pub(super) fn get(&self, set: &Set) -> Option<u32> {
        self.numbers.get(&*set.text).copied()
    }

    /// Adds one that is not there yet.
    pub(super) fn add(&mut self, set: Arc<Set>) -> u32 {
        let number = self.list.len() as u32;
        self.numbers.insert(ByText(set.clone()), number);
        self.list.push(set);
        number
    }
}

fn push_name(name: &str, text: &mut String) {
    if name.contains(char::is_control) {
        text.extend(cut(name).chars().map(|c| if c.is_control() { ' ' } else { c }));
    } else {
        text.push_str(cut(name));
    }
}

fn push_json(dimensions: Dimensions<'_>, is_emf: bool, text: &mut String) {
    let mut before = "{\"";
    for (name, value) in dimensions.iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(before);
        if is_emf {
            parse::escape(cut(name), text)
        } else {
            text.push_str(name)
        }
        text.push_str("\":\"");
        parse::escape(cut(value), text);
        before = "\",\"";
    }
    text.push_str(if before == "{\"" { "{}" } else { "\"}" });
}

/// At most so many bytes, cut at a character.
pub(super) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(DIMENSION_BYTES_MAX)]
}
