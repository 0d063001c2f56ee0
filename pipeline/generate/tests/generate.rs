//! Whole runs, read back by a reader that shares nothing with the writer.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "generate/reader.rs"]
mod reader;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use reader::{Found, files};
use serde_json::Value;

use kinescope_generate::{Manifest, Options, Progress, Shape, generate};

/// A folder of its own that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("kinescope-generate-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn options(shape: Shape, n_events: u64) -> Options {
    Options { n_events, seed: 7, shape, start_ms: 1_772_323_200_000, broken: true }
}

fn run(options: &Options) -> (Folder, Manifest, Found) {
    let folder = Folder::new();
    let manifest = generate(options, &folder.0, &mut |_| {}).unwrap();
    let found = Found::read(&folder.0.join("traffic"));
    (folder, manifest, found)
}

#[test]
fn every_shape_reads_back_to_its_manifest() {
    for shape in Shape::ALL {
        for n_events in [0, 1, 700, 3_000] {
            let (folder, manifest, found) = run(&options(shape, n_events));
            let context = format!("{shape} {n_events}");
            assert_eq!(manifest.n_events, n_events, "{context}");
            assert_eq!(manifest.by_source.values().sum::<u64>(), n_events, "{context}");
            assert_eq!(found.n_deliveries(), n_events + manifest.n_duplicates, "{context}");
            assert_eq!(found.n_control, manifest.n_control, "{context}");
            assert_eq!(found.n_broken, manifest.n_broken, "{context}");
            let n_trail = manifest.by_source.get("cloudtrail").copied().unwrap_or(0);
            assert_eq!(found.trail.len() as u64, n_trail, "{context}");
            let paths = files(&folder.0.join("traffic"));
            assert_eq!(paths.len() as u64, manifest.n_files, "{context}");
            let n_bytes: u64 = paths.iter().map(|path| fs::metadata(path).unwrap().len()).sum();
            assert_eq!(n_bytes, manifest.n_bytes, "{context}");
        }
    }
}

#[test]
fn only_cloudtrail_comes_twice() {
    let (_folder, manifest, found) = run(&options(Shape::Mixed, 20_000));
    let mut expected: BTreeMap<&str, u64> =
        manifest.by_source.iter().map(|(source, n)| (source.as_str(), *n)).collect();
    *expected.get_mut("cloudtrail").unwrap() += manifest.n_duplicates;
    assert_eq!(found.n_by_source, expected);
    assert_eq!(manifest.n_broken, 4);
    let percent = manifest.n_duplicates as f64 / manifest.by_source["cloudtrail"] as f64 * 100.0;
    assert!((1.5..6.0).contains(&percent), "{percent} %");
}

#[test]
fn the_same_options_give_the_same_bytes() {
    let read = |folder: &Folder| -> Vec<(PathBuf, Vec<u8>)> {
        let all = files(&folder.0).into_iter();
        all.map(|path| (path.strip_prefix(&folder.0).unwrap().to_owned(), fs::read(&path).unwrap())).collect()
    };
    for shape in Shape::ALL {
        let options = options(shape, 2_000);
        let (first, ..) = run(&options);
        let (second, ..) = run(&options);
        assert!(read(&first) == read(&second), "{shape}");
        let (other, ..) = run(&Options { seed: 8, ..options });
        assert!(read(&first) != read(&other), "{shape}");
    }
}

#[test]
fn a_run_replaces_its_like_and_nothing_else() {
    let (folder, ..) = run(&options(Shape::Cwl, 3_000));
    let manifest = generate(&options(Shape::Jsonl, 10), &folder.0, &mut |_| {}).unwrap();
    assert_eq!(files(&folder.0.join("traffic")).len() as u64, manifest.n_files);
    fs::remove_file(folder.0.join("manifest.json")).unwrap();
    let problem = generate(&options(Shape::Jsonl, 10), &folder.0, &mut |_| {}).unwrap_err();
    assert_eq!(problem.kind(), std::io::ErrorKind::AlreadyExists);
}

