//! Reads JSON in one forward pass, without a tree: spans of the text, unescaped only when somebody wants the value.
//!
//! Everything that is passed over is checked too, so that a span kept as a column is well-formed JSON. A differential
//! test holds it to serde_json on generated and mutated input.

use std::borrow::Cow;
use thiserror::Error;
use wide::u8x32;

mod escape;
mod names;
mod raw;

pub(crate) use escape::escapes;
use escape::{undo_simple, unescape};
pub use names::{Member, Members, Name, Names};
pub use raw::{Fields, Raw};

/// Nesting that is followed. serde_json stops at about the same depth.
pub const JSON_DEPTH_MAX: u32 = 128;

/// Why a text is not JSON, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{what} at byte {at}")]
pub struct JsonError {
    /// What was wrong.
    pub what: &'static str,
    /// Byte within the message.
    pub at: usize,
}

/// Where the value of a string is.
pub enum Made<'a> {
    /// Where it lies: it has no escapes.
    Plain(&'a str),
    /// So many bytes at the beginning of the room that was given for it.
    InRoom(usize),
}

/// A JSON string as it stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Str<'a> {
    /// Between the quotes, escapes and all.
    pub raw: &'a str,
    /// Whether there are escapes.
    pub escaped: bool,
}

impl<'a> Str<'a> {
    /// The value.
    pub fn text(self) -> Cow<'a, str> {
        if self.escaped { Cow::Owned(unescape(self.raw)) } else { Cow::Borrowed(self.raw) }
    }
}

