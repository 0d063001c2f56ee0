//! detect: rules against events that are there already. The findings themselves are not made: there are few.

#![expect(clippy::unwrap_used, reason = "benches fail loudly")]

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kinescope_benches::{Corpus, events, group, n_findings, recorded, rule_sets};
use kinescope_generate::Shape;
use kinescope_stages::{
    classify::classify,
    detect::{Rules, builtin, from_yaml},
};

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

/// What a start does with our own pack, and what putting a set together costs after its YAML is read.
fn compile(criterion: &mut Criterion) {
    let mut group = group(criterion, "detect_compile");
    group.bench_function("builtin", |bencher| bencher.iter_with_large_drop(|| builtin().unwrap()));
    for (set, rules) in rule_sets() {
        let n = rules.all().len();
        group.throughput(Throughput::Elements(n as u64));
        let texts: Vec<_> = rules.all().iter().map(|rule| rule.about.origin.text.clone()).collect();
        group.bench_function(BenchmarkId::new("read_and_compile", format!("{set}_{n}")), |bencher| {
            bencher.iter(|| {
                texts
                    .iter()
                    .map(|text| from_yaml("set.yml", text).map_or(0, |rules| rules.len()))
                    .sum::<usize>()
            });
        });
        group.bench_function(BenchmarkId::new("read_yaml", format!("{set}_{n}")), |bencher| {
            bencher.iter(|| {
                texts
                    .iter()
                    .map(|text| rsigma_parser::parse_sigma_yaml(text).map_or(0, |all| all.len()))
                    .sum::<usize>()
            });
        });
        group.bench_function(BenchmarkId::new("index", format!("{set}_{n}")), |bencher| {
            bencher.iter_batched(
                || rules.all().to_vec(),
                |rules| Rules::new(rules).map(|rules| rules.all().len()),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, detect, compile);
criterion_main!(benches);
