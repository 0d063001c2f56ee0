//! A stretch of a shard, read from the stream once more: what Lambda gave up, and told a queue of.

use super::{Arrival, Hub, Taken};
use crate::{
    lane,
    port::{Aws, CallError, Called, ShardPage, ShardStart, Sources},
    send::Patience,
};
use tokio::time::Instant;

/// Records of one GetRecords; the service gives no more than 10 MB of them.
const RECORDS_MAX: i32 = 1_000;

/// A stretch of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The stream, by ARN.
    pub stream_arn: String,
    /// The shard.
    pub shard: String,
    /// The first record's sequence number.
    pub first: String,
    /// The last one's.
    pub last: String,
}

impl<A: Aws + Sources> Hub<A> {
    /// Takes the records of a stretch in their shard's lane: those that were dealt with stay as they are. If anything is
    /// left, place 0 comes again.
    pub async fn take_stretch(&self, stretch: &Stretch, until: Instant, now_ms: i64) -> Taken {
        let mut taken = Taken::default();
        let patience = Patience::until(until);
        let result = self.read_stretch(stretch, &patience, &mut taken, until, now_ms).await;
        taken.retried(&patience);
        if let Err(error) = result {
            taken.errors.push(format!("failed to {error}"));
            taken.again.push(0);
        }
        taken.again.truncate(1);
        taken
    }

    async fn read_stretch(
        &self,
        stretch: &Stretch,
        patience: &Patience,
        taken: &mut Taken,
        until: Instant,
        now_ms: i64,
    ) -> Called<()> {
        let lane = lane::of_shard(&stretch.stream_arn, &stretch.shard);
        let mut start = ShardStart::At(stretch.first.clone());
        let (mut first, mut newest) = (None, stretch.first.clone());
        loop {
            let page = match self.page(stretch, patience, start).await {
                Ok(page) => page,
                // Taking a page took longer than the five minutes that an iterator lives.
                Err(error) if error.code() == "ExpiredIteratorException" => {
                    start = ShardStart::At(newest.clone());
                    continue;
                }
                Err(error) => return Err(error),
            };
            let is_past =
                page.records.last().is_some_and(|record| !is_before(&record.sequence, &stretch.last));
            let is_end = is_past || page.records.is_empty() && page.behind_ms == 0;
            let arrivals = arrivals(&page, stretch, now_ms);
            if let Some(last) = page.records.last() {
                newest.clone_from(&last.sequence);
            }
            first = first.or_else(|| page.records.first().map(|record| record.sequence.clone()));
            let part = self.take(&lane, &arrivals, until, now_ms).await;
            let is_done = part.again.is_empty();
            taken.add(part);
            if !is_done {
                taken.again.push(0);
                return Ok(());
            }
            match page.next {
                Some(next) if !is_end => start = ShardStart::Next(next),
                _ => break,
            }
        }
        // The first record of a batch was on the stream: if it is not there now, it and others have gone.
        if first.is_some_and(|first| first == stretch.first) { Ok(()) } else { Err(gone(stretch, taken)) }
    }

    async fn page(&self, stretch: &Stretch, patience: &Patience, start: ShardStart) -> Called<ShardPage> {
        let Stretch { stream_arn, shard, .. } = stretch;
        let call = || self.edge.aws.get_records(stream_arn, shard, start.clone(), RECORDS_MAX);
        patience.call("read the shard", call).await
    }
}

/// Whether a sequence number comes before another.
fn is_before(one: &str, other: &str) -> bool {
    lane::order(one) < lane::order(other)
}

/// The records of a page that belong to the stretch.
fn arrivals(page: &ShardPage, stretch: &Stretch, now_ms: i64) -> Vec<Arrival> {
    let of_stretch = page.records.iter().filter(|record| !is_before(&stretch.last, &record.sequence));
    let arrival = |record: &crate::port::ShardRecord| {
        let arrival_ms = record.arrival_ms.unwrap_or(now_ms);
        Arrival::of_shard(&stretch.shard, &record.sequence, arrival_ms, record.data.clone())
    };
    of_stretch.map(arrival).collect()
}

fn gone(stretch: &Stretch, taken: &Taken) -> CallError {
    let n_taken = taken.ledger.records.r#in;
    CallError {
        action: "read the whole stretch of the shard",
        resource: format!("{} of {}", stretch.shard, stretch.stream_arn),
        words: format!(
            "the records from {} up to {} are past the stream's retention, but for {n_taken} of them, which were taken; \
             delete the message, and raise StreamRetentionHours or redrive sooner",
            stretch.first, stretch.last
        ),
        may_pass: false,
    }
}
