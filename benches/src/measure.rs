//! How a bench is measured.

use crate::{Corpus, Load, load};
use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use kinescope_pipeline::Piece;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::time::Duration;

/// A group of benches, a few seconds each: stages are steady, and a run of all benches must not take an hour.
pub fn group<'c>(criterion: &'c mut Criterion, name: &str) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4));
    group
}

impl Load {
    /// Events and bytes a second.
    pub fn throughput(self) -> Throughput {
        Throughput::ElementsAndBytes { elements: self.n_events, bytes: self.n_bytes }
    }
}

/// The largest batch of a corpus, of the four mebibytes that the road takes at a time, and what it holds.
pub fn batched(corpus: &Corpus) -> (Vec<Piece>, Load) {
    let batch = corpus.batches().into_iter().max_by_key(|batch| load(batch).n_bytes).unwrap();
    let load = load(&batch);
    (batch, load)
}

/// One thread: what a core does, whatever the machine has.
pub fn one_thread() -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(1).build().unwrap()
}
