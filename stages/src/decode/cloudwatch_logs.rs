//! CloudWatch Logs subscription payloads. New members must never break them: what we do not know is passed over.

use super::{Context, DecodeError, Decoder, Envelope, Frame};
use crate::json::{Made, Raw, Reader};

impl Decoder<'_> {
    /// A payload. Its log events usually come last, when the rest is known, and are then read as they come;
    /// otherwise they are gone back to.
    pub(super) fn cloudwatch_logs<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        context: Context<'a, '_>,
    ) -> Result<(), DecodeError> {
        reader.enter_object()?;
        let mut envelope = context.envelope.clone();
        let (mut control, mut skipped, mut first) = (false, None, true);
        while let Some(key) = reader.member(&mut first)? {
            if key.raw == "logEvents" && envelope.log_group.is_some() && !control {
                self.log_events(reader, Context { envelope: &envelope, ..context })?;
                continue;
            }
            let value = reader.value()?;
            match key.raw {
                "messageType" => control = value.text().as_deref() == Some("CONTROL_MESSAGE"),
                "owner" => envelope.account = value.text().or(envelope.account),
                "logGroup" => envelope.log_group = value.text(),
                "logStream" => envelope.log_stream = value.text(),
                "logEvents" => skipped = Some(value),
                // Centralised logs name where the events come from; `owner` is then the central account.
                "@aws.account" => envelope.account = value.text().or(envelope.account),
                "@aws.region" => envelope.region = value.text().or(envelope.region),
                _ => {}
            }
        }
        if control {
            self.visitor.control();
        } else if let Some(events) = skipped {
            self.log_events(&mut Reader::new(events.0, 0), Context { envelope: &envelope, ..context })?;
        }
        Ok(())
    }

    fn log_events<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        context: Context<'a, '_>,
    ) -> Result<(), DecodeError> {
        reader.enter_array()?;
        let (mut first, mut index) = (true, 0);
        while reader.item(&mut first)? {
            let frame = Frame { parent: Some(context.frame), name: "cloudwatch_logs", index: Some(index) };
            self.log_event(reader, context.inside(&frame))?;
            index += 1;
        }
        Ok(())
    }

    fn log_event<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        context: Context<'a, '_>,
    ) -> Result<(), DecodeError> {
        reader.peek();
        let start = reader.at();
        let mut envelope = Envelope { log_event_id: None, time_ms: None, ..context.envelope.clone() };
        let mut room = std::mem::take(&mut self.room);
        let (mut message, mut first) = (None, true);
        reader.enter_object()?;
        while let Some(key) = reader.member(&mut first)? {
            if key.raw == "message" && reader.peek() == b'"' {
                message = Some(reader.text_into(&mut room)?);
                continue;
            }
            let value = reader.value()?;
            match key.raw {
                "id" => envelope.log_event_id = value.text(),
                "timestamp" => envelope.time_ms = value.i64(),
                "message" => message = None,
                "extractedFields" => extracted(&mut envelope, value),
                _ => {}
            }
        }
        let text = &reader.whole()[start..reader.at()];
        let inside = Context { envelope: &envelope, ..context };
        // Without escapes it is where it was.
        let message = message.and_then(|made| match made {
            Made::Plain(plain) => Some(plain),
            Made::InRoom(n_bytes) => simdutf8::basic::from_utf8(&room[..n_bytes]).ok(),
        });
        let done = match message {
            None => self.report(DecodeError::Missing("a message of text"), text, context),
            Some(message) => match self.one_text(message, inside) {
                Err(error) => self.report(error, message, inside),
                done => done,
            },
        };
        self.room = room;
        done
    }
}

/// Centralised logs may name account and Region by log event.
fn extracted<'a>(envelope: &mut Envelope<'a>, fields: Raw<'a>) {
    let fields = fields.fields();
    envelope.account = fields.text("@aws.account").or(envelope.account.take());
    envelope.region = fields.text("@aws.region").or(envelope.region.take());
}
