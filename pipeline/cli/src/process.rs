//! `kinescope process`.

use crate::{Done, args, progress::Progress, rules, summary};
use anyhow::{Context, Result, anyhow};
use kinescope_pipeline::{
    Config,
    local::{Input, Report, Run, Status},
    source::Files,
};
use kinescope_schemas::Severity;
use std::{
    fs, mem,
    path::Path,
    sync::atomic::Ordering,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Runs the command.
pub fn run(args: &args::Process) -> Result<Done> {
    let files = Files::list(&args.inputs).map_err(|error| anyhow!("read {error}"))?;
    let (config, config_text) = config(args.config.as_deref())?;
    let run = Run {
        input: Input::Files(files),
        out: args.out.clone(),
        rules: rules::load(&args.rules, &config.lists)?,
        config,
        config_text,
        only_findings: args.only.is_some(),
        n_threads: args.threads,
        now_ms: now_ms(),
    };
    let report = with_progress(run)?;
    summary::print(&report, &args.out);
    if let Some(path) = &args.summary {
        let json = serde_json::to_string_pretty(&report.ledger)?;
        fs::write(path, json).with_context(|| format!("write {}", path.display()))?;
    }
    let done = outcome(&report, args.fail_on, args.strict);
    // The process ends here: to free 3,000 rules one by one was a tenth of what a start with them took.
    mem::forget(report);
    Ok(done)
}

/// The configuration and its text; the default if there is no file.
pub fn config(path: Option<&Path>) -> Result<(Config, String)> {
    let Some(path) = path else { return Ok((Config::default(), String::new())) };
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let config =
        Config::from_toml(&text).with_context(|| format!("read the configuration {}", path.display()))?;
    Ok((config, text))
}

/// The time of arrival.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Runs, showing how far it is.
pub fn with_progress(run: Run<'_>) -> Result<Report> {
    let n_bytes = match &run.input {
        Input::Files(files) => files.n_bytes,
        Input::Quarantined(_) | Input::Feed(_) => 0,
    };
    let status = Status::default();
    let report = thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&status, n_bytes));
        let report = kinescope_pipeline::local::run(run, &status);
        // A short run need not wait until it looks again.
        watcher.thread().unpark();
        report
    });
    Ok(report?)
}

fn watch(status: &Status, n_bytes: u64) {
    const EVERY: Duration = Duration::from_millis(100);
    let mut progress = Progress::new(n_bytes);
    while !status.ended.load(Ordering::Relaxed) {
        let load = |n: &std::sync::atomic::AtomicU64| n.load(Ordering::Relaxed);
        progress.update(load(&status.n_bytes), load(&status.n_events), load(&status.n_findings));
        thread::park_timeout(EVERY);
    }
    progress.end();
}

fn outcome(report: &Report, fail_on: Option<Severity>, strict: bool) -> Done {
    let worst = report.ledger.findings.by_severity.keys().filter_map(|name| Severity::from_name(name)).max();
    if fail_on.is_some_and(|limit| worst.is_some_and(|worst| worst >= limit)) {
        return Done::Findings;
    }
    if strict && report.ledger.events.quarantined > 0 { Done::Quarantined } else { Done::Well }
}
