//! An event of EventBridge, without a stream between: each is a lane of its own.

use crate::telemetry::Telemetry;
use kinescope_aws::{Aws, Hub, hub::Arrival, lane};
use kinescope_schemas::Id;
use serde_json::{Value as Json, json};
use tokio::time::Instant;

/// Takes the event; if that fails, EventBridge and Lambda try again.
pub async fn serve<A: Aws>(
    hub: &Hub<A>,
    telemetry: &Telemetry,
    event_id: &str,
    payload: &str,
    until: Instant,
    now_ms: i64,
) -> Result<Json, anyhow::Error> {
    let id = Id::of(&[b"bus", event_id.as_bytes(), payload.as_bytes()]);
    let arrival = Arrival {
        id,
        order: lane::order("0"),
        source: format!("eventbridge:{event_id}"),
        arrival_ms: now_ms,
        content: Ok(payload.as_bytes().to_vec()),
    };
    let lane = format!("eventbridge/{id}");
    let taken = hub.take(&lane, &[arrival], until, now_ms).await;
    telemetry.batch(&lane, &taken, None, now_ms);
    if taken.again.is_empty() {
        return Ok(json!({"accepted": taken.ledger.events.accepted}));
    }
    anyhow::bail!("failed to deal with event {event_id}: {}", taken.errors.join("; "))
}
