//! One value of a rule, compiled: text is compared without regard to case unless `cased` says otherwise.

use super::field::{Field, Seen, Subject};
use ipnet::IpNet;
use regex::Regex;
use rsigma_parser::{SigmaString, SpecialChar, StringPart};
use serde_json::Value as Json;
use std::net::IpAddr;

#[derive(Debug, Clone)]
pub(super) enum Pattern {
    /// Missing, or null.
    Null,
    /// Present, whatever it is: `*`.
    Present,
    /// `exists: true` or `false`.
    Exists(bool),
    /// The text is this.
    Exact(Text),
    /// It begins with this.
    Prefix(Text),
    /// It ends with this.
    Suffix(Text),
    /// It contains this.
    Contains(Text),
    /// It matches a regular expression, wildcards included.
    Regex(Regex),
    /// It is an address of this network.
    Cidr(IpNet),
    /// It is a number that compares so.
    Number(Compare, f64),
    /// It equals another field.
    SameAs(Field),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Compare {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Text to compare with.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// Lower case, unless cased.
    pub(super) text: String,
    pub(super) cased: bool,
}

impl Text {
    pub(super) fn new(text: &str, cased: bool) -> Text {
        Text { text: if cased { text.to_owned() } else { text.to_lowercase() }, cased }
    }

    fn test(&self, value: &str, test: fn(&str, &str) -> bool) -> bool {
        if self.cased { test(value, &self.text) } else { test(&value.to_lowercase(), &self.text) }
    }

    fn is(&self, value: &str) -> bool {
        // The common case without an allocation; other alphabets need the slow way.
        let by_ascii = !self.cased && value.is_ascii();
        if by_ascii {
            value.eq_ignore_ascii_case(&self.text)
        } else {
            self.test(value, |value, text| value == text)
        }
    }
}

impl Pattern {
    /// A string with wildcards, anchored by `before` and `after` if they are false.
    pub(super) fn glob(
        string: &SigmaString,
        before: bool,
        after: bool,
        cased: bool,
    ) -> Result<Pattern, String> {
        if let Some(plain) = string.as_plain() {
            let text = Text::new(&plain, cased);
            return Ok(match (before, after) {
                (false, false) => Pattern::Exact(text),
                (false, true) => Pattern::Prefix(text),
                (true, false) => Pattern::Suffix(text),
                (true, true) => Pattern::Contains(text),
            });
        }
        if matches!(&string.parts[..], [StringPart::Special(SpecialChar::WildcardMulti)]) {
            return Ok(Pattern::Present);
        }
        let mut regex = String::from(if cased { "(?s)" } else { "(?si)" });
        regex.push_str(if before { "" } else { "^" });
        for part in &string.parts {
            match part {
                StringPart::Plain(text) => regex.push_str(&regex::escape(text)),
                StringPart::Special(SpecialChar::WildcardMulti) => regex.push_str(".*"),
                StringPart::Special(SpecialChar::WildcardSingle) => regex.push('.'),
            }
        }
        regex.push_str(if after { "" } else { "$" });
        Regex::new(&regex).map(Pattern::Regex).map_err(|error| error.to_string())
    }

    /// Whether a value passes.
    pub(super) fn matches(&self, seen: &Seen<'_>, subject: &Subject<'_>) -> bool {
        match (self, seen) {
            (Pattern::Null | Pattern::Exists(false), Seen::Missing) => true,
            (Pattern::Null | Pattern::Exists(false), _) => false,
            (_, Seen::Missing) => false,
            (Pattern::Present | Pattern::Exists(true), _) => true,
            (_, Seen::Text(text)) => self.matches_text(text, subject),
            (_, Seen::Object(object)) => self.matches_object(object, subject),
        }
    }

    fn matches_text(&self, value: &str, subject: &Subject<'_>) -> bool {
        match self {
            Pattern::Null | Pattern::Exists(_) | Pattern::Present => false,
            Pattern::Exact(text) => text.is(value),
            Pattern::Prefix(text) => text.test(value, |value, text| value.starts_with(text)),
            Pattern::Suffix(text) => text.test(value, |value, text| value.ends_with(text)),
            Pattern::Contains(text) => text.test(value, |value, text| value.contains(text)),
            Pattern::Regex(regex) => regex.is_match(value),
            Pattern::Cidr(net) => value.parse::<IpAddr>().is_ok_and(|address| net.contains(&address)),
            Pattern::Number(compare, bound) => value.parse::<f64>().is_ok_and(|number| match compare {
                Compare::Less => number < *bound,
                Compare::LessOrEqual => number <= *bound,
                Compare::Greater => number > *bound,
                Compare::GreaterOrEqual => number >= *bound,
            }),
            Pattern::SameAs(field) => subject.any(
                field,
                &mut |other| matches!(other, Seen::Text(other) if Text::new(&other, false).is(value)),
            ),
        }
    }

    /// An object matches when any leaf does, or when its compact JSON does.
    fn matches_object(&self, object: &Json, subject: &Subject<'_>) -> bool {
        leaves(object, &mut |leaf| self.matches_text(leaf, subject))
            || self.matches_text(&object.to_string(), subject)
    }
}

fn leaves(value: &Json, test: &mut dyn FnMut(&str) -> bool) -> bool {
    match value {
        Json::Object(members) => members.values().any(|member| leaves(member, test)),
        Json::Array(items) => items.iter().any(|item| leaves(item, test)),
        Json::String(text) => test(text),
        Json::Null => false,
        scalar => test(&scalar.to_string()),
    }
}
