//! What notifications tell of: by S3 itself, by EventBridge, and by the messages of a queue.

use crate::{
    notice::{Notice, NoticeError},
    telemetry::Telemetry,
};
use aws_lambda_events::{event::sqs::SqsEvent, sqs::SqsBatchResponse};
use kinescope_aws::{
    Aws, Hub,
    hub::{NewObject, Stretch, Taken},
    lane,
    port::Sources,
};
use serde_json::{Value as Json, json};
use tokio::time::Instant;

/// Takes the objects of a notification; if that fails, Lambda tries again.
pub async fn serve<A: Aws + Sources>(
    hub: &Hub<A>,
    telemetry: &Telemetry,
    payload: &str,
    until: Instant,
    now_ms: i64,
) -> Result<Json, anyhow::Error> {
    let notice = Notice::read(payload, now_ms).map_err(|error| anyhow::anyhow!("failed to {error}"))?;
    match take(hub, telemetry, &notice, until, now_ms).await {
        errors if errors.is_empty() => Ok(json!({"objects": n_objects(&notice)})),
        errors => anyhow::bail!("{}", errors.join("; ")),
    }
}

/// Takes what messages tell of; the answer names those that have to come again.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
pub async fn queue<A: Aws + Sources>(
    hub: &Hub<A>,
    telemetry: &Telemetry,
    payload: &str,
    until: Instant,
    now_ms: i64,
) -> Result<Json, anyhow::Error> {
    let event: SqsEvent = serde_json::from_str(payload)?;
    let mut answer = SqsBatchResponse::default();
    for message in event.records {
        let id = message.message_id.unwrap_or_default();
        let body = message.body.unwrap_or_default();
        let errors = match Notice::read(&body, now_ms) {
            Ok(notice) => take(hub, telemetry, &notice, until, now_ms).await,
            Err(error) => misread(telemetry, &id, &error, now_ms),
        };
        if !errors.is_empty() {
            answer.add_failure(id);
        }
    }
    Ok(serde_json::to_value(answer)?)
}

/// After some times the queue gives such a message to its dead letters.
fn misread(telemetry: &Telemetry, id: &str, error: &NoticeError, now_ms: i64) -> Vec<String> {
    let errors = vec![format!("message {id}: failed to {error}")];
    telemetry.batch("sqs", &Taken { errors: errors.clone(), ..Taken::default() }, None, now_ms);
    errors
}

/// Takes what a message tells of; why some of it has to come again.
pub async fn take<A: Aws + Sources>(
    hub: &Hub<A>,
    telemetry: &Telemetry,
    notice: &Notice,
    until: Instant,
    now_ms: i64,
) -> Vec<String> {
    match notice {
        Notice::Objects(objects) => {
            let mut errors = Vec::new();
            for object in objects {
                errors.extend(self::object(hub, telemetry, object, until, now_ms).await);
            }
            errors
        }
        Notice::GivenUp(stretch) => given_up(hub, telemetry, stretch, until, now_ms).await,
    }
}

fn n_objects(notice: &Notice) -> usize {
    if let Notice::Objects(objects) = notice { objects.len() } else { 0 }
}

async fn object<A: Aws + Sources>(
    hub: &Hub<A>,
    telemetry: &Telemetry,
    object: &NewObject,
    until: Instant,
    now_ms: i64,
) -> Vec<String> {
    let taken = hub.take_object(object, until, now_ms).await;
    telemetry.batch(&object.lane(), &taken, Some(now_ms - object.time_ms), now_ms);
    again(taken, &object.at.to_string())
}

async fn given_up<A: Aws + Sources>(
    hub: &Hub<A>,
    telemetry: &Telemetry,
    stretch: &Stretch,
    until: Instant,
    now_ms: i64,
) -> Vec<String> {
    let taken = hub.take_stretch(stretch, until, now_ms).await;
    let lane = lane::of_shard(&stretch.stream_arn, &stretch.shard);
    telemetry.batch(&lane, &taken, None, now_ms);
    again(taken, &format!("{} of {}", stretch.shard, stretch.stream_arn))
}

/// Why something has to come again; nothing, if it has not.
fn again(taken: Taken, what: &str) -> Vec<String> {
    if taken.again.is_empty() {
        return Vec::new();
    }
    vec![format!("failed to deal with {what}: {}", taken.errors.join("; "))]
}
