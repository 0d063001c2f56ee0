//! What OCSF 1.3.0 requires and AWS does not always give. The columns keep what came; the nested form is made valid:
//! what it cannot hold goes to `unmapped`, what it must have is told by what is known.

use super::insert;
use serde_json::{Map, Value as Json, json};

type Object = Map<String, Json>;

/// Makes the nested form of an event valid.
pub(super) fn fulfil(root: &mut Object) {
    request_needs_uid(root);
    match root.get("class_uid").and_then(Json::as_i64) {
        Some(3001 | 3002 | 6003) => call_needs_caller(root),
        Some(4002) => {
            // A line that was cut short may have lost its request.
            root.entry("http_request").or_insert_with(|| json!({}));
            method_is_one_of_eight(root);
        }
        _ => {}
    }
    for path in [["dst_endpoint", ""], ["http_request", "url"]] {
        hostname_is_one(root, path);
    }
}

fn text(root: &Object, path: &[&str]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let mut value = root.get(*first)?;
    for name in rest {
        value = value.get(*name)?;
    }
    value.as_str().map(str::to_owned)
}

fn object<'r>(root: &'r mut Object, name: &str) -> Option<&'r mut Object> {
    root.get_mut(name).and_then(Json::as_object_mut)
}

/// `api.request` requires a uid: without one its data goes to `unmapped`.
fn request_needs_uid(root: &mut Object) {
    let Some(api) = object(root, "api") else { return };
    if api.get("request").is_some_and(|request| request.get("uid").is_none()) {
        let data = api.remove("request").and_then(|mut request| request.get_mut("data").map(Json::take));
        insert(root, "unmapped.request_parameters", data.unwrap_or_default());
    }
}

/// A call has an actor and a source, and a user has a name, a uid or an account.
fn call_needs_caller(root: &mut Object) {
    let service = text(root, &["api", "service", "name"]).unwrap_or_default();
    let invoked_by = text(root, &["actor", "invoked_by"]);
    if !root.contains_key("actor") {
        insert(root, "actor.app_name", json!(service));
    }
    if let Some(user) = object(root, "actor").and_then(|actor| object(actor, "user")) {
        let kind = user.get("type").and_then(Json::as_str).unwrap_or("unknown").to_owned();
        name_user(user, invoked_by.as_deref().unwrap_or(&kind));
    }
    let class = root.get("class_uid").and_then(Json::as_i64);
    if class != Some(6003) {
        let caller = text(root, &["cloud", "account", "uid"]).unwrap_or_else(|| service.clone());
        if !root.contains_key("user") {
            root.insert("user".to_owned(), json!({}));
        }
        if let Some(user) = object(root, "user") {
            name_user(user, invoked_by.as_deref().unwrap_or(&caller));
        }
    }
    const NAMES: [&str; 4] = ["ip", "svc_name", "uid", "name"];
    let named = object(root, "src_endpoint")
        .is_some_and(|source| NAMES.iter().any(|name| source.contains_key(*name)));
    if !named {
        insert(root, "src_endpoint.svc_name", json!(service));
    }
}

fn name_user(user: &mut Object, name: &str) {
    if !["account", "name", "uid"].iter().any(|member| user.contains_key(*member)) {
        user.insert("name".to_owned(), json!(name));
    }
}

/// 1.3.0 knows eight methods; clients use more.
fn method_is_one_of_eight(root: &mut Object) {
    const METHODS: [&str; 8] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE"];
    let Some(request) = object(root, "http_request") else { return };
    let other = request.get("http_method").and_then(Json::as_str).filter(|method| !METHODS.contains(method));
    if other.is_some() {
        let method = request.remove("http_method").unwrap_or_default();
        insert(root, "unmapped.http_method", method);
    }
}

/// OCSF takes letters, digits, hyphens and dots only; real names have more.
fn hostname_is_one(root: &mut Object, [outer, inner]: [&str; 2]) {
    let Some(mut at) = object(root, outer) else { return };
    if !inner.is_empty() {
        let Some(next) = object(at, inner) else { return };
        at = next;
    }
    let strange = |name: &str| {
        let label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        !name.split('.').all(label)
    };
    if at.get("hostname").and_then(Json::as_str).is_some_and(strange) {
        let name = at.remove("hostname").unwrap_or_default();
        insert(root, "unmapped.hostname", name);
    }
}
