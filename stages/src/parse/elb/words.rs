//! The words of an access log line: separated by a space, quoted where they may hold spaces themselves.

/// Iterates over the words of a line, without their quotes.
pub(in crate::parse) struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    pub(in crate::parse) fn new(line: &'a str) -> Self {
        Words(line.trim_ascii())
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let (word, rest) = match self.0.strip_prefix('"') {
            Some(quoted) => quoted_end(quoted),
            None => self.0.split_once(' ').unwrap_or((self.0, "")),
        };
        self.0 = rest;
        Some(word)
    }
}

/// Splits behind the quoted word. A quote inside, which a client may have written, ends it only before a space or at
/// the end of the line; without an end, as in a line that was cut, the word is the rest.
fn quoted_end(quoted: &str) -> (&str, &str) {
    let bytes = quoted.as_bytes();
    for at in memchr::memchr_iter(b'"', bytes) {
        if matches!(bytes.get(at + 1), None | Some(b' ')) {
            return (quoted.get(..at).unwrap_or_default(), quoted.get(at + 2..).unwrap_or_default());
        }
    }
    (quoted, "")
}
