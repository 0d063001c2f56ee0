//! S3 server access logs → HTTP activity. AWS has no mapping of its own.
//!
//! S3 writes the client's words as they came, quotes included, so that a line can be bent behind its user agent. What
//! decides (who, what, the outcome) lies before that.

use super::{
    begin,
    elb::{Request, Words, activity, int},
    key_of, set_class, set_status, set_time,
    time::epoch_ms,
    unmapped::Unmapped,
};
use crate::decode::Context;
use kinescope_schemas::{Class, Event, Row, Source, Table, Value, tables::base, tables::http_activity as t};

/// Fields in order, the two words of the time being one. The last ones came one by one.
const FIELDS: [&str; 26] = [
    "bucket_owner",
    "bucket",
    "time",
    "remote_ip",
    "requester",
    "request_id",
    "operation",
    "key",
    "request_uri",
    "http_status",
    "error_code",
    "bytes_sent",
    "object_size",
    "total_time",
    "turn_around_time",
    "referer",
    "user_agent",
    "version_id",
    "host_id",
    "signature_version",
    "cipher_suite",
    "authentication_type",
    "host_header",
    "tls_version",
    "access_point_arn",
    "acl_required",
];

/// Fields without which a line is none of ours.
const FIELDS_MIN: usize = 11;

pub(super) fn parse<'a>(line: &'a str, context: Context<'a, '_>) -> Option<Event<'a>> {
    let (owner, rest) = line.split_once(' ')?;
    let (bucket, rest) = rest.split_once(' ')?;
    let (time, rest) = rest.strip_prefix('[')?.split_once("] ")?;
    let time_ms = clf_ms(time)?;
    let mut words = Words::new(rest);
    let mut fields = [""; FIELDS.len()];
    fields[..3].copy_from_slice(&[owner, bucket, time]);
    let mut n_fields = 3;
    for (field, word) in fields[3..].iter_mut().zip(&mut words) {
        *field = word;
        n_fields += 1;
    }
    if n_fields < FIELDS_MIN {
        return None;
    }
    let mut event = begin(Source::S3Access, Table::HttpActivity, key_of(context, line), line, context);
    let row = &mut event.row;
    let mut unmapped = Unmapped::default();
    set_time(row, Some(time_ms), context);
    row.set(base::ORIGINAL_TIME, time);
    row.set(base::PRODUCT_NAME, "Amazon S3");
    row.set(base::PRODUCT_FEATURE, "Server access logs");
    request(row, &mut unmapped, &fields);
    endpoints(row, &mut unmapped, &fields);
    outcome(row, &fields);
    for at in [0, 12, 14, 17, 18, 19, 21, 24, 25] {
        unmapped.add_text(FIELDS[at], fields[at]);
    }
    for (at, later) in words.enumerate() {
        unmapped.add_text(&format!("field_{}", FIELDS.len() + at + 1), later);
    }
    row.set(base::UNMAPPED, unmapped.finish());
    Some(event)
}

fn request<'a>(row: &mut Row<'a>, unmapped: &mut Unmapped, fields: &[&'a str; 26]) {
    let request = Request::of(fields[8]);
    let method = request.as_ref().map_or_else(|| operation_method(fields[6]), |request| request.method);
    set_class(row, Class::HttpActivity, activity(method));
    match request {
        Some(request) => {
            row.set(t::HTTP_METHOD, request.method);
            row.set(t::HTTP_VERSION, request.version);
            row.set(t::URL_PATH, request.url.path);
            row.set(t::URL_QUERY, request.url.query);
            row.set(t::URL_HOSTNAME, Value::text_or_null(fields[22]));
        }
        None => {
            unmapped.add_text(FIELDS[8], fields[8]);
            unmapped.add_text(FIELDS[22], fields[22]);
        }
    }
    row.set(t::HTTP_REQUEST_UID, Value::text_or_null(fields[5]));
    row.set(t::HTTP_REFERRER, Value::text_or_null(fields[15]));
    row.set(t::HTTP_USER_AGENT, Value::text_or_null(fields[16]));
    row.set(t::REQUESTER, Value::text_or_null(fields[4]));
    row.set(t::OPERATION, Value::text_or_null(fields[6]));
    row.set(t::OBJECT_KEY, Value::text_or_null(fields[7]));
}