/// A cursor over JSON text.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at byte `at` of `text`.
    pub fn new(text: &'a str, at: usize) -> Self {
        Reader { text, at }
    }

    /// The text that it reads.
    pub fn whole(&self) -> &'a str {
        self.text
    }

    /// Where it stands.
    pub fn at(&self) -> usize {
        self.at
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn error<T>(&self, what: &'static str) -> Result<T, JsonError> {
        Err(JsonError { what, at: self.at })
    }

    /// The next byte that is not white space; 0 at the end.
    #[inline]
    pub fn peek(&mut self) -> u8 {
        let bytes = self.bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return *byte;
            }
            self.at += 1;
        }
        0
    }

    #[inline]
    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), JsonError> {
        if self.peek() != byte {
            return self.error(what);
        }
        self.at += 1;
        Ok(())
    }

    /// Steps into an object.
    pub fn enter_object(&mut self) -> Result<(), JsonError> {
        self.expect(b'{', "expected an object")
    }

    /// Steps into an array.
    pub fn enter_array(&mut self) -> Result<(), JsonError> {
        self.expect(b'[', "expected an array")
    }

    /// The next member's key, the cursor then being at its value; `None` after the last, the object being closed.
    /// `first` is true before the first member.
    #[inline]
    pub fn member(&mut self, first: &mut bool) -> Result<Option<Str<'a>>, JsonError> {
        match self.peek() {
            b'}' => {
                self.at += 1;
                return Ok(None);
            }
            b',' if !*first => self.at += 1,
            _ if *first => {}
            _ => return self.error("expected , or }"),
        }
        *first = false;
        self.key().map(Some)
    }

    /// Whether the array has another item, the cursor then being at it; if not, the array is closed.
    pub fn item(&mut self, first: &mut bool) -> Result<bool, JsonError> {
        match self.peek() {
            b']' => {
                // `[1,]` has had its comma by now, which the item after it would have refused.
                self.at += 1;
                return Ok(false);
            }
            b',' if !*first => {
                self.at += 1;
                if self.peek() == b']' {
                    return self.error("expected a value after ,");
                }
            }
            _ if *first => {}
            _ => return self.error("expected , or ]"),
        }
        *first = false;
        Ok(true)
    }

    #[inline(always)]
    fn key(&mut self) -> Result<Str<'a>, JsonError> {
        let key = self.string()?;
        self.expect(b':', "expected : after a key")?;
        Ok(key)
    }

    /// Passes over a key.
    #[inline]
    fn pass_key(&mut self) -> Result<(), JsonError> {
        if self.peek() != b'"' {
            return self.error("expected a string");
        }
        self.pass_string()?;
        self.expect(b':', "expected : after a key")
    }

    /// A string. Half of all reading is this: a call and a result through memory would be a third of it.
    #[inline(always)]
    pub fn string(&mut self) -> Result<Str<'a>, JsonError> {
        if self.peek() != b'"' {
            return self.error("expected a string");
        }
        let start = self.at + 1;
        let escaped = self.pass_string()?;
        Ok(Str { raw: &self.text[start..self.at - 1], escaped })
    }

    /// The value of a string: one with escapes has it made in `room`.
    pub fn text_into(&mut self, room: &mut Vec<u8>) -> Result<Made<'a>, JsonError> {
        if self.peek() == b'"'
            && let Some((end, n_bytes)) = undo_simple(self.bytes(), self.at + 1, room)
        {
            self.at = end + 1;
            return Ok(Made::InRoom(n_bytes));
        }
        let text = self.string()?;
        if !text.escaped {
            return Ok(Made::Plain(text.raw));
        }
        *room = unescape(text.raw).into_bytes();
        Ok(Made::InRoom(room.len()))
    }

    /// Passes over the string whose opening quote the cursor is at; whether there are escapes in it.
    #[inline]
    fn pass_string(&mut self) -> Result<bool, JsonError> {
        let at = plain_until(self.bytes(), self.at + 1);
        if self.bytes().get(at) == Some(&b'"') {
            self.at = at + 1;
            return Ok(false);
        }
        self.pass_escaped(at).map(|()| true)
    }

    /// Passes over the rest of a string, from its first byte that is not plain.
    fn pass_escaped(&mut self, mut at: usize) -> Result<(), JsonError> {
        loop {
            match self.bytes().get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(());
                }
                Some(b'\\') => at = plain_until(self.bytes(), self.escape(at)?),
                Some(_) => return Err(JsonError { what: "control character in a string", at }),
                None => return Err(JsonError { what: "string without an end", at }),
            }
        }
    }

    /// The place after the escape at `at`.
    fn escape(&self, at: usize) -> Result<usize, JsonError> {
        match self.bytes().get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
            Some(b'u')
                if self
                    .bytes()
                    .get(at + 2..at + 6)
                    .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) =>
            {
                Ok(at + 6)
            }
            _ => Err(JsonError { what: "unknown escape", at }),
        }
    }

    /// Passes over a value of any kind, checking it; its text.
    #[inline]
    pub fn skip(&mut self) -> Result<&'a str, JsonError> {
        let byte = self.peek();
        let start = self.at;
        match byte {
            b'"' => drop(self.pass_string()?),
            b'{' | b'[' => self.nested()?,
            byte => self.scalar(byte)?,
        }
        Ok(&self.text[start..self.at])
    }

    /// Passes over an object or array.
    fn nested(&mut self) -> Result<(), JsonError> {
        let (mut depth, mut objects) = (0u32, 0u128);
        'value: loop {
            match self.peek() {
                b'"' => drop(self.pass_string()?),
                open @ (b'{' | b'[') => {
                    self.at += 1;
                    let object = open == b'{';
                    // '}' and ']' lie two above '{' and '['.
                    if self.peek() == open + 2 {
                        self.at += 1;
                    } else if depth == JSON_DEPTH_MAX {
                        return self.error("nested too deep");
                    } else {
                        depth += 1;
                        objects = objects << 1 | u128::from(object);
                        if object {
                            self.pass_key()?;
                        }
                        continue 'value;
                    }
                }
                byte => self.scalar(byte)?,
            }
            while depth > 0 {
                match (self.peek(), objects & 1 == 1) {
                    (b',', true) => {
                        self.at += 1;
                        self.pass_key()?;
                        continue 'value;
                    }
                    (b',', false) => {
                        self.at += 1;
                        continue 'value;
                    }
                    (b'}', true) | (b']', false) => {
                        self.at += 1;
                        depth -= 1;
                        objects >>= 1;
                    }
                    (0, _) if self.at == self.text.len() => return self.error("text ends inside a value"),
                    _ => return self.error("expected , or the end of the value"),
                }
            }
            return Ok(());
        }
    }

    /// Passes over what begins with `byte`, and is neither a string nor an object or array.
    fn scalar(&mut self, byte: u8) -> Result<(), JsonError> {
        match byte {
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            0 if self.at == self.text.len() => self.error("text ends where a value should be"),
            _ => self.error("expected a value"),
        }
    }

    /// Passes over a value; what it holds.
    #[inline]
    pub fn value(&mut self) -> Result<Raw<'a>, JsonError> {
        self.skip().map(Raw)
    }

    fn literal(&mut self, word: &'static str) -> Result<(), JsonError> {
        if self.bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            self.error("expected true, false or null")
        }
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let n = self.bytes()[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += n;
        if n == 0 { self.error("expected a digit") } else { Ok(()) }
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let next = |reader: &Self| reader.bytes().get(reader.at).copied().unwrap_or_default();
        if next(self) == b'-' {
            self.at += 1;
        }
        if next(self) == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if next(self) == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(next(self), b'e' | b'E') {
            self.at += 1;
            if matches!(next(self), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }
}

/// The place from `at` on of the first quote, backslash or control character.
#[inline]
fn plain_until(bytes: &[u8], mut at: usize) -> usize {
    const STEP: usize = 32;
    let all = |byte| u8x32::splat(byte);
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<STEP>()) {
        let chunk = u8x32::new(*chunk);
        let special =
            chunk.simd_eq(all(b'"')) | chunk.simd_eq(all(b'\\')) | chunk.min(all(0x1f)).simd_eq(chunk);
        let hits = special.to_bitmask();
        if hits != 0 {
            return at + hits.trailing_zeros() as usize;
        }
        at += STEP;
    }
    at + bytes[at.min(bytes.len())..]
        .iter()
        .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20))
        .count()
}

#[cfg(test)]
mod tests;
