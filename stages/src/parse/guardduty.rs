//! GuardDuty findings, as EventBridge carries them → detection finding.

use super::{begin, key_of, set_class, set_time, text, time::epoch_ms, unmapped::Unmapped};
use crate::{
    decode::Context,
    json::{Fields, Raw},
};
use kinescope_schemas::{
    Class, Event, Id, Row, Source, Table,
    tables::{base, findings as t},
};
use serde_json::{Map, Value as Json, json};

pub(super) fn parse<'a>(fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Option<Event<'a>> {
    let service = fields.get("service").filter(|service| service.is_object())?.fields();
    let by_name = service.text("serviceName").as_deref() == Some("guardduty");
    let by_bus = context.envelope.detail_type.as_deref() == Some("GuardDuty Finding");
    if !by_name && !by_bus {
        return None;
    }
    let uid = fields.any(&["arn", "id"]).and_then(Raw::text);
    let updated = fields.text("updatedAt");
    // An update re-emits the finding under the same id.
    let key = match (&uid, &updated) {
        (Some(uid), Some(updated)) => Id::of(&[b"guardduty", uid.as_bytes(), updated.as_bytes()]),
        _ => key_of(context, raw),
    };
    let mut event = begin(Source::GuardDuty, Table::Findings, key, raw, context);
    let row = &mut event.row;
    let time = |raw: Option<Raw<'a>>| raw.and_then(Raw::text).and_then(|text| epoch_ms(&text));
    let (created, modified) = (time(fields.get("createdAt")), time(fields.get("updatedAt")));
    set_time(row, modified.or(created), context);
    row.set(t::CREATED_TIME, created);
    row.set(t::MODIFIED_TIME, modified);
    row.set(t::FIRST_SEEN_TIME, time(service.get("eventFirstSeen")));
    row.set(t::LAST_SEEN_TIME, time(service.get("eventLastSeen")));
    let count = service.get("count").and_then(Raw::i64).unwrap_or(1);
    row.set(t::COUNT, count.clamp(0, i64::from(i32::MAX)));
    set_class(row, Class::DetectionFinding, if count == 1 && created == modified { 1 } else { 2 });
    let archived = service.get("archived").and_then(Raw::bool) == Some(true);
    row.set(base::STATUS_ID, if archived { 3 } else { 1 });
    row.set(t::FINDING_UID, uid.unwrap_or_else(|| key.to_string().into()));
    row.set(
        t::FINDING_TITLE,
        fields.any(&["title", "type"]).and_then(Raw::text).unwrap_or("GuardDuty finding".into()),
    );
    row.set(t::FINDING_DESC, text(fields.get("description")));
    row.set(base::MESSAGE, text(fields.get("title")));
    row.set(base::EVENT_CODE, text(fields.get("type")));
    if let Some(kind) = fields.get("type").filter(|kind| kind.0.starts_with('"')) {
        row.set(t::FINDING_TYPES, format!("[{}]", kind.0));
    }
    row.set(base::PRODUCT_NAME, "GuardDuty");
    row.set(t::PRODUCT_UID, text(service.get("detectorId")));
    row.set(base::PRODUCT_FEATURE, text(service.get("featureName")));
    row.set(base::PRODUCT_VERSION, text(fields.get("schemaVersion")));
    row.set(t::SEVERITY_NUMBER, fields.get("severity").and_then(Raw::f64));
    if let Some(account) = fields.text("accountId") {
        row.set(base::CLOUD_ACCOUNT_UID, account);
    }
    if let Some(region) = fields.text("region") {
        row.set(base::CLOUD_REGION, region);
    }
    resource(row, fields);
    evidence(row, &service);
    let mut unmapped = Unmapped::default();
    for (name, value) in &fields.0 {
        if matches!(&**name, "service" | "resource" | "partition") {
            unmapped.add("", name, *value);
        }
    }
    row.set(base::UNMAPPED, unmapped.finish());
    Some(event)
}

/// The resource concerned: its kind, and the first id that its details name.
fn resource(row: &mut Row<'_>, fields: &Fields<'_>) {
    let Some(resource) = fields.get("resource") else { return };
    let resource = resource.fields();
    const IDS: [(&str, &str); 7] = [
        ("instanceDetails", "instanceId"),
        ("accessKeyDetails", "accessKeyId"),
        ("s3BucketDetails", "arn"),
        ("eksClusterDetails", "arn"),
        ("lambdaDetails", "functionArn"),
        ("rdsDbInstanceDetails", "dbInstanceArn"),
        ("ecsClusterDetails", "arn"),
    ];
    let uid = IDS.iter().find_map(|(details, id)| {
        let details = resource.get(details)?;
        let details = if details.is_array() { *details.items().first()? } else { details };
        details.fields().text(id)
    });
    if let Some(uid) = uid.filter(|uid| !uid.is_empty()) {
        let kind = resource.text("resourceType").unwrap_or_default();
        row.set(t::RESOURCES, json!([{"uid": uid, "type": kind}]).to_string());
        row.set(t::RESOURCE_UID, uid.into_owned());
    }
}

/// What was seen: an API call, a connection, a DNS request.
fn evidence(row: &mut Row<'_>, service: &Fields<'_>) {
    let Some(action) = service.get("action") else { return };
    let action = action.fields();
    let mut evidence = Map::new();
    if let Some(call) = action.get("awsApiCallAction").map(Raw::fields) {
        let api = json!({"operation": call.text("api"), "service": {"name": call.text("serviceName")}});
        if call.has("api") && call.has("serviceName") {
            evidence.insert("api".into(), api);
        }
        remote(&mut evidence, call.get("remoteIpDetails"));
    }
    if let Some(connection) = action.get("networkConnectionAction").map(Raw::fields) {
        let direction = match connection.text("connectionDirection").as_deref() {
            Some("INBOUND") => 1,
            Some("OUTBOUND") => 2,
            _ => 0,
        };
        evidence.insert("connection_info".into(), json!({"direction_id": direction}));
        remote(&mut evidence, connection.get("remoteIpDetails"));
    }
    if let Some(domain) = action.at(&["dnsRequestAction", "domain"]).and_then(Raw::text) {
        evidence.insert("query".into(), json!({"hostname": domain}));
    }
    if evidence.is_empty() {
        evidence.insert("data".into(), json!(service.get("action").map(|raw| raw.0)));
    }
    row.set(t::EVIDENCES, Json::from(vec![evidence]).to_string());
}

fn remote(evidence: &mut Map<String, Json>, details: Option<Raw<'_>>) {
    let Some(details) = details.map(Raw::fields) else { return };
    if let Some(ip) = details
        .any(&["ipAddressV4", "ipAddressV6"])
        .and_then(Raw::text)
        .filter(|ip| ip.parse::<std::net::IpAddr>().is_ok())
    {
        evidence.insert("src_endpoint".into(), json!({"ip": ip}));
    }
}
