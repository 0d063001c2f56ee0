//! `kinescope redrive`: tries again what lies in quarantine.

use crate::{
    Done, args, aws,
    process::{config, now_ms, with_progress},
    rules, summary,
};
use anyhow::{Context, Result, bail};
use kinescope_pipeline::local::{Input, Run, read_quarantine};

/// Runs the command.
pub fn run(args: &args::Redrive) -> Result<Done> {
    if args.folder.to_string_lossy().starts_with("s3://") {
        return aws::redrive(args);
    }
    if args.out.is_some() {
        bail!("redrive {}: its results go to the folder itself; leave out --out", args.folder.display());
    }
    let path = args.folder.join("quarantine.jsonl");
    let entries = read_quarantine(&path).with_context(|| format!("read {}", path.display()))?;
    if entries.is_empty() {
        words!("The quarantine of {} is empty.", args.folder.display());
        return Ok(Done::Well);
    }
    let n_entries = entries.len();
    let (config, config_text) = config(args.config.as_deref())?;
    let only_findings = !args.folder.join("lake").exists();
    let report = with_progress(Run {
        input: Input::Quarantined(entries),
        out: args.folder.clone(),
        rules: rules::load(&args.rules, &config.lists)?,
        config,
        config_text,
        only_findings,
        n_threads: 0,
        now_ms: now_ms(),
    })?;
    summary::print(&report, &args.folder);
    let n_left = read_quarantine(&path).with_context(|| format!("read {}", path.display()))?.len();
    words!(
        "\n{} of {n_entries} entries could be read this time; {n_left} stay in quarantine.",
        n_entries.saturating_sub(n_left)
    );
    Ok(Done::Well)
}
