//! What CloudTrail tells and nobody should keep.

use crate::{json::Reader, parse::escape};
use memchr::memmem::Finder;
use std::{borrow::Cow, sync::LazyLock};

/// JSON without the session tokens in it: AssumeRole's response carries a credential, which has no business in a lake
/// or a finding.
pub(crate) fn without_secrets(json: &str) -> Cow<'_, str> {
    const MEMBER: &str = "\"sessionToken\"";
    // Made once: to prepare the search costs more than to search.
    static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(MEMBER));
    static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\\u"));
    if ESCAPE.find(json.as_bytes()).is_some()
        && let Some(plain) = with_plain_names(json)
    {
        return Cow::Owned(without_secrets(&plain).into_owned());
    }
    let mut clean = String::new();
    let mut done = 0;
    for at in FINDER.find_iter(json.as_bytes()) {
        let mut reader = Reader::new(json, at + MEMBER.len());
        if at < done || reader.peek() != b':' {
            continue;
        }
        let mut value = Reader::new(json, reader.at() + 1);
        if value.string().is_ok_and(|token| !token.raw.is_empty()) {
            clean.push_str(&json[done..at]);
            clean.push_str("\"sessionToken\":\"[redacted]\"");
            done = value.at();
        }
    }
    if done == 0 {
        return Cow::Borrowed(json);
    }
    clean.push_str(&json[done..]);
    Cow::Owned(clean)
}

/// The same JSON, no name of a member being escaped that need not be; `None` if none is.
fn with_plain_names(json: &str) -> Option<String> {
    let mut plain = String::new();
    let (mut at, mut done) = (0, 0);
    while let Some(quote) = memchr::memchr(b'"', &json.as_bytes()[at..]) {
        let start = at + quote;
        let mut reader = Reader::new(json, start);
        let Ok(text) = reader.string() else { break };
        at = reader.at();
        if !text.escaped || reader.peek() != b':' {
            continue;
        }
        let mut name = String::new();
        escape(&text.text(), &mut name);
        if name != text.raw {
            for part in [&json[done..start], "\"", &name, "\""] {
                plain.push_str(part);
            }
            done = at;
        }
    }
    plain.push_str(&json[done..]);
    (done > 0).then_some(plain)
}
