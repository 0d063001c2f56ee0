//! An index may offer a rule that does not match, and never withholds one that does: rules and events by chance. What written
//! rules find is compared with another engine by `sigma_oracle.rs`.

#![expect(clippy::unwrap_used, reason = "a test")]

use fastrand::Rng;
use kinescope_stages::detect::{RuleSet, Rules, compile_files};
use kinescope_tests::{
    events::each,
    sketch::{Sketch, event, smaller_event, written},
};
use serde_json::Value as Json;
use std::cell::Cell;

const N_ROUNDS: usize = 30;
/// A small set is indexed in other ways than a large one.
const RULES_OF_ROUND: [usize; 3] = [20, 100, 600];
const EVENTS_OF_ROUND: usize = 40;
/// Sets that are tried while a failure is made smaller.
const TRIES_MAX: u32 = 150;
/// Rules that are made smaller one by one, after what can be left out is out.
const RULES_SHRUNK_MAX: usize = 5;

/// Compiled rules, which are made ready when an event first asks for them.
fn rules(sketches: &[Sketch]) -> Rules {
    let yaml: Vec<String> = sketches.iter().enumerate().map(|(at, sketch)| sketch.yaml(at)).collect();
    let compiled = compile_files(&[("chance.yml".to_owned(), yaml.join("---\n").into())]).unwrap();
    let mut set = RuleSet::default();
    set.read("chance.pack", compiled).unwrap();
    set.link(0).unwrap().rules
}

/// What the two ways find, if they differ; each finds a rule once.
fn differ(rules: &Rules, text: &str, n_matches: &mut usize) -> Option<(Vec<String>, Vec<String>)> {
    let mut found = None;
    each(text.as_bytes(), &mut |event| {
        let mut indexed: Vec<String> = Vec::new();
        rules.matching(event, |rule| indexed.push(rule.about.id.clone()));
        let mut linear: Vec<String> = rules.linear(event).iter().map(|rule| rule.about.id.clone()).collect();
        indexed.sort();
        linear.sort();
        *n_matches += linear.len();
        if indexed != linear {
            found = Some((indexed, linear));
        }
    });
    found
}

#[test]
fn indexed_is_linear() {
    let (mut n_pairs, mut n_matches) = (0, 0);
    for seed in 0..N_ROUNDS {
        let mut rng = Rng::with_seed(seed as u64);
        let n_rules = RULES_OF_ROUND[seed % RULES_OF_ROUND.len()];
        let sketches: Vec<Sketch> = (0..n_rules).map(|_| Sketch::new(&mut rng)).collect();
        let rules = rules(&sketches);
        for _ in 0..EVENTS_OF_ROUND {
            let event = event(&mut rng);
            let text = written(&event, &mut rng);
            if differ(&rules, &text, &mut n_matches).is_some() {
                shrink(sketches, event, seed as u64);
            }
            n_pairs += n_rules;
        }
    }
    assert!(n_pairs >= 100_000 && n_matches > n_pairs / 20, "{n_pairs} pairs, {n_matches} matches");
}

/// Takes away what is not needed for the two ways to differ, and says what is left.
fn shrink(mut sketches: Vec<Sketch>, mut event: Json, seed: u64) -> ! {
    let n_tried = Cell::new(0);
    let fails = |sketches: &[Sketch], event: &Json| {
        n_tried.set(n_tried.get() + 1);
        let text = written(event, &mut Rng::with_seed(seed));
        [text, event.to_string()].into_iter().find(|text| differ(&rules(sketches), text, &mut 0).is_some())
    };
    loop {
        let sizes = std::iter::successors(Some(sketches.len() / 2), |n| Some(n / 2)).take_while(|n| *n > 0);
        let fewer =
            sizes.flat_map(|n| (0..sketches.len()).step_by(n).map(move |at| (at, n))).map(|(at, n)| {
                let mut less = sketches.clone();
                less.drain(at..(at + n).min(sketches.len()));
                (less, event.clone())
            });
        let simpler = sketches.iter().enumerate().take(RULES_SHRUNK_MAX).flat_map(|(at, sketch)| {
            let with = |smaller| {
                let mut less = sketches.clone();
                less[at] = smaller;
                (less, event.clone())
            };
            sketch.smaller().into_iter().map(with).collect::<Vec<_>>()
        });
        let less_event = smaller_event(&event).into_iter().map(|event| (sketches.clone(), event));
        let next = fewer
            .chain(simpler)
            .chain(less_event)
            .find(|(rules, event)| n_tried.get() >= TRIES_MAX || fails(rules, event).is_some());
        let Some(next) = next.filter(|_| n_tried.get() < TRIES_MAX) else { break };
        (sketches, event) = next;
    }
    let text = fails(&sketches, &event).unwrap_or_default();
    let (indexed, linear) = differ(&rules(&sketches), &text, &mut 0).unwrap_or_default();
    let withheld = linear.iter().filter(|id| !indexed.contains(id));
    let yaml: String =
        withheld.filter_map(|id| id[1..].parse().ok()).map(|at: usize| sketches[at].yaml(at)).collect();
    panic!("seed {seed}, {} rules: withheld on {text}\n{yaml}", sketches.len());
}