/// `GET` of `REST.GET.OBJECT`; what S3 does by itself (`S3.EXPIRE.OBJECT`) has no method.
fn operation_method(operation: &str) -> &str {
    let mut parts = operation.split('.');
    match (parts.next(), parts.next()) {
        (Some("REST" | "WEBSITE" | "SOAP"), Some(method)) => method,
        _ => "",
    }
}

fn endpoints<'a>(row: &mut Row<'a>, unmapped: &mut Unmapped, fields: &[&'a str; 26]) {
    if fields[3].parse::<std::net::IpAddr>().is_ok() {
        row.set(t::SRC_ENDPOINT_IP, fields[3]);
    } else {
        unmapped.add_text(FIELDS[3], fields[3]);
    }
    row.set(t::DST_ENDPOINT_NAME, Value::text_or_null(fields[1]));
    row.set(t::DST_ENDPOINT_HOSTNAME, Value::text_or_null(fields[22]));
    match Value::text_or_null(fields[23]) {
        Value::Null => unmapped.add_text(FIELDS[20], fields[20]),
        version => {
            row.set(t::TLS_VERSION, version);
            row.set(t::TLS_CIPHER, Value::text_or_null(fields[20]));
        }
    }
}

fn outcome<'a>(row: &mut Row<'a>, fields: &[&'a str; 26]) {
    let code = int(fields[9], i64::from(i32::MAX));
    row.set(t::HTTP_CODE, code.unwrap_or(0));
    set_status(row, code.map(|code| code < 400));
    let status_code = if matches!(fields[10], "-" | "") { fields[9] } else { fields[10] };
    row.set(base::STATUS_CODE, Value::text_or_null(status_code));
    let sent = int(fields[11], i64::MAX);
    row.set(t::TRAFFIC_BYTES_IN, sent);
    row.set(t::TRAFFIC_BYTES, sent);
    let total_ms = int(fields[13], i64::MAX);
    row.set(t::DURATION, total_ms);
    row.set(t::HTTP_LATENCY, total_ms.map(|ms| ms.min(i64::from(i32::MAX))));
}

/// `06/Feb/2026:00:00:38 +0000`, as web servers have always written it.
fn clf_ms(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() != 26 || bytes[2] != b'/' || bytes[6] != b'/' || bytes[11] != b':' || bytes[20] != b' ' {
        return None;
    }
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = MONTHS.find(text.get(3..6)?).filter(|at| at % 3 == 0)? / 3 + 1;
    // Put into the order that is read fast; the offset is +0000 in all that S3 writes.
    let (year, day, clock, offset) = (text.get(7..11)?, text.get(..2)?, text.get(12..20)?, text.get(21..)?);
    let zone = if offset == "+0000" { "Z" } else { offset };
    epoch_ms(&format!("{year}-{month:02}-{day}T{clock}{zone}"))
}

#[cfg(test)]
mod tests {
    use super::super::{
        Settings,
        testing::{logged, one, survives},
    };
    use super::*;

    const GET: &str = r#"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be amzn-s3-demo-bucket1 [06/Feb/2026:00:00:38 +0000] 192.0.2.3 arn:aws:iam::123456789012:user/jane 3E57427F3EXAMPLE REST.GET.OBJECT photos/2026/08/puppy.jpg "GET /amzn-s3-demo-bucket1/photos/2026/08/puppy.jpg?x-foo=bar HTTP/1.1" 200 - 2662992 3462992 70 10 "http://www.example.com/web%20server" "curl/7.15.1" - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com TLSv1.2 arn:aws:s3:us-west-1:123456789012:accesspoint/example-AP Yes us-east-1"#;
    const DENIED: &str = r#"79a59df9 bucket2 [06/Feb/2026:00:01:57 +0000] 192.0.2.3 - DD6CC733AEXAMPLE REST.PUT.OBJECT s3-dg.pdf "PUT /s3-dg.pdf HTTP/1.1" 403 AccessDenied 243 - 41 - "-" "S3Console/0.4" - 10S62Zv81kBW7BB6SX4XJ48o6kpcl6LPwEoizZQQxJd5qDSCTLX0TgS37kYUBKQW3+bPdrg1234= - - - bucket2.s3.amazonaws.com -"#;
    const EXPIRED: &str = r#"79a59df9 bucket2 [06/Feb/2026:00:01:57 +0000] - AmazonS3 7B4A0FABBEXAMPLE S3.EXPIRE.OBJECT old%2Blog "-" - - - 1024 - - "-" "-" - host= - - - - - - -"#;

