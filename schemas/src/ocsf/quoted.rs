//! Text as JSON's string. The event in a finding's evidence is JSON itself, with a quote every few bytes, where
//! serde_json takes a call for what lies between two of them.

use wide::u8x32;

/// Bytes at a look.
const STEP: usize = 32;
/// What a look can come to: each byte with a backslash before it.
const ESCAPED_MAX: usize = 2 * STEP;

/// Appends what serde_json would: the text in quotes, escaped.
pub(super) fn write(text: &str, to: &mut Vec<u8>) {
    let before = to.len();
    to.push(b'"');
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        // A step, and what copies that begin in it reach beyond.
        let near = rest.first_chunk().copied().unwrap_or_else(|| padded(rest));
        let n_bytes = rest.len().min(STEP);
        let Some(marks) = marks(&near) else {
            to.truncate(before);
            // What is in memory can be written to memory.
            let _ = serde_json::to_writer(to, text);
            return;
        };
        append(&near, n_bytes, marks, to);
        rest = &rest[n_bytes..];
    }
    to.push(b'"');
}

/// A bit for each quote and backslash; `None` if there is anything else that has to be escaped, which is rare.
fn marks(near: &[u8; ESCAPED_MAX]) -> Option<u32> {
    let chunk = u8x32::new(*near.first_chunk()?);
    let all = u8x32::splat;
    let has_control = chunk.min(all(0x1f)).simd_eq(chunk).to_bitmask() != 0;
    let is_mark = chunk.simd_eq(all(b'"')) | chunk.simd_eq(all(b'\\'));
    (!has_control).then(|| is_mark.to_bitmask())
}

/// Appends the first bytes, with a backslash before each that is marked.
fn append(near: &[u8; ESCAPED_MAX], n_bytes: usize, mut marks: u32, to: &mut Vec<u8>) {
    let mut escaped = [0; ESCAPED_MAX + STEP];
    let (mut n, mut from) = (0, 0);
    // Always as many bytes, which costs less than to copy just those that are wanted: the next copy begins where those end.
    let copy = |from: usize, to: &mut [u8]| {
        if let (Some(from), Some(to)) = (near[from..].first_chunk::<STEP>(), to.first_chunk_mut::<STEP>()) {
            *to = *from;
        }
    };
    while marks != 0 {
        let at = marks.trailing_zeros() as usize;
        copy(from, &mut escaped[n..]);
        n += at - from;
        escaped[n] = b'\\';
        n += 1;
        from = at;
        marks &= marks - 1;
    }
    copy(from, &mut escaped[n..]);
    let end = to.len() + n + n_bytes - from;
    to.extend_from_slice(&escaped[..ESCAPED_MAX]);
    to.truncate(end);
}

/// The end of a text with blanks behind it.
fn padded(rest: &[u8]) -> [u8; ESCAPED_MAX] {
    let mut near = [b' '; ESCAPED_MAX];
    near[..rest.len()].copy_from_slice(rest);
    near
}

#[cfg(test)]
mod tests {
    #[test]
    fn writes_what_serde_json_writes() {
        let mut random = fastrand::Rng::with_seed(5);
        let pieces =
            ["\"", "\\", "\\\"", "eventName", "é", "\u{7f}", "日本", ":", "\n", "\u{1}", "\u{0}", "\t"];
        let mut n_plain = 0;
        for n in 0..20_000 {
            // Of two kinds: with and without what is rare.
            let n_kinds = if n % 2 == 0 { 8 } else { pieces.len() };
            let text: String = (0..random.usize(..60)).map(|_| pieces[random.usize(..n_kinds)]).collect();
            n_plain += usize::from(!text.contains(|c: char| c < ' '));
            let mut written = b"before".to_vec();
            super::write(&text, &mut written);
            assert_eq!(
                written,
                format!("before{}", serde_json::to_string(&text).unwrap()).as_bytes(),
                "{text:?}"
            );
        }
        assert!(n_plain > 10_000);
    }
}
