//! The function of a hub, and of an agent: it serves by what invokes it.
//!
//! Rules and clients are made once, before the first invocation. Each invocation ends before its time does, and its
//! answer names what has to come again and nothing else.

pub mod bus;
pub mod notice;
pub mod redrive;
pub mod stream;
pub mod telemetry;
pub mod told;
pub mod trigger;

use kinescope_aws::{
    Aws, Hub, Patience,
    agent::Agent,
    port::{AgentAws, Sources},
    sweep,
};
use serde_json::{Value as Json, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use telemetry::Telemetry;
use tokio::time::Instant;
use trigger::{Task, Trigger};

/// What is left of an invocation's time for its answer.
const ANSWER_TIME: Duration = Duration::from_millis(500);

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The moment by which everything has to be done, if an invocation ends at `deadline_ms`.
pub fn until(deadline_ms: u64, now_ms: i64) -> Instant {
    let left = deadline_ms.saturating_sub(now_ms.unsigned_abs());
    Instant::now() + Duration::from_millis(left).saturating_sub(ANSWER_TIME)
}

/// Serves one invocation of a hub; its answer, or why it has to be made again.
pub async fn serve<A: Aws + Sources>(
    hub: &Hub<A>,
    telemetry: &Telemetry,
    payload: &str,
    until: Instant,
    now_ms: i64,
) -> Result<Json, anyhow::Error> {
    match Trigger::of(payload)? {
        Trigger::Stream(event) => Ok(stream::serve(hub, telemetry, event, until, now_ms).await?),
        Trigger::Bus { id } => bus::serve(hub, telemetry, &id, payload, until, now_ms).await,
        Trigger::Objects => told::serve(hub, telemetry, payload, until, now_ms).await,
        Trigger::Queue => told::queue(hub, telemetry, payload, until, now_ms).await,
        Trigger::Task(Task::RedriveRecords) => redrive::records(hub, telemetry, until, now_ms).await,
        Trigger::Task(Task::Redrive { prefix }) => {
            redrive::quarantine(hub, telemetry, &prefix, until, now_ms).await
        }
        Trigger::Task(Task::QueryErrorLogs) => {
            anyhow::bail!(
                "failed to ask for errors: this is a hub's function; the agent's template makes one that asks"
            )
        }
        Trigger::Task(Task::Sweep) => {
            let patience = Patience::until(until);
            let swept = sweep::sweep(&hub.edge, &patience, &hub.config.alerts, now_ms).await;
            let swept = swept.map_err(|error| anyhow::anyhow!("failed to {error}"))?;
            Ok(json!({"due": swept.n_due, "counted": swept.n_counted, "digested": swept.n_digested}))
        }
    }
}

/// Serves one invocation of an agent's function.
pub async fn serve_agent<A: AgentAws>(
    agent: &Agent<A>,
    payload: &str,
    until: Instant,
    now_ms: i64,
) -> Result<Json, anyhow::Error> {
    let Trigger::Task(Task::QueryErrorLogs) =
        Trigger::of(payload).map_err(|error| anyhow::anyhow!("failed to {error}"))?
    else {
        anyhow::bail!("failed to serve the payload: this is an agent's function, which only asks for errors")
    };
    let asked = agent.query_error_logs(until, now_ms).await;
    if !asked.errors.is_empty() {
        anyhow::bail!("failed to tell of all errors: {}", asked.errors.join("; "));
    }
    Ok(json!({"found": asked.n_found, "told": asked.n_told, "cut": asked.n_cut}))
}
