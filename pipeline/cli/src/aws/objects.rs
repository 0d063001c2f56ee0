//! `kinescope backfill` and `kinescope redrive` of a bucket: objects along the whole road.

use crate::{Done, args, chunks::Chunks, show::number, summary};
use anyhow::{Context, Result, bail};
use kinescope_aws::{
    access::Access,
    objects::{Counts, Holds, Location, ObjectsFeed},
    stream::Chunk,
};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// How often a redrive publishes.
const REDRIVE_PUBLISH_EVERY: Duration = Duration::from_secs(10);

/// Runs `backfill`.
pub fn backfill(args: &args::Backfill) -> Result<Done> {
    take(&args.url, &args.road, Holds::Logs)
}

/// Runs `redrive` of a bucket.
pub fn redrive(args: &args::Redrive) -> Result<Done> {
    let Some(out) = &args.out else {
        bail!("redrive {}: say with --out which folder the results go to", args.folder.display());
    };
    let road = args::Road {
        out: out.clone(),
        rules: args.rules.clone(),
        config: args.config.clone(),
        only: None,
        threads: 0,
        publish_every: REDRIVE_PUBLISH_EVERY,
    };
    let url = args.folder.to_str().context("redrive a prefix that is no text")?;
    take(url, &road, Holds::Quarantine)
}

fn take(url: &str, road: &args::Road, holds: Holds) -> Result<Done> {
    let location: Location = url.parse()?;
    let mut chunks = Chunks::new(road)?;
    let access = Access::find()?;
    let stop = access.stop_signal()?;
    let mut feed = ObjectsFeed::begin(&access, location, holds, Chunk::new(road.publish_every), stop)?;
    let counts = feed.counts();
    let more = || format!(", {}", so_far(&counts));
    loop {
        let report = chunks.run(&mut feed, &more)?;
        if let Some(fault) = feed.fault() {
            bail!(fault);
        }
        if feed.is_done() {
            summary::print(&chunks.end(report), &road.out);
            words!("\n{}", so_far(&counts));
            return Ok(Done::Well);
        }
    }
}

fn so_far(counts: &Counts) -> String {
    let load = |n: &AtomicU64| number(n.load(Ordering::Relaxed));
    format!(
        "{} objects read, {} done before, {} refused",
        load(&counts.n_read),
        load(&counts.n_known),
        load(&counts.n_refused)
    )
}
