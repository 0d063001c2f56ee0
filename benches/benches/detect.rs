//! detect: rules against events that are there already. The findings themselves are not made: there are few.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kinescope_benches::{Corpus, events, group, recorded, rule_sets};
use kinescope_generate::Shape;
use kinescope_schemas::Event;
use kinescope_stages::{classify::classify, detect::Rules};

fn detect(criterion: &mut Criterion) {
    let mut group = group(criterion, "detect");
    let corpora: Vec<_> =
        [Shape::Jsonl, Shape::Mixed].map(Corpus::of).into_iter().chain(recorded()).collect();
    for (set, rules) in rule_sets() {
        for corpus in &corpora {
            let mut events = events(&corpus.pieces());
            // Rules may ask for the severity.
            for event in &mut events {
                classify(event);
            }
            group.throughput(Throughput::Elements(events.len() as u64));
            let id = BenchmarkId::new(format!("{set}_{}", rules.all().len()), &corpus.name);
            group.bench_function(id, |bencher| bencher.iter(|| n_findings(&rules, &events)));
        }
    }
    group.finish();
}

fn n_findings(rules: &Rules, events: &[Event<'_>]) -> u64 {
    let mut n = 0;
    events.iter().for_each(|event| rules.matching(event, |_| n += 1));
    n
}

criterion_group!(benches, detect);
criterion_main!(benches);
