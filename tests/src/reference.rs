//! What serde_json makes of CloudTrail: which events a payload holds, and what the columns of one say that are mere
//! members of it. It shares nothing with the stages, and is as slow as it is plain.

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::MultiGzDecoder;
use serde_json::{Deserializer, Map, Value};
use std::{io::Read, net::IpAddr};

/// Columns of text, and where in the event it is: of several places the first that has some.
const TEXTS: &[(&str, &[&str])] = &[
    ("metadata_uid", &["/eventID"]),
    ("metadata_event_code", &["/eventType"]),
    ("metadata_product_version", &["/eventVersion"]),
    ("metadata_product_feature_name", &["/eventCategory"]),
    ("api_operation", &["/eventName", "/insightDetails/eventName"]),
    ("api_service_name", &["/eventSource", "/insightDetails/eventSource"]),
    ("api_version", &["/apiVersion"]),
    ("api_request_uid", &["/requestID"]),
    ("api_response_error", &["/errorCode"]),
    ("status_code", &["/errorCode"]),
    ("api_response_message", &["/errorMessage"]),
    ("status_detail", &["/errorMessage"]),
    ("cloud_region", &["/awsRegion"]),
    ("cloud_account_uid", &["/recipientAccountId", "/userIdentity/accountId"]),
    ("http_request_user_agent", &["/userAgent"]),
    ("src_endpoint_uid", &["/vpcEndpointId"]),
    ("actor_user_type", &["/userIdentity/type"]),
    ("actor_user_uid", &["/userIdentity/arn"]),
    ("actor_user_uid_alt", &["/userIdentity/principalId"]),
    ("actor_user_account_uid", &["/userIdentity/accountId"]),
    ("actor_user_credential_uid", &["/userIdentity/accessKeyId", "/userIdentity/credentialId"]),
    ("actor_user_name", &["/userIdentity/userName", "/userIdentity/sessionContext/sessionIssuer/userName"]),
    ("actor_invoked_by", &["/userIdentity/invokedBy"]),
    ("actor_session_issuer", &["/userIdentity/sessionContext/sessionIssuer/arn"]),
];

/// Columns of flags.
const FLAGS: &[(&str, &str)] = &[
    ("read_only", "/readOnly"),
    ("management_event", "/managementEvent"),
    ("actor_session_is_mfa", "/userIdentity/sessionContext/attributes/mfaAuthenticated"),
];

/// Columns of times, which are told here by their text.
pub const TIMES: &[(&str, &str)] = &[
    ("time", "/eventTime"),
    ("actor_session_created_time", "/userIdentity/sessionContext/attributes/creationDate"),
];

/// Columns of JSON.
pub const JSONS: &[(&str, &str)] = &[
    ("api_request_data", "/requestParameters"),
    ("api_response_data", "/responseElements"),
    ("additional_event_data", "/additionalEventData"),
    ("tls_details", "/tlsDetails"),
];

/// The columns of an event, by name.
pub fn columns(event: &Value) -> Map<String, Value> {
    let mut row = Map::new();
    let mut set = |name: &str, value: Option<Value>| row.insert(name.to_owned(), value.unwrap_or_default());
    for (name, places) in TEXTS {
        set(name, places.iter().find_map(|place| text(event.pointer(place)?)).map(Value::from));
    }
    for (name, place) in FLAGS {
        set(name, event.pointer(place).and_then(flag).map(Value::from));
    }
    for (name, place) in TIMES {
        set(name, event.pointer(place).and_then(text).map(Value::from));
    }
    for (name, place) in JSONS {
        set(name, event.pointer(place).map(|value| without_tokens(name, value.clone())));
    }
    let address = event.pointer("/sourceIPAddress").and_then(text);
    let is_ip = address.as_ref().is_some_and(|text| text.parse::<IpAddr>().is_ok());
    set("src_endpoint_ip", address.clone().filter(|_| is_ip).map(Value::from));
    set("src_endpoint_svc_name", address.filter(|_| !is_ip).map(Value::from));
    row
}

/// A scalar as text; what says nothing is none.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty() && text != "-").then_some(text)
}

/// A flag, also one written as text, as CloudTrail does.
fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// Credentials that are still good have no business in a lake.
fn without_tokens(column: &str, mut value: Value) -> Value {
    if matches!(column, "api_response_data" | "additional_event_data") {
        redact(&mut value);
    }
    value
}

fn redact(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Object(members) => members.iter_mut().for_each(|(name, member)| {
            if name == "sessionToken" && member.as_str().is_some_and(|token| !token.is_empty()) {
                *member = "[redacted]".into();
            } else {
                redact(member);
            }
        }),
        _ => {}
    }
}

/// The CloudTrail events in a payload, which may be gzipped, and in envelopes.
pub fn events(bytes: &[u8]) -> Vec<Value> {
    let mut found = Vec::new();
    payload(bytes, &mut found);
    found
}

fn payload(bytes: &[u8], found: &mut Vec<Value>) {
    if bytes.starts_with(&[0x1F, 0x8B]) {
        let mut inflated = Vec::new();
        // What is cut short or damaged holds no events.
        if MultiGzDecoder::new(bytes).read_to_end(&mut inflated).is_ok() {
            payload(&inflated, found);
        }
        return;
    }
    match Deserializer::from_slice(bytes).into_iter().collect::<Result<Vec<Value>, _>>() {
        Ok(values) => values.iter().for_each(|value| open(value, found)),
        // One broken line does not cost the others.
        Err(_) => bytes
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .for_each(|value| open(&value, found)),
    }
}

fn open(value: &Value, found: &mut Vec<Value>) {
    let is_text = |name: &str| value[name].is_string();
    if let Some(items) = value.as_array().or(value["Records"].as_array()) {
        items.iter().for_each(|item| open(item, found));
    } else if let Some(log_events) = value["logEvents"].as_array() {
        let messages = log_events.iter().filter_map(|event| event["message"].as_str());
        messages.for_each(|message| payload(message.as_bytes(), found));
    } else if is_text("detail-type") {
        open(&value["detail"], found);
    } else if let (true, Some(data)) = (is_text("SequenceNumber"), value["Data"].as_str()) {
        payload(&STANDARD.decode(data).unwrap_or_default(), found);
    } else if is_text("eventSource") && is_text("eventName") || value["insightDetails"].is_object() {
        found.push(value.clone());
    }
}
