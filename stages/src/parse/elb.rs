//! Load balancer access logs: an application load balancer's requests → HTTP activity, a network load balancer's TLS
//! connections → network activity. AWS has no mapping of its own; WAF's is the nearest model.
//!
//! OCSF counts traffic from the client: what the load balancer received is *out*, what it sent is *in*. AWS appends
//! fields, so that a line may have more than we know, and an old one fewer.

use super::{begin, key_of, set_class, set_status, set_time, time::epoch_ms, unmapped::Unmapped};
use crate::decode::Context;
use kinescope_schemas::{Class, Event, Row, Source, Table, Value, tables::base, tables::http_activity as t};

mod nlb;
mod request;
mod words;

#[cfg(test)]
mod tests;

use request::Url;
pub(super) use request::{Request, activity};
pub(super) use words::Words;

pub(super) fn parse<'a>(line: &'a str, context: Context<'a, '_>) -> Option<Event<'a>> {
    match line.split_once(' ')?.0 {
        "http" | "https" | "h2" | "grpcs" | "ws" | "wss" => alb(line, context),
        "tls" => nlb::parse(line, context),
        _ => None,
    }
}

/// Fields without which a line is none of ours: those before the request.
const ALB_FIELDS_MIN: usize = 12;

/// Fields of an application load balancer's line, in order; the last ones came one by one.
const ALB_FIELDS: [&str; 33] = [
    "type",
    "time",
    "elb",
    "client:port",
    "target:port",
    "request_processing_time",
    "target_processing_time",
    "response_processing_time",
    "elb_status_code",
    "target_status_code",
    "received_bytes",
    "sent_bytes",
    "request",
    "user_agent",
    "ssl_cipher",
    "ssl_protocol",
    "target_group_arn",
    "trace_id",
    "domain_name",
    "chosen_cert_arn",
    "matched_rule_priority",
    "request_creation_time",
    "actions_executed",
    "redirect_url",
    "error_reason",
    "target:port_list",
    "target_status_code_list",
    "classification",
    "classification_reason",
    "conn_trace_id",
    "transformed_host",
    "transformed_uri",
    "request_transform_status",
];

fn alb<'a>(line: &'a str, context: Context<'a, '_>) -> Option<Event<'a>> {
    let mut words = Words::new(line);
    let mut fields = [""; ALB_FIELDS.len()];
    let mut n_fields = 0;
    for (field, word) in fields.iter_mut().zip(&mut words) {
        *field = word;
        n_fields += 1;
    }
    let time_ms = epoch_ms(fields[1])?;
    if n_fields < ALB_FIELDS_MIN || !is_number_or_absent(fields[8]) || !is_number_or_absent(fields[11]) {
        return None;
    }
    let mut event = begin(Source::Alb, Table::HttpActivity, key_of(context, line), line, context);
    let row = &mut event.row;
    let mut unmapped = Unmapped::default();
    set_time(row, Some(time_ms), context);
    row.set(base::ORIGINAL_TIME, fields[1]);
    row.set(base::PRODUCT_NAME, PRODUCT);
    row.set(base::PRODUCT_FEATURE, "Application Load Balancer");
    row.set(t::END_TIME, time_ms);
    row.set(t::START_TIME, epoch_ms(fields[21]));
    endpoints(row, &mut unmapped, &fields);
    outcome(row, &mut unmapped, &fields);
    request(row, &mut unmapped, fields[12]);
    row.set(t::HTTP_USER_AGENT, Value::text_or_null(fields[13]));
    row.set(t::HTTP_REQUEST_UID, Value::text_or_null(fields[17]));
    place_of(row, [fields[16], fields[19]]);
    for at in [0, 5, 6, 7, 19, 20, 22, 23, 25, 26, 29, 30, 31, 32] {
        unmapped.add_text(ALB_FIELDS[at], fields[at]);
    }
    for (at, later) in words.enumerate() {
        unmapped.add_text(&format!("field_{}", ALB_FIELDS.len() + at + 1), later);
    }
    row.set(base::UNMAPPED, unmapped.finish());
    Some(event)
}

const PRODUCT: &str = "Elastic Load Balancing";

fn endpoints<'a>(row: &mut Row<'a>, unmapped: &mut Unmapped, fields: &[&'a str; 33]) {
    let name = Value::text_or_null(fields[2]);
    row.set(t::LB_NAME, name.clone());
    row.set(t::DST_ENDPOINT_NAME, name);
    match address(fields[3]) {
        Some((ip, port)) => {
            row.set(t::SRC_ENDPOINT_IP, ip);
            row.set(t::SRC_ENDPOINT_PORT, port);
        }
        None => unmapped.add_text(ALB_FIELDS[3], fields[3]),
    }
    match address(fields[4]) {
        Some((ip, port)) => {
            row.set(t::LB_DST_IP, ip);
            row.set(t::LB_DST_PORT, port);
        }
        None => unmapped.add_text(ALB_FIELDS[4], fields[4]),
    }
    row.set(t::TARGET_GROUP, Value::text_or_null(fields[16]));
    row.set(t::DST_ENDPOINT_HOSTNAME, Value::text_or_null(fields[18]));
    // OCSF's tls must have a version.
    if let version @ Value::Text(_) = Value::text_or_null(fields[15]) {
        row.set(t::TLS_VERSION, version);
        row.set(t::TLS_CIPHER, Value::text_or_null(fields[14]));
        row.set(t::TLS_SNI, Value::text_or_null(fields[18]));
    }
}

