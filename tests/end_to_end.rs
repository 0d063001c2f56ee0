//! Traffic of every shape, broken pieces and all, from files to what a run leaves behind: the generator's manifest
//! says what must be found, and every number must be found in every place that tells it.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_generate::{Expected, Manifest, Shape};
use kinescope_pipeline::Ledger;
use kinescope_schemas::Severity;
use kinescope_stages::detect::builtin;
use kinescope_tests::{
    binary::{process, run},
    output::Results,
    payloads::event,
    traffic::{Traffic, recorded},
};
use std::{
    collections::{HashMap, HashSet},
    fs,
};

const N_EVENTS: u64 = 4_000;

fn check(shape: Shape) {
    let traffic = Traffic::new(shape, N_EVENTS, 7);
    let out = tempfile::tempdir().unwrap();
    process(&[traffic.path()], out.path());
    let results = Results::at(out.path());
    let ledger = results.ledger();
    counts(&traffic, &ledger);
    scenarios(&traffic.manifest, &results);
    places(&results, &ledger, traffic.manifest.by_source.get("agent").copied().unwrap_or(0));
}

/// What the manifest says is what the ledger counts.
fn counts(traffic: &Traffic, ledger: &Ledger) {
    let Manifest { n_events, n_duplicates, n_broken, n_control, n_files, shape, .. } = traffic.manifest;
    let (records, events) = (&ledger.records, ledger.events);
    assert_eq!(events.accepted, n_events);
    assert_eq!(events.duplicate, n_duplicates);
    assert_eq!(events.quarantined, n_broken);
    // Each broken piece lies in a record of its own.
    assert_eq!(records.quarantined, n_broken);
    assert_eq!(records.redeliver, 0);
    // A line of a capture is a record, and so is any other file; the manifest is one that carries no event.
    let captures = traffic.files().into_iter().filter(|path| path.ends_with("capture.jsonl"));
    let n_lines: Vec<u64> =
        captures.map(|path| fs::read_to_string(path).unwrap().lines().count() as u64).collect();
    assert_eq!(records.r#in, n_files - n_lines.len() as u64 + n_lines.iter().sum::<u64>() + 1);
    assert_eq!(records.control, n_control + 1);
    // Only a capture repeats whole records.
    assert!(records.duplicate == 0 || shape == Shape::Capture || shape == Shape::Mixed);
    assert_eq!(ledger.bytes_in, traffic.manifest.n_bytes + manifest_bytes(traffic));
}

fn manifest_bytes(traffic: &Traffic) -> u64 {
    fs::metadata(traffic.path().join("manifest.json")).unwrap().len()
}

/// Every attack is found.
fn scenarios(manifest: &Manifest, results: &Results) {
    let ids: HashMap<String, String> =
        builtin().unwrap().abouts().map(|about| (about.name.clone(), about.id.clone())).collect();
    let found: HashSet<(String, String)> = results
        .lines("findings.jsonl")
        .iter()
        .map(|finding| {
            let text = |pointer| finding.pointer(pointer).unwrap().as_str().unwrap().to_owned();
            (text("/finding_info/analytic/uid"), text("/finding_info/related_events/0/uid"))
        })
        .collect();
    let carries_attacks = !matches!(manifest.shape, Shape::Flow | Shape::Alb);
    assert_eq!(manifest.scenarios.is_empty(), !carries_attacks);
    for scenario in &manifest.scenarios {
        for Expected { rule, event_uid } in &scenario.expects {
            let finding = (ids[rule].clone(), event_uid.clone());
            assert!(found.contains(&finding), "{}: {rule} must fire on {event_uid}", scenario.name);
        }
    }
}

/// What the ledger counts is what lies in the files.
fn places(results: &Results, ledger: &Ledger, n_heartbeats: u64) {
    let n_lines = |name: &str| results.lines(name).len() as u64;
    for sink in ["quarantine", "findings", "alerts"] {
        let n = n_lines(&format!("{sink}.jsonl"));
        assert_eq!(results.delivered(sink), n, "{sink}");
    }
    assert_eq!(n_lines("quarantine.jsonl"), ledger.events.quarantined);
    let n_findings = results.members("findings.jsonl", "/finding_info/uid").len() as u64;
    assert_eq!(n_findings, ledger.findings.total);
    let rows = |sql| u64::try_from(results.query::<i64>(sql)).unwrap();
    assert_eq!(rows("SELECT count(*) FROM findings"), n_findings);
    let n_notable = rows("SELECT count(*) FROM events");
    let n_points = rows("SELECT coalesce(sum(json_array_length(points)), 0) FROM metrics");
    assert_eq!(results.delivered("store"), n_findings + n_notable + n_heartbeats + n_points);
    assert_eq!(rows("SELECT count(*) FROM agents") > 0, n_heartbeats > 0);
    let alerts = results.lines("alerts.jsonl");
    let n_alerted: u64 = alerts.iter().map(|alert| alert["n_findings"].as_u64().unwrap()).sum();
    let by_severity = ledger.findings.by_severity.iter();
    let alerting = by_severity.filter(|(name, _)| Severity::from_name(name).unwrap() >= Severity::Low);
    assert_eq!(n_alerted, alerting.map(|(_, n)| n).sum::<u64>());
}

#[test]
fn cwl() {
    check(Shape::Cwl);
}

#[test]
fn records() {
    check(Shape::Records);
}

#[test]
fn jsonl() {
    check(Shape::Jsonl);
}

#[test]
fn eventbridge() {
    check(Shape::Eventbridge);
}

#[test]
fn flow() {
    check(Shape::Flow);
}

#[test]
fn alb() {
    check(Shape::Alb);
}

#[test]
fn capture() {
    check(Shape::Capture);
}

#[test]
fn mixed() {
    check(Shape::Mixed);
}

#[test]
fn recordings() {
    let Some(folder) = recorded() else { return };
    let out = tempfile::tempdir().unwrap();
    process(&[&folder], out.path());
    let results = Results::at(out.path());
    let ledger = results.ledger();
    assert!(ledger.events.accepted > 0);
    places(&results, &ledger, 0);
}

/// Whatever the order in which events come, and however many groups there are, each group is counted by itself.
#[test]
fn correlations_of_many_groups() {
    const N_GROUPS: usize = 2_300;
    let folder = tempfile::tempdir().unwrap();
    let (input, rules, out) =
        (folder.path().join("events.jsonl"), folder.path().join("rules"), folder.path().join("out"));
    // Every group has two events, half the file apart; the last ten of the first half have but one.
    let of_group = |group: usize, nth: usize| {
        event(format!("{group}-{nth}")).replace("user/ann", &format!("user/u{group}")) + "\n"
    };
    let first = (0..N_GROUPS + 10).map(|group| of_group(group, 0));
    let second = (0..N_GROUPS).rev().map(|group| of_group(group, 1));
    fs::write(&input, first.chain(second).collect::<String>()).unwrap();
    fs::create_dir(&rules).unwrap();
    fs::write(rules.join("pairs.yml"), PAIRS).unwrap();
    let args = ["--no-builtin-rules", "--rules", rules.to_str().unwrap()];
    let args = ["process", input.to_str().unwrap(), "--out", out.to_str().unwrap()].into_iter().chain(args);
    run(args).ends_with(0);
    let results = Results::at(&out);
    let ledger = results.ledger();
    assert_eq!(ledger.findings.total, N_GROUPS as u64);
    assert_eq!(results.delivered("correlator"), 2 * N_GROUPS as u64 + 10);
    let actors = results.column::<String>("SELECT actor FROM findings");
    assert_eq!(actors.len(), N_GROUPS);
}

const PAIRS: &str = "
title: A look
id: 6f3f0d4e-5b0c-4a55-9d0c-0a4ed1bb9a10
name: look
logsource: {product: aws, service: cloudtrail}
detection: {selection: {eventName: DescribeInstances}, condition: selection}
level: low
---
title: Two looks
id: 6f3f0d4e-5b0c-4a55-9d0c-0a4ed1bb9a11
correlation:
  type: event_count
  rules: [look]
  group-by: [userIdentity.arn]
  timespan: 1h
  condition: {gte: 2}
level: low
";
