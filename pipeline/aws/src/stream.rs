//! A Kinesis stream without Lambda: read by a loop of our own, written to, and captured.
//!
//! [`Poller`] reads all shards, parents before children. [`StreamFeed`] hands its records to runs, and what a run
//! publishes says how far it came. Leases that share a stream among machines are not its business: one process reads
//! one stream.

use crate::access::{Access, Fault};
use aws_sdk_kinesis::{Client, config::Region, types::Shard};

mod backoff;
mod checkpoint;
mod feed;
mod follow;
mod poller;
mod shards;
mod table;
mod write;

use backoff::ATTEMPTS_AT_FIRST_MAX;
pub(crate) use backoff::Backoff;
pub use checkpoint::{Checkpoint, CheckpointError, From, Place};
pub use feed::{Chunk, FeedFault, StreamFeed};
pub use poller::{Lag, Poller, PollerError, Until};
pub use table::{Table, TableError};
pub use write::{Entry, PutError, RECORD_BYTES_MAX, Writer, partition_key};

/// A stream that there is.
#[derive(Clone)]
pub struct Stream {
    pub(crate) access: Access,
    pub(crate) client: Client,
    arn: String,
}

impl Stream {
    /// Asks for a stream by its name or ARN.
    pub fn open(access: &Access, name: &str) -> Result<Stream, Fault> {
        let mut config = aws_sdk_kinesis::config::Builder::from(&access.config);
        let is_arn = name.starts_with("arn:");
        // An ARN names its Region, which need not be ours.
        if let Some(region) = is_arn.then(|| name.split(':').nth(3)).flatten() {
            config = config.region(Region::new(region.to_owned()));
        }
        let client = Client::from_conf(config.build());
        let ask = client.describe_stream_summary();
        let ask = if is_arn { ask.stream_arn(name) } else { ask.stream_name(name) };
        let ask = &ask;
        let answer = access.runtime.block_on(at_first(|| async move {
            ask.clone().send().await.map_err(|error| Fault::of("find the stream", name, &error))
        }))?;
        let arn = answer.stream_description_summary().map(|summary| summary.stream_arn().to_owned());
        Ok(Stream { access: access.clone(), client, arn: arn.unwrap_or_else(|| name.to_owned()) })
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// All shards, those that were split or merged included.
    async fn shards(&self) -> Result<Vec<shards::Listed>, Fault> {
        let mut listed = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let token_before = &token;
            let answer = patiently(|| async move {
                let ask = self.client.list_shards();
                // With a token nothing else may be said.
                let ask = match token_before {
                    Some(token) => ask.next_token(token),
                    None => ask.stream_arn(&self.arn),
                };
                ask.send().await.map_err(|error| Fault::of("list the shards of", &self.arn, &error))
            })
            .await?;
            listed.extend(answer.shards().iter().map(listed_of));
            token = answer.next_token;
            if token.is_none() {
                return Ok(listed);
            }
        }
    }
}

fn listed_of(shard: &Shard) -> shards::Listed {
    let parents = [shard.parent_shard_id(), shard.adjacent_parent_shard_id()];
    shards::Listed {
        id: shard.shard_id().to_owned(),
        parents: parents.into_iter().flatten().map(str::to_owned).collect(),
        is_closed: shard
            .sequence_number_range()
            .is_some_and(|range| range.ending_sequence_number().is_some()),
    }
}

/// Asks until there is an answer, or a refusal that will not pass, or patience ends.
pub(crate) async fn patiently<T, F>(ask: impl Fn() -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    again(Backoff::default(), ask).await
}

/// The same of a command's first request, with less patience.
pub(crate) async fn at_first<T, F>(ask: impl Fn() -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    again(Backoff::of(ATTEMPTS_AT_FIRST_MAX), ask).await
}

async fn again<T, F>(mut backoff: Backoff, ask: impl Fn() -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    loop {
        match ask().await {
            Err(fault) if fault.can_pass() => match backoff.wait() {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(fault),
            },
            answer => return answer,
        }
    }
}
