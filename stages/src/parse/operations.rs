//! AWS Health, CloudWatch alarms, our agents' own events, and S3 notifications → operations.

use super::{any_text, begin, key_of, set_class, set_time, text, time::epoch_ms, unmapped::Unmapped};
use crate::{
    decode::Context,
    json::{Fields, Raw},
};
use kinescope_schemas::{
    Class, Event, Id, Source, Table,
    tables::{base, operations as t},
};
use serde_json::json;

/// Members without a column go under this: several have a column's name and another meaning.
const DETAIL: &str = "detail.";

/// Sources of our agents' events on the bus begin with this.
const AGENT_SOURCE: &str = "monitoring.agent";

pub(super) fn parse<'a>(fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Option<Event<'a>> {
    let source = context.envelope.bus_source.as_deref().unwrap_or_default();
    if fields.has("eventTypeCode") && fields.has("service") {
        Some(health(fields, raw, context))
    } else if fields.has("alarmName") && fields.has("state") {
        Some(alarm(fields, raw, context))
    } else if fields.has("AlarmName") && fields.has("NewStateValue") {
        Some(alarm_notification(fields, raw, context))
    } else if source.starts_with(AGENT_SOURCE) {
        Some(agent(fields, raw, context))
    } else {
        None
    }
}

fn start<'a>(
    source: Source,
    kind: &'static str,
    key: Id,
    raw: &'a str,
    context: Context<'a, '_>,
) -> Event<'a> {
    let mut event = begin(source, Table::Operations, key, raw, context);
    set_class(&mut event.row, Class::Base, 99);
    event.row.set(t::KIND, kind);
    event.row.set(base::EVENT_CODE, context.envelope.detail_type.clone());
    event
}

fn time(raw: Option<Raw<'_>>) -> Option<i64> {
    raw.and_then(Raw::text).and_then(|text| epoch_ms(&text))
}

fn health<'a>(fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Event<'a> {
    let communication = fields.text("communicationId");
    let arn = fields.text("eventArn");
    let key = match (&arn, &communication) {
        (Some(arn), Some(id)) => {
            let account = fields.text("affectedAccount").or_else(|| context.envelope.account.clone());
            Id::of(&[b"health", arn.as_bytes(), id.as_bytes(), account.unwrap_or_default().as_bytes()])
        }
        _ => key_of(context, raw),
    };
    let mut event = start(Source::Health, "health", key, raw, context);
    let row = &mut event.row;
    let (began, ended) = (time(fields.get("startTime")), time(fields.get("endTime")));
    set_time(row, time(fields.get("lastUpdatedTime")).or(context.envelope.time_ms).or(began), context);
    row.set(t::START_TIME, began);
    row.set(t::END_TIME, ended);
    row.set(base::PRODUCT_NAME, "AWS Health");
    row.set(base::EVENT_CODE, text(fields.get("eventTypeCode")));
    row.set(t::SERVICE, text(fields.get("service")));
    row.set(t::TYPE_CATEGORY, text(fields.get("eventTypeCategory")));
    row.set(t::ARN, arn);
    row.set(t::STATE, text(fields.get("statusCode")));
    row.set(t::AFFECTED_ACCOUNT, text(fields.get("affectedAccount")));
    // `region` is where the event was delivered; this is where it happened.
    let affected = fields.text("eventRegion").or_else(|| context.envelope.region.clone());
    row.set(t::AFFECTED_REGION, affected);
    let description = fields.get("eventDescription").and_then(|list| list.items().first().copied());
    row.set(base::MESSAGE, text(description.and_then(|first| first.fields().get("latestDescription"))));
    let entities = fields.get("affectedEntities").map(Raw::items).unwrap_or_default();
    let ids: Vec<_> = entities.iter().filter_map(|entity| entity.fields().text("entityValue")).collect();
    if !ids.is_empty() {
        row.set(t::AFFECTED, json!(ids).to_string());
    }
    if let Some((id, page)) = communication.as_deref().and_then(|text| text.rsplit_once('-')) {
        row.set(t::COMMUNICATION_ID, id.to_owned());
        row.set(t::PAGE, page.parse::<i32>().ok().map(i64::from));
    }
    row.set(t::TOTAL_PAGES, fields.get("totalPages").and_then(Raw::i64).filter(|n| *n < 1 << 31));
    row.set(
        base::UNMAPPED,
        Unmapped::rest(
            DETAIL,
            fields,
            &[
                "startTime",
                "endTime",
                "service",
                "eventTypeCode",
                "eventTypeCategory",
                "eventArn",
                "statusCode",
            ],
        ),
    );
    event
}

