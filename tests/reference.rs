//! The lake beside a table that serde_json makes of the same traffic: DuckDB and pyarrow find the same in both, row by row
//! and column by column.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_generate::Shape;
use kinescope_tests::{
    binary::process,
    python::script,
    reference::{JSONS, TIMES, columns, events},
    traffic::{Traffic, files, recorded, samples},
};
use serde_json::json;
use std::{fs, path::Path};

/// Compares what a run made of a file or folder with the reference's table of it; how many rows that has.
fn check(input: &Path) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let (out, reference) = (folder.path().join("out"), folder.path().join("reference.jsonl"));
    process(&[input], &out);
    let paths = if input.is_dir() { files(input) } else { vec![input.to_owned()] };
    let events: Vec<_> = paths.iter().flat_map(|path| events(&fs::read(path).unwrap())).collect();
    let names = |list: &[(&str, &str)]| list.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>();
    let mut lines = json!({"times": names(TIMES), "jsons": names(JSONS)}).to_string() + "\n";
    for event in &events {
        lines.push_str(&serde_json::to_string(&columns(event)).unwrap());
        lines.push('\n');
    }
    fs::write(&reference, lines).unwrap();
    let printed = script("reference.py", [&out, &reference]);
    printed.trim().parse().unwrap()
}

#[test]
fn generated() {
    for shape in [Shape::Jsonl, Shape::Cwl, Shape::Records, Shape::Eventbridge] {
        let traffic = Traffic::new(shape, 4_000, 67);
        let n_rows = check(&traffic.path().join("traffic"));
        assert_eq!(n_rows, 4_000, "{shape}");
    }
}

#[test]
fn samples_of_every_identity() {
    for (name, n_min) in
        [("cloudtrail.jsonl", 50), ("cloudtrail-pretty.json", 1), ("cloudtrail-insight.jsonl", 1)]
    {
        assert!(check(&samples().join(name)) >= n_min, "{name}");
    }
}

#[test]
fn recordings() {
    if let Some(folder) = recorded() {
        assert!(check(&folder) > 0);
    }
}
