//! JSON's escapes.

/// Undoes the escapes of a string that a reader has passed. Half a surrogate pair becomes U+FFFD.
pub(super) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        let kind = rest.as_bytes().get(at + 1).copied().unwrap_or_default();
        let mut n_bytes = 2;
        match kind {
            b'n' => text.push('\n'),
            b't' => text.push('\t'),
            b'r' => text.push('\r'),
            b'b' => text.push('\u{8}'),
            b'f' => text.push('\u{c}'),
            b'u' => {
                let (character, n) = unicode(&rest[at..]);
                text.push(character);
                n_bytes = n;
            }
            other => text.push(other as char),
        }
        rest = rest.get(at + n_bytes..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// The character of a `\uXXXX` escape, or of two that form a pair, and how many bytes they take.
fn unicode(escape: &str) -> (char, usize) {
    let unit = |at: usize| {
        let hex = escape.get(at..at + 6).and_then(|text| text.strip_prefix("\\u"))?;
        u32::from_str_radix(hex, 16).ok()
    };
    let first = unit(0).unwrap_or(0xFFFD);
    if let (0xD800..=0xDBFF, Some(second @ 0xDC00..=0xDFFF)) = (first, unit(6)) {
        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unescapes_as_serde_json_does() {
        for raw in ["plain", "\\u00e9\\ud83d\\ude00", "a\\nb\\tc\\\\d\\/e\\\"f\\b\\f\\r", "日本\\u65e5"] {
            let theirs: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
            assert_eq!(unescape(raw), theirs);
        }
        assert_eq!(unescape("\\ud800x"), "\u{fffd}x");
    }
}
