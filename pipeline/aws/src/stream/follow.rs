//! Reading one shard, at the pace that the service allows, to its end.

use super::{Backoff, From, Stream, patiently};
use crate::access::{Fault, Kind};
use aws_sdk_kinesis::{
    operation::get_records::GetRecordsOutput, primitives::DateTime, types::ShardIteratorType,
};
use kinescope_pipeline::source::Captured;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, mpsc::Sender},
    time::{Instant, sleep_until},
};

/// GetRecords takes five calls a second and shard.
/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html>
const CALLS_PER_SECOND_MAX: u32 = 5;
/// What a shard gives a second, to all its readers together; what was given beyond it has to be waited for. Same page.
const SHARD_BYTES_PER_SECOND_MAX: f64 = 2.0 * 1024.0 * 1024.0;
/// Records that one call gives; their bytes end it sooner, at 10 MB. Same page.
pub(super) const RECORDS_PER_CALL_MAX: i32 = 10_000;
/// How long a shard that has nothing new is left in peace, so that others who read it get their calls.
const IDLE: Duration = Duration::from_secs(1);

/// What became of a call.
pub(super) enum Word {
    /// Records came, or none.
    Read {
        shard: Arc<str>,
        records: Vec<Captured>,
        /// How far behind the newest record it is, in milliseconds.
        behind_ms: i64,
        /// Whether the shard ends with them.
        is_last: bool,
    },
    /// The shard was read to its end.
    Ended(Arc<str>),
    /// It cannot be read any further.
    Failed(Fault),
}

/// A shard to read.
pub(super) struct Follow {
    pub(super) stream: Stream,
    pub(super) shard: Arc<str>,
    /// The last record that was read, if there was one.
    pub(super) after: Option<String>,
    pub(super) from: From,
    pub(super) words: Sender<Word>,
    /// Calls at a time, over all shards: an answer may have 10 MB.
    pub(super) calls: Arc<Semaphore>,
}

impl Follow {
    /// Reads until the shard ends, reading fails or nobody listens any more.
    pub(super) async fn run(mut self) {
        let words = self.words.clone();
        let last = match self.read().await {
            Ok(true) => Word::Ended(self.shard),
            Ok(false) => return,
            Err(fault) => Word::Failed(fault),
        };
        // Whoever listens no longer has no use for it.
        let _ = words.send(last).await;
    }

    /// Whether the shard's end was reached.
    async fn read(&mut self) -> Result<bool, Fault> {
        let mut iterator = Some(self.iterator().await?);
        let mut backoff = Backoff::default();
        while let Some(current) = iterator.take() {
            let began = Instant::now();
            // Held until the answer has a place in the queue, so that no more answers wait than that.
            let permit = self.calls.clone().acquire_owned().await;
            let wait = match self.call(&current).await {
                Ok(mut answer) => {
                    backoff.reset();
                    iterator = answer.next_shard_iterator.take();
                    let wait = pause(&answer);
                    if !self.tell(answer, iterator.is_none()).await {
                        return Ok(false);
                    }
                    wait
                }
                Err(fault) if fault.kind == Kind::IteratorExpired => {
                    iterator = Some(self.iterator().await?);
                    pace(0)
                }
                Err(fault) if fault.can_pass() => {
                    let Some(wait) = backoff.wait() else { return Err(fault) };
                    iterator = Some(current);
                    wait.max(pace(0))
                }
                Err(fault) => return Err(fault),
            };
            drop(permit);
            if iterator.is_some() {
                sleep_until(began + wait).await;
            }
        }
        Ok(true)
    }

    async fn call(&self, iterator: &str) -> Result<GetRecordsOutput, Fault> {
        let ask = self.stream.client.get_records().stream_arn(self.stream.arn()).shard_iterator(iterator);
        let answer = ask.limit(RECORDS_PER_CALL_MAX).send().await;
        answer.map_err(|error| Fault::of("read the shard", &self.name(), &error))
    }

    fn name(&self) -> String {
        format!("{} of {}", self.shard, self.stream.arn())
    }

    /// Where to go on: behind the last record that was read.
    async fn iterator(&self) -> Result<String, Fault> {
        let answer = patiently(|| async move {
            let ask = self.stream.client.get_shard_iterator();
            let ask = ask.stream_arn(self.stream.arn()).shard_id(&*self.shard);
            let ask = match (&self.after, self.from) {
                (Some(sequence), _) => ask
                    .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                    .starting_sequence_number(sequence),
                (None, From::TrimHorizon) => ask.shard_iterator_type(ShardIteratorType::TrimHorizon),
                (None, From::AtMs(ms)) => ask
                    .shard_iterator_type(ShardIteratorType::AtTimestamp)
                    .timestamp(DateTime::from_millis(ms)),
            };
            ask.send().await.map_err(|error| Fault::of("find the place in shard", &self.name(), &error))
        })
        .await?;
        answer.shard_iterator.ok_or_else(|| {
            let words = "the answer has no iterator".to_owned();
            Fault::other(Kind::Refused, "find the place in shard", &self.name(), words)
        })
    }

    /// Hands on what came; whether somebody listens.
    async fn tell(&mut self, answer: GetRecordsOutput, is_last: bool) -> bool {
        let behind_ms = answer.millis_behind_latest.unwrap_or_default();
        let records: Vec<Captured> = answer
            .records
            .into_iter()
            .map(|record| Captured {
                shard: (*self.shard).to_owned(),
                sequence: record.sequence_number,
                partition_key: record.partition_key.unwrap_or_default(),
                arrival_ms: record.approximate_arrival_timestamp.and_then(|time| time.to_millis().ok()),
                data: record.data.into_inner(),
            })
            .collect();
        if let Some(last) = records.last() {
            self.after = Some(last.sequence.clone());
        }
        let word = Word::Read { shard: self.shard.clone(), records, behind_ms, is_last };
        self.words.send(word).await.is_ok()
    }
}

/// How long after a call the next one may be made.
fn pause(answer: &GetRecordsOutput) -> Duration {
    let n_bytes = answer.records.iter().map(|record| record.data.as_ref().len()).sum();
    let is_idle = answer.records.is_empty() && answer.millis_behind_latest == Some(0);
    if is_idle { IDLE } else { pace(n_bytes) }
}

/// The same of a call that gave so many bytes.
fn pace(n_bytes: usize) -> Duration {
    let by_bytes = Duration::from_secs_f64(n_bytes as f64 / SHARD_BYTES_PER_SECOND_MAX);
    by_bytes.max(Duration::from_secs(1) / CALLS_PER_SECOND_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_kinesis::{primitives::Blob, types::Record};

    fn answer(n_bytes: usize, behind_ms: i64) -> GetRecordsOutput {
        let record = |n_bytes| {
            Record::builder()
                .sequence_number("1")
                .partition_key("k")
                .data(Blob::new(vec![0; n_bytes]))
                .build()
        };
        let records = if n_bytes == 0 { Vec::new() } else { vec![record(n_bytes).unwrap()] };
        GetRecordsOutput::builder()
            .set_records(Some(records))
            .millis_behind_latest(behind_ms)
            .build()
            .unwrap()
    }

    #[test]
    fn a_shard_is_asked_as_often_as_it_allows() {
        for (n_bytes, behind_ms, ms) in
            [(0, 0, 1_000), (0, 500, 200), (1_000, 0, 200), (1 << 20, 9, 500), (10 << 20, 9, 5_000)]
        {
            assert_eq!(pause(&answer(n_bytes, behind_ms)).as_millis(), ms, "{n_bytes} {behind_ms}");
        }
    }
}
