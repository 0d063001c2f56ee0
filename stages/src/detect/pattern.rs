//! One value of a rule, compiled: text is compared without regard to case unless `cased` says otherwise.

use super::{
    deep::Node,
    field::{Field, Seen, Subject},
    moment::Part,
    text::{Place, Text, with_lower_case},
};
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use ipnet::IpNet;
use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};
use rsigma_parser::{SigmaString, SpecialChar, StringPart};
use std::{collections::HashSet, net::IpAddr};

/// Memory of one compiled regular expression: `\w{50}` fits, a repetition of repetitions does not.
pub(super) const REGEX_BYTES_MAX: usize = 1 << 20;

/// So many values of one kind are worth a structure that is asked once for all of them.
pub(super) const GROUP_VALUES_MIN: usize = 8;

/// Values of an automaton that is built to be quick.
const QUICK_VALUES_MAX: usize = 1_000;

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
    ContainsAny(AhoCorasick),
    /// It matches a regular expression, wildcards included. `needs` is text without which it cannot.
    Regex { regex: Regex, needs: Option<Text> },
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
    pub(super) fn glob(string: &SigmaString, place: Place, cased: bool) -> Result<Pattern, String> {
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
            return Ok(Pattern::Present);
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
            return glob_regex(parts, before, after, cased);
        }
        let place = match (before, after) {
            (false, false) => Place::Whole,
            (false, true) => Place::Start,
            (true, false) => Place::End,
            (true, true) => Place::Inside,
        };
        Ok(Pattern::Text(Text::new(&plain, cased), place))
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
            Pattern::ContainsAny(texts) if value.is_ascii() => texts.is_match(value),
            Pattern::ContainsAny(texts) => texts.is_match(&value.to_lowercase()),
            Pattern::Regex { regex, needs } => {
                needs.as_ref().is_none_or(|text| text.is_in(value, Place::Inside)) && regex.is_match(value)
            }
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

fn glob_regex(parts: &[StringPart], before: bool, after: bool, cased: bool) -> Result<Pattern, String> {
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
    build_regex(RegexBuilder::new(&regex).case_insensitive(!cased).dot_matches_new_line(true), needs)
}

/// Builds within our limits. Matching is linear in the value whatever the expression.
pub(super) fn build_regex(builder: &mut RegexBuilder, needs: Option<Text>) -> Result<Pattern, String> {
    let built = builder.size_limit(REGEX_BYTES_MAX).dfa_size_limit(REGEX_BYTES_MAX).build();
    built.map(|regex| Pattern::Regex { regex, needs }).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            format!("regex needs more than {REGEX_BYTES_MAX} bytes once compiled")
        }
        // The last line says what is wrong; those before it draw the place.
        other => format!("regex: {}", other.to_string().lines().last().unwrap_or_default()),
    })
}

/// Text that stands in every match of an expression, its longest piece: most expressions are pieces between `.+`.
pub(super) fn needed_by(expression: &str, fold_case: bool) -> Option<Text> {
    let parsed =
        regex_syntax::ParserBuilder::new().case_insensitive(fold_case).build().parse(expression).ok()?;
    needed(&parsed).filter(|text| !text.is_empty()).map(|text| Text::new(text, true))
}

fn needed(hir: &Hir) -> Option<&str> {
    match hir.kind() {
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok(),
        HirKind::Capture(group) => needed(&group.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => needed(&repetition.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(needed).max_by_key(|text| text.len()),
        _ => None,
    }
}

/// Puts values of one kind together where they are many: one of the result matches when one of them did.
pub(super) fn group(patterns: Vec<Pattern>) -> Result<Vec<Pattern>, String> {
    let is_of = |pattern: &Pattern, wanted: Place| matches!(pattern, Pattern::Text(text, place) if *place == wanted && !text.cased);
    let n_of = |wanted| patterns.iter().filter(|pattern| is_of(pattern, wanted)).count() >= GROUP_VALUES_MIN;
    let (many_whole, many_inside) = (n_of(Place::Whole), n_of(Place::Inside));
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
        // A large automaton of the quick kind takes longer to build than it will ever save.
        let kind = (inside.len() > QUICK_VALUES_MAX).then_some(AhoCorasickKind::NoncontiguousNFA);
        let built = AhoCorasick::builder().ascii_case_insensitive(true).kind(kind).build(&inside);
        rest.push(Pattern::ContainsAny(built.map_err(|error| error.to_string())?));
    }
    Ok(rest)
}
