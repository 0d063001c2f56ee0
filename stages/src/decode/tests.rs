use super::*;
use ::base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use prost::Message as _;
use std::io::Write;

/// What a payload decodes to, as lines: `path: text`, `bad path: reason`, `control`.
#[derive(Default)]
struct Seen(Vec<String>);

impl Visitor for Seen {
    fn message(&mut self, message: Message<'_, '_>) -> Result<(), DecodeError> {
        let path = message.context.frame.path();
        let (kind, text) = match message.body {
            Body::CloudTrail(reader) => ("trail", reader.skip().map_err(crate::parse::ParseError::Json)?),
            Body::Json(_, text) => ("json", text),
            Body::Line(line) => ("line", line),
            Body::Object(_, text) => ("object", text),
        };
        let header = message.context.header.map(|_| " (header)").unwrap_or_default();
        let account = message.context.envelope.account.as_deref().unwrap_or_default();
        self.0.push(format!("{path} {kind} {account}: {text}{header}").trim_start().to_owned());
        Ok(())
    }
    fn control(&mut self) {
        self.0.push("control".to_owned());
    }
    fn bad(&mut self, bad: Bad<'_, '_>) {
        self.0.push(format!("bad {} +{}: {}", bad.context.frame.path(), bad.context.offset, bad.error));
    }
}

fn seen_with(bytes: &[u8], limits: &Limits) -> Vec<String> {
    let mut seen = Seen::default();
    let envelope = Envelope::default();
    let input = Input { bytes, record_id: Id([0; 16]), offset: 0, header: None, envelope: &envelope };
    decode(&input, limits, &mut seen);
    seen.0
}

