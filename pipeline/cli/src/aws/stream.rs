//! `kinescope stream`: a Kinesis stream along the whole road, without Lambda.

use super::{behind, from, until};
use crate::{Done, args, chunks::Chunks, summary};
use anyhow::Result;
use kinescope_aws::{
    access::Access,
    stream::{Checkpoint, CheckpointError, Chunk, Poller, Stream, StreamFeed, Table},
};
use kinescope_pipeline::local::Folder;
use std::path::Path;

/// Runs the command.
pub fn stream(args: &args::Stream) -> Result<Done> {
    let mut chunks = Chunks::new(&args.road)?;
    let access = Access::find()?;
    let stop = access.stop_signal()?;
    let stream = Stream::open(&access, &args.reading.stream)?;
    let arn = stream.arn().to_owned();
    let published = published(&args.road.out, &arn)?;
    let (table, tabled) = match &args.checkpoint {
        Some(table) => {
            let (table, tabled) = Table::open(&access, table, &arn)?;
            (Some(table), tabled)
        }
        None => (None, None),
    };
    let checkpoint = match Checkpoint::furthest(published.clone(), tabled) {
        Some(checkpoint) => {
            words!("Going on where {arn} was left; --from is for streams that were not read before.");
            checkpoint
        }
        None => Checkpoint::new(arn, from(&args.reading)),
    };
    let poller = Poller::begin(stream, checkpoint, until(&args.reading), stop)?;
    let lag = poller.lag();
    let more = || format!(", {}", behind(&lag));
    let mut feed = StreamFeed::new(poller, Chunk::new(args.road.publish_every), published, table);
    // Where reading begins is published before anything is read, so that a stop before the first record loses nothing;
    // and what is wrong with the folder is said before anybody waits.
    chunks.run(&mut feed.empty(), &more)?;
    feed.confirm()?;
    loop {
        feed.wait();
        let report = chunks.run(&mut feed, &more)?;
        feed.confirm()?;
        if feed.is_done() {
            summary::print(&chunks.end(report), &args.road.out);
            return Ok(Done::Well);
        }
    }
}

/// What the folder says of how far the stream was read. Opening the folder finishes what a killed run left.
fn published(out: &Path, arn: &str) -> Result<Option<Checkpoint>> {
    let Some(json) = Folder::open(out)?.checkpoint()? else { return Ok(None) };
    let checkpoint = Checkpoint::parse(&json)?;
    if checkpoint.stream != arn {
        return Err(CheckpointError::OtherStream { asked: arn.to_owned(), there: checkpoint.stream }.into());
    }
    Ok(Some(checkpoint))
}
