//! What takes long to make of a rule's values, regular expressions and automata, made when an event first asks for it.
//!
//! Most events ask for none: rules are found by service and operation, and of those that are tried few get as far. To
//! make all of our pack's would take longer than the rest of a start. What users write is made when it is read, by
//! [`Expression::check`], for it may be wrong.

use super::text::{Place, Text, with_lower_case};
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind};
use std::{fmt, sync::OnceLock};

/// Memory of one compiled regular expression: `\w{50}` fits, a repetition of repetitions does not.
const REGEX_BYTES_MAX: usize = 1 << 20;

/// Values of an automaton that is built to be quick.
const QUICK_VALUES_MAX: usize = 1_000;

/// A regular expression. Matching is linear in the value whatever it says.
#[derive(Clone)]
pub(super) struct Expression {
    text: String,
    flags: Flags,
    /// Text without which it cannot match, if there is any.
    needs: OnceLock<Option<Text>>,
    made: OnceLock<Option<Regex>>,
}

/// How an expression is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flags {
    pub(super) fold_case: bool,
    pub(super) multi_line: bool,
    /// Whether a dot is a line break too.
    pub(super) dot_all: bool,
}

impl Expression {
    pub(super) fn new(text: String, flags: Flags) -> Expression {
        Expression { text, flags, needs: OnceLock::new(), made: OnceLock::new() }
    }

    /// The same of which it is known what it needs.
    pub(super) fn needing(self, needs: Option<Text>) -> Expression {
        Expression { needs: OnceLock::from(needs), ..self }
    }

    /// Makes it now; why that is impossible.
    pub(super) fn check(&self) -> Result<(), String> {
        let made = self.make()?;
        self.made.get_or_init(|| Some(made));
        Ok(())
    }

    /// Text that stands in every value that matches.
    pub(super) fn needs(&self) -> Option<&Text> {
        self.needs.get_or_init(|| needed_by(&self.text, self.flags.fold_case)).as_ref()
    }

    pub(super) fn is_match(&self, value: &str) -> bool {
        // Of what is packed it is known that it can be made.
        self.needs().is_none_or(|text| text.is_in(value, Place::Inside))
            && self.made.get_or_init(|| self.make().ok()).as_ref().is_some_and(|regex| regex.is_match(value))
    }

    fn make(&self) -> Result<Regex, String> {
        let made = RegexBuilder::new(&self.text)
            .case_insensitive(self.flags.fold_case)
            .multi_line(self.flags.multi_line)
            .dot_matches_new_line(self.flags.dot_all)
            .size_limit(REGEX_BYTES_MAX)
            .dfa_size_limit(REGEX_BYTES_MAX)
            .build();
        made.map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                format!("regex needs more than {REGEX_BYTES_MAX} bytes once compiled")
            }
            // The last line says what is wrong; those before it draw the place.
            other => format!("regex: {}", other.to_string().lines().last().unwrap_or_default()),
        })
    }
}

/// What it says, whether it was made or not.
impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} {:?}", self.text, self.flags, self.needs())
    }
}

/// The longest piece of text of an expression: most are pieces between `.+`.
fn needed_by(expression: &str, fold_case: bool) -> Option<Text> {
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

/// Many texts in lower case, of which one must be in a value.
#[derive(Clone)]
pub(super) struct AnyOf {
    texts: Vec<String>,
    made: OnceLock<Option<AhoCorasick>>,
}

impl AnyOf {
    pub(super) fn new(texts: Vec<String>) -> AnyOf {
        AnyOf { texts, made: OnceLock::new() }
    }

    /// Whether a value has one of them. What is searched is in lower case: an automaton that knows no case looks for the
    /// beginnings of all texts many bytes at a time.
    pub(super) fn is_in(&self, value: &str) -> bool {
        with_lower_case(value, |value| match self.made.get_or_init(|| self.make()) {
            Some(automaton) => automaton.is_match(value),
            // So many that no automaton holds them.
            None => self.texts.iter().any(|text| value.contains(text.as_str())),
        })
    }

    fn make(&self) -> Option<AhoCorasick> {
        // A large automaton of the quick kind takes longer to build than it will ever save.
        let kind = (self.texts.len() > QUICK_VALUES_MAX).then_some(AhoCorasickKind::NoncontiguousNFA);
        AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).kind(kind).build(&self.texts).ok()
    }
}

/// What it says, whether it was made or not.
impl fmt::Debug for AnyOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.texts.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_many_is_in_a_value_when_one_is() {
        let texts = ["trufflehog", "truffle", "hog-", "-kali", "straße", "é"].map(str::to_owned);
        let any = AnyOf::new(texts.to_vec());
        let long = "x".repeat(500);
        for value in ["", "truffl", "TruffleX", "a-KALI1", "STRASSE", "STRAßE", "É", "e\u{301}", "ho", "hog-"]
        {
            for value in [value.to_owned(), format!("{long}{value}"), format!("{value}{long}ö")] {
                let lower = value.to_lowercase();
                let expected = texts.iter().any(|text| lower.contains(text.as_str()));
                assert_eq!(any.is_in(&value), expected, "{value}");
            }
        }
    }
}
