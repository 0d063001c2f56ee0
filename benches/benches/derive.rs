//! derive: points of events that are there already, and the minutes that they add up to.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kinescope_benches::{Corpus, events, group, recorded};
use kinescope_generate::Shape;
use kinescope_schemas::{Event, Severity};
use kinescope_stages::{
    classify::classify,
    derive::{Minutes, Points},
};

fn derive(criterion: &mut Criterion) {
    let mut group = group(criterion, "derive");
    let corpora = [Shape::Jsonl, Shape::Flow, Shape::Alb, Shape::Mixed].map(Corpus::of);
    for corpus in corpora.into_iter().chain(recorded()) {
        let mut events = events(&corpus.pieces());
        let severities: Vec<Severity> = events.iter_mut().map(classify).collect();
        let add = || points(&events, &severities);
        group.throughput(Throughput::Elements(events.len() as u64));
        group.bench_function(BenchmarkId::new("points", &corpus.name), |bencher| {
            bencher.iter_with_large_drop(add)
        });
        group.bench_function(BenchmarkId::new("points_and_minutes", &corpus.name), |bencher| {
            bencher.iter_with_large_drop(|| {
                let mut minutes = Minutes::default();
                minutes.add(add());
                minutes.close(true)
            })
        });
    }
    group.finish();
}

fn points(events: &[Event<'_>], severities: &[Severity]) -> Points {
    let mut points = Points::default();
    for (event, severity) in events.iter().zip(severities) {
        points.add_event(event, *severity);
    }
    points
}

criterion_group!(benches, derive);
criterion_main!(benches);
