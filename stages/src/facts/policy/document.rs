//! Reads a policy document: an object, JSON in a string, or that URL-encoded.

use super::principal::Principal;
use crate::facts::members;
use serde_json::Value as Json;
use std::borrow::Cow;

/// Bytes of a document. The longest that AWS takes is a KMS key's or a bucket's, 32 and 20 KiB.
const POLICY_BYTES_MAX: usize = 256 << 10;

/// Statements of a document.
const STATEMENTS_MAX: usize = 2_000;

/// Whose policy it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// A resource's: it says who may use it.
    Resource,
    /// A role's: it says who may take it.
    Trust,
    /// A user's, group's or role's: it says what they may do.
    Identity,
}

#[derive(Debug)]
pub(in crate::facts) struct Document {
    pub(super) kind: Kind,
    pub(super) statements: Vec<Statement>,
}

#[derive(Debug, Default)]
pub(super) struct Statement {
    pub(super) is_allow: bool,
    pub(super) principals: Vec<Principal>,
    /// Lower-case is not enforced: IAM compares actions without regard to case, and so do we.
    pub(super) actions: Vec<String>,
    /// Everything but the actions.
    pub(super) is_not_action: bool,
    pub(super) resources: Vec<String>,
    pub(super) conditions: Vec<Condition>,
}

/// `"StringEquals": {"aws:SourceAccount": [...]}`, operator and key in lower case.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) operator: String,
    pub(super) key: String,
    pub(super) values: Vec<String>,
}

/// What reading a member that may be a policy came to.
pub(super) enum Read {
    Document(Document),
    /// Something else, or nothing.
    No,
    Unreadable,
}

/// Reads a member.
pub(super) fn read(value: &Json, kind: Kind) -> Read {
    match value {
        Json::String(text) => read_text(text, kind),
        Json::Object(_) => match statements(value) {
            Some(list) if list.len() > STATEMENTS_MAX => Read::Unreadable,
            Some(list) => {
                Read::Document(Document { kind, statements: list.into_iter().map(Statement::new).collect() })
            }
            None => Read::No,
        },
        _ => Read::No,
    }
}

fn read_text(text: &str, kind: Kind) -> Read {
    let is_like_json = text.contains('{') || text.contains("%7B") || text.contains("%7b");
    if !is_like_json {
        return if text.starts_with("HIDDEN_DUE_TO") { Read::Unreadable } else { Read::No };
    }
    if text.len() > POLICY_BYTES_MAX {
        return Read::Unreadable;
    }
    // As JSON text begins, or else encoded.
    let is_plain = text.trim_start().starts_with(['{', '"']);
    let plain = if is_plain { Cow::Borrowed(text) } else { percent_decoded(text) };
    match serde_json::from_str::<Json>(&plain) {
        Ok(Json::String(inner)) => match serde_json::from_str(&inner) {
            Ok(value @ Json::Object(_)) => read(&value, kind),
            _ => Read::Unreadable,
        },
        Ok(value) => read(&value, kind),
        Err(_) => Read::Unreadable,
    }
}

/// Undoes `%7B`; other text stays as it is, and bytes that are no UTF-8 become U+FFFD.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => {
                plain.push(code);
                at += 3;
            }
            None => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&plain).into_owned())
}

fn statements(value: &Json) -> Option<Vec<&Json>> {
    match members::at(value, "Statement") {
        Json::Array(items) => Some(items.iter().collect()),
        one @ Json::Object(_) => Some(vec![one]),
        _ => None,
    }
}

/// One text or a list of them.
fn strings(value: &Json) -> Vec<String> {
    let items = match value {
        Json::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    items.iter().filter_map(members::text).map(Cow::into_owned).collect()
}

impl Statement {
    fn new(json: &Json) -> Statement {
        let effect = members::at(json, "Effect").as_str().unwrap_or_default();
        let is_allow = effect.eq_ignore_ascii_case("Allow");
        let not_principal = members::at(json, "NotPrincipal");
        let mut principals = Principal::all(members::at(json, "Principal"));
        // Everybody but some is everybody. Denied to everybody but some is no lock-out.
        if is_allow && !not_principal.is_null() {
            principals.push(Principal::Anyone);
        }
        let not_action = members::at(json, "NotAction");
        let is_not_action = !not_action.is_null();
        let actions = if is_not_action { not_action } else { members::at(json, "Action") };
        // All resources but some are as good as all.
        let not_resource = members::at(json, "NotResource");
        let resources = if not_resource.is_null() {
            strings(members::at(json, "Resource"))
        } else {
            vec!["*".to_owned()]
        };
        Statement {
            is_allow,
            principals,
            actions: strings(actions),
            is_not_action,
            resources,
            conditions: conditions(members::at(json, "Condition")),
        }
    }

    pub(super) fn has(&self, principal: &Principal) -> bool {
        self.principals.contains(principal)
    }

    /// The accounts that it grants something: its principals', and those that its conditions narrow others down to.
    pub(super) fn accounts(&self) -> Vec<String> {
        let mut accounts: Vec<String> = self.principals.iter().filter_map(Principal::account).collect();
        let is_narrowed =
            |principal: &Principal| matches!(principal, Principal::Anyone | Principal::Service(_));
        if self.principals.iter().any(is_narrowed) {
            accounts.extend(super::condition::accounts(self));
        }
        accounts
    }
}

fn conditions(value: &Json) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for (operator, keys) in value.as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            conditions.push(Condition {
                operator: operator.to_ascii_lowercase(),
                key: key.to_ascii_lowercase(),
                values: strings(values),
            });
        }
    }
    conditions
}

/// A statement that allows, as calls without a document make one.
pub(super) fn allow(principals: Vec<Principal>, action: &str, conditions: Vec<Condition>) -> Statement {
    Statement {
        is_allow: true,
        principals,
        actions: vec![action.to_owned()],
        resources: vec!["*".to_owned()],
        conditions,
        ..Statement::default()
    }
}