#[test]
fn progress_rises_to_the_manifest() {
    let folder = Folder::new();
    let mut seen: Vec<Progress> = Vec::new();
    let manifest = generate(&options(Shape::Mixed, 10_000), &folder.0, &mut |now| seen.push(now)).unwrap();
    assert!(seen.len() > 3 && seen.is_sorted_by_key(|now| (now.n_events, now.n_bytes)));
    let last = Progress { n_events: manifest.n_events, n_bytes: manifest.n_bytes };
    assert_eq!(seen.last(), Some(&last));
    let written = fs::read(folder.0.join("manifest.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Manifest>(&written).unwrap(), manifest);
}

#[test]
fn sequence_numbers_rise_in_each_shard() {
    let (_folder, manifest, found) = run(&options(Shape::Capture, 20_000));
    assert_eq!(found.sequence_numbers.len(), 4);
    for numbers in found.sequence_numbers.values() {
        assert!(numbers.is_sorted_by(|left, right| left < right));
    }
    assert!(found.n_aggregates > 50 && manifest.n_duplicates > 100);
}

#[test]
fn scenarios_are_woven_into_every_shape_that_can_carry_them() {
    for shape in Shape::ALL {
        let (_folder, manifest, found) = run(&options(shape, 2_000));
        if matches!(shape, Shape::Flow | Shape::Alb) {
            assert!(manifest.scenarios.is_empty());
            continue;
        }
        assert_eq!(manifest.scenarios.len(), 11, "{shape}");
        for scenario in &manifest.scenarios {
            for expected in &scenario.expects {
                let event = &found.trail[&expected.event_uid];
                assert_eq!(event["recipientAccountId"], scenario.account.as_str());
            }
        }
    }
}

#[test]
fn background_is_quiet() {
    // Too few events for scenarios, many times.
    const ALARMING: [&str; 14] = [
        "AttachUserPolicy",
        "CreateAccessKey",
        "AuthorizeSecurityGroupIngress",
        "PutBucketPolicy",
        "PutBucketAcl",
        "StopLogging",
        "UpdateDetector",
        "ModifySnapshotAttribute",
        "DeleteLogGroup",
        "DeleteFlowLogs",
        "AddPermission20150331v2",
        "UpdateFunctionCode20150331v2",
        "CreateLoadBalancer",
        "CreateDBInstance",
    ];
    for seed in 0..10 {
        let (_folder, _, found) = run(&Options { seed, ..options(Shape::Jsonl, 990) });
        for event in found.trail.values() {
            assert!(!ALARMING.contains(&event["eventName"].as_str().unwrap()), "{event}");
            let identity = &event["userIdentity"];
            assert!(identity["type"] != "Root" || event["eventType"] == "AwsServiceEvent");
            if event["eventName"] == "ConsoleLogin" {
                assert_eq!(event["additionalEventData"]["MFAUsed"], "Yes");
                assert_eq!(event["responseElements"]["ConsoleLogin"], "Success");
            }
        }
    }
}

#[test]
fn trail_events_look_like_trail_events() {
    let (_folder, _, found) = run(&options(Shape::Jsonl, 20_000));
    let events: Vec<&Value> = found.trail.values().collect();
    let share = |is_of: &dyn Fn(&Value) -> bool| {
        events.iter().filter(|event| is_of(event)).count() as f64 / events.len() as f64
    };
    let n_bytes_mean = found.n_trail_bytes / events.len() as u64;
    assert!((1_200..=1_700).contains(&n_bytes_mean), "{n_bytes_mean} bytes");
    assert!(
        (0.55..0.65)
            .contains(&share(&|event| { event["managementEvent"] == true && event["readOnly"] == true }))
    );
    assert!((0.25..0.35).contains(&share(&|event| event["eventCategory"] == "Data")));
    assert!((0.01..0.06).contains(&share(&|event| event["errorCode"].is_string())));
    let kinds: HashSet<_> =
        events.iter().map(|event| event["userIdentity"]["type"].as_str().unwrap()).collect();
    assert!(kinds.len() >= 8, "{kinds:?}");
    let accounts: HashSet<_> = events.iter().map(|event| &event["recipientAccountId"]).collect();
    assert_eq!(accounts.len(), 25);
    let params =
        |is_kind: fn(&Value) -> bool| events.iter().any(|event| is_kind(&event["requestParameters"]));
    assert!(
        params(Value::is_object)
            && params(Value::is_null)
            && params(Value::is_array)
            && params(Value::is_string)
    );
    assert!(
        events.iter().all(|event| !event.to_string().contains('$') || event.to_string().contains("$LATEST"))
    );
}

#[test]
fn logs_show_what_can_go_wrong() {
    let (_folder, _, found) = run(&options(Shape::Mixed, 6_000));
    for piece in [
        "Task timed out after 3.00 seconds",
        "Max Memory Used: 128 MB\tStatus: error\tError Type: Runtime.OutOfMemory",
        "Init Duration: ",
        "\n\tat com.example.",
        "Traceback (most recent call last):\n",
        "\"_aws\":{\"Timestamp\"",
        "level=info service=",
        "\"traceId\":\"1-",
    ] {
        assert!(found.messages.iter().any(|message| message.contains(piece)), "no message has {piece}");
    }
}
