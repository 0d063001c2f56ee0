//! decode: peels the envelopes off a record, whatever they are, and hands on each message inside.
//!
//! A payload is recognised by its shape, never by where it came from, and shapes may nest. One bad message never
//! costs its siblings: it is handed on as bad, with its bytes, and reading goes on behind it.
//!
//! Messages are handed to a [`Visitor`] while the buffers they lie in are alive, so that nothing is copied to be
//! kept. This stage knows envelopes only; what a message says is [`crate::parse`]'s business.

use crate::json::{Fields, JsonError, Reader};
use kinescope_schemas::{Id, Position};
use std::borrow::Cow;

mod base64;
mod cloudwatch_logs;
mod gzip;
mod kpl;
mod list;
mod records;
mod shape;
mod text;

pub use list::{Items, Then, list_items, list_start};
pub use text::{is_flow_header, last_boundary, starts_json};

/// Caps on what one record may unfold to. A setting may lower them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Inflated bytes of one record. CloudTrail's largest files inflate to some 50 MB.
    pub inflated_bytes_max: usize,
    /// Inflated over compressed bytes, once a mebibyte is exceeded. DEFLATE reaches 1032; logs rarely 50.
    pub inflate_ratio_max: usize,
    /// Envelopes inside one another.
    pub nesting_max: u8,
    /// Messages of one record.
    pub messages_max: u64,
    /// Bytes of one message. CloudTrail's largest events have about 1 MB.
    pub message_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            inflated_bytes_max: 64 << 20,
            inflate_ratio_max: 500,
            nesting_max: 8,
            messages_max: 1_000_000,
            message_bytes_max: 8 << 20,
        }
    }
}

/// Why something could not be decoded. Fits after "failed to decode".
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Nothing in it.
    #[error("an empty record: check what wrote it")]
    Empty,
    /// Not text, and no binary format that we know.
    #[error("binary data of no known format (neither gzip nor KPL nor text): check what wrote it")]
    Binary,
    /// A line or message is no UTF-8.
    #[error("text that is not UTF-8 at byte {0}: convert it and redrive")]
    NotUtf8(usize),
    /// Broken gzip.
    #[error("gzip data, which is cut short or damaged: fetch it again and redrive")]
    Gzip,
    /// More than we inflate.
    #[error("gzip data that inflates beyond {0}: raise the limit if it is no bomb")]
    Bomb(&'static str),
    /// Broken JSON.
    #[error("JSON: {0}")]
    Json(#[from] JsonError),
    /// Broken base64.
    #[error("base64 data: {0}")]
    Base64(::base64::DecodeError),
    /// An aggregate that names a key it does not have.
    #[error("a KPL sub-record: its partition key index {index} lies outside a table of {n_keys}")]
    KplIndex {
        /// The index.
        index: u64,
        /// The table's size.
        n_keys: usize,
    },
    /// Too many envelopes inside one another.
    #[error("envelopes nested more than {0} deep")]
    Nesting(u8),
    /// Too many messages.
    #[error("a record of more than {0} messages: split it, or raise the limit")]
    Messages(u64),
    /// Too long a message.
    #[error("a message of {n_bytes} bytes, more than {max}: shorten it, or raise the limit")]
    TooLong {
        /// Its length.
        n_bytes: usize,
        /// The limit.
        max: usize,
    },
    /// A member that must be there is not.
    #[error("an envelope without {0}")]
    Missing(&'static str),
    /// A list holds something else than objects.
    #[error("a list item that is no object")]
    NotAnObject,
    /// A parser refused it.
    #[error(transparent)]
    Parse(#[from] crate::parse::ParseError),
}

/// What the envelopes said about a message.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Envelope<'a> {
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Cow<'a, str>>,
    /// The Region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Cow<'a, str>>,
    /// CloudWatch Logs: log group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group: Option<Cow<'a, str>>,
    /// CloudWatch Logs: log stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_stream: Option<Cow<'a, str>>,
    /// CloudWatch Logs: id of the log event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_event_id: Option<Cow<'a, str>>,
    /// When it was logged or sent, milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<i64>,
    /// EventBridge: detail-type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail_type: Option<Cow<'a, str>>,
    /// EventBridge: source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bus_source: Option<Cow<'a, str>>,
    /// EventBridge: id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bus_id: Option<Cow<'a, str>>,
    /// EventBridge: resources, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Cow<'a, str>>,
}

/// One opened envelope on the way to a message.
#[derive(Debug)]
pub struct Frame<'p> {
    parent: Option<&'p Frame<'p>>,
    name: &'static str,
    index: Option<u64>,
}

impl Frame<'_> {
    /// The way from the record inwards, such as `gzip/cloudwatch_logs[3]`.
    pub fn path(&self) -> String {
        let mut path = self.parent.map(Frame::path).unwrap_or_default();
        if !path.is_empty() && !self.name.is_empty() {
            path.push('/');
        }
        path.push_str(self.name);
        if let Some(index) = self.index {
            path.push_str(&format!("[{index}]"));
        }
        path
    }
}