    #[test]
    fn requests() {
        let event = one(GET);
        assert_eq!((event.source, event.table), (Source::S3Access, Table::HttpActivity));
        event.has(&[
            ("class_uid", "4002"),
            ("activity_id", "3"),
            ("time", "1770336038000"),
            ("metadata.product.name", "Amazon S3"),
            ("metadata.original_time", "06/Feb/2026:00:00:38 +0000"),
            ("src_endpoint.ip", "192.0.2.3"),
            ("dst_endpoint.name", "amzn-s3-demo-bucket1"),
            ("dst_endpoint.hostname", "amzn-s3-demo-bucket1.s3.us-west-1.amazonaws.com"),
            ("unmapped.requester", "arn:aws:iam::123456789012:user/jane"),
            ("unmapped.operation", "REST.GET.OBJECT"),
            ("unmapped.object_key", "photos/2026/08/puppy.jpg"),
            ("http_request.uid", "3E57427F3EXAMPLE"),
            ("http_request.http_method", "GET"),
            ("http_request.version", "HTTP/1.1"),
            ("http_request.url.path", "/amzn-s3-demo-bucket1/photos/2026/08/puppy.jpg"),
            ("http_request.url.query_string", "x-foo=bar"),
            ("http_request.url.url_string", ""),
            ("http_request.referrer", "http://www.example.com/web%20server"),
            ("http_request.user_agent", "curl/7.15.1"),
            ("http_response.code", "200"),
            ("http_response.latency", "70"),
            ("status_id", "1"),
            ("status_code", "200"),
            ("traffic.bytes_in", "2662992"),
            ("tls.version", "TLSv1.2"),
            ("tls.cipher", "ECDHE-RSA-AES128-GCM-SHA256"),
            ("unmapped.object_size", "3462992"),
            ("unmapped.signature_version", "SigV4"),
            ("unmapped.acl_required", "Yes"),
            ("unmapped.field_27", "us-east-1"),
        ]);
    }

    #[test]
    fn refusals_and_what_s3_does_itself() {
        one(DENIED).has(&[
            ("activity_id", "7"),
            ("http_response.code", "403"),
            ("status_id", "2"),
            ("status_code", "AccessDenied"),
            ("unmapped.requester", ""),
            ("tls.version", ""),
            ("tls.cipher", ""),
            ("http_request.referrer", ""),
        ]);
        logged("s3-access", EXPIRED).has(&[
            ("activity_id", "99"),
            ("http_response.code", "0"),
            ("status_id", "0"),
            ("src_endpoint.ip", ""),
            ("http_request.http_method", ""),
            ("http_request.uid", "7B4A0FABBEXAMPLE"),
            ("cloud.account.uid", "123456789012"),
        ]);
        // Cut behind the key: the operation still tells the method.
        let cut = DENIED.replace(r#""PUT /s3-dg.pdf HTTP/1.1""#, "\"-\"");
        one(&cut).has(&[("activity_id", "7")]);
    }

    #[test]
    fn a_user_agent_may_hold_quotes() {
        one(&GET.replace("curl/7.15.1", "a\"b c\"d")).has(&[("http_request.user_agent", "a\"b c\"d")]);
    }

    #[test]
    fn web_server_logs_are_none_of_ours() {
        let line = r#"127.0.0.1 - frank [10/Oct/2026:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326"#;
        assert_eq!(one(line).source, Source::Unknown);
        assert_eq!(clf_ms("06/Feb/2026:01:00:38 +0100"), clf_ms("06/Feb/2026:00:00:38 +0000"));
        assert_eq!(clf_ms("31/Feb/2026:00:00:38 +0000"), None);
    }

    #[test]
    fn no_bytes_make_it_panic() {
        survives(&[GET, DENIED, EXPIRED], &Settings::default());
    }
}
