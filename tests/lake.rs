//! The lake as others read it: DuckDB and pyarrow open what a run left, and find what the ledger and the contract say.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_generate::Shape;
use kinescope_tests::{
    binary::{self, process},
    output::Results,
    python::script,
    traffic::{Traffic, files, recorded, samples},
};
use std::{fs, path::Path};

/// Processes inputs, one run each, and has every promise of the lake checked by readers that are not ours.
fn check(runs: &[&[&Path]]) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    for inputs in runs {
        process(inputs, &out);
    }
    Results::at(&out).ledger();
    for path in files(&out.join("lake")) {
        assert_eq!(path.extension().unwrap(), "parquet", "{}", path.display());
    }
    let contract = folder.path().join("contract.json");
    fs::write(&contract, binary::run(["schema", "json"]).ends_with(0).out).unwrap();
    script("lake.py", [&out, &contract]);
}

#[test]
fn generated() {
    let traffic = Traffic::new(Shape::Mixed, 6_000, 3);
    check(&[&[traffic.path()]]);
}

#[test]
fn every_source_and_times_out_of_range() {
    let folder = tempfile::tempdir().unwrap();
    let odd = [1_i64, 253_402_300_799_000, -62_135_596_800_000, i64::MAX, i64::MIN];
    let lines: String =
        odd.map(|ms| format!("{{\"timestamp\":{ms},\"level\":\"info\",\"message\":\"odd\"}}\n")).concat();
    fs::write(folder.path().join("odd.jsonl"), lines).unwrap();
    fs::write(folder.path().join("odd.log"), odd_events()).unwrap();
    check(&[&[folder.path(), &samples()]]);
}

/// CloudTrail events whose clocks lie.
fn odd_events() -> String {
    ["0001-01-01T00:00:00Z", "2012-12-31T23:59:59Z", "2013-01-01T12:00:00Z", "9999-12-31T23:59:59Z", "never"]
        .map(|time| {
            format!(
                r#"{{"eventVersion":"1.08","eventTime":"{time}","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","eventID":"{time}"}}"#
            ) + "\n"
        })
        .concat()
}

#[test]
fn two_runs() {
    let [first, second] = [Shape::Jsonl, Shape::Flow].map(|shape| Traffic::new(shape, 1_500, 5));
    check(&[&[first.path()], &[second.path()]]);
}

#[test]
fn recordings() {
    if let Some(folder) = recorded() {
        check(&[&[&folder]]);
    }
}