/// A record's bytes, or a piece of them cut at message boundaries.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// The record's derived id.
    pub record_id: Id,
    /// Bytes of the record before this piece.
    pub offset: u64,
    /// The VPC flow header line that began the record, if this piece lies behind it.
    pub header: Option<&'a str>,
    /// What is already known about the messages: of a redriven message, what its envelopes had said.
    pub envelope: &'a Envelope<'a>,
}

/// What surrounds a message.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a, 'r> {
    /// The record's derived id.
    pub record_id: Id,
    /// Offset of the outermost message within the record.
    pub offset: u64,
    /// The opened envelopes.
    pub frame: &'r Frame<'r>,
    /// What they said.
    pub envelope: &'r Envelope<'a>,
    /// The VPC flow header in force.
    pub header: Option<&'r str>,
    depth: u8,
}

impl<'a, 'r> Context<'a, 'r> {
    fn inside(self, frame: &'r Frame<'r>) -> Context<'a, 'r> {
        Context { frame, depth: self.depth + 1, ..self }
    }

    /// The same place, as a quarantine entry tells it; source and record number are the caller's to add.
    pub fn position(&self) -> Position {
        Position { offset: self.offset, path: self.frame.path(), ..Position::default() }
    }
}

/// What a message is, as far as envelopes tell.
pub enum Body<'a, 'r> {
    /// A CloudTrail event: the cursor stands before it, and must be left behind it.
    CloudTrail(&'r mut Reader<'a>),
    /// Another JSON object: its members and its text.
    Json(Fields<'a>, &'a str),
    /// Text.
    Line(&'a str),
    /// An object in S3 that holds the records, to be fetched by somebody who can.
    Object(Fields<'a>, &'a str),
}

/// A message: the innermost thing in the envelopes.
pub struct Message<'a, 'r> {
    /// What it is.
    pub body: Body<'a, 'r>,
    /// What surrounds it.
    pub context: Context<'a, 'r>,
}

/// Something that could not be read.
pub struct Bad<'a, 'r> {
    /// Why.
    pub error: DecodeError,
    /// All of it.
    pub bytes: &'a [u8],
    /// Where it was.
    pub context: Context<'a, 'r>,
}

/// Takes what decoding finds.
pub trait Visitor {
    /// A message. An error sends its bytes to [`Visitor::bad`]; siblings go on.
    fn message(&mut self, message: Message<'_, '_>) -> Result<(), DecodeError>;
    /// A control message, which tells that a subscription works.
    fn control(&mut self);
    /// What could not be read.
    fn bad(&mut self, bad: Bad<'_, '_>);
}

/// Decodes a record, or a piece of one, handing everything in it to `visitor`.
pub fn decode(input: &Input<'_>, limits: &Limits, visitor: &mut dyn Visitor) {
    // Behind the last message of a long record there may be nothing; only a record that is nothing at all is reported.
    if input.offset > 0 && input.bytes.trim_ascii_start().is_empty() {
        return;
    }
    let frame = Frame { parent: None, name: "", index: None };
    let context = Context {
        record_id: input.record_id,
        offset: input.offset,
        frame: &frame,
        envelope: input.envelope,
        header: input.header,
        depth: 0,
    };
    let mut decoder = Decoder { limits, visitor, n_messages: 0, n_inflated: 0, room: Vec::new() };
    decoder.payload(input.bytes, context);
}

struct Decoder<'v> {
    limits: &'v Limits,
    visitor: &'v mut dyn Visitor,
    n_messages: u64,
    n_inflated: usize,
    /// Where messages are unescaped, one after the other.
    room: Vec<u8>,
}

impl Decoder<'_> {
    /// Bytes of any kind; what is wrong with them is reported here.
    fn payload<'a>(&mut self, bytes: &'a [u8], context: Context<'a, '_>) {
        if let Err(error) = self.try_payload(bytes, context) {
            self.visitor.bad(Bad { error, bytes, context });
        }
    }

    fn try_payload<'a>(&mut self, bytes: &'a [u8], context: Context<'a, '_>) -> Result<(), DecodeError> {
        self.check_depth(context)?;
        if bytes.starts_with(&gzip::MAGIC) {
            let inflated = self.inflate(bytes)?;
            let frame = Frame { parent: Some(context.frame), name: "gzip", index: None };
            return self.try_payload(&inflated, context.inside(&frame));
        }
        if bytes.starts_with(&kpl::MAGIC)
            && let Some(aggregate) = kpl::open(bytes)
        {
            self.aggregate(&aggregate, context);
            return Ok(());
        }
        self.lines(bytes, context)
    }

    fn check_depth(&self, context: Context<'_, '_>) -> Result<(), DecodeError> {
        if context.depth > self.limits.nesting_max {
            return Err(DecodeError::Nesting(self.limits.nesting_max));
        }
        Ok(())
    }

    /// Hands on a message, counting.
    fn deliver<'a>(&mut self, body: Body<'a, '_>, context: Context<'a, '_>) -> Result<(), DecodeError> {
        self.n_messages += 1;
        if self.n_messages > self.limits.messages_max {
            return Err(DecodeError::Messages(self.limits.messages_max));
        }
        self.visitor.message(Message { body, context })
    }

    fn too_long(&self, n_bytes: usize) -> Result<(), DecodeError> {
        let max = self.limits.message_bytes_max;
        if n_bytes > max { Err(DecodeError::TooLong { n_bytes, max }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
