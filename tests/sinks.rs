//! Sinks that fail, by seed: every record gets the fate that the answers mean, the ledger adds up, and redelivering
//! what must come again ends with every item where it belongs.

#![expect(clippy::unwrap_used, reason = "a test")]

use fastrand::Rng;
use kinescope_generate::Shape;
use kinescope_pipeline::{
    Answers, Ledger, Output, Piece, Sink, deliver, process, sink::Open, window::Window,
};
use kinescope_schemas::{Fate, Id};
use kinescope_tests::{
    payloads::lines,
    records::{pieces, stages},
    traffic::Traffic,
};
use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
};

/// A sink of items that are named by derived ids, as all ours are.
struct Faulty {
    name: &'static str,
    chance: Rng,
    /// How often a call is not answered, and about how often one item of a call is refused.
    failures: f64,
    /// How often each item was confirmed.
    confirmed: HashMap<Id, u32>,
}

impl Faulty {
    fn new(name: &'static str, seed: u64, failures: f64) -> Faulty {
        Faulty { name, chance: Rng::with_seed(seed), failures, confirmed: HashMap::new() }
    }
}

/// What a sink of this name takes of an output.
fn items(name: &str, output: &Output) -> Vec<(u32, Id)> {
    match name {
        "findings" => output.findings.iter().map(|(owner, finding)| (*owner, finding.uid)).collect(),
        _ => output.keys.clone(),
    }
}

impl Sink for Faulty {
    fn name(&self) -> &'static str {
        self.name
    }

    fn write(&mut self, output: &mut Output) -> Answers {
        let items = items(self.name, output);
        if self.chance.f64() < self.failures {
            return Answers::failed(items.iter().map(|(owner, _)| *owner).collect(), "no answer".into());
        }
        let mut answers = Answers::delivered(items.len());
        for (owner, id) in items {
            if self.chance.f64() < self.failures / answers.n_items as f64 {
                answers.failed.push(owner);
                answers.error = Some("refused".into());
            } else {
                *self.confirmed.entry(id).or_default() += 1;
            }
        }
        answers
    }
}

/// Delivers all records, and those that must come again until none must. The ids that each sink has.
fn run(files: &[impl AsRef<Path>], seed: u64, failures: f64) -> (Ledger, [HashSet<Id>; 2]) {
    const ROUNDS_MAX: usize = 200;
    let (stages, window) = (stages(), Window::default());
    let mut sinks = [Faulty::new("events", seed, failures), Faulty::new("findings", !seed, failures)];
    let mut ledger = Ledger::default();
    let mut waiting: Vec<u64> = (0..files.len() as u64).collect();
    for round in 0.. {
        assert!(round < ROUNDS_MAX, "it does not end");
        let batch: Vec<Piece> =
            waiting.iter().flat_map(|index| pieces(*index, files[*index as usize].as_ref(), 4)).collect();
        let mut open = Open::default();
        let mut fates = Vec::new();
        for batch in batch.chunks(3) {
            for mut output in process(batch, &stages, &window) {
                let [events, findings] = &mut sinks;
                let mut dyn_sinks: [&mut dyn Sink; 2] = [events, findings];
                let delivered = deliver(&mut output, &mut dyn_sinks, &mut ledger, &mut open);
                window.forget(&delivered.forget);
                fates.extend(delivered.fates);
            }
        }
        ledger.check().unwrap();
        // Every record ends once.
        let ended: HashSet<u64> = fates.iter().map(|(record, _)| record.index).collect();
        assert_eq!((ended.len(), fates.len()), (waiting.len(), waiting.len()));
        waiting = fates
            .into_iter()
            .filter(|(_, fate)| *fate == Fate::Redeliver)
            .map(|(record, _)| record.index)
            .collect();
        waiting.sort_unstable();
        if waiting.is_empty() {
            break;
        }
    }
    for sink in &sinks {
        let tally = ledger.sinks[sink.name];
        assert_eq!(tally.delivered, sink.confirmed.values().map(|n| u64::from(*n)).sum::<u64>());
        assert!(failures > 0.0 || sink.confirmed.values().all(|n| *n == 1), "something came twice");
    }
    (ledger, sinks.map(|sink| sink.confirmed.into_keys().collect()))
}

#[test]
fn redelivery_ends_with_everything_in_its_place() {
    let traffic = Traffic::new(Shape::Mixed, 1_500, 17);
    let files = traffic.files();
    let (ledger, whole) = run(&files, 0, 0.0);
    assert_eq!(ledger.records.redeliver, 0);
    assert_eq!(whole[0].len() as u64, ledger.events.accepted + ledger.events.quarantined);
    assert_eq!(whole[1].len() as u64, ledger.findings.total);
    for (seed, failures) in (1..).zip([0.1, 0.1, 0.3, 0.3, 0.5, 0.5]) {
        let (faulty, items) = run(&files, seed, failures);
        assert!(faulty.records.redeliver > 0, "seed {seed}");
        assert_eq!(faulty.records.r#in - faulty.records.redeliver, ledger.records.r#in);
        assert!(items == whole, "seed {seed}: an item was lost or made up");
    }
}

/// A record that was not delivered is new when it comes again, and then never again.
#[test]
fn what_was_refused_is_new_when_it_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("two.jsonl");
    fs::write(&file, lines("x", 2)).unwrap();
    let (stages, window) = (stages(), Window::default());
    let mut sink = Faulty::new("events", 1, 0.0);
    let (mut ledger, mut open) = (Ledger::default(), Open::default());
    let mut fates = Vec::new();
    for failures in [1.0, 0.0, 0.0] {
        sink.failures = failures;
        for mut output in process(&pieces(0, &file, 1), &stages, &window) {
            let delivered = deliver(&mut output, &mut [&mut sink], &mut ledger, &mut open);
            window.forget(&delivered.forget);
            assert_eq!(delivered.error.is_some(), failures > 0.0);
            fates.extend(delivered.fates.into_iter().map(|(_, fate)| fate));
        }
    }
    assert_eq!(fates, [Fate::Redeliver, Fate::Processed, Fate::Duplicate]);
    assert!(sink.confirmed.len() == 2 && sink.confirmed.values().all(|n| *n == 1));
    ledger.check().unwrap();
}
