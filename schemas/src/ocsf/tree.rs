//! OCSF's nested form while it is made: names and texts stay where they are, and objects are short lists. With maps that
//! own all they have a finding took half as many instructions again.

use super::quoted;
use serde_json::{Map, Value as Json};
use std::borrow::Cow;

/// A value of the nested form.
#[derive(Debug)]
pub(super) enum Node<'a> {
    Object(Object<'a>),
    Text(Cow<'a, str>),
    Int(i64),
    Float(f64),
    Bool(bool),
    Names(Vec<&'static str>),
    /// JSON that came in a column.
    Json(Json),
    /// The same that we wrote ourselves: it is written again as it is.
    Raw(&'a str),
}

/// The members of an object, each once. A borrowed name is one of our own, which JSON has as it is.
#[derive(Debug, Default)]
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, Node<'a>)>);

impl<'a> Node<'a> {
    /// JSON from a column; the members of an object may be joined by others.
    pub(super) fn of_json(json: Json) -> Node<'a> {
        match json {
            Json::Object(members) => {
                let members = members.into_iter().map(|(name, value)| (name.into(), Node::Json(value)));
                Node::Object(Object(members.collect()))
            }
            other => Node::Json(other),
        }
    }

    pub(super) fn str(&self) -> Option<&str> {
        match self {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    fn json(self) -> Json {
        match self {
            Node::Object(object) => Json::Object(object.json()),
            Node::Text(text) => text.into(),
            Node::Int(n) => n.into(),
            Node::Float(x) => x.into(),
            Node::Bool(is) => is.into(),
            Node::Names(names) => names.into(),
            Node::Json(json) => json,
            Node::Raw(text) => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        }
    }

    fn write(&self, to: &mut Vec<u8>) {
        // What is in memory can be written to memory.
        let _ = match self {
            Node::Object(object) => return object.write(to),
            Node::Raw(text) => return to.extend(text.as_bytes()),
            Node::Text(text) => return quoted::write(text, to),
            Node::Int(n) => serde_json::to_writer(to, n),
            Node::Float(x) => serde_json::to_writer(to, x),
            Node::Bool(is) => serde_json::to_writer(to, is),
            Node::Names(names) => serde_json::to_writer(to, names),
            Node::Json(json) => serde_json::to_writer(to, json),
        };
    }
}

impl<'a> Object<'a> {
    /// One with room for the members of an event or a finding.
    pub(super) fn of_root() -> Self {
        const MEMBERS_USUAL: usize = 32;
        Object(Vec::with_capacity(MEMBERS_USUAL))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Node<'a>> {
        self.0.iter().find(|(there, _)| there == name).map(|(_, value)| value)
    }

    pub(super) fn object(&mut self, name: &str) -> Option<&mut Object<'a>> {
        match self.0.iter_mut().find(|(there, _)| there == name)? {
            (_, Node::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// The text at a path.
    pub(super) fn text(&self, path: &[&str]) -> Option<&str> {
        match path {
            [] => None,
            [name] => self.get(name)?.str(),
            [name, rest @ ..] => match self.get(name)? {
                Node::Object(object) => object.text(rest),
                _ => None,
            },
        }
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Node<'a>> {
        let at = self.0.iter().position(|(there, _)| there == name)?;
        Some(self.0.remove(at).1)
    }

    pub(super) fn retain(&mut self, is_wanted: impl Fn(&str) -> bool) {
        self.0.retain(|(name, _)| is_wanted(name));
    }

    /// The object of this name, which is made if there is none.
    pub(super) fn enter(&mut self, name: &'static str) -> &mut Object<'a> {
        let at = self.0.iter().position(|(there, _)| there == name).unwrap_or_else(|| {
            self.0.push((Cow::Borrowed(name), Node::Object(Object::default())));
            self.0.len() - 1
        });
        let there = &mut self.0[at].1;
        if !matches!(there, Node::Object(_)) {
            *there = Node::Object(Object::default());
        }
        let Node::Object(object) = there else { unreachable!("it was made one") };
        object
    }

    /// Puts a value at a path.
    pub(super) fn put(&mut self, path: &'static str, value: Node<'a>) {
        // Names are short: `split_once` would take longer to begin than this does to end.
        let Some(dot) = path.bytes().position(|byte| byte == b'.') else { return self.set(path, value) };
        self.enter(&path[..dot]).put(&path[dot + 1..], value);
    }

    fn set(&mut self, name: &'static str, value: Node<'a>) {
        match (self.0.iter_mut().find(|(there, _)| there == name), value) {
            // `unmapped` is an object that columns of its own join.
            (Some((_, Node::Object(there))), Node::Object(more)) => {
                for (name, value) in more.0 {
                    there.0.retain(|(other, _)| *other != name);
                    there.0.push((name, value));
                }
            }
            (Some((_, there)), value) => *there = value,
            (None, value) => self.0.push((Cow::Borrowed(name), value)),
        }
    }

    pub(super) fn json(self) -> Map<String, Json> {
        self.0.into_iter().map(|(name, value)| (name.into_owned(), value.json())).collect()
    }

    /// Appends it as JSON.
    pub(super) fn write(&self, to: &mut Vec<u8>) {
        to.push(b'{');
        for (at, (name, value)) in self.0.iter().enumerate() {
            if at > 0 {
                to.push(b',');
            }
            match name {
                Cow::Borrowed(ours) => ["\"", ours, "\""].iter().for_each(|part| to.extend(part.as_bytes())),
                Cow::Owned(theirs) => quoted::write(theirs, to),
            }
            to.push(b':');
            value.write(to);
        }
        to.push(b'}');
    }
}
