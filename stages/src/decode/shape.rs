//! Tells a JSON value's shape by its members, and opens it.

use super::{Body, Context, DecodeError, Decoder, Envelope, Frame};
use crate::json::{Fields, Raw, Reader};

/// How a compact CloudTrail event begins: by this alone most of the traffic is recognised without another pass.
/// Kinesis (`"1.0"`) and S3 (`"2.x"`) events of Lambda carry the member too, with other versions.
const CLOUDTRAIL_START: &str = "{\"eventVersion\":\"1.";

/// The member by which the generator's manifest says that it is no traffic.
const MANIFEST: &str = "kinescope_manifest";

impl Decoder<'_> {
    /// A JSON object or list, the cursor standing before it and left behind it. An error means that the text is no
    /// JSON; what is wrong with a well-formed value is reported here.
    pub(super) fn json<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        context: Context<'a, '_>,
    ) -> Result<(), DecodeError> {
        self.check_depth(context)?;
        if reader.peek() == b'[' {
            let frame = Frame { parent: Some(context.frame), name: "list", index: None };
            return self.records(reader, context.inside(&frame));
        }
        let rest = &reader.whole()[reader.at()..];
        if is_cloudtrail_start(rest) {
            return self.cloudtrail(reader, context);
        }
        if rest.starts_with("{\"Records\":[") {
            return self.records_member(reader, context);
        }
        if rest.starts_with("{\"messageType\":\"DATA_MESSAGE\"") {
            return self.cloudwatch_logs(reader, context);
        }
        let start = reader.at();
        let fields = Fields::read(reader)?;
        let text = &reader.whole()[start..reader.at()];
        self.opened(fields, text, context)
    }

    /// A CloudTrail event, read in place.
    fn cloudtrail<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        context: Context<'a, '_>,
    ) -> Result<(), DecodeError> {
        let start = reader.at();
        let Err(error) = self.deliver(Body::CloudTrail(reader), context) else { return Ok(()) };
        *reader = Reader::new(reader.whole(), start);
        // If it is JSON, its error is its own, and what follows it goes on.
        let text = reader.skip()?;
        self.report(error, text, context)
    }

    /// Reports a well-formed value that could not be used; ends the record if it has too many messages.
    pub(super) fn report<'a>(
        &mut self,
        error: DecodeError,
        text: &'a str,
        context: Context<'a, '_>,
    ) -> Result<(), DecodeError> {
        if matches!(error, DecodeError::Messages(_)) {
            return Err(error);
        }
        self.visitor.bad(super::Bad { error, bytes: text.as_bytes(), context });
        Ok(())
    }

    /// An object whose members are known.
    fn opened<'a>(
        &mut self,
        fields: Fields<'a>,
        text: &'a str,
        context: Context<'a, '_>,
    ) -> Result<(), DecodeError> {
        match self.try_opened(fields, text, context) {
            Err(error) => self.report(error, text, context),
            done => done,
        }
    }

    fn try_opened<'a>(
        &mut self,
        fields: Fields<'a>,
        text: &'a str,
        context: Context<'a, '_>,
    ) -> Result<(), DecodeError> {
        let is = |name: &str, value: &str| fields.text(name).is_some_and(|text| text == value);
        let is_trail = fields.has("eventSource") && fields.has("eventName") || fields.has("insightDetails");
        if is_trail && !is_lambda_record(&fields) {
            return self.cloudtrail(&mut Reader::new(text, 0), context);
        }
        if let Some(records) = fields.get("Records").filter(|records| records.is_array()) {
            let frame = Frame { parent: Some(context.frame), name: "records", index: None };
            return self.records(&mut Reader::new(records.0, 0), context.inside(&frame));
        }
        if fields.has("messageType") && fields.has("logEvents") {
            return self.cloudwatch_logs(&mut Reader::new(text, 0), context);
        }
        if let Some(detail) = fields.get("detail").filter(|_| fields.has("detail-type")) {
            return self.event_bridge(&fields, detail, context);
        }
        if let Some(kinesis) = fields.get("kinesis") {
            let data = kinesis.fields().get("data");
            return self.base64_payload(data, "kinesis", None, context);
        }
        if let (Some(data), true) = (fields.get("Data"), fields.has("SequenceNumber")) {
            return self.base64_payload(Some(data), "capture", None, context);
        }
        if let Some(data) = fields.at(&["awslogs", "data"]) {
            return self.base64_payload(Some(data), "awslogs", None, context);
        }
        if is("Type", "Notification") && fields.has("Message") {
            return self.text_member(fields.get("Message"), "sns", context);
        }
        if let Some(sns) = fields.get("Sns") {
            return self.text_member(sns.fields().get("Message"), "sns", context);
        }
        if is("eventSource", "aws:sqs") {
            return self.text_member(fields.get("body"), "sqs", context);
        }
        if let Some(findings) = fields.get("findings").filter(|_| is_security_hub(context.envelope)) {
            let frame = Frame { parent: Some(context.frame), name: "findings", index: None };
            return self.records(&mut Reader::new(findings.0, 0), context.inside(&frame));
        }
        if is("Event", "s3:TestEvent") || fields.has(MANIFEST) {
            self.visitor.control();
            return Ok(());
        }
        if is("eventSource", "aws:s3") && fields.has("s3") {
            return self.deliver(Body::Object(fields, text), context);
        }
        self.too_long(text.len())?;
        self.deliver(Body::Json(fields, text), context)
    }

    /// A member that carries a payload as text.
    fn text_member<'a>(
        &mut self,
        member: Option<Raw<'a>>,
        name: &'static str,
        context: Context<'a, '_>,
    ) -> Result<(), DecodeError> {
        let text = member.and_then(Raw::text).ok_or(DecodeError::Missing("a message of text"))?;
        let frame = Frame { parent: Some(context.frame), name, index: None };
        self.one_text(&text, context.inside(&frame))
    }

    /// An EventBridge event: what it says of itself surrounds its detail.
    fn event_bridge<'a>(
        &mut self,
        fields: &Fields<'a>,
        detail: Raw<'a>,
        context: Context<'a, '_>,
    ) -> Result<(), DecodeError> {
        let envelope = Envelope {
            account: fields.text("account").or_else(|| context.envelope.account.clone()),
            region: fields.text("region").or_else(|| context.envelope.region.clone()),
            time_ms: fields.text("time").and_then(|time| crate::parse::time::epoch_ms(&time)),
            detail_type: fields.text("detail-type"),
            bus_source: fields.text("source"),
            bus_id: fields.text("id"),
            resources: fields.get("resources").map(|raw| raw.0.into()),
            ..context.envelope.clone()
        };
        let frame = Frame { parent: Some(context.frame), name: "eventbridge", index: None };
        let inside = Context { envelope: &envelope, ..context.inside(&frame) };
        if !detail.is_object() {
            return Err(DecodeError::Missing("a detail that is an object"));
        }
        if envelope.bus_source.as_deref() == Some("aws.s3") && detail.fields().has("object") {
            return self.deliver(Body::Object(detail.fields(), detail.0), inside);
        }
        self.json(&mut Reader::new(detail.0, 0), inside)
    }
}

/// Records of a Lambda event have these two members as CloudTrail's events do.
fn is_lambda_record(fields: &Fields<'_>) -> bool {
    fields.text("eventSource").is_some_and(|source| source.starts_with("aws:"))
}

/// Security Hub puts several findings into one event.
fn is_security_hub(envelope: &Envelope<'_>) -> bool {
    envelope.bus_source.as_deref() == Some("aws.securityhub")
}

pub(super) fn is_cloudtrail_start(text: &str) -> bool {
    text.strip_prefix(CLOUDTRAIL_START).is_some_and(|version| {
        version.as_bytes().get(..3).is_some_and(|v| v[..2].iter().all(u8::is_ascii_digit) && v[2] == b'"')
    })
}
