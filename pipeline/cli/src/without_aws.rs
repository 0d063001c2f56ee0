//! What the commands say that need AWS, in a build that knows none.

use crate::{Done, args};
use anyhow::{Result, bail};

fn missing(command: &str, rest: &str) -> Result<Done> {
    bail!(
        "{command}: this build knows no AWS; build one that does: cargo run --release --features aws -- {command} {rest}"
    )
}

/// `stream`.
pub fn stream(args: &args::Stream) -> Result<Done> {
    missing("stream", &format!("--stream {} --out {}", args.reading.stream, args.road.out.display()))
}

/// `record`.
pub fn record(args: &args::Record) -> Result<Done> {
    missing("record", &format!("--stream {} --out {}", args.reading.stream, args.out.display()))
}

/// `replay`.
pub fn replay(args: &args::Replay) -> Result<Done> {
    missing("replay", &format!("{} --stream {}", args.capture.display(), args.stream))
}

/// `backfill`.
pub fn backfill(args: &args::Backfill) -> Result<Done> {
    missing("backfill", &format!("{} --out {}", args.url, args.road.out.display()))
}

/// `hub`.
pub fn hub(args: &args::Hub) -> Result<Done> {
    missing("hub", &format!("{} --table {}", args.what.name(), args.table))
}

/// `redrive` of a bucket.
pub fn redrive(args: &args::Redrive) -> Result<Done> {
    missing("redrive", &format!("{} --out DIR", args.folder.display()))
}
