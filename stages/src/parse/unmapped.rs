//! What has no column: a JSON object of text by path, so that nothing of an event is lost.

use crate::json::{Fields, Raw};
use kinescope_schemas::Value;

/// Collects members that have no column.
#[derive(Default)]
pub(super) struct Unmapped(String);

impl Unmapped {
    /// Adds a member under `prefix` and `name`; null, empty text, empty objects and lists are left out.
    pub(super) fn add(&mut self, prefix: &str, name: &str, value: Raw<'_>) {
        if matches!(value.0, "null" | "\"\"" | "{}" | "[]") {
            return;
        }
        self.key(prefix, name);
        if value.0.starts_with('"') {
            self.0.push_str(value.0);
        } else {
            quote(value.0, &mut self.0);
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
        if !text.is_empty() && text != "-" {
            self.key("", name);
            quote(text, &mut self.0);
        }
    }

    fn key(&mut self, prefix: &str, name: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push('"');
        self.0.push_str(prefix);
        escape(name, &mut self.0);
        self.0.push_str("\":");
    }

    /// The column's value.
    pub(super) fn finish<'a>(mut self) -> Value<'a> {
        if self.0.is_empty() {
            return Value::Null;
        }
        self.0.push('}');
        Value::from(self.0)
    }
}

/// Appends `text` as a JSON string.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    escape(text, out);
    out.push('"');
}

/// Whether a byte stands for itself in a JSON string.
fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

fn escape(text: &str, out: &mut String) {
    // Nearly all text is plain; looking at every byte without a way out is what compilers make fast.
    if text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
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
