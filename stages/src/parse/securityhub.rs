//! Security Hub findings, in its own format (ASFF) and in OCSF → detection finding.

use super::{begin, key_of, set_class, set_time, text, time::epoch_ms, unmapped::Unmapped};
use crate::{
    decode::Context,
    json::{Fields, Raw},
};
use kinescope_schemas::{
    Class, Event, Id, Row, Source, Table, Value,
    tables::{base, findings as t},
};
use serde_json::json;

pub(super) fn parse<'a>(fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Option<Event<'a>> {
    if fields.has("ProductArn") && fields.has("AwsAccountId") {
        return Some(asff(fields, raw, context));
    }
    let is_finding = fields.get("class_uid").and_then(Raw::i64).is_some_and(|class| class / 1000 == 2);
    (is_finding && fields.has("finding_info")).then(|| ocsf(fields, raw, context))
}

/// What OCSF calls an id that it does not know.
const OTHER: i64 = 99;

fn time(raw: Option<Raw<'_>>) -> Option<i64> {
    raw.and_then(Raw::text).and_then(|text| epoch_ms(&text))
}

fn key(context: Context<'_, '_>, raw: &str, uid: Option<&str>, modified: Option<i64>) -> Id {
    match (uid, modified) {
        (Some(uid), Some(ms)) => Id::of(&[b"securityhub", uid.as_bytes(), &ms.to_le_bytes()]),
        _ => key_of(context, raw),
    }
}

fn asff<'a>(fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Event<'a> {
    let uid = fields.text("Id");
    let (created, modified) = (time(fields.get("CreatedAt")), time(fields.get("UpdatedAt")));
    let key = key(context, raw, uid.as_deref(), modified);
    let mut event = begin(Source::SecurityHub, Table::Findings, key, raw, context);
    let row = &mut event.row;
    set_time(row, modified.or(created), context);
    set_class(row, Class::DetectionFinding, if created == modified { 1 } else { 2 });
    row.set(t::CREATED_TIME, created);
    row.set(t::MODIFIED_TIME, modified);
    row.set(t::FIRST_SEEN_TIME, time(fields.get("FirstObservedAt")));
    row.set(t::LAST_SEEN_TIME, time(fields.get("LastObservedAt")));
    row.set(t::FINDING_UID, uid.unwrap_or_else(|| key.to_string().into()));
    row.set(t::FINDING_TITLE, fields.text("Title").unwrap_or("Security Hub finding".into()));
    row.set(t::FINDING_DESC, text(fields.get("Description")));
    row.set(base::MESSAGE, text(fields.get("Title")));
    row.set(t::REMEDIATION_DESC, text(fields.at(&["Remediation", "Recommendation", "Text"])));
    if let Some(types) = fields.get("Types").filter(|types| types.is_array()) {
        row.set(t::FINDING_TYPES, types.0);
        row.set(base::EVENT_CODE, types.items().first().and_then(|kind| kind.text()));
    }
    row.set(t::ANALYTIC_UID, Value::Null);
    row.set(base::PRODUCT_NAME, fields.text("ProductName").unwrap_or("Security Hub".into()));
    row.set(t::PRODUCT_UID, text(fields.get("ProductArn")));
    row.set(base::PRODUCT_VERSION, text(fields.get("SchemaVersion")));
    row.set(base::CLOUD_ACCOUNT_UID, text(fields.get("AwsAccountId")));
    if let Some(region) = fields.text("Region") {
        row.set(base::CLOUD_REGION, region);
    }
    let status = match fields.at(&["Workflow", "Status"]).and_then(Raw::text).as_deref() {
        Some("NOTIFIED") => 2,
        Some("SUPPRESSED") => 3,
        Some("RESOLVED") => 4,
        _ => 1,
    };
    row.set(base::STATUS_ID, status);
    row.set(t::SEVERITY_NUMBER, asff_severity(fields));
    asff_resources(row, fields);
    row.set(
        base::UNMAPPED,
        Unmapped::rest(
            "",
            fields,
            &[
                "Id",
                "CreatedAt",
                "UpdatedAt",
                "Title",
                "Description",
                "Types",
                "ProductArn",
                "AwsAccountId",
                "SchemaVersion",
                "Region",
            ],
        ),
    );
    event
}

