//! Rules against CloudTrail events that are there already, ours beside rsigma's engine; both find the same or the bench
//! fails. The findings themselves are not made.

#![expect(clippy::unwrap_used, reason = "benches fail loudly")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kinescope_benches::{Corpus, events, group, n_findings, recorded, rule_sets};
use kinescope_generate::Shape;
use kinescope_schemas::{Event, Source};
use kinescope_stages::detect::Rules;
use rsigma_eval::{Engine, event::JsonEvent};
use serde_json::Value as Json;

/// Events of a pair, few enough to stay in the processor's cache.
const PAIR_EVENTS: usize = 500;

/// The same CloudTrail events and rules in both engines. What the pair costs is a ratio, whatever the machine does.
fn against_rsigma(criterion: &mut Criterion) {
    let mut group = group(criterion, "detect_pair");
    let corpora: Vec<_> = [Shape::Jsonl].map(Corpus::of).into_iter().chain(recorded()).collect();
    for (set, rules) in rule_sets() {
        let engine = engine(&rules);
        for corpus in &corpora {
            let mut events = events(&corpus.pieces());
            events.retain(|event| event.source == Source::CloudTrail);
            let trees: Vec<Json> =
                events.iter().map(|event| serde_json::from_str(event.raw).unwrap()).collect();
            same(&rules, &engine, &events, &trees);
            // On the road an event is matched when it has just been parsed: what is measured is not memory.
            let step = events.len().div_ceil(PAIR_EVENTS);
            let events: Vec<_> = events.into_iter().step_by(step).collect();
            let trees: Vec<_> = trees.into_iter().step_by(step).collect();
            group.throughput(Throughput::Elements(events.len() as u64));
            let id = |who: &str| BenchmarkId::new(format!("{set}_{}_{who}", rules.all().len()), &corpus.name);
            group.bench_function(id("ours"), |bencher| bencher.iter(|| n_findings(&rules, &events)));
            group.bench_function(id("rsigma"), |bencher| {
                bencher.iter(|| {
                    trees
                        .iter()
                        .map(|tree| engine.evaluate(&JsonEvent::borrow(tree)).len() as u64)
                        .sum::<u64>()
                });
            });
        }
    }
    group.finish();
}

fn engine(rules: &Rules) -> Engine {
    let mut engine = Engine::new();
    for rule in rules.all() {
        let collection = rsigma_parser::parse_sigma_yaml(&rule.about.origin.text).unwrap();
        engine.add_rules(&collection.rules);
    }
    engine
}

/// Both find the same in every event, but for rules that look for text in an object, which theirs do not. Our own pack
/// has more such, and is not compared.
fn same(rules: &Rules, engine: &Engine, events: &[Event<'_>], trees: &[Json]) {
    let is_ours = rules.all().iter().any(|rule| !rule.about.cases().is_empty());
    for (event, tree) in events.iter().zip(trees).filter(|_| !is_ours) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        rules.matching(event, |rule| ours.push(rule));
        let results = engine.evaluate(&JsonEvent::borrow(tree));
        theirs.extend(results.into_iter().filter_map(|result| result.header.rule_id));
        ours.retain(|rule| {
            theirs.contains(&rule.about.id) || !rule.about.origin.text.contains("requestParameters|contains")
        });
        let mut ours: Vec<_> = ours.iter().map(|rule| rule.about.id.clone()).collect();
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "{}", event.raw);
    }
}

criterion_group!(benches, against_rsigma);
criterion_main!(benches);
