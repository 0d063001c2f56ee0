//! A list of records that is too long to be held, such as a file of CloudTrail: where it begins, its items, its end.
//!
//! Told by brackets and quotes alone. Whether an item is well-formed is for decoding to say.

use super::shape::is_cloudtrail_start;
use crate::json::escapes;
use wide::u8x32;

/// What a part of a list's text holds, from the beginning of an item on.
#[derive(Debug, PartialEq, Eq)]
pub struct Items {
    /// Bytes of the items that are whole, the comma behind the last included.
    pub n_bytes: usize,
    /// What comes behind them.
    pub then: Then,
}

/// What comes behind the items that are whole.
#[derive(Debug, PartialEq, Eq)]
pub enum Then {
    /// An item of which there is more to come, or nothing yet.
    More,
    /// The end of the list and of the object that it lies in: so many bytes.
    End(usize),
    /// Something that belongs to no list of records.
    Broken,
}

/// Bytes of what opens a list of records that `bytes` begin with: `{"Records":[`, with any white space.
pub fn list_start(bytes: &[u8]) -> Option<usize> {
    let rest = ["{", "\"Records\"", ":", "["]
        .iter()
        .try_fold(bytes, |rest, token| rest.trim_ascii_start().strip_prefix(token.as_bytes()))?;
    Some(bytes.len() - rest.len())
}

/// The items that `bytes` begin with.
pub fn list_items(bytes: &[u8]) -> Items {
    let mut n_bytes = 0;
    let then = loop {
        let at = after_space(bytes, n_bytes);
        match bytes.get(at) {
            None => break Then::More,
            Some(b'{') => {}
            Some(b']') => break end(bytes, n_bytes, at),
            Some(_) => break Then::Broken,
        }
        let Some(end_of_item) = closing(bytes, at + 1, 1) else { break Then::More };
        let behind = after_space(bytes, end_of_item);
        match bytes.get(behind) {
            None => break Then::More,
            Some(b',') => n_bytes = behind + 1,
            Some(b']') => {
                n_bytes = end_of_item;
                break end(bytes, n_bytes, behind);
            }
            Some(_) => break Then::Broken,
        }
    };
    Items { n_bytes, then }
}

/// Bytes of the broken object that `text` begins with, if a CloudTrail event follows it in a list. Its brackets may lie: what
/// follows must not be taken for a message where it might be a part of one.
pub(super) fn end_of_broken(text: &str) -> Option<usize> {
    let end = closing(text.as_bytes(), 1, 1)?;
    text[end..].strip_prefix(',').is_some_and(is_cloudtrail_start).then_some(end)
}

/// What closes the list at `at` and the object that it lies in, whatever else that has.
fn end(bytes: &[u8], from: usize, at: usize) -> Then {
    closing(bytes, at + 1, 1).map_or(Then::More, |end| Then::End(end - from))
}

fn after_space(bytes: &[u8], at: usize) -> usize {
    bytes.len() - bytes[at..].trim_ascii_start().len()
}

/// The place behind the bracket that closes the last of `depth` open ones. Each byte of a long list goes through here
/// once, many at a look.
fn closing(bytes: &[u8], mut at: usize, mut depth: usize) -> Option<usize> {
    let mut strings = Strings::default();
    while at < bytes.len() {
        let Brackets { mut all, closing } = strings.brackets(&bytes[at..]);
        while all != 0 {
            let bit = all.trailing_zeros();
            all &= all - 1;
            match closing >> bit & 1 {
                0 => depth += 1,
                _ if depth == 1 => return Some(at + bit as usize + 1),
                _ => depth -= 1,
            }
        }
        at += STEP;
    }
    None
}

/// Bytes at a look.
const STEP: usize = 32;

/// A bit for each bracket that lies in no string, and for those that close.
struct Brackets {
    all: u32,
    closing: u32,
}

/// Where strings are, from one look to the next.
#[derive(Default)]
struct Strings {
    /// 1 if what was looked at ends with a backslash that escapes.
    is_escaped: u32,
    /// All bits if it ends in a string.
    quoted: u32,
}

