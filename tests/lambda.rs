//! The function at its edges: what it answers, in time, to batches that are large, late, broken or refused.

use base64::{Engine, engine::general_purpose::STANDARD};
use fastrand::Rng;
use kinescope_aws::{
    Patience,
    layout::{self, METRIC_GROUPS},
    port::{Aws, Item},
    read::{Hot, Span},
};
use kinescope_tests::{
    function::{Function, NOW_MS},
    mapping::names,
    payloads::{event, gzip, lines},
    world::Faults,
};
use serde_json::{Value as Json, json};
use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};
use tokio::time::Instant;

/// A function in a world where everything works.
fn function() -> Function {
    Function::new(1, Faults::default())
}

fn sequence(at: usize) -> String {
    format!("495903382714902566085596925383615710959215759891365{at:05}")
}

fn batch(records: &[Vec<u8>]) -> Json {
    let record = |(at, data): (usize, &Vec<u8>)| {
        json!({
            "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventName": "aws:kinesis:record",
            "eventID": format!("shardId-000000000000:{}", sequence(at)), "awsRegion": "eu-west-1",
            "eventSourceARN": "arn:aws:kinesis:eu-west-1:111122223333:stream/kinescope-test",
            "invokeIdentityArn": "arn:aws:iam::111122223333:role/kinescope-test",
            "kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "k", "sequenceNumber": sequence(at),
                "approximateArrivalTimestamp": (NOW_MS - 2_501) as f64 / 1_000.0, "data": STANDARD.encode(data)},
        })
    };
    json!({"Records": records.iter().enumerate().map(record).collect::<Vec<_>>()})
}

