//! What has no column: a JSON object of text by path, so that nothing of an event is lost.

use crate::json::{Fields, Raw};
use kinescope_schemas::Value;

/// Bytes that one event usually needs: to grow to them step by step would cost more than to write them.
const USUAL_BYTES: usize = 256;

/// Collects members that have no column.
#[derive(Default)]
pub(super) struct Unmapped {
    text: String,
    unwanted: bool,
}

impl Unmapped {
    /// Of a row that nobody writes: what is added is left out.
    pub(super) fn unwanted() -> Unmapped {
        Unmapped { unwanted: true, ..Unmapped::default() }
    }

    /// Adds a member under `prefix` and `name`; null, empty text, empty objects and lists are left out.
    pub(super) fn add(&mut self, prefix: &str, name: &str, value: Raw<'_>) {
        if self.unwanted || matches!(value.0, "null" | "\"\"" | "{}" | "[]") {
            return;
        }
        self.key(prefix, name);
        if value.0.starts_with('"') {
            self.text.push_str(value.0);
        } else {
            quote(value.0, &mut self.text);
        }
    }

    /// The members of an object but for the known ones, under `prefix`, as the column's value.
    pub(super) fn rest<'a>(prefix: &str, fields: &Fields<'_>, known: &[&str]) -> Value<'a> {
        let mut unmapped = Unmapped::default();
        for (name, value) in fields.0.iter().filter(|(name, _)| !known.contains(&&**name)) {
            unmapped.add(prefix, name, *value);
        }
        unmapped.finish()
    }

    /// Adds text.
    pub(super) fn add_text(&mut self, name: &str, text: &str) {
        if !self.unwanted && !text.is_empty() && text != "-" {
            self.key("", name);
            quote(text, &mut self.text);
        }
    }

    fn key(&mut self, prefix: &str, name: &str) {
        if self.text.is_empty() {
            self.text.reserve(USUAL_BYTES);
        }
        self.text.push(if self.text.is_empty() { '{' } else { ',' });
        self.text.push('"');
        self.text.push_str(prefix);
        escape(name, &mut self.text);
        self.text.push_str("\":");
    }

    /// The column's value.
    pub(super) fn finish<'a>(mut self) -> Value<'a> {
        if self.text.is_empty() {
            return Value::Null;
        }
        self.text.push('}');
        Value::from(self.text)
    }
}

/// Appends `text` as a JSON string.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    escape(text, out);
    out.push('"');
}

/// Whether a byte stands for itself in a JSON string.
fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

/// Whether all bytes stand for themselves: eight at a look, since most text is plain and short.
fn is_all_plain(text: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES << 7;
    // The highest bit of each byte that is below `n`, and perhaps of others above it.
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & HIGHS;
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let (words, rest) = text.as_chunks::<8>();
    // The last eight bytes overlap those before them.
    let Some(last) = text.last_chunk::<8>() else { return rest.iter().all(|byte| is_plain(*byte)) };
    let special = words.iter().chain([last]).fold(0, |special, word| {
        let word = u64::from_le_bytes(*word);
        special | below(word, 0x20) | equal(word, b'"') | equal(word, b'\\')
    });
    special == 0
}

/// Appends `text` as it stands between the quotes of a JSON string.
pub(crate) fn escape(text: &str, out: &mut String) {
    if is_all_plain(text.as_bytes()) {
        return out.push_str(text);
    }
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !is_plain(byte)) {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            control => out.push_str(&format!("\\u{control:04x}")),
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}
