//! classify: severity, category and reason of events that are there already.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kinescope_benches::{Corpus, events, group, recorded};
use kinescope_generate::Shape;
use kinescope_stages::classify::classify;
use std::hint::black_box;

fn classify_events(criterion: &mut Criterion) {
    let mut group = group(criterion, "classify");
    let corpora = [Shape::Jsonl, Shape::Flow, Shape::Mixed].map(Corpus::of);
    for corpus in corpora.into_iter().chain(recorded()) {
        let mut events = events(&corpus.pieces());
        group.throughput(Throughput::Elements(events.len() as u64));
        group.bench_function(&corpus.name, |bencher| {
            bencher.iter(|| {
                for event in &mut events {
                    black_box(classify(event));
                }
            })
        });
    }
    group.finish();
}

criterion_group!(benches, classify_events);
criterion_main!(benches);
