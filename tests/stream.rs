//! Streams without Lambda, against emulators: what was put on a stream comes out once, whatever happens on the way.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_generate::Shape;
use kinescope_pipeline::source::Captured;
use kinescope_tests::{
    binary::{repository, run},
    emulator::Emulator,
    essence::{Essence, same},
    http::Message,
    output::Results,
    payloads::{captured, event, gzip},
    proxy::{Deed, proxy},
    streams::{Desk, comes_to_the_same, published, ran, record, replay, stream, until_caught_up, wait_until},
    traffic::Traffic,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

/// Rules that look at one event at a time: what correlations find depends on what they see together.
fn single_rules() -> Vec<String> {
    ["kms", "security_groups", "messaging", "rds", "network"]
        .iter()
        .flat_map(|family| {
            ["--rules".to_owned(), format!("{}/stages/rules/{family}", repository().display())]
        })
        .chain(["--no-builtin-rules".to_owned()])
        .collect()
}

fn capture_of(traffic: &Traffic) -> PathBuf {
    traffic.path().join("traffic/capture.jsonl")
}

#[test]
fn a_capture_goes_round() {
    let (emulator, desk) = (Emulator::ministack(), Desk::new());
    emulator.create_stream("s", 4);
    let traffic = Traffic::new(Shape::Capture, 3_000, 21);
    replay(&emulator, &capture_of(&traffic));
    let one_chunk = ["--publish-every".to_owned(), "600".to_owned()];
    let out = desk.path("out");
    until_caught_up(&emulator, &out, &one_chunk).says("records");
    let capture = desk.path("capture.jsonl");
    let records = record(&emulator, &capture);
    comes_to_the_same(&out, &capture, &[], &desk);
    // Of the capture that was replayed everything is there but the places on the old stream.
    let before = desk.path("before");
    run(["process", capture_of(&traffic).to_str().unwrap(), "--out", before.to_str().unwrap()]).ends_with(0);
    let (mine, theirs) = (Results::at(&out), Results::at(&before));
    assert_eq!(mine.ledger().events, theirs.ledger().events);
    assert_eq!(mine.ledger().findings, theirs.ledger().findings);
    let findings = |results: &Results| results.column::<String>("SELECT uid || ocsf FROM findings");
    same("findings", &findings(&mine), &findings(&theirs));
    let text = fs::read(capture_of(&traffic)).unwrap();
    let old: Vec<Captured> = text.split(|byte| *byte == b'\n').filter_map(Captured::parse).collect();
    let content = |records: &[Captured]| -> BTreeSet<(String, Vec<u8>)> {
        records.iter().map(|record| (record.partition_key.clone(), record.data.clone())).collect()
    };
    assert_eq!(records.len(), old.len());
    assert!(content(&records) == content(&old));
    // Once more there is nothing to do, and other rules are refused, for half of each would be worth nothing.
    let bytes = mine.bytes();
    until_caught_up(&emulator, &out, &one_chunk).says("Going on where");
    assert!(mine.bytes() == bytes);
    ran(&mut stream(&emulator, &out, &single_rules())).ends_with(2).says("other rules or settings");
    run(["process", capture.to_str().unwrap(), "--out", out.to_str().unwrap(), "--only", "findings"])
        .ends_with(2)
        .says("other rules or settings");
}

/// Reads a stream, killed again and again while records are put on it: sometimes whatever it was doing, sometimes soon
/// after it has published.
fn read_and_kill(emulator: &Emulator, capture: &[u8], out: &Path, args: &[String], n_kills: usize) {
    let mut random = fastrand::Rng::with_seed(33);
    let lines: Vec<&[u8]> = capture.split_inclusive(|byte| *byte == b'\n').collect();
    let more = tempfile::NamedTempFile::new().unwrap();
    for (nth, lines) in lines.chunks(lines.len().div_ceil(n_kills)).enumerate() {
        fs::write(more.path(), lines.concat()).unwrap();
        let n_published = published(out, "/records/in");
        let mut writer = emulator.kinescope();
        writer.arg("replay").arg(more.path()).args(["--stream", "s", "--rate", "30"]);
        let mut writer = writer.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut reader = stream(emulator, out, args).stderr(Stdio::null()).spawn().unwrap();
        let wait = if nth % 3 == 0 {
            wait_until(|| published(out, "/records/in") > n_published);
            0..100
        } else {
            50..1_100
        };
        thread::park_timeout(Duration::from_millis(random.u64(wait)));
        assert!(reader.try_wait().unwrap().is_none(), "it ended by itself");
        reader.kill().unwrap();
        reader.wait().unwrap();
        assert!(writer.wait().unwrap().success());
    }
}

/// Kills of `kinescope stream` while records are put on the stream.
fn survives(n_kills: usize, seed: u64, more: &[&str], emulator: &Emulator, desk: &Desk) -> PathBuf {
    emulator.create_stream("s", 3);
    let traffic = Traffic::new(Shape::Capture, 2_500, seed);
    let mut args = single_rules();
    args.extend(["--publish-every", "0.05"].iter().chain(more).map(|arg| (*arg).to_owned()));
    let out = desk.path("out");
    read_and_kill(emulator, &fs::read(capture_of(&traffic)).unwrap(), &out, &args, n_kills);
    until_caught_up(emulator, &out, &args);
    let capture = desk.path("capture.jsonl");
    record(emulator, &capture);
    comes_to_the_same(&out, &capture, &single_rules(), desk);
    out
}

#[test]
fn twenty_kills_lose_nothing_and_count_nothing_twice() {
    let (emulator, desk) = (Emulator::ministack(), Desk::new());
    survives(20, 31, &[], &emulator, &desk);
}

#[test]
fn a_table_keeps_the_checkpoint_too() {
    let (emulator, desk) = (Emulator::ministack(), Desk::new());
    let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
    let text = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    emulator.call(
        "DynamoDB_20120810.CreateTable",
        &json!({"TableName": "places", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
            "AttributeDefinitions": [text("pk"), text("sk")]}),
    );
    let table = ["--checkpoint", "dynamodb://places"];
    let out = survives(6, 32, &table, &emulator, &desk);
    // The folder is lost, the table is not: nothing is read again.
    fs::remove_dir_all(&out).unwrap();
    let args: Vec<String> = single_rules().into_iter().chain(table.map(str::to_owned)).collect();
    until_caught_up(&emulator, &out, &args).says("Going on where");
    assert_eq!(Results::at(&out).ledger().records.r#in, 0);
    // Of two who read into the same table, one is told.
    let error =
        json!({"__type": "ConditionalCheckFailedException", "message": "The conditional request failed"});
    let refusing = proxy(emulator.port, move |request| match request.header("x-amz-target") {
        "DynamoDB_20120810.PutItem" => Deed::Answer(Message::json(400, &error)),
        _ => Deed::Pass,
    });
    let more = desk.path("more.jsonl");
    fs::write(&more, captured(1, event("more").as_bytes())).unwrap();
    replay(&emulator, &more);
    let mut command = emulator.kinescope_at(refusing);
    command.args(["stream", "--stream", "s", "--until-caught-up", "--out"]).arg(&out).args(&args);
    ran(&mut command).ends_with(2).says("somebody else reads the same stream into it");
    ran(stream(&emulator, &out, &[]).args(["--checkpoint", "dynamodb://nowhere"]))
        .ends_with(2)
        .says("failed to read checkpoints from the table nowhere: ResourceNotFoundException");
}

#[test]
fn what_cloudwatch_logs_delivers_is_read() {
    let (emulator, desk) = (Emulator::moto(), Desk::new());
    emulator.create_stream("s", 1);
    let messages: Vec<String> = (0..25).map(|n| event(format!("logged-{n}"))).collect();
    let log = |operation: &str, body: Value| emulator.call(&format!("Logs_20140328.{operation}"), &body);
    log("CreateLogGroup", json!({"logGroupName": "trail"}));
    log("CreateLogStream", json!({"logGroupName": "trail", "logStreamName": "eu-west-1"}));
    let stream = emulator.call("Kinesis_20131202.DescribeStreamSummary", &json!({"StreamName": "s"}));
    let filter = json!({"logGroupName": "trail", "filterName": "all", "filterPattern": "",
        "destinationArn": stream["StreamDescriptionSummary"]["StreamARN"],
        "roleArn": "arn:aws:iam::123456789012:role/r"});
    log("PutSubscriptionFilter", filter);
    let now_ms = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
    let events: Vec<Value> =
        messages.iter().map(|message| json!({"timestamp": now_ms, "message": message})).collect();
    log("PutLogEvents", json!({"logGroupName": "trail", "logStreamName": "eu-west-1", "logEvents": events}));
    let records = record(&emulator, &desk.path("capture.jsonl"));
    assert!(records.iter().any(|record| record.data.starts_with(&[0x1f, 0x8b])), "{records:?}");
    let [out, plain] = ["out", "plain"].map(|name| desk.path(name));
    until_caught_up(&emulator, &out, &[]);
    // The same messages without any envelope come to the same rows.
    let lines = desk.path("lines.jsonl");
    fs::write(&lines, messages.join("\n")).unwrap();
    run(["process", lines.to_str().unwrap(), "--out", plain.to_str().unwrap()]).ends_with(0);
    let (mine, theirs) = (Results::at(&out), Results::at(&plain));
    assert_eq!(mine.ledger().events.accepted, 25);
    assert_eq!(mine.ledger().events, theirs.ledger().events);
    assert_eq!(Essence::of(&mine).lake, Essence::of(&theirs).lake);
}

/// A service that refuses every second record, throttles, forgets iterators and fails.
fn in_trouble(emulator: &Emulator) -> u16 {
    let counts: [AtomicU32; 4] = Default::default();
    let error = |status: u16, code: &str| {
        Deed::Answer(Message::json(status, &json!({"__type": code, "message": "by the test"})))
    };
    proxy(emulator.port, move |request| {
        let next = |at: usize| counts[at].fetch_add(1, Ordering::Relaxed);
        match request.header("x-amz-target").trim_start_matches("Kinesis_20131202.") {
            "GetRecords" => match next(0) % 5 {
                0 => error(400, "ProvisionedThroughputExceededException"),
                1 => error(400, "ExpiredIteratorException"),
                2 => error(500, "InternalFailure"),
                _ => Deed::Pass,
            },
            "PutRecords" if next(1) % 4 == 0 => error(400, "ProvisionedThroughputExceededException"),
            "PutRecords" => refuse_half(request),
            "GetShardIterator" if next(2) % 3 == 0 => error(400, "ProvisionedThroughputExceededException"),
            "ListShards" if next(3) == 0 => error(400, "LimitExceededException"),
            _ => Deed::Pass,
        }
    })
}

/// Lets every second record through, and answers for the others that they were refused.
fn refuse_half(request: &Message) -> Deed {
    let mut body: Value = serde_json::from_slice(&request.body).unwrap();
    let records = std::mem::take(&mut body["Records"]);
    let records = records.as_array().unwrap();
    body["Records"] = records.iter().step_by(2).cloned().collect();
    let (n_records, mut halved) = (records.len(), request.clone());
    halved.body = body.to_string().into_bytes();
    let merge = move |answer: &mut Message| {
        let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
        let mut taken = body["Records"].as_array().unwrap().clone().into_iter();
        let refused =
            || json!({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow"});
        let answers = (0..n_records).map(|at| if at % 2 == 0 { taken.next().unwrap() } else { refused() });
        body["Records"] = answers.collect();
        body["FailedRecordCount"] = json!(n_records / 2);
        answer.body = body.to_string().into_bytes();
    };
    Deed::Change(halved, Box::new(merge))
}

#[test]
fn a_service_in_trouble_is_asked_again() {
    let (emulator, desk) = (Emulator::ministack(), Desk::new());
    emulator.create_stream("s", 2);
    let traffic = Traffic::new(Shape::Capture, 1_500, 23);
    let port = in_trouble(&emulator);
    let troubled =
        |args: &[&str], path: &Path| ran(emulator.kinescope_at(port).args(args).arg(path)).ends_with(0);
    let replayed = troubled(&["replay", "--stream", "s"], &capture_of(&traffic));
    assert!(!replayed.err.contains("; 0 were refused"), "{}", replayed.err);
    let out = desk.path("out");
    troubled(&["stream", "--stream", "s", "--until-caught-up", "--publish-every", "600", "--out"], &out);
    let capture = desk.path("capture.jsonl");
    let records = record(&emulator, &capture);
    let text = fs::read(capture_of(&traffic)).unwrap();
    let sorted = |mut data: Vec<Vec<u8>>| {
        data.sort();
        data
    };
    let old = text.split(|byte| *byte == b'\n').filter_map(Captured::parse).map(|record| record.data);
    assert!(sorted(records.into_iter().map(|record| record.data).collect()) == sorted(old.collect()));
    comes_to_the_same(&out, &capture, &[], &desk);
}

#[test]
fn records_end_when_they_are_asked_to() {
    let (emulator, desk) = (Emulator::ministack(), Desk::new());
    emulator.create_stream("s", 1);
    let capture = desk.path("in.jsonl.gz");
    let lines: String = (0..40).map(|n| captured(n, event(n).as_bytes())).collect();
    fs::write(&capture, gzip(lines.as_bytes())).unwrap();
    replay(&emulator, &capture);
    let record = |args: &[&str], out: &str| {
        let mut command = emulator.kinescope();
        command.args(["record", "--stream", "s", "--out", out]).args(args);
        ran(&mut command)
    };
    let path = |name: &str| desk.path(name).to_str().unwrap().to_owned();
    for (args, out, n_records) in [
        (&["--records", "7"][..], "some.jsonl", 7),
        (&["--until-caught-up"], "all.jsonl.gz", 40),
        (&["--seconds", "0.8"], "while.jsonl", 40),
        (&["--seconds", "0.5", "--from", "2100-01-01T00:00:00Z"], "none.jsonl", 0),
    ] {
        record(args, &path(out)).ends_with(0).says(&format!("{n_records} records, "));
        let results = desk.path(&format!("{out}-results"));
        if n_records > 0 {
            run(["process", &path(out), "--out", results.to_str().unwrap()]).ends_with(0);
            assert_eq!(Results::at(results).ledger().records.r#in, n_records);
        }
    }
    let printed = record(&["--until-caught-up"], "-").ends_with(0).out;
    assert_eq!(printed.lines().filter_map(|line| Captured::parse(line.as_bytes())).count(), 40);
    let mut nobody = emulator.kinescope();
    nobody.env_remove("AWS_ACCESS_KEY_ID").args(["record", "--out=x", "--stream", "s"]);
    ran(&mut nobody).ends_with(2).says("give AWS_PROFILE or other credentials");
    let mut nowhere = emulator.kinescope();
    nowhere.env_remove("AWS_REGION").args(["record", "--out=x", "--stream", "s"]);
    ran(&mut nowhere).ends_with(2).says("failed to find the AWS Region: set AWS_REGION");
    record(&["--records", "1"], &path("some.jsonl")).ends_with(2).says("failed to create the capture");
    for (args, words) in [
        (["replay", &path("nowhere"), "--stream", "s"], "failed to read the capture"),
        (
            ["replay", &path("in.jsonl.gz"), "--stream", "nowhere"],
            "find the stream nowhere: ResourceNotFound",
        ),
        (["record", "--out=x", "--stream", "nowhere"], "check the name, the Region and the account"),
        (["stream", "--out=x", "--stream", "nowhere"], "check the name, the Region and the account"),
        (["stream", "--out=x", "--stream=s", "--from=soon"], "it is latest, trim-horizon, or a time"),
        (["stream", "--out=x", "--stream=s", "--checkpoint=x.json"], "it is dynamodb://TABLE"),
    ] {
        ran(emulator.kinescope().current_dir(desk.path("")).args(args)).ends_with(2).says(words);
    }
}
