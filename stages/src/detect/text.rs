//! Text that a rule compares with: without regard to case, unless it says otherwise, and without a copy of the value.

use memchr::{memchr_iter, memchr2_iter, memmem};

/// Longest text that is looked for byte by byte; a longer one is worth a lower-case copy, whose search is linear
/// whatever an attacker writes.
const FOLDED_BYTES_MAX: usize = 64;

/// Where in the value the text must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// It is the whole value.
    Whole,
    /// The value begins with it.
    Start,
    /// The value ends with it.
    End,
    /// Anywhere.
    Inside,
}

/// Text to compare with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Text {
    /// Lower case, unless cased.
    pub(super) text: String,
    pub(super) cased: bool,
    /// Position of the byte that is looked for first.
    rare_at: usize,
}

impl Text {
    pub(super) fn new(text: &str, cased: bool) -> Text {
        let text = if cased { text.to_owned() } else { text.to_lowercase() };
        let rare_at = (0..text.len()).min_by_key(|at| commonness(text.as_bytes()[*at])).unwrap_or(0);
        Text { text, cased, rare_at }
    }

    /// Whether the value has the text at the place.
    #[inline]
    pub(super) fn is_in(&self, value: &str, place: Place) -> bool {
        if self.cased {
            return match place {
                Place::Inside if self.text.len() <= FOLDED_BYTES_MAX => self.is_inside(value.as_bytes()),
                place => plain(value, &self.text, place),
            };
        }
        if value.is_ascii() {
            // Text of other alphabets is in no ASCII value, and its bytes match none.
            return self.is_in_ascii(value.as_bytes(), place);
        }
        plain(&value.to_lowercase(), &self.text, place)
    }

    fn is_in_ascii(&self, value: &[u8], place: Place) -> bool {
        let text = self.text.as_bytes();
        match place {
            Place::Whole => value.eq_ignore_ascii_case(text),
            Place::Start => value.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text)),
            Place::End => {
                let start = value.len().checked_sub(text.len());
                start.is_some_and(|start| value[start..].eq_ignore_ascii_case(text))
            }
            Place::Inside => self.is_inside(value),
        }
    }

    /// Whether it is in a value, which is ASCII if case is nothing, and any if a short text has a case. The byte to look for
    /// is known, so a short text needs no searcher to be made.
    fn is_inside(&self, value: &[u8]) -> bool {
        let text = self.text.as_bytes();
        let Some(last) = value.len().checked_sub(text.len()) else { return false };
        let Some(&rare) = text.get(self.rare_at) else { return true };
        if text.len() > FOLDED_BYTES_MAX {
            return memmem::find(&value.to_ascii_lowercase(), text).is_some();
        }
        // Each place of the rare byte is the place of at most one match.
        let starts = &value[self.rare_at..=last + self.rare_at];
        let matches_at = |at: usize| {
            let found = &value[at..at + text.len()];
            if self.cased { found == text } else { found.eq_ignore_ascii_case(text) }
        };
        let upper = if self.cased { rare } else { rare.to_ascii_uppercase() };
        if upper == rare {
            memchr_iter(rare, starts).any(matches_at)
        } else {
            memchr2_iter(rare, upper, starts).any(matches_at)
        }
    }
}

fn plain(value: &str, text: &str, place: Place) -> bool {
    match place {
        Place::Whole => value == text,
        Place::Start => value.starts_with(text),
        Place::End => value.ends_with(text),
        Place::Inside => memmem::find(value.as_bytes(), text.as_bytes()).is_some(),
    }
}

/// How common a byte is in what AWS writes, roughly: ARNs, names of calls, JSON.
fn commonness(byte: u8) -> u8 {
    match byte {
        b'e' | b'a' | b't' | b'i' | b'o' | b'n' | b'r' | b's' => 4,
        b'c' | b'l' | b'd' | b'u' | b'm' | b'p' | b':' | b'"' => 3,
        b'-' | b'.' | b'/' | b',' | b' ' | b'0'..=b'9' => 2,
        b'b' | b'f'..=b'h' | b'j' | b'k' | b'q' | b'v'..=b'z' => 1,
        _ => 0,
    }
}

/// Calls `look` with the lower case of a value, which is a copy on the stack where it can be.
pub(super) fn with_lower_case<T>(value: &str, look: impl FnOnce(&str) -> T) -> T {
    /// A user agent is longer than most values.
    const STACK_BYTES_MAX: usize = 384;
    let mut buffer = [0u8; STACK_BYTES_MAX];
    if let Some(copy) = buffer.get_mut(..value.len())
        && value.is_ascii()
    {
        copy.copy_from_slice(value.as_bytes());
        copy.make_ascii_lowercase();
        return look(std::str::from_utf8(copy).unwrap_or_default());
    }
    look(&value.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_lower_case_copies() {
        let values = [
            "",
            "a",
            "A",
            "aB",
            "Ab:cD",
            "arn:aws:IAM::1:user/Bob",
            "ΑΒΓ",
            "\u{212A}elvin",
            "straße",
            "É",
            "aaab",
        ];
        let long = "Long".repeat(40);
        for value in values.into_iter().chain([long.as_str()]) {
            for text in values.into_iter().chain(["b:c", "iam", "αβγ", "kelvin", "aab", &long[1..]]) {
                for place in [Place::Whole, Place::Start, Place::End, Place::Inside] {
                    let expected = plain(&value.to_lowercase(), &text.to_lowercase(), place);
                    assert_eq!(
                        Text::new(text, false).is_in(value, place),
                        expected,
                        "{value} {text} {place:?}"
                    );
                    let cased = Text::new(text, true).is_in(value, place);
                    assert_eq!(cased, plain(value, text, place), "{value} {text} {place:?}");
                }
            }
        }
    }
}
