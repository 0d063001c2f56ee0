//! What invokes the function besides the stream: buckets, queues, and people who redrive.

#![expect(clippy::unwrap_used, reason = "a test")]

use base64::{Engine, engine::general_purpose::STANDARD};
use kinescope_aws::port::{Message, ShardRecord};
use kinescope_schemas::Id;
use kinescope_tests::{
    function::{Function, NOW_MS},
    payloads::{captured, event, gzip, lines},
    world::{Faults, World, etag},
};
use serde_json::{Value as Json, json};
use std::time::Duration;

const QUIET: Faults = Faults { throttled: 0.0, down: 0.0, unheard: 0.0, unanswered: 0.0, refused: 0.0 };
const KEY: &str = "AWSLogs/a b/é+%.json.gz";
const KEY_ENCODED: &str = "AWSLogs/a+b/%C3%A9%2B%25.json.gz";
const STREAM: &str = "arn:aws:kinesis:eu-west-1:111122223333:stream/kinescope-test";
const SHARD: &str = "shardId-000000000000";

fn put(world: &World, key: &str, bytes: &[u8]) {
    world.holdings().objects.insert(format!("trail/{key}"), bytes.to_vec());
}

/// A notification of S3 itself.
fn notified(key: &str, bytes: &[u8]) -> Json {
    json!({"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
        "eventTime": "2026-03-02T08:59:00.000Z", "s3": {"bucket": {"name": "trail"},
            "object": {"key": key, "size": bytes.len(), "eTag": etag(bytes)}}}]})
}

/// The same by EventBridge.
fn created(key: &str, bytes: &[u8]) -> Json {
    json!({"version": "0", "id": "1", "detail-type": "Object Created", "source": "aws.s3", "account": "111122223333",
        "time": "2026-03-02T08:59:00Z", "detail": {"bucket": {"name": "trail"},
            "object": {"key": key, "size": bytes.len(), "etag": etag(bytes)}}})
}

fn by_sns(message: &Json) -> Json {
    json!({"Type": "Notification", "MessageId": "n", "Message": message.to_string()})
}

fn queued(bodies: &[Json]) -> Json {
    let message = |(at, body): (usize, &Json)| json!({"messageId": at.to_string(), "eventSource": "aws:sqs", "body": body.to_string()});
    json!({"Records": bodies.iter().enumerate().map(message).collect::<Vec<_>>()})
}

