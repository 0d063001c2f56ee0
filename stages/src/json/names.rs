//! Members whose names are known before, and mostly come in the same order: the name that should be next is compared
//! with the text as it stands, in one look, where reading it and finding out what it is would take five.
//!
//! It is a guess only. Whatever comes otherwise (another order, white space, escapes) is read by [`Reader::member`].

use super::{JsonError, Reader, Str};
use wide::u8x32;

/// Bytes at a look.
const STEP: usize = 32;
/// Names of which each is tried before the next member is read: members that may be there are often not.
const TRIED_MAX: usize = 5;

/// A member's name.
#[derive(Debug)]
pub struct Name {
    /// The name.
    pub text: &'static str,
    /// `"name":` as a compact writer writes it, with zeros behind.
    written: [u8; STEP],
    /// A bit for each byte of it.
    mask: u32,
}

impl Name {
    /// A name, which with quotes and colon has as many bytes as are looked at, at most.
    pub const fn new(text: &'static str) -> Name {
        let bytes = text.as_bytes();
        let n = bytes.len() + 3;
        assert!(n <= STEP);
        let mut written = [0; STEP];
        written[0] = b'"';
        let mut at = 0;
        while at < bytes.len() {
            written[at + 1] = bytes[at];
            at += 1;
        }
        written[n - 2] = b'"';
        written[n - 1] = b':';
        Name { text, written, mask: u32::MAX >> (STEP - n) }
    }
}

/// Names in their usual order, each with what it means.
pub type Names<T> = [(Name, T)];

/// The next member of an object.
pub enum Member<'a, 'n, T> {
    /// One of the names, and what it means.
    Known(&'static str, &'n T),
    /// Another.
    Other(Str<'a>),
}

/// The members of an object, one after the other.
pub struct Members<'n, T> {
    names: &'n Names<T>,
    /// The name that should be next.
    next: usize,
    first: bool,
}

impl<'n, T> Members<'n, T> {
    /// Steps into an object.
    pub fn enter(reader: &mut Reader<'_>, names: &'n Names<T>) -> Result<Self, JsonError> {
        reader.enter_object()?;
        Ok(Members { names, next: 0, first: true })
    }

    /// The next member, the cursor then being at its value; `None` after the last, the object being closed.
    #[inline]
    pub fn next<'a>(&mut self, reader: &mut Reader<'a>) -> Result<Option<Member<'a, 'n, T>>, JsonError> {
        let known = match self.guess(reader) {
            Some(at) => at,
            None => {
                let Some(key) = reader.member(&mut self.first)? else { return Ok(None) };
                let name = key.text();
                match self.names.iter().position(|(known, _)| *known.text == *name) {
                    Some(at) => at,
                    None => return Ok(Some(Member::Other(key))),
                }
            }
        };
        self.next = known + 1;
        let (name, meaning) = &self.names[known];
        Ok(Some(Member::Known(name.text, meaning)))
    }

    /// The place of the member's name if it is one of those that should be next, and written as it usually is.
    #[inline]
    fn guess(&mut self, reader: &mut Reader<'_>) -> Option<usize> {
        let start = reader.at + usize::from(!self.first);
        if !self.first && reader.bytes().get(reader.at) != Some(&b',') {
            return None;
        }
        let text = u8x32::new(*reader.bytes().get(start..)?.first_chunk()?);
        let tried = (self.next..self.names.len()).chain(0..self.next).take(TRIED_MAX);
        for at in tried {
            let name = &self.names[at].0;
            if text.simd_eq(u8x32::new(name.written)).to_bitmask() & name.mask == name.mask {
                reader.at = start + name.text.len() + 3;
                self.first = false;
                return Some(at);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static NAMES: [(Name, u8); 4] = [
        (Name::new("a"), 1),
        (Name::new("bb"), 2),
        (Name::new("sessionCredentialFromConsole"), 3),
        (Name::new("d"), 4),
    ];

    /// Names and values as they are found; names that are not known with 0.
    fn read(text: &str) -> Result<Vec<(String, u8, String)>, JsonError> {
        let mut reader = Reader::new(text, 0);
        let mut members = Members::enter(&mut reader, &NAMES)?;
        let mut found = Vec::new();
        while let Some(member) = members.next(&mut reader)? {
            let (name, meaning) = match member {
                Member::Known(name, meaning) => (name.to_owned(), *meaning),
                Member::Other(key) => (key.text().into_owned(), 0),
            };
            found.push((name, meaning, reader.value()?.0.to_owned()));
        }
        Ok(found)
    }

    /// What is guessed is what is read: whatever follows, the text is long enough to be looked at, or too short.
    #[test]
    fn members_are_found_in_any_order_and_writing() {
        for (members, expected) in [
            ("", &[][..]),
            (
                r#""a":1,"bb":2,"sessionCredentialFromConsole":3,"d":4"#,
                &[("a", 1), ("bb", 2), ("sessionCredentialFromConsole", 3), ("d", 4)],
            ),
            (r#""d":4,"bb":2,"a":1"#, &[("d", 4), ("bb", 2), ("a", 1)]),
            (r#""bb":2 , "a" :1,"d":4"#, &[("bb", 2), ("a", 1), ("d", 4)]),
            (
                r#""a":1,"a":1,"aa":0,"b":0,"":0,"d":4"#,
                &[("a", 1), ("a", 1), ("aa", 0), ("b", 0), ("", 0), ("d", 4)],
            ),
        ] {
            for padding in ["", "                                        "] {
                let text = format!("{{{members}}}{padding}");
                let found = read(&text).unwrap();
                let found: Vec<_> =
                    found.iter().map(|(name, meaning, _)| (name.as_str(), *meaning)).collect();
                assert_eq!(found, expected, "{text}");
                let values: Vec<_> = read(&text)
                    .unwrap()
                    .into_iter()
                    .map(|(_, meaning, value)| (value.parse().unwrap(), meaning))
                    .collect();
                assert!(values.iter().all(|(value, meaning): &(u8, u8)| value == meaning), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for members in [
            r#",,"a":1"#,
            r#""a":1"bb":2"#,
            r#""a":1,,"bb":2"#,
            r#""a":1,"#,
            r#""a"1"#,
            r#""a":"#,
            r#""a":1;"#,
        ] {
            let text = format!("{{{members}}}{}", " ".repeat(40));
            assert!(read(&text).is_err(), "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
        }
    }
}