fn alarm<'a>(fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Event<'a> {
    let mut event = start(Source::Alarm, "alarm", key_of(context, raw), raw, context);
    let row = &mut event.row;
    let state = fields.get("state").map(Raw::fields).unwrap_or_default();
    set_time(row, time(state.get("timestamp")), context);
    row.set(base::PRODUCT_NAME, "CloudWatch");
    row.set(t::NAME, text(fields.get("alarmName")));
    row.set(t::STATE, text(state.get("value")));
    row.set(t::PREVIOUS_STATE, text(fields.at(&["previousState", "value"])));
    row.set(base::MESSAGE, text(state.get("reason")));
    let resources = context.envelope.resources.as_deref().map(|json| Raw(json).items());
    row.set(t::ARN, resources.and_then(|list| list.first()?.text().map(|arn| arn.into_owned())));
    let metric = fields.at(&["configuration", "metrics"]).and_then(|list| list.items().first().copied());
    row.set(
        t::TYPE_CATEGORY,
        text(metric.and_then(|first| first.fields().at(&["metricStat", "metric", "namespace"]))),
    );
    row.set(base::UNMAPPED, Unmapped::rest(DETAIL, fields, &["alarmName"]));
    event
}

/// The form in which an alarm writes to SNS.
fn alarm_notification<'a>(fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Event<'a> {
    let mut event = start(Source::Alarm, "alarm", key_of(context, raw), raw, context);
    let row = &mut event.row;
    set_time(row, time(fields.get("StateChangeTime")), context);
    row.set(base::PRODUCT_NAME, "CloudWatch");
    row.set(t::NAME, text(fields.get("AlarmName")));
    row.set(t::STATE, text(fields.get("NewStateValue")));
    row.set(t::PREVIOUS_STATE, text(fields.get("OldStateValue")));
    row.set(base::MESSAGE, text(fields.get("NewStateReason")));
    row.set(t::ARN, text(fields.get("AlarmArn")));
    row.set(t::TYPE_CATEGORY, text(fields.at(&["Trigger", "Namespace"])));
    row.set(base::CLOUD_ACCOUNT_UID, text(fields.get("AWSAccountId")));
    row.set(
        base::UNMAPPED,
        Unmapped::rest(
            DETAIL,
            fields,
            &["AlarmName", "NewStateValue", "OldStateValue", "NewStateReason", "AlarmArn", "AWSAccountId"],
        ),
    );
    event
}

fn agent<'a>(fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Event<'a> {
    // The bus gives what it is told twice two ids; what an agent derived itself is the same.
    let key = match (fields.text("eventId"), &context.envelope.account) {
        (Some(id), account) => {
            let account = account.as_deref().unwrap_or_default();
            Id::of(&[b"agent", account.as_bytes(), id.as_bytes()])
        }
        (None, _) => key_of(context, raw),
    };
    let mut event = start(Source::Agent, "agent", key, raw, context);
    let row = &mut event.row;
    set_time(row, time(fields.get("timestamp")).or(context.envelope.time_ms), context);
    row.set(base::PRODUCT_NAME, "Kinescope agent");
    row.set(t::SERVICE, context.envelope.bus_source.clone());
    row.set(t::NAME, text(fields.any(&["agentId", "agent_id", "id", "name"])));
    row.set(t::STATE, text(fields.any(&["status", "state"])));
    row.set(t::VERSION, text(fields.any(&["version", "agentVersion"])));
    row.set(base::MESSAGE, any_text(fields.any(&["message", "error", "reason"])));
    if let Some(account) = fields.any(&["accountId", "account"]).and_then(Raw::text) {
        row.set(base::CLOUD_ACCOUNT_UID, account);
    }
    if let Some(region) = fields.text("region") {
        row.set(base::CLOUD_REGION, region);
    }
    row.set(
        base::UNMAPPED,
        Unmapped::rest(DETAIL, fields, &["agentId", "agent_id", "status", "version", "accountId", "region"]),
    );
    event
}

/// An object that holds records: whoever can reach S3 fetches it; the notification itself is kept.
pub(super) fn object<'a>(fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Event<'a> {
    let s3 = fields.get("s3").map_or_else(|| fields.clone(), Raw::fields);
    let bucket = s3.at(&["bucket", "name"]).and_then(Raw::text).unwrap_or_default();
    let key = s3.at(&["object", "key"]).and_then(Raw::text).unwrap_or_default();
    // A notification of S3 itself URL-encodes keys, one that came over EventBridge does not.
    let key = if fields.has("s3") { url_decoded(&key) } else { key.into_owned() };
    let place = format!("s3://{bucket}/{key}");
    let mut event = start(Source::S3Notification, "object", key_of(context, raw), raw, context);
    let row = &mut event.row;
    set_time(row, time(fields.get("eventTime")), context);
    row.set(base::PRODUCT_NAME, "Amazon S3");
    if let Some(name) = fields.text("eventName") {
        row.set(base::EVENT_CODE, name);
    }
    if let Some(region) = fields.text("awsRegion") {
        row.set(base::CLOUD_REGION, region);
    }
    row.set(base::MESSAGE, format!("{place} holds records: fetch it and process it"));
    row.set(t::NAME, place);
    row.set(base::UNMAPPED, Unmapped::rest(DETAIL, fields, &["eventTime", "eventName", "awsRegion"]));
    event
}

/// `+` and `%XX` undone; what is no UTF-8 then becomes U+FFFD.
fn url_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (_, Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
                continue;
            }
            (b'+', None) => bytes.push(b' '),
            (byte, None) => bytes.push(*byte),
        }
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
