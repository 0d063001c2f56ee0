//! What our engine finds and what another, written by others, finds are the same, on recorded traffic and by chance.

#![expect(clippy::unwrap_used, reason = "a test")]

use fastrand::Rng;
use kinescope_schemas::{Event, Source};
use kinescope_stages::detect::{Rules, from_yaml};
use kinescope_tests::{
    events::{each, each_of_file},
    sketch::{self, Sketch},
    traffic::{files, recorded, recorded_files},
};
use rsigma_eval::{Engine, event::JsonEvent};
use rsigma_parser::parse_sigma_yaml;
use serde_json::Value as Json;
use std::{collections::BTreeSet, fs};

/// The same rules in both engines.
struct Pair {
    ours: Rules,
    theirs: Engine,
}

impl Pair {
    fn new(texts: &[(String, String)]) -> Pair {
        let (mut rules, mut theirs) = (Vec::new(), Engine::new());
        for (path, text) in texts {
            rules.extend(from_yaml(path, text).unwrap());
            theirs.add_collection(&parse_sigma_yaml(text).unwrap()).unwrap();
        }
        Pair { ours: Rules::new(rules).unwrap(), theirs }
    }

    fn ours(&self, event: &Event<'_>) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        self.ours.matching(event, |rule| {
            ids.insert(rule.about.id.clone());
        });
        ids
    }

    fn theirs(&self, event: &Json) -> BTreeSet<String> {
        let results = self.theirs.evaluate(&JsonEvent::borrow(event));
        results.into_iter().filter_map(|result| result.header.rule_id).collect()
    }
}

/// The public rules beside the recordings.
fn public_rules() -> Vec<(String, String)> {
    let folder = recorded().map(|folder| folder.join("../sigma/cloudtrail")).filter(|folder| folder.exists());
    let texts = folder.iter().flat_map(|folder| files(folder));
    texts.map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn recorded_traffic() {
    let texts = public_rules();
    let pair = Pair::new(&texts);
    let (mut n_events, mut n_matches, mut differences) = (0, 0, Vec::new());
    for path in recorded_files() {
        each_of_file(&path, &mut |event| {
            if event.source != Source::CloudTrail {
                return;
            }
            let (ours, theirs) = (pair.ours(event), pair.theirs(&serde_json::from_str(event.raw).unwrap()));
            (n_events, n_matches) = (n_events + 1, n_matches + ours.len());
            for id in ours.symmetric_difference(&theirs) {
                differences.push((id.clone(), ours.contains(id), event.raw.to_owned()));
            }
        });
    }
    assert_eq!(differences, []);
    assert!(
        texts.is_empty() || (n_events > 1_000 && n_matches > 100),
        "{n_events} events, {n_matches} matches"
    );
}

/// Rules and events of no recording.
#[test]
fn by_chance() {
    let (mut n_pairs, mut n_matches) = (0, 0);
    for seed in 0..100 {
        let mut rng = Rng::with_seed(seed);
        let sketches: Vec<Sketch> = (0..60).map(|_| Sketch::new(&mut rng)).filter(is_alike).collect();
        let yaml: Vec<String> = sketches.iter().enumerate().map(|(at, sketch)| sketch.yaml(at)).collect();
        let pair = Pair::new(&[("chance.yml".to_owned(), yaml.join("---\n"))]);
        for _ in 0..50 {
            let json = sketch::event(&mut rng);
            // A column has no empty text: to us such a member is missing.
            if json.to_string().contains("\"\"") {
                continue;
            }
            each(json.to_string().as_bytes(), &mut |event| {
                let (ours, theirs) = (pair.ours(event), pair.theirs(&json));
                n_pairs += sketches.len();
                n_matches += ours.len();
                if let Some(id) = ours.symmetric_difference(&theirs).next() {
                    let sketch = &sketches[id[1..].parse::<usize>().unwrap()];
                    panic!("{id}: ours {}\n{}\n{json}", ours.contains(id), sketch.yaml(0));
                }
            });
        }
    }
    assert!(n_pairs > 20_000 && n_matches > 500, "{n_pairs} pairs, {n_matches} matches");
}

/// Leaves out what the engines differ in by intent.
fn is_alike(sketch: &Sketch) -> bool {
    sketch.selections.iter().flatten().all(|(key, _)| {
        let path = key.split('|').next().unwrap_or_default();
        // Theirs never looks into an object that a field is; words are theirs in values only, ours in the whole text.
        // Names with dots they find at the top only.
        let paths =
            !matches!(path, "requestParameters" | "requestParameters.list" | "'" | "requestParameters.a.b");
        // A missing field is not equal to anything: theirs has it neither equal nor unequal.
        let negated = key.ends_with("|neq");
        // Theirs refers to another field from one value only, not from a list, and has null equal to null.
        let refers = key.contains("fieldref");
        paths && !negated && !refers
    })
}

/// Events that are easy to get wrong, each with a public rule and whether it must fire.
#[test]
fn traps() {
    let Some(folder) = recorded().map(|folder| folder.join("../sigma")) else { return };
    let Ok(text) = fs::read_to_string(folder.join("traps.jsonl")) else { return };
    for trap in text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap()) {
        let path = folder.join("cloudtrail").join(trap["rule"].as_str().unwrap());
        let rule = fs::read_to_string(&path).unwrap();
        let rules = Rules::new(from_yaml(&path.display().to_string(), &rule).unwrap()).unwrap();
        let mut fires = None;
        each(trap["event"].to_string().as_bytes(), &mut |event| {
            let mut n = 0;
            rules.matching(event, |_| n += 1);
            fires = Some(n > 0);
        });
        assert_eq!(fires, trap["fires"].as_bool(), "{}", trap["say"]);
    }
}