fn failures(answer: &Json) -> Vec<&str> {
    let failures = answer["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn an_object_is_taken_once_however_it_is_told_of() {
    let bytes = gzip(&lines("o", 30));
    for payload in [
        notified(KEY_ENCODED, &bytes),
        created(KEY, &bytes),
        queued(&[notified(KEY_ENCODED, &bytes)]),
        queued(&[by_sns(&notified(KEY_ENCODED, &bytes))]),
        queued(&[created(KEY, &bytes), by_sns(&created(KEY, &bytes))]),
    ] {
        let function = Function::new(1, QUIET);
        put(&function.world, KEY, &bytes);
        let answer = function.serve(&payload).await.unwrap();
        assert!(answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty), "{answer}");
        assert_eq!(function.world.rows("api_activity"), 30, "{payload}");
        // Once more, to an environment that has seen nothing: nothing changes, and nothing is fetched.
        let items = function.world.holdings().items.clone();
        let n_lines = function.world.holdings().lines.values().map(Vec::len).sum::<usize>();
        let n_gets = function.world.holdings().units.gets;
        Function::of(function.world.clone()).serve(&payload).await.unwrap();
        assert_eq!(function.world.holdings().items, items);
        assert_eq!(function.world.holdings().lines.values().map(Vec::len).sum::<usize>(), n_lines);
        assert_eq!(function.world.holdings().units.gets, n_gets);
        assert_eq!(function.world.entered("/records/in"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_of_s3_is_acknowledged_and_what_nobody_understands_comes_again_alone() {
    let function = Function::new(1, QUIET);
    let bytes = lines("o", 3);
    put(&function.world, "k", &bytes);
    let test = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "trail"});
    assert_eq!(function.serve(&test).await.unwrap(), json!({"objects": 0}));
    let answer = function.serve(&queued(&[test, json!({}), notified("k", &bytes)])).await.unwrap();
    assert_eq!(failures(&answer), ["1"]);
    assert_eq!(function.world.rows("api_activity"), 3);
}

#[tokio::test(start_paused = true)]
async fn what_can_never_be_read_is_quarantined_and_what_is_refused_comes_again() {
    let bytes = lines("o", 3);
    // Deleted, overwritten.
    for (held, reason) in [
        (None, "failed to read s3://trail/k: NoSuchKey"),
        (Some("other"), "failed to read s3://trail/k: PreconditionFailed"),
    ] {
        let function = Function::new(1, QUIET);
        if let Some(held) = held {
            put(&function.world, "k", held.as_bytes());
        }
        assert_eq!(function.serve(&notified("k", &bytes)).await.unwrap(), json!({"objects": 1}));
        let said = function.said();
        assert_eq!((&said["QuarantinedEvents"], &said["RecordsToRedeliver"]), (&json!(1.0), &json!(0.0)));
        assert!(said["errors"].to_string().contains(reason), "{said}");
        let quarantined = function.world.quarantined();
        assert!(quarantined[0].1.contains(reason), "{quarantined:?}");
    }
    let function = Function::new(1, QUIET);
    put(&function.world, "k", &bytes);
    function.world.holdings().denied.insert("trail".to_owned());
    let error = function.serve(&notified("k", &bytes)).await.unwrap_err();
    assert!(error.contains("s3://trail/k") && error.contains("AccessDenied"), "{error}");
    assert_eq!(failures(&function.serve(&queued(&[notified("k", &bytes)])).await.unwrap()), ["0"]);
    assert_eq!(function.said()["RecordsToRedeliver"], 1.0);
    assert!(function.world.quarantined().is_empty());
    function.world.holdings().denied.clear();
    assert!(failures(&function.serve(&queued(&[notified("k", &bytes)])).await.unwrap()).is_empty());
    assert_eq!(function.world.rows("api_activity"), 3);
}

/// Too large for one section and for one run: each goes on where the last one ended.
#[tokio::test(start_paused = true)]
async fn a_large_object_is_taken_in_as_many_runs_as_it_needs() {
    const N_EVENTS: usize = 21_500;
    let bytes = lines("o", N_EVENTS);
    let function = Function::new(1, QUIET);
    put(&function.world, "k", &bytes);
    let mut n_runs = 1;
    while function.serve_within(&notified("k", &bytes), Duration::from_millis(400)).await.is_err() {
        n_runs += 1;
        assert!(n_runs < 30, "{}", function.said());
    }
    assert!(n_runs > 1);
    assert_eq!(function.world.rows("api_activity"), N_EVENTS);
    assert_eq!(function.world.entered("/events/accepted"), N_EVENTS as u64);
    assert_eq!(function.world.entered("/records/in"), 1);
}

/// More than the ids of one item: what has them must be cut by their number too.
#[tokio::test(start_paused = true)]
async fn an_object_of_very_many_small_records_is_taken() {
    const N_RECORDS: u32 = 26_000;
    let record = |at| captured(at, format!(r#"{{"level":"INFO","message":"{at}"}}"#).as_bytes());
    let bytes = gzip((0..N_RECORDS).map(record).collect::<String>().as_bytes());
    let function = Function::new(1, QUIET);
    put(&function.world, "k", &bytes);
    assert_eq!(function.serve(&notified("k", &bytes)).await.unwrap(), json!({"objects": 1}));
    assert_eq!(function.world.entered("/events/accepted"), u64::from(N_RECORDS));
}

#[tokio::test(start_paused = true)]
async fn very_many_entries_of_quarantine_leave_it() {
    const N_ENTRIES: usize = 26_000;
    let function = Function::new(1, QUIET);
    let log = |at: usize| format!(r#"{{"level":"INFO","message":"{at}"}}"#);
    let entries: String = (0..N_ENTRIES).map(|at| entry(&at.to_string(), 0, log(at).as_bytes())).collect();
    let key = "quarantine/quarantine/2026-03-02/many.jsonl";
    function.world.holdings().objects.insert(key.to_owned(), entries.into_bytes());
    let redrive = json!({"kinescope": "redrive", "prefix": "quarantine/2026-03-02"});
    let answer = function.serve(&redrive).await.unwrap();
    assert_eq!(
        answer,
        json!({"objects": 1, "left": 1, "entries": N_ENTRIES, "stuck": 0, "accepted": N_ENTRIES})
    );
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_an_object_counts_once() {
    for seed in 0..12 {
        let faults = Faults { throttled: 0.1, down: 0.01, unheard: 0.01, unanswered: 0.05, refused: 0.1 };
        let function = Function::new(seed, faults);
        let broken =
            [lines("o", 300), gzip(b"cut short")[..12].to_vec(), b"\n".to_vec(), lines("p", 300)].concat();
        put(&function.world, "k", &gzip(&broken));
        let payload = queued(&[notified("k", &gzip(&broken))]);
        let mut n_runs = 0;
        while n_runs == 0
            || !failures(&Function::of(function.world.clone()).serve(&payload).await.unwrap()).is_empty()
        {
            n_runs += 1;
            assert!(n_runs < 50, "seed {seed}");
        }
        assert_eq!(function.world.entered("/events/accepted"), 600, "seed {seed}");
        assert_eq!(function.world.entered("/records/quarantined"), 1, "seed {seed}");
        assert_eq!(function.world.rows("api_activity"), 600, "seed {seed}");
        assert_eq!(function.world.quarantined().len(), 1, "seed {seed}");
    }
}

fn sequence(at: usize) -> String {
    format!("495903382714902566085596925383615710959215759891365{at:05}")
}

fn shard(world: &World, records: std::ops::Range<usize>) {
    let record = |at: usize| ShardRecord {
        sequence: sequence(at),
        arrival_ms: Some(NOW_MS - 60_000),
        data: lines(&format!("r{at}"), 2),
    };
    world.holdings().shards.insert((STREAM.to_owned(), SHARD.to_owned()), records.map(record).collect());
}

/// What Lambda tells the queue of a batch that it gave up.
fn given_up(from: usize, to: usize) -> Json {
    json!({"requestContext": {"requestId": "c", "functionArn": "arn:aws:lambda:eu-west-1:111122223333:function:f",
            "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 60},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0", "timestamp": "2026-03-02T08:59:30.000Z",
        "KinesisBatchInfo": {"shardId": SHARD, "startSequenceNumber": sequence(from), "endSequenceNumber": sequence(to),
            "approximateArrivalOfFirstRecord": "2026-03-02T08:00:00Z", "approximateArrivalOfLastRecord": "2026-03-02T08:00:01Z",
            "batchSize": to - from + 1, "streamArn": STREAM}})
}

fn dead_letters(world: &World, bodies: &[Json]) {
    let message = |(at, body): (usize, &Json)| Message {
        id: at.to_string(),
        receipt: format!("r{at}"),
        body: body.to_string(),
    };
    world
        .holdings()
        .messages
        .insert("records-dlq".to_owned(), bodies.iter().enumerate().map(message).collect());
}

#[tokio::test(start_paused = true)]
async fn what_was_given_up_is_read_again_from_the_stream() {
    let function = Function::new(1, QUIET);
    shard(&function.world, 0..12);
    dead_letters(&function.world, &[given_up(2, 8), given_up(5, 9)]);
    let redrive = json!({"kinescope": "redrive-records"});
    assert_eq!(function.serve(&redrive).await.unwrap(), json!({"redriven": 2}));
    assert_eq!(function.world.rows("api_activity"), 2 * 8);
    // Records of both stretches count once.
    assert_eq!(function.world.entered("/records/in"), 8);
    assert!(function.world.holdings().messages["records-dlq"].is_empty());
    assert_eq!(function.serve(&redrive).await.unwrap(), json!({"redriven": 0}));
    // As a message of a queue, to an environment that has seen nothing.
    let answer = Function::of(function.world.clone()).serve(&queued(&[given_up(2, 8)])).await.unwrap();
    assert!(failures(&answer).is_empty());
    assert_eq!(function.world.entered("/records/in"), 8);
}

#[tokio::test(start_paused = true)]
async fn a_stretch_that_the_stream_no_longer_has_is_an_error_that_says_so() {
    let function = Function::new(1, QUIET);
    shard(&function.world, 6..12);
    // All of it has gone; the begin has; and another message is none of its business.
    dead_letters(&function.world, &[given_up(0, 3), given_up(4, 7), given_up(8, 9)]);
    let error = function.serve(&json!({"kinescope": "redrive-records"})).await.unwrap_err();
    assert!(error.contains("1 were redriven") && error.contains("past the stream's retention"), "{error}");
    assert_eq!(function.world.holdings().messages["records-dlq"].len(), 2);
    assert_eq!(function.world.rows("api_activity"), 2 * 4);
    assert_eq!(failures(&function.serve(&queued(&[given_up(0, 3)])).await.unwrap()), ["0"]);
}

fn entry(name: &str, offset: u64, data: &[u8]) -> String {
    let id = Id::of(&[name.as_bytes()]).to_string();
    json!({"id": id, "record_id": id, "stage": "decode", "reason": "failed to decode it", "source": name,
        "offset": offset, "envelope": {}, "n_bytes": data.len(), "data": STANDARD.encode(data)})
    .to_string()
        + "\n"
}

#[tokio::test(start_paused = true)]
async fn what_can_be_read_now_leaves_quarantine_and_the_rest_stays() {
    let function = Function::new(1, QUIET);
    let cut_short = gzip(&lines("x", 9))[..40].to_vec();
    let objects = [
        ("good", entry("good", 0, &lines("g", 3))),
        ("bad", entry("bad", 0, &cut_short)),
        // Two of one place: neither may be written over the other.
        (
            "both",
            entry("both", 7, event("b").as_bytes())
                + &entry("both", 7, &cut_short)
                + &entry("both", 7, &cut_short[..30]),
        ),
        ("without", entry("without", 0, b"")),
        ("strange", "no entry\n".to_owned()),
    ];
    for (name, text) in &objects {
        let key = format!("quarantine/quarantine/2026-03-02/{name}.jsonl");
        function.world.holdings().objects.insert(key, text.clone().into_bytes());
    }
    let redrive = json!({"kinescope": "redrive", "prefix": "quarantine/2026-03-02"});
    let answer = function.serve(&redrive).await.unwrap();
    assert_eq!(answer, json!({"objects": 5, "left": 3, "entries": 7, "stuck": 5, "accepted": 4}));
    assert_eq!(function.world.rows("api_activity"), 4);
    let data = |text: &str| {
        let entry = serde_json::from_str::<Json>(text).ok();
        entry.map(|entry| STANDARD.decode(entry["data"].as_str().unwrap()).unwrap())
    };
    let stays = function.world.quarantined();
    let mut found: Vec<_> = stays.iter().flat_map(|(_, text)| text.lines().map(data)).collect();
    found.sort();
    let mut expected = [
        Some(cut_short.clone()),
        Some(cut_short.clone()),
        Some(cut_short[..30].to_vec()),
        Some(vec![]),
        None,
    ];
    expected.sort();
    assert_eq!(found, expected);
    // Again, here and elsewhere: what stays stays where it is.
    for function in [&function, &Function::of(function.world.clone())] {
        let answer = function.serve(&redrive).await.unwrap();
        assert_eq!(answer, json!({"objects": 5, "left": 0, "entries": 5, "stuck": 5, "accepted": 0}));
        assert_eq!(function.world.quarantined().len(), stays.len());
    }
    for prefix in ["", "outbox/"] {
        let error = function.serve(&json!({"kinescope": "redrive", "prefix": prefix})).await.unwrap_err();
        assert!(error.contains("no part of quarantine"), "{error}");
    }
}
