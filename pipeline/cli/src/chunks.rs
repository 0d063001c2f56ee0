//! Work without an end, or with a far one, run by run: each chunk is published before the next begins.

use crate::{args, process::config, process::now_ms, progress::Progress, rules};
use anyhow::Result;
use kinescope_pipeline::{
    Config,
    local::{Input, Report, Run, Status},
    source::Feed,
};
use kinescope_stages::detect::Rules;
use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

/// Runs that share rules, settings and a folder.
pub struct Chunks {
    out: PathBuf,
    /// Taken by the run under way.
    rules: Rules,
    config: Config,
    config_text: String,
    only_findings: bool,
    n_threads: usize,
    progress: Progress,
    /// What the runs before this one did.
    done: Done,
}

#[derive(Clone, Copy, Default)]
struct Done {
    n_bytes: u64,
    n_events: u64,
    n_findings: u64,
}

impl Chunks {
    /// As the arguments say.
    pub fn new(road: &args::Road) -> Result<Chunks> {
        let (config, config_text) = config(road.config.as_deref())?;
        Ok(Chunks {
            out: road.out.clone(),
            rules: rules::load(&road.rules, &config.lists)?,
            config,
            config_text,
            only_findings: road.only.is_some(),
            n_threads: road.threads,
            progress: Progress::new(0),
            done: Done::default(),
        })
    }

    /// One run; `more` are words that the progress ends with.
    pub fn run(&mut self, feed: &mut dyn Feed, more: &(dyn Fn() -> String + Sync)) -> Result<Report> {
        let run = Run {
            input: Input::Feed(feed),
            out: self.out.clone(),
            rules: std::mem::take(&mut self.rules),
            config: self.config.clone(),
            config_text: self.config_text.clone(),
            only_findings: self.only_findings,
            n_threads: self.n_threads,
            now_ms: now_ms(),
        };
        let status = Status::default();
        let (progress, done) = (&mut self.progress, self.done);
        let mut report = thread::scope(|scope| {
            let watcher = scope.spawn(|| watch(progress, done, &status, more));
            let report = kinescope_pipeline::local::run(run, &status);
            watcher.thread().unpark();
            report
        })?;
        self.done = done.and(&status);
        self.rules = std::mem::take(&mut report.rules);
        Ok(report)
    }

    /// The rules, for the summary.
    pub fn end(self, mut report: Report) -> Report {
        self.progress.end();
        report.rules = self.rules;
        report
    }
}

impl Done {
    fn and(self, status: &Status) -> Done {
        let load = |n: &AtomicU64| n.load(Ordering::Relaxed);
        Done {
            n_bytes: self.n_bytes + load(&status.n_bytes),
            n_events: self.n_events + load(&status.n_events),
            n_findings: self.n_findings + load(&status.n_findings),
        }
    }
}

fn watch(progress: &mut Progress, done: Done, status: &Status, more: &(dyn Fn() -> String + Sync)) {
    const EVERY: Duration = Duration::from_millis(100);
    while !status.ended.load(Ordering::Relaxed) {
        let now = done.and(status);
        progress.update_with(now.n_bytes, now.n_events, now.n_findings, &more());
        thread::park_timeout(EVERY);
    }
}