fn seen(bytes: impl AsRef<[u8]>) -> Vec<String> {
    seen_with(bytes.as_ref(), &Limits::default())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[derive(Clone, PartialEq, prost::Message)]
struct Aggregate {
    #[prost(string, repeated, tag = "1")]
    keys: Vec<String>,
    #[prost(message, repeated, tag = "3")]
    records: Vec<Sub>,
}
#[derive(Clone, PartialEq, prost::Message)]
struct Sub {
    #[prost(uint64, tag = "1")]
    key: u64,
    #[prost(bytes = "vec", tag = "3")]
    data: Vec<u8>,
}

fn kpl(records: &[(u64, &[u8])]) -> Vec<u8> {
    let records = records.iter().map(|(key, data)| Sub { key: *key, data: data.to_vec() }).collect();
    let protobuf = Aggregate { keys: vec!["k".into(), "l".into()], records }.encode_to_vec();
    [&kpl::MAGIC[..], &protobuf, &Md5::digest(&protobuf)[..]].concat()
}

const TRAIL: &str = r#"{"eventVersion":"1.08","eventSource":"a","eventName":"b"}"#;

#[test]
fn every_shape_is_recognised_by_what_it_is() {
    let message = serde_json::to_string(TRAIL).unwrap();
    let logs = format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","new":{{"x":[1]}},"logEvents":[{{"id":"1","timestamp":5,"message":{message}}},{{"id":"2","timestamp":6,"message":"plain","extractedFields":{{"@aws.account":"9"}}}}]}}"#
    );
    let logs_last = format!(
        r#"{{"logEvents":[{{"id":"1","timestamp":5,"message":{message}}}],"owner":"1","logGroup":"g","logStream":"s","messageType":"DATA_MESSAGE"}}"#
    );
    let base64 = |bytes: &[u8]| STANDARD.encode(bytes);
    let both =
        ["cloudwatch_logs[0] trail 1: ".to_owned() + TRAIL, "cloudwatch_logs[1] line 9: plain".to_owned()];
    let inside = |path: &str| both.iter().map(|line| format!("{path}/{line}")).collect::<Vec<_>>();
    let trail = |path: &str| vec![format!("{path} trail : {TRAIL}").trim_start().to_owned()];
    for (name, payload, expected) in [
        ("a CloudTrail event", TRAIL.as_bytes().to_vec(), trail("")),
        ("its members in another order", br#"{"eventName":"b","eventSource":"a"}"#.to_vec(), vec![r#"trail : {"eventName":"b","eventSource":"a"}"#.into()]),
        ("a CloudTrail file", format!(r#"{{"Records":[{TRAIL},{TRAIL}]}}"#).into_bytes(), [trail("records[0]"), trail("records[1]")].concat()),
        ("the same, spread over lines", format!("{{\n  \"Records\": [\n    {TRAIL}\n  ]\n}}\n").into_bytes(), trail("records[0]")),
        ("a JSON list", format!("[{TRAIL}]").into_bytes(), trail("list[0]")),
        ("CloudWatch Logs", logs.clone().into_bytes(), both.to_vec()),
        ("CloudWatch Logs, log events first", logs_last.into_bytes(), vec![both[0].clone()]),
        ("gzip", gzip(logs.as_bytes()), inside("gzip")),
        ("gzip of two members", [gzip(b"one\n"), gzip(b"two\n")].concat(), vec!["gzip line : one".into(), "gzip line : two".into()]),
        ("gzip in gzip", gzip(&gzip(b"x")), vec!["gzip/gzip line : x".into()]),
        ("a control message", br#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","logEvents":[{"id":"","timestamp":1,"message":"probe"}]}"#.to_vec(), vec!["control".into()]),
        ("EventBridge", format!(r#"{{"version":"0","id":"e","detail-type":"AWS API Call via CloudTrail","source":"aws.s3","account":"7","detail":{TRAIL}}}"#).into_bytes(), vec![format!("eventbridge trail 7: {TRAIL}")]),
        ("an SNS envelope", format!(r#"{{"Type":"Notification","Message":{message}}}"#).into_bytes(), trail("sns")),
        ("SNS to Lambda", format!(r#"{{"Records":[{{"EventSource":"aws:sns","Sns":{{"Message":{message}}}}}]}}"#).into_bytes(), trail("records[0]/sns")),
        ("SQS to Lambda", format!(r#"{{"Records":[{{"eventSource":"aws:sqs","body":{message}}}]}}"#).into_bytes(), trail("records[0]/sqs")),
        ("Kinesis to Lambda", format!(r#"{{"Records":[{{"kinesis":{{"data":"{}"}},"eventSource":"aws:kinesis","eventName":"aws:kinesis:record"}}]}}"#, base64(&gzip(logs.as_bytes()))).into_bytes(), inside("records[0]/kinesis/gzip")),
        ("CloudWatch Logs to Lambda", format!(r#"{{"awslogs":{{"data":"{}"}}}}"#, base64(&gzip(logs.as_bytes()))).into_bytes(), inside("awslogs/gzip")),
        ("a line of a capture", format!(r#"{{"SequenceNumber":"1","PartitionKey":"p","Data":"{}"}}"#, base64(TRAIL.as_bytes())).into_bytes(), trail("capture")),
        ("an S3 notification", br#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"x","s3":{"object":{"key":"k"}}}]}"#.to_vec(), vec![r#"records[0] object : {"eventVersion":"2.1","eventSource":"aws:s3","eventName":"x","s3":{"object":{"key":"k"}}}"#.into()]),
        ("an S3 test event", br#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#.to_vec(), vec!["control".into()]),
        ("Security Hub findings", br#"{"detail-type":"Security Hub Findings - Imported","source":"aws.securityhub","detail":{"findings":[{"Id":"1"},{"Id":"2"}]}}"#.to_vec(), vec![r#"eventbridge/findings[0] json : {"Id":"1"}"#.into(), r#"eventbridge/findings[1] json : {"Id":"2"}"#.into()]),
        ("KPL", kpl(&[(0, TRAIL.as_bytes()), (1, &gzip(b"x"))]), [trail("kpl[0]"), vec!["kpl[1]/gzip line : x".into()]].concat()),
        ("NDJSON, CRLF and blank lines", b"{\"a\":1}\r\n\r\n{\"a\":2}\n".to_vec(), vec![r#"json : {"a":1}"#.into(), r#"json : {"a":2}"#.into()]),
        ("concatenated JSON", br#"{"a":1}{"a":2} {"a":3},{"a":4}"#.to_vec(), (1..=4).map(|n| format!(r#"json : {{"a":{n}}}"#)).collect()),
        ("lines that only look like JSON", b"[ERROR] x\n{name} started\n".to_vec(), vec!["line : [ERROR] x".into(), "line : {name} started".into()]),
        ("a stack trace", b"Oops\n\tat a.b(C.java)\n\tat d\nCaused by: x\nnext".to_vec(), vec!["line : Oops\n\tat a.b(C.java)\n\tat d\nCaused by: x".into(), "line : next".into()]),
        ("a traceback", b"Traceback (most recent call last):\n  File x\nValueError: y\nnext".to_vec(), vec!["line : Traceback (most recent call last):\n  File x\nValueError: y".into(), "line : next".into()]),
        ("a flow header", b"version srcaddr dstaddr start\n5 a b 1\n".to_vec(), vec!["line : 5 a b 1 (header)".into()]),
    ] {
        assert_eq!(seen(payload), expected, "{name}");
    }
}

#[test]
fn what_is_broken_is_told_and_costs_its_siblings_nothing() {
    let good = r#"{"a":1}"#;
    for (name, payload, expected) in [
        ("nothing", Vec::new(), vec!["bad  +0: an empty record: check what wrote it".to_owned()]),
        ("binary", b"\x00\x01\xff\xfe".to_vec(), vec!["bad  +0: binary data of no known format (neither gzip nor KPL nor text): check what wrote it".into()]),
        ("a line cut short", format!("{good}\n{{\"a\":\"b\n{good}\n").into_bytes(), vec![format!("json : {good}"), "bad  +8: JSON: control character in a string at byte 15".into(), format!("json : {good}")]),
        ("an object cut short", format!("{{\"a\":{{\"b\":1}}\n{good}").into_bytes(), vec!["bad  +0: JSON: expected , or } at byte 13".into(), format!("json : {good}")]),
        ("one spread over lines, cut short", format!("{{\n  \"a\": [\n    1,\n{good}").into_bytes(), vec!["bad  +0: JSON: nothing".into(), format!("json : {good}")]),
        ("a line that is not UTF-8", [b"abcdefghij\nabcdef\xffghijkl\n".as_slice(), b"klmnopqrst\n"].concat(), vec!["line : abcdefghij".into(), "bad  +11: text that is not UTF-8 at byte 6: convert it and redrive".into(), "line : klmnopqrst".into()]),
        ("gzip cut short", gzip(&b"x".repeat(100))[..20].to_vec(), vec!["bad  +0: gzip data, which is cut short or damaged: fetch it again and redrive".into()]),
        ("a false key index", kpl(&[(7, b"x"), (1, good.as_bytes())]), vec!["bad kpl[0] +0: a KPL sub-record: its partition key index 7 lies outside a table of 2".into(), format!("kpl[1] json : {good}")]),
        ("a list item that is no object", br#"[{"a":1},5]"#.to_vec(), vec![r#"list[0] json : {"a":1}"#.into(), "bad list[1] +0: a list item that is no object".into()]),
        ("a broken record of a list", format!(r#"{{"Records":[{TRAIL},{{"b":tru}},{TRAIL}]}}"#).into_bytes(), vec![format!("records[0] trail : {TRAIL}"), "bad records[1] +0: JSON: expected true, false or null at byte 75".into(), format!("records[2] trail : {TRAIL}")]),
        ("one of a list without its brackets", format!(r#"{TRAIL},{{"b":tru}},{TRAIL}"#).into_bytes(), vec![format!("trail : {TRAIL}"), "bad  +58: JSON: expected true, false or null at byte 63".into(), format!("trail : {TRAIL}")]),
        ("a log event without a message", br#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logEvents":[{"id":"1"},{"id":"2","message":"m"}]}"#.to_vec(), vec!["bad cloudwatch_logs[0] +0: an envelope without a message of text".into(), "cloudwatch_logs[1] line 1: m".into()]),
    ] {
        let seen = seen(payload);
        if expected.iter().any(|line| line.ends_with("JSON: nothing")) {
            assert_eq!((seen.len(), &seen[1]), (2, &expected[1]), "{name}: {seen:?}");
        } else {
            assert_eq!(seen, expected, "{name}");
        }
    }
}

#[test]
fn a_wrong_sum_makes_an_aggregate_plain_data() {
    let mut bytes = kpl(&[(0, b"x")]);
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(seen(bytes).len(), 1);
}

#[test]
fn limits_hold() {
    let small = Limits {
        inflated_bytes_max: 1 << 20,
        message_bytes_max: 100,
        messages_max: 2,
        nesting_max: 3,
        ..Limits::default()
    };
    let zeros = gzip(&vec![b' '; 4 << 20]);
    assert!(seen_with(&zeros, &small)[0].contains("inflates beyond the allowed size"));
    let tight = Limits { inflate_ratio_max: 10, ..Limits::default() };
    assert!(seen_with(&zeros, &tight)[0].contains("inflates beyond the allowed ratio"));
    assert!(
        seen_with("x".repeat(200).as_bytes(), &small)[0].contains("a message of 200 bytes, more than 100")
    );
    let three = seen_with(b"a\nb\nc\nd\n", &small);
    assert_eq!(three.len(), 3);
    assert!(three[2].contains("more than 2 messages"));
    let deep = (0..6).fold(b"x".to_vec(), |inner, _| gzip(&inner));
    assert!(seen_with(&deep, &small)[0].contains("nested more than 3 deep"));
    let json = format!("{}{}", "{\"a\":".repeat(100_000), "1");
    assert!(seen(json)[0].contains("nested too deep"));
}

#[test]
fn pieces_are_cut_between_messages() {
    for (text, cut) in [
        ("a\nb\nc", 4),
        ("a\nb\n", 2),
        ("{\n  \"a\": 1\n}\n{\n", 13),
        ("x\n\tat y\nz", 8),
        ("no line break", 0),
    ] {
        assert_eq!(last_boundary(text.as_bytes()), cut, "{text:?}");
    }
}
