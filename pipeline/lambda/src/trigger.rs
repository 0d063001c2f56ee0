//! What invokes a function: told by the shape of the payload.

use aws_lambda_events::kinesis::KinesisEvent;
use serde::Deserialize;

/// Who invoked us, with what.
#[derive(Debug)]
pub enum Trigger {
    /// A batch of a stream.
    Stream(KinesisEvent),
    /// An event of EventBridge.
    Bus {
        /// The event's id.
        id: String,
    },
    /// The schedule that closes alerts' windows.
    Sweep,
}

/// Why a payload is served by nobody. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum TriggerError {
    /// It is no JSON, or not what its shape promised.
    #[error("read the payload: {0}")]
    Json(#[from] serde_json::Error),
    /// It has no shape that we know.
    #[error(
        "serve the payload: it is no batch of Kinesis and no event of EventBridge, and does not say what to do; \
         point an event source mapping, a rule or a schedule of the hub's template at this function"
    )]
    Unknown,
    /// It asks for something that there is not.
    #[error("serve the payload: there is no {0:?}; there is sweep")]
    Task(String),
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
    #[serde(default)]
    kinescope: Option<String>,
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
        match (source, shape.detail_type, shape.kinescope.as_deref()) {
            (Some("aws:kinesis"), ..) => Ok(Trigger::Stream(serde_json::from_str(payload)?)),
            (None, Some(_), None) => Ok(Trigger::Bus { id: shape.id.unwrap_or_default() }),
            (None, None, Some("sweep")) => Ok(Trigger::Sweep),
            (None, None, Some(other)) => Err(TriggerError::Task(other.to_owned())),
            _ => Err(TriggerError::Unknown),
        }
    }
}
