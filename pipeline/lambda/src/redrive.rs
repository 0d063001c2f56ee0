//! Redrives that a person, or a schedule, asks for: of what Lambda gave up, and of quarantine.

use crate::{notice::Notice, telemetry::Telemetry, told};
use kinescope_aws::{Aws, Hub, Patience, port::Sources};
use serde_json::{Value as Json, json};
use std::collections::HashSet;
use tokio::time::Instant;

/// How long nobody else is given a message: longer than a function may run.
const HIDDEN_SECONDS: i32 = 960;

/// Takes what the messages of the dead-letter queue point to, and deletes those that were dealt with.
pub async fn records<A: Aws + Sources>(
    hub: &Hub<A>,
    telemetry: &Telemetry,
    until: Instant,
    now_ms: i64,
) -> Result<Json, anyhow::Error> {
    let Some(queue) = &hub.edge.names.records_dlq else {
        anyhow::bail!(
            "failed to read the environment: KINESCOPE_RECORDS_DLQ is not set; the hub's template sets it"
        )
    };
    let patience = Patience::until(until);
    let (mut seen, mut n_redriven, mut errors) = (HashSet::new(), 0, Vec::new());
    let failed = |error| anyhow::anyhow!("failed to {error}");
    loop {
        let receive = || hub.edge.aws.receive(queue, HIDDEN_SECONDS);
        let messages = patience.call("receive dead letters", receive).await.map_err(failed)?;
        // Those that come again were not hidden long enough, and failed already.
        let messages: Vec<_> =
            messages.into_iter().filter(|message| seen.insert(message.id.clone())).collect();
        if messages.is_empty() {
            break;
        }
        for message in messages {
            let failures = match Notice::read(&message.body, now_ms) {
                Ok(notice) => told::take(hub, telemetry, &notice, until, now_ms).await,
                Err(error) => vec![format!("message {}: failed to {error}", message.id)],
            };
            if failures.is_empty() {
                let delete = || hub.edge.aws.delete_message(queue, &message.receipt);
                patience.call("delete a dead letter", delete).await.map_err(failed)?;
                n_redriven += 1;
            }
            errors.extend(failures);
        }
    }
    if errors.is_empty() {
        return Ok(json!({"redriven": n_redriven}));
    }
    anyhow::bail!("{n_redriven} were redriven; {}", errors.join("; "))
}

/// Tries quarantine once more.
pub async fn quarantine<A: Aws + Sources>(
    hub: &Hub<A>,
    telemetry: &Telemetry,
    prefix: &str,
    until: Instant,
    now_ms: i64,
) -> Result<Json, anyhow::Error> {
    let redriven = hub.redrive(prefix, until, now_ms).await;
    telemetry.batch(&format!("redrive/{prefix}"), &redriven.taken, None, now_ms);
    if !redriven.taken.errors.is_empty() {
        anyhow::bail!("failed to redrive all of {prefix}: {}", redriven.taken.errors.join("; "));
    }
    Ok(json!({
        "objects": redriven.n_objects, "left": redriven.n_left, "entries": redriven.n_entries,
        "stuck": redriven.n_stuck, "accepted": redriven.taken.ledger.events.accepted,
    }))
}
