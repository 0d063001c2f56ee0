//! The lake: events to rows, and rows to Parquet on a disk.

#![expect(clippy::unwrap_used, reason = "benches fail loudly")]

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use kinescope_benches::{Corpus, START_MS, batched, events, group, one_thread, recorded};
use kinescope_generate::Shape;
use kinescope_pipeline::{
    Config, Output, Stages,
    lake::{DayRange, Lake, Rows},
    process,
    window::Window,
};
use kinescope_schemas::Event;
use kinescope_stages::detect::Rules;
use tempfile::TempDir;

const DAY_MS: i64 = 86_400_000;

fn lake(criterion: &mut Criterion) {
    let mut group = group(criterion, "lake");
    let days = DayRange::until(START_MS + DAY_MS);
    let corpora = [Shape::Jsonl, Shape::Flow, Shape::Mixed].map(Corpus::of);
    for corpus in corpora.into_iter().chain(recorded()) {
        let (batch, load) = batched(&corpus);
        group.throughput(load.throughput());
        let events = events(&batch);
        group.bench_function(BenchmarkId::new("rows", &corpus.name), |bencher| {
            bencher.iter_with_large_drop(|| rows(&events, days))
        });
        let stages = Stages {
            rules: Rules::default(),
            limits: Config::default().limits(),
            settings: Config::default().settings().unwrap(),
            days,
        };
        let outputs = one_thread().install(|| process(&batch, &stages, &Window::default()));
        group.bench_function(BenchmarkId::new("parquet", &corpus.name), |bencher| {
            bencher.iter_batched(
                || TempDir::new().unwrap(),
                |folder| write(&outputs, folder),
                BatchSize::PerIteration,
            )
        });
    }
    group.finish();
}

fn rows(events: &[Event<'_>], days: DayRange) -> Vec<Rows> {
    let mut list = Vec::new();
    for event in events {
        Rows::of(&mut list, event.table, days.day_of(event.time_ms())).push(&event.row, 0);
    }
    list
}

/// The folder comes back, to be removed when nobody measures.
fn write(outputs: &[Output], folder: TempDir) -> TempDir {
    let mut lake = Lake::new(folder.path(), "bench".to_owned());
    outputs.iter().flat_map(|output| &output.rows).for_each(|rows| lake.write(rows).unwrap());
    lake.finish().unwrap();
    folder
}

criterion_group!(benches, lake);
criterion_main!(benches);
