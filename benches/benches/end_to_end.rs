//! The whole road: a batch in memory through every stage, and a run into a folder, each on one thread.

#![expect(clippy::unwrap_used, reason = "benches fail loudly")]

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use kinescope_benches::{Corpus, START_MS, batched, group, load, one_thread, rule_sets};
use kinescope_pipeline::{
    Config, Stages,
    lake::DayRange,
    local::{Input, Run, Status, run},
    process,
    window::Window,
};
use kinescope_stages::detect::Rules;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const DAY_MS: i64 = 86_400_000;
const NOW_MS: i64 = START_MS + DAY_MS;

/// Our own pack.
fn rules() -> Rules {
    rule_sets().swap_remove(0).1
}

fn batches(criterion: &mut Criterion) {
    let mut group = group(criterion, "process");
    let pool = one_thread();
    for (set, rules) in rule_sets() {
        let set = format!("{set}_{}", rules.all().len());
        let stages = Stages {
            rules,
            limits: Config::default().limits(),
            settings: Config::default().settings().unwrap(),
            days: DayRange::until(NOW_MS),
        };
        for corpus in Corpus::all() {
            let (batch, load) = batched(&corpus);
            group.throughput(load.throughput());
            group.bench_function(BenchmarkId::new(&set, &corpus.name), |bencher| {
                // With the last round's window everything would be seen already; a function has one for all its batches.
                bencher.iter_batched(
                    Window::default,
                    |window| pool.install(|| (process(&batch, &stages, &window), window)),
                    BatchSize::PerIteration,
                )
            });
        }
    }
    group.finish();
}

fn runs(criterion: &mut Criterion) {
    let mut group = group(criterion, "run");
    group.sample_size(10);
    let mut rules = rules();
    for corpus in Corpus::all() {
        group.throughput(load(&corpus.pieces()).throughput());
        group.bench_function(BenchmarkId::from_parameter(&corpus.name), |bencher| {
            bencher.iter_custom(|n| (0..n).map(|_| run_once(&corpus, &mut rules)).sum())
        });
    }
    group.finish();
}

/// How long a run into a new folder takes; making and removing the folder is not part of it.
fn run_once(corpus: &Corpus, rules: &mut Rules) -> Duration {
    let folder = TempDir::new().unwrap();
    let settings = Run {
        input: Input::Files(corpus.files()),
        out: folder.path().join("out"),
        rules: std::mem::take(rules),
        config: Config::default(),
        config_text: String::new(),
        only_findings: false,
        n_threads: 1,
        now_ms: NOW_MS,
    };
    let began = Instant::now();
    let report = run(settings, &Status::default()).unwrap();
    let took = began.elapsed();
    *rules = report.rules;
    took
}

criterion_group!(benches, batches, runs);
criterion_main!(benches);
