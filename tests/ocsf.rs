//! Every event and every finding is OCSF 1.3.0, says a validator that is not ours.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_generate::Shape;
use kinescope_schemas::{Event, Source, ocsf};
use kinescope_stages::detect::{Finding, RuleSet, Rules};
use kinescope_tests::{
    events::each_of_file,
    python::script,
    traffic::{Traffic, files, recorded_files, samples},
};
use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
};

/// Of much traffic, events that are alike and are checked: same operation, same columns filled.
const N_ALIKE_MAX: u32 = 2;

/// A rule whose findings show facts of every kind.
const FACTS: &str = "title: t\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  selection:\n    \
    fact.call.succeeded: true\n    fact.actor.kind|exists: true\n    fact.network.open_ports|exists: false\n  \
    condition: selection\nlevel: low\n";

/// What tells events apart for a validator: source, operation and the columns that are filled.
type Likeness = (Source, String, Vec<bool>);

/// Writes events and findings for the validator, leaving out those that are like others.
struct Writer {
    file: BufWriter<File>,
    rules: Rules,
    n_alike: HashMap<Likeness, u32>,
    n_alike_max: u32,
    sources: BTreeSet<Source>,
}

impl Writer {
    fn event(&mut self, event: &Event<'_>) {
        let filled = (0..event.table.spec().columns.len()).map(|at| !event.row[at].is_null()).collect();
        let operation = event.table.column("api.operation");
        let operation = operation.map_or("", |at| event.row.str(at)).to_owned();
        let n_alike = self.n_alike.entry((event.source, operation, filled)).or_default();
        *n_alike += 1;
        if *n_alike > self.n_alike_max {
            return;
        }
        self.sources.insert(event.source);
        writeln!(self.file, "{}", ocsf::to_json(event)).unwrap();
        self.rules.matching(event, |rule| {
            writeln!(self.file, "{}", Finding::new(event, rule, self.rules.lists()).0.ocsf).unwrap();
        });
    }
}

/// Has all events validated; their sources, and how many pieces could not be read.
fn check(paths: &[PathBuf], n_alike_max: u32) -> (BTreeSet<Source>, usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let mut set = RuleSet::default();
    set.read_builtin().unwrap();
    set.read("facts.yml", FACTS).unwrap();
    let mut writer = Writer {
        file: BufWriter::new(File::create(&path).unwrap()),
        rules: set.link(0).unwrap().rules,
        n_alike: HashMap::new(),
        n_alike_max,
        sources: BTreeSet::new(),
    };
    let n_bad = paths.iter().map(|path| each_of_file(path, &mut |event| writer.event(event))).sum();
    writer.file.flush().unwrap();
    script("ocsf.py", [&path]);
    (writer.sources, n_bad)
}

#[test]
fn every_source() {
    let (sources, n_bad) = check(&files(&samples()), u32::MAX);
    assert_eq!(n_bad, 0);
    assert_eq!(sources, Source::ALL.into_iter().collect(), "there is no sample of a source");
}

#[test]
fn generated() {
    let traffic = Traffic::new(Shape::Mixed, 6_000, 11);
    let (_, n_bad) = check(&traffic.files(), N_ALIKE_MAX);
    assert_eq!(n_bad as u64, traffic.manifest.n_broken);
}

#[test]
fn recordings() {
    let paths = recorded_files();
    if !paths.is_empty() {
        let (sources, n_bad) = check(&paths, N_ALIKE_MAX);
        assert!(sources.contains(&Source::CloudTrail) && n_bad == 0);
    }
}