fn outcome<'a>(row: &mut Row<'a>, unmapped: &mut Unmapped, fields: &[&'a str; 33]) {
    let code = int(fields[8], i64::from(i32::MAX));
    row.set(t::HTTP_CODE, code.unwrap_or(0));
    row.set(base::STATUS_CODE, Value::text_or_null(fields[8]));
    set_status(row, code.map(|code| code < 400));
    match int(fields[9], i64::from(i32::MAX)) {
        Some(code) => row.set(t::LB_CODE, code),
        None => unmapped.add_text(ALB_FIELDS[9], fields[9]),
    }
    row.set(t::LB_ERROR_MESSAGE, Value::text_or_null(fields[24]));
    row.set(t::LB_CLASSIFICATION, Value::text_or_null(fields[27]));
    row.set(base::STATUS_DETAIL, Value::text_or_null(fields[28]));
    let (received, sent) = (int(fields[10], i64::MAX), int(fields[11], i64::MAX));
    row.set(t::TRAFFIC_BYTES_OUT, received);
    row.set(t::TRAFFIC_BYTES_IN, sent);
    row.set(t::TRAFFIC_BYTES, received.zip(sent).and_then(|(received, sent)| received.checked_add(sent)));
    if let Some(ms) = latency_ms([fields[5], fields[6], fields[7]]) {
        row.set(t::HTTP_LATENCY, ms.min(i64::from(i32::MAX)));
        row.set(t::DURATION, ms);
    }
}

/// The sum of the processing times; -1 means that a step was not reached, and then there is none.
fn latency_ms(times: [&str; 3]) -> Option<i64> {
    let mut sum = 0.0;
    for time in times {
        sum += time.parse::<f64>().ok().filter(|seconds| (0.0..SECONDS_MAX).contains(seconds))?;
    }
    Some((sum * 1_000.0).round() as i64)
}

/// Longer than any connection lives.
const SECONDS_MAX: f64 = 1e9;

fn request<'a>(row: &mut Row<'a>, unmapped: &mut Unmapped, text: &'a str) {
    let request = Request::of(text);
    set_class(row, Class::HttpActivity, request.as_ref().map_or(99, |request| activity(request.method)));
    let Some(request) = request else {
        unmapped.add_text("request", text);
        return broken_request(row, text);
    };
    row.set(t::HTTP_METHOD, request.method);
    row.set(t::HTTP_VERSION, request.version);
    row.set(t::URL_STRING, request.url.whole);
    row.set(t::URL_SCHEME, request.url.scheme);
    row.set(t::URL_HOSTNAME, request.url.host);
    row.set(t::URL_PORT, request.url.port);
    row.set(t::URL_PATH, request.url.path);
    row.set(t::URL_QUERY, request.url.query);
}

/// `- http://host:80- -`: no URL that a client sent, but where it sent something.
fn broken_request<'a>(row: &mut Row<'a>, text: &'a str) {
    let Some(place) = text.strip_prefix("- ").and_then(|rest| rest.strip_suffix("- -")) else { return };
    let url = Url::of(place);
    row.set(t::URL_SCHEME, url.scheme);
    row.set(t::URL_HOSTNAME, url.host);
    row.set(t::URL_PORT, url.port);
    row.set(t::URL_PATH, url.path);
}

/// Fills in Region and account from the first ARN that has them, where no envelope told.
fn place_of<'a>(row: &mut Row<'a>, arns: [&'a str; 2]) {
    for arn in arns {
        let mut parts = arn.split(':').skip(3);
        for column in [base::CLOUD_REGION, base::CLOUD_ACCOUNT_UID] {
            let part = parts.next().unwrap_or_default();
            if arn.starts_with("arn:") && row[column].is_null() {
                row.set(column, Value::text_or_null(part));
            }
        }
    }
}

/// `address:port`; IPv6 with brackets or without.
fn address(word: &str) -> Option<(&str, Option<i64>)> {
    let (host, port) = word.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.parse::<std::net::IpAddr>().ok()?;
    Some((host, int(port, 65_535)))
}

fn is_number_or_absent(word: &str) -> bool {
    word == "-" || word.parse::<i64>().is_ok()
}

pub(super) fn int(word: &str, max: i64) -> Option<i64> {
    word.parse().ok().filter(|n| (0..=max).contains(n))
}
