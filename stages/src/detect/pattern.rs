//! One value of a rule, compiled: text is compared without regard to case unless `cased` says otherwise.

use super::{
    deep::Node,
    field::{Field, Seen, Subject},
    late::{AnyOf, Expression, Flags},
    moment::Part,
    text::{Place, Text, with_lower_case},
};
use foldhash::{HashSet, HashSetExt};
use ipnet::IpNet;
use rsigma_parser::{SigmaString, SpecialChar, StringPart};
use std::net::IpAddr;

/// So many values are worth a set that is asked once for all of them.
const SET_VALUES_MIN: usize = 8;
/// The same of texts to look for inside a value, each of which would be a pass over it.
const INSIDE_VALUES_MIN: usize = 4;

#[derive(Debug, Clone)]
pub(super) enum Pattern {
    /// Missing, or null.
    Null,
    /// Present, whatever it is: `*`.
    Present,
    /// `exists: true` or `false`.
    Exists(bool),
    /// It has this text at this place.
    Text(Text, Place),
    /// It is one of these, in lower case.
    OneOf(HashSet<String>),
    /// It contains one of these.
    ContainsAny(AnyOf),
    /// It matches a regular expression, wildcards included.
    Regex(Expression),
    /// It is an address of this network.
    Cidr(IpNet),
    /// It is a number that compares so.
    Number(Compare, f64),
    /// It is a time of which this part passes.
    Part(Part, Box<Pattern>),
    /// It has another field's value at this place.
    SameAs { field: Field, place: Place, cased: bool },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Compare {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Pattern {
    /// A string with wildcards.
    pub(super) fn glob(string: &SigmaString, place: Place, cased: bool) -> Pattern {
        const MULTI: StringPart = StringPart::Special(SpecialChar::WildcardMulti);
        let mut before = matches!(place, Place::End | Place::Inside);
        let mut after = matches!(place, Place::Start | Place::Inside);
        let mut parts = &string.parts[..];
        while let Some(rest) = parts.strip_prefix(&[MULTI]) {
            (parts, before) = (rest, true);
        }
        while let Some(rest) = parts.strip_suffix(&[MULTI]) {
            (parts, after) = (rest, true);
        }
        if parts.is_empty() && !string.parts.is_empty() {
            return Pattern::Present;
        }
        let mut plain = String::new();
        let is_plain = parts.iter().all(|part| match part {
            StringPart::Plain(text) => {
                plain.push_str(text);
                true
            }
            StringPart::Special(_) => false,
        });
        if !is_plain {
            return Pattern::Regex(glob_expression(parts, before, after, cased));
        }
        let place = match (before, after) {
            (false, false) => Place::Whole,
            (false, true) => Place::Start,
            (true, false) => Place::End,
            (true, true) => Place::Inside,
        };
        Pattern::Text(Text::new(&plain, cased), place)
    }

    /// The regular expression that it is, or that looks at a part of a time.
    pub(super) fn expression(&self) -> Option<&Expression> {
        match self {
            Pattern::Regex(expression) => Some(expression),
            Pattern::Part(_, inner) => inner.expression(),
            _ => None,
        }
    }

    /// Whether a value passes.
    #[inline]
    pub(super) fn matches(&self, seen: &Seen<'_, '_>, subject: &Subject<'_>) -> bool {
        match (self, seen) {
            (Pattern::Null | Pattern::Exists(false), Seen::Missing) => true,
            (Pattern::Null | Pattern::Exists(false), _) => false,
            (_, Seen::Missing) => false,
            (Pattern::Present | Pattern::Exists(true), _) => true,
            (_, Seen::Text(text)) => self.matches_text(text, subject),
            (_, Seen::Object(object)) => self.matches_object(object, subject),
        }
    }

    pub(super) fn matches_text(&self, value: &str, subject: &Subject<'_>) -> bool {
        match self {
            Pattern::Null | Pattern::Exists(false) => false,
            Pattern::Present | Pattern::Exists(true) => true,
            Pattern::Text(text, place) => text.is_in(value, *place),
            Pattern::OneOf(texts) => with_lower_case(value, |value| texts.contains(value)),
            Pattern::ContainsAny(texts) => texts.is_in(value),
            Pattern::Regex(expression) => expression.is_match(value),
            Pattern::Cidr(net) => value.parse::<IpAddr>().is_ok_and(|address| {
                // `::ffff:10.0.0.1` is an address of 10.0.0.0/8 too.
                net.contains(&address) || net.contains(&address.to_canonical())
            }),
            Pattern::Number(compare, bound) => value.parse::<f64>().is_ok_and(|n| compare.holds(n, *bound)),
            Pattern::Part(part, inner) => part.of(value).is_some_and(|n| inner.matches_text(&n, subject)),
            Pattern::SameAs { field, place, cased } => subject.any(field, &mut |other| match other {
                Seen::Text(other) => Text::new(other, *cased).is_in(value, *place),
                Seen::Missing | Seen::Object(_) => false,
            }),
        }
    }

    /// An object matches when any leaf does, or when its compact JSON does.
    fn matches_object(&self, object: &Node<'_>, subject: &Subject<'_>) -> bool {
        object.any_leaf(&mut |leaf| self.matches_text(leaf, subject))
            || self.matches_text(&object.compact(), subject)
    }
}

impl Compare {
    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Compare::Less => number < bound,
            Compare::LessOrEqual => number <= bound,
            Compare::Greater => number > bound,
            Compare::GreaterOrEqual => number >= bound,
        }
    }
}

fn glob_expression(parts: &[StringPart], before: bool, after: bool, cased: bool) -> Expression {
    let mut regex = String::from(if before { "" } else { r"\A" });
    for part in parts {
        match part {
            StringPart::Plain(text) => regex.push_str(&regex::escape(text)),
            StringPart::Special(SpecialChar::WildcardMulti) => regex.push_str(".*"),
            StringPart::Special(SpecialChar::WildcardSingle) => regex.push('.'),
        }
    }
    regex.push_str(if after { "" } else { r"\z" });
    // The longest piece between wildcards must be there.
    let plain = |part: &StringPart| match part {
        StringPart::Plain(text) => Some(text.clone()),
        StringPart::Special(_) => None,
    };
    let needs = parts.iter().filter_map(plain).max_by_key(String::len).map(|text| Text::new(&text, cased));
    let flags = Flags { fold_case: !cased, multi_line: false, dot_all: true };
    Expression::new(regex, flags).needing(needs)
}

/// Puts values of one kind together where they are many: one of the result matches when one of them did.
pub(super) fn group(patterns: Vec<Pattern>) -> Vec<Pattern> {
    let is_of = |pattern: &Pattern, wanted: Place| matches!(pattern, Pattern::Text(text, place) if *place == wanted && !text.cased);
    let n_of = |wanted| patterns.iter().filter(|pattern| is_of(pattern, wanted)).count();
    let (many_whole, many_inside) =
        (n_of(Place::Whole) >= SET_VALUES_MIN, n_of(Place::Inside) >= INSIDE_VALUES_MIN);
    let (mut rest, mut whole, mut inside) = (Vec::new(), HashSet::new(), Vec::new());
    for pattern in patterns {
        match pattern {
            Pattern::Text(text, Place::Whole) if many_whole && !text.cased => {
                whole.insert(text.text);
            }
            Pattern::Text(text, Place::Inside) if many_inside && !text.cased => inside.push(text.text),
            other => rest.push(other),
        }
    }
    if many_whole {
        rest.push(Pattern::OneOf(whole));
    }
    if many_inside {
        rest.push(Pattern::ContainsAny(AnyOf::new(inside)));
    }
    rest
}
