//! `kinescope generate`.

use crate::{Done, args, progress::Progress, show::number};
use anyhow::{Context, Result, anyhow};
use kinescope_generate::{Manifest, Options};
use std::path::Path;

/// When generated traffic begins, if nobody says otherwise: the same bytes on every day.
pub const START: &str = "2026-11-20T08:00:00Z";

/// Runs the command.
pub fn run(args: &args::Generate) -> Result<Done> {
    let start_ms = kinescope_stages::parse::time::epoch_ms(&args.start)
        .ok_or_else(|| anyhow!("read the start {}: write it as {START}", args.start))?;
    let options =
        Options { n_events: args.events, seed: args.seed, shape: args.shape, start_ms, broken: args.broken };
    let manifest = traffic(&options, &args.out)?;
    words!(
        "{} events ({} delivered twice), {} broken pieces and {} attack scenarios in {} files, {:.1} MiB",
        number(manifest.n_events),
        number(manifest.n_duplicates),
        manifest.n_broken,
        manifest.scenarios.len(),
        number(manifest.n_files),
        manifest.n_bytes as f64 / f64::from(1 << 20)
    );
    words!("try: kinescope process {0} --out {0}-out", args.out.display());
    Ok(Done::Well)
}

/// Generates, showing how far it is.
pub fn traffic(options: &Options, out: &Path) -> Result<Manifest> {
    let mut progress = Progress::new(0);
    let manifest = kinescope_generate::generate(options, out, &mut |done| {
        progress.update(done.n_bytes, done.n_events, 0)
    });
    progress.end();
    manifest.with_context(|| format!("generate traffic in {}", out.display()))
}
