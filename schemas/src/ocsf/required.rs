//! What OCSF 1.3.0 requires and AWS does not always give. The columns keep what came; the nested form is made valid:
//! what it cannot hold goes to `unmapped`, what it must have is told by what is known.

use super::tree::{Node, Object};

/// Makes the nested form of an event valid.
pub(super) fn fulfil(root: &mut Object<'_>) {
    request_needs_uid(root);
    match root.get("class_uid") {
        Some(Node::Int(class @ (3001 | 3002 | 6003))) => call_needs_caller(root, *class),
        Some(Node::Int(4002)) => {
            // A line that was cut short may have lost its request.
            root.enter("http_request");
            method_is_one_of_eight(root);
        }
        _ => {}
    }
    for path in [["dst_endpoint", ""], ["http_request", "url"]] {
        hostname_is_one(root, path);
    }
}

/// A text at a path, for a place of its own.
fn text<'r>(root: &Object<'_>, path: &[&str]) -> Option<Node<'r>> {
    root.text(path).map(|text| Node::Text(text.to_owned().into()))
}

/// `api.request` requires a uid: without one its data goes to `unmapped`.
fn request_needs_uid(root: &mut Object<'_>) {
    let Some(api) = root.object("api") else { return };
    if api.object("request").is_some_and(|request| !request.has("uid")) {
        let data = api.object("request").and_then(|request| request.remove("data"));
        api.remove("request");
        root.put("unmapped.request_parameters", data.unwrap_or(Node::Json(serde_json::Value::Null)));
    }
}

/// A call has an actor and a source, and a user has a name, a uid or an account.
fn call_needs_caller(root: &mut Object<'_>, class: i64) {
    let nobody = || Node::Text("".into());
    let service = |root: &Object<'_>| text(root, &["api", "service", "name"]).unwrap_or_else(nobody);
    let invoked_by = |root: &Object<'_>| text(root, &["actor", "invoked_by"]);
    if !root.has("actor") {
        root.put("actor.app_name", service(root));
    }
    if is_nobody(root.object("actor").and_then(|actor| actor.object("user"))) {
        let kind = || text(root, &["actor", "user", "type"]);
        let name = invoked_by(root).or_else(kind).unwrap_or_else(|| Node::Text("unknown".into()));
        root.put("actor.user.name", name);
    }
    if class != 6003 {
        root.enter("user");
        if is_nobody(root.object("user")) {
            let account = || text(root, &["cloud", "account", "uid"]);
            let name = invoked_by(root).or_else(account).unwrap_or_else(|| service(root));
            root.put("user.name", name);
        }
    }
    const NAMES: [&str; 4] = ["ip", "svc_name", "uid", "name"];
    let named = root.object("src_endpoint").is_some_and(|source| NAMES.iter().any(|name| source.has(name)));
    if !named {
        root.put("src_endpoint.svc_name", service(root));
    }
}

/// Whether there is a user of whom nothing tells who it is.
fn is_nobody(user: Option<&mut Object<'_>>) -> bool {
    user.is_some_and(|user| !["account", "name", "uid"].iter().any(|member| user.has(member)))
}

/// 1.3.0 knows eight methods; clients use more.
fn method_is_one_of_eight(root: &mut Object<'_>) {
    const METHODS: [&str; 8] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE"];
    let Some(request) = root.object("http_request") else { return };
    if request.text(&["http_method"]).is_some_and(|method| !METHODS.contains(&method))
        && let Some(method) = request.remove("http_method")
    {
        root.put("unmapped.http_method", method);
    }
}

/// OCSF takes letters, digits, hyphens and dots only; real names have more.
fn hostname_is_one(root: &mut Object<'_>, [outer, inner]: [&str; 2]) {
    let Some(mut at) = root.object(outer) else { return };
    if !inner.is_empty() {
        let Some(next) = at.object(inner) else { return };
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
    if at.text(&["hostname"]).is_some_and(strange)
        && let Some(name) = at.remove("hostname")
    {
        root.put("unmapped.hostname", name);
    }
}
