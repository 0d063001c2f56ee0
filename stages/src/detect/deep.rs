//! The event's own JSON, opened where a path leads and no further: each object on the way is read once an event, and
//! what lies beside the path stays text.

use super::field::Seen;
use crate::json::{Fields, Raw, Reader};
use std::{borrow::Cow, cell::OnceCell};

/// A value of the event.
#[derive(Debug)]
pub(super) struct Node<'e> {
    raw: Raw<'e>,
    inside: OnceCell<Inside<'e>>,
}

#[derive(Debug)]
enum Inside<'e> {
    Null,
    Scalar(Cow<'e, str>),
    Items(Vec<Node<'e>>),
    Members { list: Vec<(Cow<'e, str>, Node<'e>)>, compact: OnceCell<Cow<'e, str>> },
}

impl<'e> Node<'e> {
    fn new(raw: Raw<'e>) -> Node<'e> {
        Node { raw, inside: OnceCell::new() }
    }

    /// The value that a text is; null if it is no JSON.
    pub(super) fn of_text(text: &'e str) -> Node<'e> {
        let mut reader = Reader::new(text, 0);
        if reader.peek() != b'{' {
            let value = reader.value().unwrap_or(Raw("null"));
            return Node::new(if reader.peek() == 0 { value } else { Raw("null") });
        }
        // An object, which nearly every event is, is checked while it is opened.
        let fields = Fields::read(&mut reader).unwrap_or_default();
        let whole = reader.peek() == 0 && reader.at() == text.len();
        let node = Node::new(Raw(text));
        node.inside.get_or_init(|| if whole { members(fields) } else { Inside::Null });
        node
    }

    fn inside(&self) -> &Inside<'e> {
        self.inside.get_or_init(|| match self.raw.0.as_bytes().first() {
            Some(b'{') => members(self.raw.fields()),
            Some(b'[') => Inside::Items(self.raw.items().into_iter().map(Node::new).collect()),
            _ => self.raw.text().map_or(Inside::Null, Inside::Scalar),
        })
    }

    /// Follows a path, through every item of lists on the way, and tests what is at its end. `None` if it leads
    /// nowhere, which null is too.
    pub(super) fn walk(
        &self,
        path: Option<&str>,
        test: &mut dyn FnMut(Seen<'_, '_>) -> bool,
    ) -> Option<bool> {
        match (self.inside(), path) {
            (Inside::Null, _) | (Inside::Scalar(_), Some(_)) => None,
            (Inside::Scalar(text), None) => Some(test(Seen::Text(text))),
            (Inside::Items(items), _) => {
                let mut found = None;
                for item in items {
                    match item.walk(path, test) {
                        Some(true) => return Some(true),
                        Some(false) => found = Some(false),
                        None => {}
                    }
                }
                found
            }
            (Inside::Members { .. }, None) => Some(test(Seen::Object(self))),
            (Inside::Members { list, .. }, Some(path)) => {
                let Some((first, rest)) = path.split_once('.') else {
                    return get(list, path)?.walk(None, test);
                };
                // A member whose own name has dots comes first: EMF and application logs have such names.
                match get(list, path) {
                    Some(member) => member.walk(None, test),
                    None => get(list, first)?.walk(Some(rest), test),
                }
            }
        }
    }

    /// Whether some scalar in it passes.
    pub(super) fn any_leaf(&self, test: &mut dyn FnMut(&str) -> bool) -> bool {
        match self.inside() {
            Inside::Null => false,
            Inside::Scalar(text) => test(text),
            Inside::Items(items) => items.iter().any(|item| item.any_leaf(test)),
            Inside::Members { list, .. } => list.iter().any(|(_, member)| member.any_leaf(test)),
        }
    }

    /// Its JSON without white space and with the fewest escapes.
    pub(super) fn compact(&self) -> Cow<'_, str> {
        match self.inside() {
            Inside::Members { compact, .. } => {
                Cow::Borrowed(compact.get_or_init(|| compact_json(self.raw.0)).as_ref())
            }
            _ => compact_json(self.raw.0),
        }
    }
}

fn members(fields: Fields<'_>) -> Inside<'_> {
    let list = fields.0.into_iter().map(|(name, raw)| (name, Node::new(raw))).collect();
    Inside::Members { list, compact: OnceCell::new() }
}

/// Of two members of one name the last counts, as most readers of JSON have it.
fn get<'n, 'e>(list: &'n [(Cow<'e, str>, Node<'e>)], name: &str) -> Option<&'n Node<'e>> {
    list.iter().rev().find(|(key, _)| key == name).map(|(_, node)| node)
}

/// The text of a value as a plain writer would have written it; CloudTrail does, so that there is mostly nothing to do.
fn compact_json(raw: &str) -> Cow<'_, str> {
    let mut compact = String::new();
    let (mut done, mut at) = (0, 0);
    while let Some(byte) = raw.as_bytes().get(at) {
        match byte {
            b'"' => {
                let mut reader = Reader::new(raw, at);
                let Ok(string) = reader.string() else { return Cow::Borrowed(raw) };
                if string.escaped && (string.raw.contains("\\u") || string.raw.contains("\\/")) {
                    compact.push_str(&raw[done..at]);
                    compact.push_str(&serde_json::Value::from(string.text()).to_string());
                    done = reader.at();
                }
                at = reader.at();
            }
            b' ' | b'\t' | b'\n' | b'\r' => {
                compact.push_str(&raw[done..at]);
                at += 1;
                done = at;
            }
            _ => at += 1,
        }
    }
    if done == 0 {
        return Cow::Borrowed(raw);
    }
    compact.push_str(&raw[done..]);
    Cow::Owned(compact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let text = r#"{"a":{"b":[{"c":1},{"c":"x\n"},{"d":null}],"b.c":true},"e.f":"dots","n":null,"o":[],
            "twice":1,"twice":2,"deep":[[{"z":9}]]}"#;
        let node = Node::of_text(text);
        for (path, expected) in [
            ("a.b.c", &["true"][..]),
            ("a.b.d", &[]),
            ("e.f", &["dots"]),
            ("n", &[]),
            ("o", &[]),
            ("none.at.all", &[]),
            ("n.x", &[]),
            ("twice", &["2"]),
            ("twice.x", &[]),
            ("deep.z", &["9"]),
            ("a", &[r#"{"b":[{"c":1},{"c":"x\n"},{"d":null}],"b.c":true}"#]),
        ] {
            let mut seen = Vec::new();
            node.walk(Some(path), &mut |value| {
                seen.push(match value {
                    Seen::Text(text) => text.to_owned(),
                    Seen::Object(node) => node.compact().into_owned(),
                    Seen::Missing => "missing".to_owned(),
                });
                false
            });
            assert_eq!(seen, expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_json_holds_nothing() {
        for text in
            ["", "2 123 eni-1 REJECT OK", "{\"a\":1", "{\"a\":1} and more", "[{\"a\":1}] x", "{\"a\":1,}"]
        {
            assert_eq!(Node::of_text(text).walk(Some("a"), &mut |_| true), None, "{text}");
        }
        assert_eq!(Node::of_text("[{\"a\":1}]").walk(Some("a"), &mut |_| true), Some(true));
    }

    #[test]
    fn compact_json_is_what_serde_json_writes() {
        for text in [
            r#"{"a":[1,2,{"b":"x y"}],"c":null}"#,
            " {\n \"a\" : [ 1 , 2.5 ] ,\t\"b\":\"\\u00e9\\/\\\" \\n\" } ",
            r#"{"a":"\u0000"}"#,
        ] {
            let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(compact_json(text), theirs.to_string());
        }
    }
}
