//! What a stage is given: pieces to decode, text to parse, events for the rest.

use kinescope_pipeline::{Content, Piece};
use kinescope_schemas::{Event, Row, Value, row::COLUMNS_MAX};
use kinescope_stages::{
    decode::{Bad, Body, DecodeError, Input, Limits, Message, Visitor, decode},
    parse::{Settings, parse},
};
use std::borrow::Cow;

/// A visitor of one function; what could not be read is counted.
pub struct Each<F> {
    each: F,
    /// What could not be read.
    pub n_bad: u64,
}

impl<F: FnMut(Message<'_, '_>) -> Result<(), DecodeError>> Visitor for Each<F> {
    fn message(&mut self, message: Message<'_, '_>) -> Result<(), DecodeError> {
        (self.each)(message)
    }

    fn control(&mut self) {}

    fn bad(&mut self, _: Bad<'_, '_>) {
        self.n_bad += 1;
    }
}

/// Decodes pieces, calling `each` for every message; how many could not be read.
pub fn visit(pieces: &[Piece], each: impl FnMut(Message<'_, '_>) -> Result<(), DecodeError>) -> u64 {
    let mut visitor = Each { each, n_bad: 0 };
    for piece in pieces {
        let Content::Bytes(bytes) = &piece.content else { continue };
        let input = Input {
            bytes,
            record_id: piece.record.id,
            offset: piece.offset,
            header: piece.header.as_deref(),
            envelope: &piece.record.envelope,
        };
        decode(&input, &Limits::default(), &mut visitor);
    }
    visitor.n_bad
}

/// How much pieces hold, which is what throughput is counted in: a gzip byte is worth ten others.
#[derive(Clone, Copy, Debug, Default)]
pub struct Load {
    /// Events.
    pub n_events: u64,
    /// Bytes of their text.
    pub n_bytes: u64,
}

/// How much these pieces hold. Everything in them can be read, or they are no corpus.
pub fn load(pieces: &[Piece]) -> Load {
    let mut load = Load::default();
    let settings = Settings::default();
    let n_bad = visit(pieces, |message| {
        let event = parse(message, &settings)?;
        load.n_events += 1;
        load.n_bytes += event.raw.len() as u64;
        Ok(())
    });
    let recorded = std::env::var_os("KINESCOPE_RECORDED").is_some();
    assert!(n_bad == 0 || recorded, "{n_bad} messages of a generated corpus cannot be read");
    load
}

/// The events in these pieces, to be kept: copied, and never freed.
pub fn events(pieces: &[Piece]) -> Vec<Event<'static>> {
    let mut events = Vec::new();
    let settings = Settings::default();
    visit(pieces, |message| {
        events.push(keep(&parse(message, &settings)?));
        Ok(())
    });
    assert!(!events.is_empty(), "a corpus without events");
    events
}

fn keep(event: &Event<'_>) -> Event<'static> {
    let mut row = Row::default();
    for column in 0..COLUMNS_MAX {
        let value: Value<'static> = match &event.row[column] {
            Value::Null => continue,
            Value::Text(text) => Value::Text(Cow::Owned(text.to_string())),
            Value::Int(n) => Value::Int(*n),
            Value::Float(x) => Value::Float(*x),
            Value::Bool(b) => Value::Bool(*b),
        };
        row.set(column, value);
    }
    let raw = Box::leak(event.raw.to_owned().into_boxed_str());
    Event { source: event.source, table: event.table, key: event.key, row, raw }
}

/// The lines and JSON texts that the envelopes of these pieces hold, as one piece of plain text a thousand: what
/// parsing costs without what unpacking costs.
pub fn lines(pieces: Vec<Piece>, wanted: impl Fn(&Piece) -> bool) -> Vec<Piece> {
    const MESSAGES_OF_PIECE: usize = 1_000;
    let pieces: Vec<Piece> = pieces.into_iter().filter(wanted).collect();
    let mut texts: Vec<String> = Vec::new();
    visit(&pieces, |message| {
        match message.body {
            // A line break would end the message here, where no envelope holds it together.
            Body::Line(text) | Body::Json(_, text) => texts.push(text.replace('\n', " ")),
            Body::CloudTrail(reader) => texts.push(reader.skip()?.to_owned()),
            Body::Object(..) => {}
        }
        Ok(())
    });
    let piece = |texts: &[String]| Piece {
        record: pieces[0].record.clone(),
        offset: 0,
        header: None,
        last: true,
        content: Content::Bytes(texts.join("\n").into_bytes()),
    };
    texts.chunks(MESSAGES_OF_PIECE).map(piece).collect()
}

/// Those that are aggregates of the Kinesis Producer Library.
pub fn kpl_pieces(pieces: Vec<Piece>) -> Vec<Piece> {
    const MAGIC: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];
    let is_kpl = |piece: &Piece| matches!(&piece.content, Content::Bytes(bytes) if bytes.starts_with(&MAGIC));
    pieces.into_iter().filter(is_kpl).collect()
}
