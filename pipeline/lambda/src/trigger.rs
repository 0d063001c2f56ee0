//! What invokes a function: told by the shape of the payload.

use aws_lambda_events::kinesis::KinesisEvent;
use serde::Deserialize;

/// Who invoked us, with what.
#[derive(Debug)]
pub enum Trigger {
    /// A batch of a stream.
    Stream(KinesisEvent),
    /// A notification of S3.
    Objects,
    /// Messages of a queue.
    Queue,
    /// An event of EventBridge.
    Bus {
        /// The event's id.
        id: String,
    },
    /// A task that we know by name.
    Task(Task),
}

/// What a schedule or a person may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// To close alerts' windows.
    Sweep,
    /// To read again from the stream what was given up.
    RedriveRecords,
    /// To try what lies in quarantine.
    Redrive {
        /// What keys begin with.
        prefix: String,
    },
    /// To ask log groups for errors: an agent's.
    QueryErrorLogs,
}

/// Why a payload is served by nobody. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum TriggerError {
    /// It is no JSON, or not what its shape promised.
    #[error("read the payload: {0}")]
    Json(#[from] serde_json::Error),
    /// It has no shape that we know.
    #[error(
        "serve the payload: it is no batch of Kinesis, no notification of S3, no message of SQS and no event of \
         EventBridge, and does not say what to do; point an event source mapping, a rule or a schedule of the hub's \
         template at this function"
    )]
    Unknown,
    /// It asks for something that there is not.
    #[error(
        "serve the payload: there is no {0:?}; there is sweep, redrive-records, redrive and query-error-logs"
    )]
    Task(String),
    /// A redrive of what is no quarantine.
    #[error(
        "serve the payload: {0:?} is no part of quarantine; say which, as in \
         {{\"kinescope\":\"redrive\",\"prefix\":\"quarantine/2026-11-20\"}}"
    )]
    Prefix(String),
}

/// As much of a payload as tells what it is.
#[derive(Deserialize)]
struct Shape {
    #[serde(default, rename = "Records")]
    records: Option<Vec<Source>>,
    #[serde(default, rename = "detail-type")]
    detail_type: Option<String>,
    #[serde(default)]
    id: Option<String>,
    /// Of the notification with which S3 tries whether it may notify.
    #[serde(default, rename = "Event")]
    event: Option<String>,
    #[serde(default)]
    kinescope: Option<String>,
    #[serde(default)]
    prefix: Option<String>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(default, rename = "eventSource")]
    source: Option<String>,
}

impl Trigger {
    /// Tells.
    pub fn of(payload: &str) -> Result<Trigger, TriggerError> {
        let shape: Shape = serde_json::from_str(payload)?;
        let source =
            shape.records.as_deref().and_then(<[Source]>::first).and_then(|first| first.source.as_deref());
        match (source, shape.detail_type.as_deref(), shape.kinescope) {
            (Some("aws:kinesis"), ..) => Ok(Trigger::Stream(serde_json::from_str(payload)?)),
            (Some("aws:sqs"), ..) => Ok(Trigger::Queue),
            (Some("aws:s3"), ..) | (None, Some("Object Created"), None) => Ok(Trigger::Objects),
            (None, None, None) if shape.event.as_deref() == Some("s3:TestEvent") => Ok(Trigger::Objects),
            (None, Some(_), None) => Ok(Trigger::Bus { id: shape.id.unwrap_or_default() }),
            (None, None, Some(name)) => task(name, shape.prefix).map(Trigger::Task),
            _ => Err(TriggerError::Unknown),
        }
    }
}

fn task(name: String, prefix: Option<String>) -> Result<Task, TriggerError> {
    const QUARANTINE: &str = "quarantine/";
    match (name.as_str(), prefix.unwrap_or_default()) {
        ("sweep", _) => Ok(Task::Sweep),
        ("redrive-records", _) => Ok(Task::RedriveRecords),
        ("redrive", prefix) if prefix.starts_with(QUARANTINE) => Ok(Task::Redrive { prefix }),
        ("redrive", prefix) => Err(TriggerError::Prefix(prefix)),
        ("query-error-logs", _) => Ok(Task::QueryErrorLogs),
        _ => Err(TriggerError::Task(name)),
    }
}
