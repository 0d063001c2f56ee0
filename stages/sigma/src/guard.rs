//! What a rule file may look like before it is read: the reader of YAML has limits of its own for nesting, the reader
//! of conditions has not enough of them.

use memchr::{memchr_iter, memmem};

/// Bytes of a file: some 5,000 rules.
pub const FILE_BYTES_MAX: usize = 8 << 20;

/// Bytes of one document of it: a rule with 50,000 values.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;

/// Documents of a file.
pub const DOCUMENTS_MAX: usize = 10_000;

/// Bytes of a document with anchors and aliases. Each alias repeats what its anchor names; that of a long document
/// would be longer than memory.
pub const ALIASED_BYTES_MAX: usize = 16 << 10;

/// `and`, `or` and `not` in a document, and escapes, which may hide them. Long chains take time by their square.
pub const OPERATORS_MAX: usize = 2_000;

/// `not` alone, and escapes: a chain of them is read by recursion, a kilobyte or two of stack each.
pub const NOTS_MAX: usize = 250;

/// Brackets and braces that are open at once in a document. The reader follows 128, but not before it has passed over
/// all of them.
pub const OPEN_MAX: usize = 1_000;

/// Checks a document. The byte at which it is too much, and the reason.
pub(crate) fn check(text: &str) -> Result<(), (usize, String)> {
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err((0, format!("a rule has at most {DOCUMENT_BYTES_MAX} bytes, this one {}", text.len())));
    }
    // An escape has two bytes, a word three with what parts it from the next: most rules are too short for so many.
    let bytes = text.as_bytes();
    let n_escapes = memchr_iter(b'\\', bytes).count();
    let n_words_max = (text.len() - n_escapes) / 3;
    if n_escapes + n_words_max > OPERATORS_MAX
        && let Some(at) = operators(bytes).nth(OPERATORS_MAX)
    {
        return Err((at, format!("a rule has at most {OPERATORS_MAX} of and, or, not and escapes")));
    }
    let is_not = |at: &usize| !matches!(bytes[*at], b'a' | b'o');
    if n_escapes + memmem::find_iter(bytes, "not").count() > NOTS_MAX
        && let Some(at) = operators(bytes).filter(is_not).nth(NOTS_MAX)
    {
        return Err((at, format!("a rule has at most {NOTS_MAX} of not and escapes")));
    }
    if text.len() > OPEN_MAX
        && let Some(at) = too_deep(text)
    {
        return Err((at, format!("a rule has at most {OPEN_MAX} brackets and braces open at once")));
    }
    if text.len() > ALIASED_BYTES_MAX
        && mark(text, b'&').is_some()
        && let Some(at) = mark(text, b'*')
    {
        return Err((
            at,
            format!("a rule of more than {ALIASED_BYTES_MAX} bytes has no anchors and aliases"),
        ));
    }
    Ok(())
}

/// Where words that connect conditions stand, and escapes that may be letters of such.
fn operators(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let is_letter =
        |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let is_operator = move |at: usize| match bytes[at] {
        b'\\' => matches!(bytes.get(at + 1), Some(b'x' | b'u' | b'U' | b'\n' | b'\r')),
        b'a' | b'n' | b'o' if at == 0 || !is_letter(at - 1) => ["and", "not", "or"]
            .iter()
            .any(|word| bytes[at..].starts_with(word.as_bytes()) && !is_letter(at + word.len())),
        _ => false,
    };
    (0..bytes.len()).filter(move |at| is_operator(*at))
}

/// Where an anchor (`&`) or an alias (`*`) may stand.
fn mark(text: &str, mark: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr_iter(mark, bytes).find(|at| {
        let before = at.checked_sub(1).map(|at| bytes[at]);
        before
            .is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'[' | b'{' | b',' | b':' | b'-'))
            && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
    })
}

/// Where more is open than may be. Those in text count too, as it need not be balanced.
fn too_deep(text: &str) -> Option<usize> {
    let mut n_open = 0usize;
    text.bytes().position(|byte| {
        match byte {
            b'[' | b'{' => n_open += 1,
            b']' | b'}' => n_open = n_open.saturating_sub(1),
            _ => {}
        }
        n_open > OPEN_MAX
    })
}
