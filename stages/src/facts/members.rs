//! Members of a request, whose shapes differ from service to service and from call to call: names differ in the case
//! of their letters, lists are arrays, `{"items": [...]}`, one object alone, or `{}` and `""` when empty, and flags are
//! booleans, text, or `{"value": true}`.

use serde_json::Value as Json;
use std::borrow::Cow;

/// Names of the member that wraps a list.
const WRAPPERS: &[&str] = &["items", "item", "member"];

/// What an absent member reads as.
pub(super) static NULL: Json = Json::Null;

/// The member of this name, whatever the case of its letters; null is absent.
fn member<'j>(value: &'j Json, name: &str) -> Option<&'j Json> {
    let members = value.as_object()?;
    let exact = members.get(name);
    exact
        .or_else(|| members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
        .filter(|value| !value.is_null())
}

/// The value at a path of names with dots between, not through lists; null if there is none.
pub(super) fn at<'j>(value: &'j Json, path: &str) -> &'j Json {
    path.split('.').try_fold(value, member).unwrap_or(&NULL)
}

/// The items of a list in any of its shapes; what is no list is a list of one.
pub(super) fn list(value: &Json) -> Vec<&Json> {
    match value {
        Json::Null => Vec::new(),
        Json::String(text) if text.is_empty() => Vec::new(),
        Json::Array(items) => items.iter().collect(),
        Json::Object(members) if members.is_empty() => Vec::new(),
        Json::Object(_) => match WRAPPERS.iter().find_map(|name| member(value, name)) {
            Some(inner) => list(inner),
            None => vec![value],
        },
        scalar => vec![scalar],
    }
}

/// Every value at the end of a path that goes through lists on the way.
pub(super) fn each<'j>(value: &'j Json, path: &str) -> Vec<&'j Json> {
    let mut found = list(value);
    for name in path.split('.') {
        found = found.into_iter().filter_map(|value| member(value, name)).flat_map(list).collect();
    }
    found
}

/// A scalar as text; an object that only wraps a `value`, as that.
pub(super) fn text(value: &Json) -> Option<Cow<'_, str>> {
    match value {
        Json::Null | Json::Array(_) => None,
        Json::Object(_) => member(value, "value").filter(|inner| !inner.is_object()).and_then(text),
        Json::String(text) => Some(Cow::Borrowed(text)),
        scalar => Some(Cow::Owned(scalar.to_string())),
    }
}

/// A flag: true, "true", {"value": true}, and the words that attributes use.
pub(super) fn flag(value: &Json) -> Option<bool> {
    let text = text(value)?;
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match () {
        () if is(&["true", "enabled", "on", "1"]) => Some(true),
        () if is(&["false", "disabled", "off", "0"]) => Some(false),
        () => None,
    }
}

/// A whole number, also one in text.
pub(super) fn number(value: &Json) -> Option<i64> {
    text(value)?.trim().parse().ok()
}

/// The texts at the end of a path through lists.
pub(super) fn texts<'j>(value: &'j Json, path: &str) -> Vec<Cow<'j, str>> {
    each(value, path).into_iter().filter_map(text).filter(|text| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shapes_of_lists() {
        for (value, expected) in [
            (json!({"items": [{"a": "x"}, {"a": "y"}]}), vec!["x", "y"]),
            (json!([{"A": "x"}]), vec!["x"]),
            (json!({"a": "x"}), vec!["x"]),
            (json!({"item": {"a": ["x", 1]}}), vec!["x", "1"]),
            (json!({}), vec![]),
            (json!(""), vec![]),
            (json!(null), vec![]),
            (json!([{"a": null}, {"a": {}}, 5]), vec![]),
        ] {
            assert_eq!(texts(&value, "a"), expected, "{value}");
        }
    }

    #[test]
    fn shapes_of_flags() {
        for (value, expected) in [
            (json!(true), Some(true)),
            (json!("False"), Some(false)),
            (json!({"value": false}), Some(false)),
            (json!("enabled"), Some(true)),
            (json!({"value": {"value": true}}), None),
            (json!([true]), None),
            (json!("maybe"), None),
        ] {
            assert_eq!(flag(&value), expected, "{value}");
        }
    }
}
