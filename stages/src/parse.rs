//! parse: makes a typed event of a message.
//!
//! What an event is called and where its columns lie is OCSF's; the source of each mapping is the module's own head.
//! Whatever nobody recognises becomes a log line of format `unknown`, so that nothing is dropped. Text is kept as it
//! came; a member of a surprising type is read leniently or kept as JSON text.

use crate::{
    decode::{Body, Context, DecodeError, Message},
    json::{JsonError, Raw},
};
use kinescope_schemas::{Class, Event, Id, Row, Source, Table, Value, tables::base};

mod application;
mod cloudtrail;
mod elb;
mod flow;
mod guardduty;
mod lambda;
mod metrics;
mod operations;
mod s3;
mod securityhub;
#[cfg(test)]
mod testing;
pub mod time;
mod unmapped;
mod words;

pub(crate) use unmapped::escape;
pub(crate) use words::first_word;

pub(crate) use cloudtrail::without_secrets;
pub use cloudtrail::{cloudtrail_key, raw_path};
pub use flow::{FlowFormat, FlowFormatError};
pub use metrics::emf_points;

/// Why a message made no event. Fits after "failed to decode".
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// It is broken.
    #[error("JSON: {0}")]
    Json(#[from] JsonError),
    /// It has not what its kind must have.
    #[error("a {kind} without {what}")]
    Missing {
        /// What it seemed to be.
        kind: &'static str,
        /// What it lacks.
        what: &'static str,
    },
}

/// What a user may set.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The order of VPC flow fields where no header tells it.
    pub flow_format: Option<FlowFormat>,
    /// Bytes of one message at most.
    pub message_bytes_max: usize,
    /// Whether nothing but findings is asked for: of a CloudTrail event only what rules and findings look at is made.
    pub only_findings: bool,
}

/// Parses a message.
pub fn parse<'a>(message: Message<'a, '_>, settings: &Settings) -> Result<Event<'a>, DecodeError> {
    let context = message.context;
    let event = match message.body {
        Body::CloudTrail(reader) => cloudtrail::parse(reader, context, settings.only_findings)?,
        Body::Json(fields, text) => {
            if let Some(event) = guardduty::parse(&fields, text, context) {
                event
            } else if let Some(event) = securityhub::parse(&fields, text, context) {
                event
            } else if let Some(event) = operations::parse(&fields, text, context) {
                event
            } else if let Some(event) = metrics::parse(&fields, text, context) {
                event
            } else if let Some(event) = lambda::parse_json(&fields, text, context) {
                event
            } else {
                application::parse_json(&fields, text, context)
            }
        }
        Body::Line(line) => {
            if let Some(event) = flow::parse(line, context, settings.flow_format.as_ref()) {
                event
            } else if let Some(event) = elb::parse(line, context) {
                event
            } else if let Some(event) = s3::parse(line, context) {
                event
            } else if let Some(event) = lambda::parse_line(line, context) {
                event
            } else {
                application::parse_line(line, context)
            }
        }
        Body::Object(fields, text) => operations::object(&fields, text, context),
    };
    let max = settings.message_bytes_max;
    if max > 0 && event.raw.len() > max {
        return Err(DecodeError::TooLong { n_bytes: event.raw.len(), max });
    }
    Ok(event)
}

/// Begins the row of an event: everything that is known without looking inside.
fn begin<'a>(source: Source, table: Table, key: Id, raw: &'a str, context: Context<'a, '_>) -> Event<'a> {
    let mut row = Row::default();
    let envelope = context.envelope;
    row.set(base::METADATA_UID, key.to_string());
    row.set(base::CLOUD_ACCOUNT_UID, envelope.account.clone());
    row.set(base::CLOUD_REGION, envelope.region.clone());
    row.set(base::LOG_NAME, envelope.log_group.clone());
    Event { source, table, key, row, raw }
}

/// Sets OCSF's class and what follows from it.
fn set_class(row: &mut Row<'_>, class: Class, activity: i64) {
    row.set(base::CLASS_UID, class.uid());
    row.set(base::CATEGORY_UID, class.uid() / 1000);
    row.set(base::ACTIVITY_ID, activity);
    row.set(base::TYPE_UID, class.uid() * 100 + activity);
}

/// Sets the time; without one of its own, an event has its envelope's, and failing that the year 1970.
fn set_time(row: &mut Row<'_>, own_ms: Option<i64>, context: Context<'_, '_>) {
    let ms = own_ms.or(context.envelope.time_ms).unwrap_or(0);
    row.set(base::TIME, ms);
    row.set(base::TIME_DT, ms);
}

/// OCSF's status_id of activities.
fn set_status(row: &mut Row<'_>, success: Option<bool>) {
    row.set(base::STATUS_ID, success.map_or(0, |success| if success { 1 } else { 2 }));
}

/// What makes a log event or a line the same however often it is delivered: the id that CloudWatch Logs gave it, or
/// else its place in its record together with its text.
fn key_of(context: Context<'_, '_>, text: &str) -> Id {
    let envelope = context.envelope;
    if let Some(id) = &envelope.log_event_id {
        let part = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().unwrap_or_default().to_owned();
        let (account, group, stream) =
            (part(&envelope.account), part(&envelope.log_group), part(&envelope.log_stream));
        return Id::of(&[b"log", account.as_bytes(), group.as_bytes(), stream.as_bytes(), id.as_bytes()]);
    }
    if let Some(id) = &envelope.bus_id {
        return Id::of(&[b"bus", id.as_bytes(), text.as_bytes()]);
    }
    let path = context.frame.path();
    Id::of(&[b"at", &context.record_id.0, &context.offset.to_le_bytes(), path.as_bytes(), text.as_bytes()])
}

/// The value of a JSON scalar for a column of text.
fn text<'a>(raw: Option<Raw<'a>>) -> Value<'a> {
    raw.and_then(Raw::text).map_or(Value::Null, Value::text_or_null)
}

/// JSON, or a scalar, as text for a column that takes either.
fn any_text<'a>(raw: Option<Raw<'a>>) -> Value<'a> {
    raw.and_then(Raw::text_or_json).map_or(Value::Null, Value::text_or_null)
}

#[cfg(test)]
mod tests;
