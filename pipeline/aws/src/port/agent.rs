//! What an agent's function asks of AWS.

use super::{CallError, Called, calls};

/// A question to a log group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// The log group.
    pub group: String,
    /// What log events must match, in CloudWatch Logs' filter syntax.
    pub pattern: String,
    /// From when on, milliseconds since 1970.
    pub from_ms: i64,
    /// Until when, inclusive.
    pub to_ms: i64,
    /// Where the last page ended.
    pub next: Option<String>,
}

/// A log event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// Its id.
    pub id: String,
    /// The log stream.
    pub stream: String,
    /// Milliseconds since 1970.
    pub time_ms: i64,
    /// What it says.
    pub message: String,
}

/// What one call gives of a log group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPage {
    /// Log events; there may be none although more follow.
    pub events: Vec<LogEvent>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// An event for a bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusEvent {
    /// Who sends it.
    pub source: String,
    /// What kind it is.
    pub detail_type: String,
    /// What it says, as JSON.
    pub detail: String,
    /// When it was, milliseconds since 1970.
    pub time_ms: i64,
}

calls! {
    /// What an agent's function asks and says.
    trait AgentAws {
        /// CloudWatch Logs FilterLogEvents: one page.
        fn filter_logs(query: &LogQuery) -> LogPage;
        /// EventBridge PutEvents: an answer for every event, in order; `None` means it was taken.
        fn put_events(bus: &str, events: Vec<BusEvent>) -> Vec<Option<CallError>>;
    }
}