impl Strings {
    /// The brackets of the next [`STEP`] bytes; behind the end there are none.
    fn brackets(&mut self, rest: &[u8]) -> Brackets {
        let chunk = u8x32::new(rest.first_chunk().copied().unwrap_or_else(|| padded(rest)));
        let bits = |chunk: u8x32, byte| chunk.simd_eq(u8x32::splat(byte)).to_bitmask();
        let (_, escaped) = escapes(bits(chunk, b'\\'), &mut self.is_escaped);
        let quotes = bits(chunk, b'"') & !escaped;
        // A bit is in a string if there is an odd number of quotes up to it.
        let in_string = [1, 2, 4, 8, 16].iter().fold(quotes, |bits, n| bits ^ bits << n) ^ self.quoted;
        self.quoted = 0u32.wrapping_sub(in_string >> (u32::BITS - 1));
        // '[' and ']' differ from '{' and '}' by one bit.
        let folded = chunk | u8x32::splat(b'{' ^ b'[');
        let closing = bits(folded, b'}') & !in_string;
        Brackets { all: bits(folded, b'{') & !in_string | closing, closing }
    }
}

fn padded(rest: &[u8]) -> [u8; STEP] {
    let mut chunk = [0; STEP];
    chunk[..rest.len()].copy_from_slice(rest);
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_begins_with_its_name() {
        for (text, n_bytes) in [
            ("{\"Records\":[{\"a\":1}]}", Some(12)),
            ("\n{\n  \"Records\" : [\n {", Some(18)),
            ("{\"Records\":{}}", None),
            ("{\"records\":[", None),
            ("{\"Records\":", None),
            ("", None),
        ] {
            assert_eq!(list_start(text.as_bytes()), n_bytes, "{text}");
        }
    }

    #[test]
    fn items_are_told_by_brackets_and_quotes() {
        for (items, rest, then) in [
            ("", "", Then::More),
            ("", "{\"a\":1", Then::More),
            ("", "{\"a\":1}", Then::More),
            ("", "{\"a\":\"\\\"}", Then::More),
            ("", "{\"a\":\"\\", Then::More),
            ("", "]", Then::More),
            ("", "]}", Then::End(2)),
            ("", "], \"b\":{\"c\":\"]}\"} }\n{\"a\":1}", Then::End(19)),
            ("{\"a\":1}", "]}\n", Then::End(2)),
            ("{\"a\":1},", "]}\n", Then::End(2)),
            ("{\"a\":1} ,", "\n{\"b\"", Then::More),
            ("{\"a\":{\"b\":[\"}],\\\\\"]}},{},", "{\"c\":\"},{\"", Then::More),
            ("{\"a\":1},", "5,{}", Then::Broken),
            ("{\"a\":1},", "{}}", Then::Broken),
            ("{\"a\":1},", "{} {}", Then::Broken),
        ] {
            let found = list_items(format!("{items}{rest}").as_bytes());
            assert_eq!(found, Items { n_bytes: items.len(), then }, "{items}|{rest}");
        }
    }

    /// One byte at a time. Outside of strings, where JSON has no backslash, one escapes a quote all the same.
    fn closing_slowly(bytes: &[u8]) -> Option<usize> {
        let (mut depth, mut quoted, mut escaped) = (1, false, false);
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' if !escaped => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => depth -= 1,
                _ => {}
            }
            escaped = *byte == b'\\' && !escaped;
            if depth == 0 {
                return Some(at + 1);
            }
        }
        None
    }

    /// Strings and escapes that lie across looks, of any bytes.
    #[test]
    fn many_bytes_at_a_look_see_what_one_at_a_time_sees() {
        let mut random = 1u64;
        let mut n_closed = 0;
        for n_bytes in (0..200).cycle().take(20_000) {
            let mut bytes = vec![b'{'];
            bytes.extend((0..n_bytes).map(|_| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                b"{[]}\"\\aaaaaaaa,:"[(random >> 60) as usize]
            }));
            let found = closing(&bytes, 1, 1);
            assert_eq!(found, closing_slowly(&bytes[1..]).map(|end| end + 1), "{}", bytes.escape_ascii());
            n_closed += usize::from(found.is_some_and(|end| end > 2 * STEP));
        }
        assert!(n_closed > 100, "{n_closed}");
    }
}