/// An event that a rule finds.
fn found(id: &str) -> String {
    event(id)
        .replace("ec2.amazonaws.com", "cloudtrail.amazonaws.com")
        .replace("DescribeInstances", "StopLogging")
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_dealt_with_has_an_empty_answer() {
    let function = function();
    let answer = function.serve(&batch(&[gzip(&lines("a", 3)), lines("b", 2)])).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
    let said = function.said();
    for (metric, value) in [
        ("RecordsIn", 2.0),
        ("EventsAccepted", 5.0),
        ("RecordsToRedeliver", 0.0),
        ("LedgerImbalance", 0.0),
        ("RecordAge", 2_501.0),
    ] {
        assert_eq!(said[metric], value, "{metric}");
    }
    assert_eq!(said["Stage"], "test");
    // What is declared is said, and has the one dimension.
    let declared = &said["_aws"]["CloudWatchMetrics"][0];
    assert_eq!((&declared["Namespace"], &declared["Dimensions"]), (&json!("Kinescope"), &json!([["Stage"]])));
    for metric in declared["Metrics"].as_array().unwrap() {
        assert!(said[metric["Name"].as_str().unwrap()].is_number(), "{metric}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_record_costs_its_neighbours_nothing() {
    let function = function();
    let records = [lines("a", 2), gzip(&lines("b", 9))[..40].to_vec(), lines("c", 2)];
    assert_eq!(function.serve(&batch(&records)).await.unwrap(), json!({"batchItemFailures": []}));
    assert_eq!(function.said()["QuarantinedEvents"], 1.0);
    let holdings = function.world.holdings();
    let (key, object) = holdings.objects.iter().find(|(key, _)| key.contains("/quarantine/")).unwrap();
    assert!(key.starts_with("quarantine/quarantine/2026-03-02/"), "{key}");
    let entry: Json = serde_json::from_slice(object).unwrap();
    assert_eq!(STANDARD.decode(entry["data"].as_str().unwrap()).unwrap(), records[1]);
    assert!(entry["source"].as_str().unwrap().starts_with("shardId-000000000000:4959"), "{entry}");
}

/// What cannot be delivered comes again, from the earliest on, and the words name the resource.
#[tokio::test(start_paused = true)]
async fn a_resource_that_is_refused_is_named_and_the_earliest_record_comes_again() {
    let names = names();
    for (resource, words) in [
        (
            names.topics[2].clone(),
            "sns: failed to call arn:aws:sns:eu-west-1:111122223333:kinescope-high: AccessDenied",
        ),
        (names.table.clone(), "failed to call kinescope: AccessDenied"),
        ("kinescope-findings".to_owned(), "firehose: failed to call kinescope-findings: AccessDenied"),
    ] {
        let function = function();
        function.world.holdings().denied.insert(resource.clone());
        // Of the table nothing can be done; of the others the first record, which finds nothing, is done.
        let first = if resource == names.table { 0 } else { 1 };
        let answer =
            function.serve(&batch(&[lines("a", 2), found("f").into_bytes(), lines("b", 2)])).await.unwrap();
        assert_eq!(answer["batchItemFailures"], json!([{"itemIdentifier": sequence(first)}]), "{resource}");
        let said = function.said();
        assert_eq!(said["level"], "ERROR");
        assert!(said["errors"].to_string().contains(words), "{}", said["errors"]);
        assert_eq!(said["LedgerImbalance"], 0.0);
        // Once it is mended nothing is counted twice.
        function.world.holdings().denied.clear();
        let answer =
            function.serve(&batch(&[lines("a", 2), found("f").into_bytes(), lines("b", 2)])).await.unwrap();
        assert_eq!(answer["batchItemFailures"], json!([]), "{resource}");
        // Firehose may have a row twice, and it is the same.
        let holdings = function.world.holdings();
        let rows: HashSet<&String> = holdings.lines["kinescope-api_activity"].iter().collect();
        assert_eq!(rows.len(), 5, "{resource}");
    }
}

#[tokio::test(start_paused = true)]
async fn large_batches_and_large_records_are_taken() {
    // As the mapping cuts batches: 6 MB with base64.
    let six_megabytes: Vec<Vec<u8>> = (0..90).map(|at| lines(&format!("r{at}"), 80)).collect();
    // The largest record that a stream may be set to take.
    let ten_mebibytes = vec![lines("big", 21_500)];
    assert!(
        ten_mebibytes[0].len() > 9 << 20 && ten_mebibytes[0].len() <= 10 << 20,
        "{}",
        ten_mebibytes[0].len()
    );
    for (records, n_events) in [(six_megabytes, 7_200.0), (ten_mebibytes, 21_500.0)] {
        let function = function();
        assert_eq!(function.serve(&batch(&records)).await.unwrap(), json!({"batchItemFailures": []}));
        assert_eq!(function.said()["EventsAccepted"], n_events);
    }
}

/// What is too large for a service is shortened there, and kept whole beside it.
#[tokio::test(start_paused = true)]
async fn a_giant_is_shortened_with_a_pointer_to_all_of_it() {
    let function = function();
    let mut chance = Rng::with_seed(1);
    let value: String = (0..2_000_000).map(|_| chance.alphanumeric()).collect();
    let giant = found("g")
        .replace("\"requestParameters\":null", &format!("\"requestParameters\":{{\"name\":\"{value}\"}}"));
    let answer = function.serve(&batch(&[giant.into_bytes(), lines("b", 2)])).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
    let holdings = function.world.holdings();
    let rows = &holdings.lines["kinescope-api_activity"];
    assert_eq!(rows.len(), 3);
    let row: Json = rows
        .iter()
        .map(|row| serde_json::from_str::<Json>(row).unwrap())
        .find(|row| row["metadata_uid"] == "g")
        .unwrap();
    let pointer: Json = serde_json::from_str(row["api_request_data"].as_str().unwrap()).unwrap();
    let whole = &holdings.objects[pointer["whole"].as_str().unwrap().strip_prefix("s3://").unwrap()];
    let whole: Json = serde_json::from_slice(whole).unwrap();
    assert!(whole["api_request_data"].as_str().unwrap().contains(&value));
    assert_eq!(whole["event_day"], row["event_day"]);
    // The finding has the event as its evidence.
    let kept = holdings.objects.keys().any(|key| key.starts_with("quarantine/whole/finding/"));
    assert!(kept, "{:?}", holdings.objects.keys());
}

/// What a user finds is what batches found: neither an item that is nobody's part nor one that is damaged is any of it.
#[tokio::test(start_paused = true)]
async fn what_else_lies_beside_findings_is_passed_over() {
    let function = function();
    function.serve(&batch(&[found("f").into_bytes()])).await.unwrap();
    let of_day: Vec<Item> = {
        let holdings = function.world.holdings();
        let found = holdings.items.iter().filter(|((pk, _), _)| pk.starts_with("finding#1"));
        found.map(|(_, item)| item.clone()).collect()
    };
    let [item] = of_day.as_slice() else { panic!("{of_day:?}") };
    let mut foreign = item.clone();
    layout::put(&mut foreign, layout::SK, "1772434860000#0123");
    foreign.remove("lane");
    let mut damaged = item.clone();
    layout::put(&mut damaged, layout::SK, "damaged");
    layout::put_bytes(&mut damaged, "findings", b"x".to_vec());
    function.world.put_items("kinescope", vec![foreign, damaged]).await.unwrap();
    let patience = Patience::until(Instant::now() + Duration::from_secs(60));
    let hot = Hot { aws: &function.world, table: "kinescope", patience: &patience };
    let span = Span { from_ms: NOW_MS - 2 * 86_400_000, to_ms: NOW_MS };
    let found = hot.findings_of("111122223333", span).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
}

/// As many messages as a record may have: each is taken, and so is its neighbour.
#[tokio::test(start_paused = true)]
async fn a_million_tiny_events_in_one_record_are_taken() {
    const N_TINY: usize = 1_000_000;
    let function = function();
    let tiny = "x\n".repeat(N_TINY);
    let answer = function.serve(&batch(&[gzip(tiny.as_bytes()), lines("b", 2)])).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
    let said = function.said();
    let n_events = said["EventsAccepted"].as_f64().unwrap() + said["EventsDuplicate"].as_f64().unwrap();
    assert_eq!((n_events, &said["QuarantinedEvents"]), (N_TINY as f64 + 2.0, &json!(0.0)), "{said}");
    assert_eq!(said["LedgerImbalance"], 0.0);
}

/// One key has all services of a day: an environment tells the table of each but once.
#[tokio::test(start_paused = true)]
async fn the_table_is_told_of_a_service_once() {
    let function = function();
    let writes = async |records: &[Vec<u8>]| {
        let before = function.world.holdings().units.writes;
        function.serve(&batch(records)).await.unwrap();
        function.world.holdings().units.writes - before
    };
    let first = writes(&[lines("a", 3)]).await;
    // Of these the first record is known.
    let second = writes(&[lines("a", 3), lines("b", 3)]).await;
    let holdings = function.world.holdings();
    let n_services = holdings.items.keys().filter(|(pk, _)| pk.starts_with("services#")).count();
    assert!(n_services > 0);
    assert_eq!(first, second + n_services as u64);
}

/// Services share the items of their group, and no reader sees it.
#[tokio::test(start_paused = true)]
async fn metrics_of_a_service_are_read_without_those_of_others() {
    let function = function();
    // One more than there are groups, so that two share one.
    let called: Vec<String> = (0..=METRIC_GROUPS).map(|at| format!("service-{at}.amazonaws.com")).collect();
    let events = called.iter().map(|name| event(name).replace("ec2.amazonaws.com", name) + "\n");
    function.serve(&batch(&[events.collect::<String>().into_bytes()])).await.unwrap();
    let patience = Patience::until(Instant::now() + Duration::from_secs(60));
    let hot = Hot { aws: &function.world, table: "kinescope", patience: &patience };
    let span = Span { from_ms: NOW_MS - 86_400_000, to_ms: NOW_MS };
    let services = hot.services(span).await.unwrap();
    assert!(called.iter().all(|name| services.contains(name)), "{services:?}");
    let all = hot.metrics(&services, span).await.unwrap();
    let mut n_read = 0;
    for service in &services {
        let points = hot.metrics(&BTreeSet::from([service.clone()]), span).await.unwrap();
        let is_named = |text: &str| text.contains(service.as_str()) || !text.contains(".amazonaws.com");
        assert!(!points.is_empty() && points.iter().all(|point| is_named(&point.dimensions)), "{points:?}");
        n_read += points.len();
    }
    assert_eq!(n_read, all.len());
}

/// With 80 % of its time gone a function takes no more records, and says which come again.
#[tokio::test(start_paused = true)]
async fn what_there_is_no_time_for_comes_again() {
    let function = function();
    // Records that hold one event each and look as if they held more than half of a slice, so that each is delivered by
    // itself.
    let mut chance = Rng::with_seed(1);
    let mut record = |at: usize| {
        let agent: String = (0..160_000).map(|_| chance.alphanumeric()).collect();
        gzip(event(at).replace("aws-cli", &agent).as_bytes())
    };
    let records: Vec<Vec<u8>> = (0..100).map(&mut record).collect();
    let served = function.serve_within(&batch(&records), Duration::from_millis(1_500)).await.unwrap();
    let again = served["batchItemFailures"][0]["itemIdentifier"].as_str().unwrap().to_owned();
    let first = (0..100).find(|at| sequence(*at) == again).unwrap();
    assert!(first > 0, "nothing was taken");
    let said = function.said();
    assert_eq!(said["EventsAccepted"], first as f64);
    assert_eq!(said["RecordsToRedeliver"], (100 - first) as f64);
    assert!(said["errors"].to_string().contains("left for another time"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn an_event_of_the_bus_is_taken_and_a_payload_of_nobody_is_an_error() {
    let function = function();
    let event: Json = serde_json::from_str(&found("b")).unwrap();
    let of_bus = json!({"version": "0", "id": "7bf73129", "detail-type": "AWS API Call via CloudTrail", "source": "aws.cloudtrail",
        "account": "111122223333", "time": "2026-03-02T08:00:00Z", "region": "eu-west-1", "resources": [], "detail": event});
    assert_eq!(function.serve(&of_bus).await.unwrap(), json!({"accepted": 1}));
    // The same again: it is known.
    assert_eq!(function.serve(&of_bus).await.unwrap(), json!({"accepted": 0}));
    assert_eq!(function.world.holdings().lines["kinescope-api_activity"].len(), 1);
    assert_eq!(function.serve(&json!({"kinescope": "sweep"})).await.unwrap()["due"], 0);
    for (payload, words) in [
        (json!({"hello": 1}), "it is no batch of Kinesis"),
        (json!({"kinescope": "fly"}), "there is no \"fly\""),
        (json!([1]), "failed to read the payload"),
    ] {
        let error = function.serve(&payload).await.unwrap_err();
        assert!(error.contains(words) || format!("failed to {error}").contains(words), "{error}");
    }
}
