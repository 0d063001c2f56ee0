//! What must not matter, and does not: how a batch is split, in which order files come, how many threads there are,
//! whether something comes again, whether it comes at once or in two runs, whether there are rows besides findings, and
//! whether rules are found by an index.

#![expect(clippy::unwrap_used, reason = "a test")]

use fastrand::Rng;
use kinescope_generate::Shape;
use kinescope_pipeline::window::Window;
use kinescope_pipeline::{Output, Piece, process};
use kinescope_schemas::Event;
use kinescope_stages::derive::Minutes;
use kinescope_stages::detect::{Rule, RuleSet, Rules};
use kinescope_tests::{
    binary::{self, process_args},
    essence::{Essence, same},
    events::{each, each_of_file},
    output::Results,
    records::{pieces, stages},
    traffic::{Traffic, files, recorded, recorded_files, samples},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// Processes into a new folder, or one that is given.
fn processed(inputs: &[PathBuf], threads: &str, out: &TempDir) -> Results {
    let inputs: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
    let args = process_args(&inputs, out.path()).into_iter().chain(["--threads", threads].map(OsStr::new));
    binary::run(args).ends_with(0);
    Results::at(out.path())
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Generated files, samples and recordings.
fn all_files(traffic: &Traffic) -> Vec<PathBuf> {
    [traffic.files(), files(&samples()), recorded_files()].concat()
}

#[test]
fn threads_and_order() {
    let traffic = Traffic::new(Shape::Mixed, 3_000, 19);
    let mut inputs = all_files(&traffic);
    let (one, two, other) = (folder(), folder(), folder());
    let whole = Essence::of(&processed(&inputs, "1", &one));
    Essence::of(&processed(&inputs, "2", &two)).is(&whole);
    Rng::with_seed(3).shuffle(&mut inputs);
    Essence::of(&processed(&inputs, "2", &other)).has_the_items_of(&whole);
}

#[test]
fn findings_alone_are_those_of_the_whole_road() {
    let traffic = Traffic::new(Shape::Mixed, 3_000, 37);
    let inputs = all_files(&traffic);
    let (whole, alone) = (folder(), folder());
    processed(&inputs, "1", &whole);
    let inputs: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
    let args = process_args(&inputs, alone.path()).into_iter().chain(["--only", "findings"].map(OsStr::new));
    binary::run(args).ends_with(0);
    for file in ["findings.jsonl", "alerts.jsonl", "quarantine.jsonl"] {
        let [whole, alone] = [&whole, &alone].map(|out| fs::read(out.path().join(file)).unwrap());
        assert!(!whole.is_empty() && whole == alone, "{file}");
    }
}

#[test]
fn running_again_changes_nothing() {
    let traffic = Traffic::new(Shape::Mixed, 3_000, 23);
    let (inputs, out) = ([traffic.path().to_owned()], folder());
    let results = processed(&inputs, "0", &out);
    let before = results.bytes();
    processed(&inputs, "0", &out);
    processed(&traffic.files()[..3], "0", &out);
    let after = results.bytes();
    assert!(before.keys().eq(after.keys()), "{:#?}", after.keys());
    for (path, bytes) in before {
        assert!(after[&path] == bytes, "{} changed", path.display());
    }
}

/// The second run has the events of the first again, by another road.
#[test]
fn two_runs_are_as_good_as_one() {
    let [first, second] = [Shape::Jsonl, Shape::Cwl].map(|shape| Traffic::new(shape, 1_500, 29));
    let (apart, together) = (folder(), folder());
    let inputs = [first.path().to_owned(), second.path().join("traffic/cloudwatch-logs")];
    processed(&inputs[..1], "0", &apart);
    let apart = Essence::of(&processed(&inputs[1..], "0", &apart));
    let together = Essence::of(&processed(&inputs, "0", &together));
    apart.has_the_items_of(&together);
    assert_eq!(apart.ledger.events.accepted, 1_500);
}

/// What a batch came to, less the order.
#[derive(Default, PartialEq)]
struct Sum {
    keys: BTreeSet<String>,
    findings: BTreeSet<String>,
    points: BTreeMap<String, (u64, i64)>,
    n_in: u64,
}

impl Sum {
    fn add(&mut self, output: Output) {
        self.n_in += output.records.iter().map(|tally| tally.events.r#in).sum::<u64>();
        self.keys.extend(output.keys.iter().map(|(_, id)| id.to_string()));
        self.findings.extend(output.findings.iter().map(|(_, finding)| finding.ocsf.clone()));
        let mut minutes = Minutes::default();
        minutes.add(output.points);
        for (key, point) in minutes.close(true) {
            let sum = self.points.entry(format!("{} {:?}", key.minute_ms, key.set)).or_default();
            // Sums of fractions depend on the order in their last digits.
            *sum = (sum.0 + point.samples as u64, sum.1 + (point.sum * 1e3).round() as i64);
        }
    }
}

#[test]
fn splitting_a_batch() {
    let traffic = Traffic::new(Shape::Mixed, 3_000, 31);
    let files = all_files(&traffic);
    // Pieces of a file, and pieces of a batch.
    let split = |n_pieces: usize, n_batch: usize| {
        let batch: Vec<Piece> =
            (0..).zip(&files).flat_map(|(index, path)| pieces(index, path, n_pieces)).collect();
        let (stages, window) = (stages(), Window::default());
        let mut sum = Sum::default();
        for batch in batch.chunks(n_batch) {
            process(batch, &stages, &window).into_iter().for_each(|output| sum.add(output));
        }
        sum
    };
    let whole = split(1, usize::MAX);
    assert!(whole.n_in > 3_000 && whole.findings.len() > 20 && whole.points.len() > 100);
    for (n_pieces, n_batch) in [(1, 1), (3, 7), (50, 100), (200, 1)] {
        let other = split(n_pieces, n_batch);
        let what = format!("{n_pieces} pieces a file, {n_batch} a batch");
        same(&what, &other.keys, &whole.keys);
        same(&what, &other.findings, &whole.findings);
        assert_eq!(other.n_in, whole.n_in, "{what}");
        let differ = whole.points.iter().filter(|(key, point)| {
            other.points.get(*key).is_none_or(|other| other.0 != point.0 || (other.1 - point.1).abs() > 5)
        });
        assert_eq!(differ.collect::<Vec<_>>(), [], "{what}");
    }
}

/// Our own rules, and SigmaHQ's where they lie beside the recordings.
fn rules() -> Rules {
    let mut set = RuleSet::default();
    set.read_builtin().unwrap();
    if let Some(folder) =
        recorded().map(|folder| folder.join("../sigma/cloudtrail")).filter(|path| path.exists())
    {
        for path in files(&folder) {
            set.read(&path.display().to_string(), fs::read_to_string(&path).unwrap()).unwrap();
        }
    }
    set.link(0).unwrap().rules
}

#[test]
fn the_index_finds_what_trying_every_rule_finds() {
    let rules = rules();
    let traffic = Traffic::new(Shape::Mixed, 6_000, 37);
    let mut n_matches = 0;
    let mut look = |event: &Event<'_>| {
        let mut indexed: Vec<&Rule> = Vec::new();
        rules.matching(event, |rule| indexed.push(rule));
        let ids = |list: &[&Rule]| list.iter().map(|rule| rule.about.id.clone()).collect::<BTreeSet<_>>();
        let (indexed, linear) = (ids(&indexed), ids(&rules.linear(event)));
        assert_eq!(indexed, linear, "{}", event.raw);
        n_matches += linear.len();
    };
    for path in all_files(&traffic) {
        each_of_file(&path, &mut look);
    }
    // Every rule's own cases, and the same in other letters.
    for about in rules.abouts() {
        for case in about.cases() {
            for event in &case.events {
                each(event.to_string().as_bytes(), &mut look);
                each(other_letters(event).as_bytes(), &mut look);
            }
        }
    }
    assert!(n_matches > 200, "{n_matches}");
}

/// An event whose service and operation are written in capitals, which to Sigma is the same.
fn other_letters(event: &serde_json::Value) -> String {
    let mut event = event.clone();
    for name in ["eventSource", "eventName"] {
        if let Some(text) = event[name].as_str() {
            event[name] = text.to_ascii_uppercase().into();
        }
    }
    event.to_string()
}