/// On GuardDuty's scale of 10: the label if there is one, else Normalized, a percentage.
fn asff_severity(fields: &Fields<'_>) -> Option<f64> {
    let severity = fields.get("Severity")?.fields();
    match severity.text("Label").as_deref() {
        Some("INFORMATIONAL") => Some(0.0),
        Some("LOW") => Some(2.0),
        Some("MEDIUM") => Some(5.0),
        Some("HIGH") => Some(8.0),
        Some("CRITICAL") => Some(9.5),
        _ => severity.get("Normalized").and_then(Raw::f64).map(|percent| percent / 10.0),
    }
}

fn asff_resources(row: &mut Row<'_>, fields: &Fields<'_>) {
    let Some(resources) = fields.get("Resources") else { return };
    let list: Vec<_> = resources
        .items()
        .into_iter()
        .filter_map(|item| {
            let item = item.fields();
            Some(json!({"uid": item.text("Id")?, "type": item.text("Type").unwrap_or_default()}))
        })
        .collect();
    if let Some(first) = list.first() {
        row.set(t::RESOURCE_UID, first["uid"].as_str().unwrap_or_default().to_owned());
        row.set(t::RESOURCES, json!(list).to_string());
    }
}

fn ocsf<'a>(fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Event<'a> {
    let at = |path: &[&str]| fields.at(path);
    let uid = at(&["finding_info", "uid"]).and_then(Raw::text);
    let modified = at(&["finding_info", "modified_time"]).or(fields.get("time")).and_then(Raw::i64);
    let key = key(context, raw, uid.as_deref(), modified);
    let mut event = begin(Source::SecurityHub, Table::Findings, key, raw, context);
    let row = &mut event.row;
    set_time(row, fields.get("time").and_then(Raw::i64).or(modified), context);
    let known = |id: Option<Raw<'_>>, most: i64| {
        id.and_then(Raw::i64).map_or(0, |id| if (0..=most).contains(&id) { id } else { OTHER })
    };
    let activity = known(fields.get("activity_id"), 3);
    set_class(row, Class::DetectionFinding, activity);
    row.set(t::MODIFIED_TIME, modified);
    row.set(t::CREATED_TIME, at(&["finding_info", "created_time"]).and_then(Raw::i64));
    row.set(t::FINDING_UID, uid.unwrap_or_else(|| key.to_string().into()));
    row.set(
        t::FINDING_TITLE,
        at(&["finding_info", "title"]).and_then(Raw::text).unwrap_or("Security Hub finding".into()),
    );
    row.set(t::FINDING_DESC, text(at(&["finding_info", "desc"])));
    row.set(base::MESSAGE, text(at(&["finding_info", "title"])));
    if let Some(analytic) = at(&["finding_info", "analytic"]).map(Raw::fields) {
        row.set(t::ANALYTIC_UID, text(analytic.get("uid")));
        row.set(t::ANALYTIC_NAME, text(analytic.get("name")));
        row.set(t::ANALYTIC_TYPE_ID, known(analytic.get("type_id"), 4));
    }
    let product = at(&["metadata", "product", "name"]).and_then(Raw::text).filter(|name| !name.is_empty());
    row.set(base::PRODUCT_NAME, product.unwrap_or("Security Hub".into()));
    row.set(t::PRODUCT_UID, text(at(&["metadata", "product", "uid"])));
    if let Some(account) = at(&["cloud", "account", "uid"]).and_then(Raw::text) {
        row.set(base::CLOUD_ACCOUNT_UID, account);
    }
    if let Some(region) = at(&["cloud", "region"]).and_then(Raw::text) {
        row.set(base::CLOUD_REGION, region);
    }
    row.set(base::STATUS_ID, known(fields.get("status_id"), 4));
    // Its severity is OCSF's already; on the scale of 10 that the table of severities reads.
    let severity = fields.get("severity_id").and_then(Raw::i64).unwrap_or(0);
    row.set(
        t::SEVERITY_NUMBER,
        [0.0, 0.0, 2.0, 5.0, 8.0, 9.5, 10.0].get(severity.clamp(0, 6) as usize).copied(),
    );
    if let Some(resource) = fields.get("resources").and_then(|list| list.items().first().copied()) {
        row.set(t::RESOURCE_UID, text(resource.fields().any(&["uid", "name"])));
    }
    row.set(
        base::UNMAPPED,
        Unmapped::rest("", fields, &["time", "class_uid", "activity_id", "status_id", "severity_id"]),
    );
    event
}
