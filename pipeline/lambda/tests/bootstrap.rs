//! The function's own program: it starts, with our rules and those beside it, and serves what the runtime hands it.
//! This stands beside the program, and not with the other tests, so that Cargo builds it with them.

use kinescope_tests::runtime::{Outcome, invoke};
use serde_json::Value as Json;
use std::{fs, path::Path, process::Command};

/// What the template sets, and what Lambda itself does. There is nothing at the endpoint.
const ENVIRONMENT: [(&str, &str); 18] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "kinescope"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "kinescope"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "one"),
    ("AWS_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "111122223333"),
    ("AWS_SECRET_ACCESS_KEY", "none"),
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
    ("KINESCOPE_STAGE", "test"),
    ("KINESCOPE_TABLE", "kinescope"),
    ("KINESCOPE_FIREHOSE_PREFIX", "kinescope-"),
    ("KINESCOPE_LAKE_BUCKET", "lake-bucket"),
    ("KINESCOPE_QUARANTINE_BUCKET", "quarantine"),
    ("KINESCOPE_TOPIC_LOW", "arn:aws:sns:eu-west-1:111122223333:low"),
    ("KINESCOPE_TOPIC_MEDIUM", "arn:aws:sns:eu-west-1:111122223333:medium"),
    ("KINESCOPE_TOPIC_HIGH", "arn:aws:sns:eu-west-1:111122223333:high"),
    ("KINESCOPE_TOPIC_CRITICAL", "arn:aws:sns:eu-west-1:111122223333:critical"),
];

/// Time of an invocation: what fails is tried until most of it is over.
const LEFT_MS: i64 = 2_000;

fn function(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bootstrap"));
    command.env_clear().envs(ENVIRONMENT).env("LAMBDA_TASK_ROOT", folder);
    command
}

const BATCH: &str = r#"{"Records": [{"eventSource": "aws:kinesis", "eventVersion": "1.0", "eventName": "aws:kinesis:record",
    "eventID": "shardId-000000000000:49590338271490256608559692538361571095921575989136588898", "awsRegion": "eu-west-1",
    "eventSourceARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/s", "invokeIdentityArn": "arn:aws:iam::111122223333:role/r",
    "kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "k", "approximateArrivalTimestamp": 1772442000.5,
        "sequenceNumber": "49590338271490256608559692538361571095921575989136588898", "data": "aGVsbG8="}}]}"#;

#[test]
fn a_record_that_cannot_be_delivered_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let Outcome::Answer(answer) = invoke(&mut function(folder.path()), BATCH, LEFT_MS) else {
        panic!("the program does not answer")
    };
    let answer: Json = serde_json::from_str(&answer).unwrap();
    let again = "49590338271490256608559692538361571095921575989136588898";
    assert_eq!(answer["batchItemFailures"][0]["itemIdentifier"], again, "{answer}");
}

#[test]
fn what_is_no_trigger_is_an_error_of_the_invocation() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("rules")).unwrap();
    let rule = "title: t\nlogsource: {service: cloudtrail}\ndetection: {s: {eventName: A}, condition: s}\n";
    fs::write(folder.path().join("rules/own.yml"), rule).unwrap();
    let outcome = invoke(&mut function(folder.path()), "[]", LEFT_MS);
    let Outcome::Error(error) = outcome else { panic!("{outcome:?}") };
    assert!(error.contains("errorMessage"), "{error}");
}

#[test]
fn what_keeps_it_from_starting_is_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("rules")).unwrap();
    let rule =
        "title: t\nlogsource: {service: cloudtrail}\ndetection: {s: {'eventName|re': '('}, condition: s}\n";
    fs::write(folder.path().join("rules/broken.yml"), rule).unwrap();
    let mut nameless = function(folder.path());
    nameless.env_remove("KINESCOPE_TABLE");
    for (mut command, words) in [(function(folder.path()), "broken.yml:3"), (nameless, "KINESCOPE_TABLE")] {
        let outcome = invoke(&mut command, BATCH, LEFT_MS);
        assert!(matches!(&outcome, Outcome::Ended(said) if said.contains(words)), "{outcome:?}");
    }
}
