//! A batch of a Kinesis stream.

use crate::telemetry::Telemetry;
use aws_lambda_events::{
    kinesis::{KinesisEvent, KinesisEventRecord},
    streams::KinesisEventResponse,
};
use kinescope_aws::{Aws, Hub, hub::Arrival, lane};
use serde_json::Value as Json;
use tokio::time::Instant;

/// Takes the batch; the answer names the earliest record that is not fully dealt with, and nothing else.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>
pub async fn serve<A: Aws>(
    hub: &Hub<A>,
    telemetry: &Telemetry,
    event: KinesisEvent,
    until: Instant,
    now_ms: i64,
) -> Result<Json, serde_json::Error> {
    let lane = event.records.first().map(lane_of).unwrap_or_default();
    let sequences: Vec<String> =
        event.records.iter().map(|record| record.kinesis.sequence_number.clone()).collect();
    let arrivals: Vec<Arrival> = event.records.into_iter().map(arrival).collect();
    let taken = hub.take(&lane, &arrivals, until, now_ms).await;
    let newest_ms = arrivals.iter().map(|arrival| arrival.arrival_ms).max();
    telemetry.batch(&lane, &taken, newest_ms.map(|newest| now_ms - newest), now_ms);
    let mut answer = KinesisEventResponse::default();
    if let Some(sequence) = taken.again.first().and_then(|at| sequences.get(*at)) {
        answer.add_failure(sequence);
    }
    serde_json::to_value(answer)
}

/// A shard of a stream: `eventID` is `shardId-000000000006:49…`.
fn lane_of(record: &KinesisEventRecord) -> String {
    lane::of_shard(record.event_source_arn.as_deref().unwrap_or_default(), shard_of(record))
}

fn shard_of(record: &KinesisEventRecord) -> &str {
    record.event_id.as_deref().and_then(|id| id.split(':').next()).unwrap_or_default()
}

fn arrival(record: KinesisEventRecord) -> Arrival {
    let shard = shard_of(&record).to_owned();
    let kinesis = record.kinesis;
    let arrival_ms = kinesis.approximate_arrival_timestamp.timestamp_millis();
    Arrival::of_shard(&shard, &kinesis.sequence_number, arrival_ms, kinesis.data.0)
}
