//! CloudTrail events → API activity, authentication, account change (AWS's own mapping to OCSF, where it has one).
//!
//! One pass over the text fills the slots. Members are read by name, in any order; those without a column are kept
//! in `unmapped`. The session's issuer is left out of that where it only repeats the identity around it.

use super::{ParseError, set_class, set_status, set_time, text, time::epoch_ms, unmapped::Unmapped};
use crate::{
    decode::{Context, DecodeError},
    json::{Member, Members, Raw, Reader},
};
use kinescope_schemas::{
    Event, Id, Row, Source, Table, Value,
    tables::{api_activity as t, base},
};

mod class;
mod members;
mod resources;
mod secrets;

use members::{EVENT, Level, To};

pub(crate) use secrets::without_secrets;

/// Reads one event; the cursor is left behind it. Without rows nobody wants what has no column: rules read it in the text.
pub(super) fn parse<'a>(
    reader: &mut Reader<'a>,
    context: Context<'a, '_>,
    only_findings: bool,
) -> Result<Event<'a>, DecodeError> {
    let start = reader.at();
    let unmapped = if only_findings { Unmapped::unwanted() } else { Unmapped::default() };
    let mut event = Reading { unmapped, ..Reading::default() };
    event.level(reader, &EVENT).map_err(ParseError::Json)?;
    let raw = &reader.whole()[start..reader.at()];
    event.finish(raw, context).map_err(DecodeError::Parse)
}

/// An event while it is read.
#[derive(Default)]
struct Reading<'a> {
    row: Row<'a>,
    unmapped: Unmapped,
    time_ms: Option<i64>,
    resources: Option<Raw<'a>>,
    response: Option<Raw<'a>>,
    request: Option<Raw<'a>>,
    additional: Option<Raw<'a>>,
    issuer: [Option<Raw<'a>>; 4],
}

/// How CloudTrail writes times, in JSON.
const USUAL_TIME: &str = "\"2026-11-20T08:00:00Z\"";

type Read = Result<(), crate::json::JsonError>;
/// A member's place in the event: what stands before its name, and the name.
type Path<'p> = (&'static str, &'p str);

impl<'a> Reading<'a> {
    /// The members of the event, or of an object in it.
    fn level(&mut self, reader: &mut Reader<'a>, level: &Level) -> Read {
        let mut members = Members::enter(reader, level.names)?;
        while let Some(member) = members.next(reader)? {
            match member {
                Member::Known(name, To::Slot(column)) => self.slot(reader, (level.prefix, name), *column)?,
                Member::Known(_, To::Level(inner)) if reader.peek() == b'{' => self.level(reader, inner)?,
                Member::Known(name, to) => {
                    let value = reader.value()?;
                    self.member((level.prefix, name), to, value);
                }
                Member::Other(key) => {
                    let value = reader.value()?;
                    self.unmapped.add(level.prefix, &key.text(), value);
                }
            }
        }
        Ok(())
    }

    /// A member that fills a slot if it is a scalar; whatever else it is, it has no column.
    #[inline]
    fn slot(&mut self, reader: &mut Reader<'a>, (prefix, name): Path<'_>, column: usize) -> Read {
        let is_text = reader.peek() == b'"';
        let start = reader.at();
        let value =
            if is_text { Value::text_or_null(reader.string()?.text()) } else { text(Some(reader.value()?)) };
        if value.is_null() {
            self.unmapped.add(prefix, name, Raw(&reader.whole()[start..reader.at()]));
        } else {
            self.row.set(column, value);
        }
        Ok(())
    }

    /// A member that is no mere text.
    fn member(&mut self, path: Path<'_>, to: &To, value: Raw<'a>) {
        match to {
            To::Time => self.time(path, value),
            To::Address => self.source_address(value),
            To::Request => self.request = Some(value),
            To::Response => self.response = Some(value),
            To::Additional => self.additional = Some(value),
            To::Resources if value.is_array() => self.resources = Some(value),
            To::Insight => self.insight(path, value),
            To::Json(column) => self.json_column(*column, value),
            To::Flag(column) => self.flag(*column, path, value),
            To::Created => match value.text().and_then(|text| epoch_ms(&text)) {
                Some(ms) => self.row.set(t::ACTOR_SESSION_CREATED_TIME, ms),
                None => self.unmapped.add(path.0, path.1, value),
            },
            To::Federation => {
                if let Some(provider) = value.fields().text("federatedProvider") {
                    self.row.set(t::ACTOR_IDP_NAME, provider);
                }
                self.unmapped.add(path.0, path.1, value);
            }
            To::Issuer(part) => self.issuer[*part] = Some(value),
            To::Resources | To::Slot(_) | To::Level(_) => self.unmapped.add(path.0, path.1, value),
        }
    }

    fn time(&mut self, (prefix, name): Path<'_>, value: Raw<'a>) {
        self.time_ms = value.text().and_then(|text| epoch_ms(&text));
        // The usual form is told by the time itself.
        if self.time_ms.is_some() && value.0.len() == USUAL_TIME.len() {
            return;
        }
        match text(Some(value)) {
            Value::Null => self.unmapped.add(prefix, name, value),
            text => self.row.set(base::ORIGINAL_TIME, text),
        }
    }

    fn flag(&mut self, column: usize, (prefix, name): Path<'_>, value: Raw<'a>) {
        match value.bool() {
            Some(flag) => self.row.set(column, flag),
            None => self.unmapped.add(prefix, name, value),
        }
    }

    /// Insights name the call in a member of its own.
    fn insight(&mut self, (prefix, name): Path<'_>, value: Raw<'a>) {
        let details = value.fields();
        for (column, name) in [(t::API_SERVICE_NAME, "eventSource"), (t::API_OPERATION, "eventName")] {
            if self.row[column].is_null() {
                self.row.set(column, text(details.get(name)));
            }
        }
        self.unmapped.add(prefix, name, value);
    }

    fn json_column(&mut self, column: usize, value: Raw<'a>) {
        if !value.is_null() {
            self.row.set(column, value.0);
        }
    }

    /// An address, or the name of the AWS service that called.
    fn source_address(&mut self, value: Raw<'a>) {
        let address = text(Some(value));
        let is_ip = address.as_str().is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok());
        self.row.set(if is_ip { t::SRC_ENDPOINT_IP } else { t::SRC_ENDPOINT_SVC_NAME }, address);
    }

    fn finish(mut self, raw: &'a str, context: Context<'a, '_>) -> Result<Event<'a>, ParseError> {
        for (column, what) in [(t::API_SERVICE_NAME, "eventSource"), (t::API_OPERATION, "eventName")] {
            if self.row[column].is_null() {
                return Err(ParseError::Missing { kind: "CloudTrail event", what });
            }
        }
        self.keep_issuer();
        self.keep_payloads();
        let envelope = context.envelope;
        let row = &mut self.row;
        set_time(row, self.time_ms, context);
        if row[base::CLOUD_ACCOUNT_UID].is_null() {
            let account = row[t::ACTOR_USER_ACCOUNT_UID].clone();
            row.set(
                base::CLOUD_ACCOUNT_UID,
                if account.is_null() { envelope.account.clone().into() } else { account },
            );
        }
        if row[base::CLOUD_REGION].is_null() {
            row.set(base::CLOUD_REGION, envelope.region.clone());
        }
        row.set(base::PRODUCT_NAME, "CloudTrail");
        let type_id = match row.str(t::ACTOR_USER_TYPE) {
            "" => Value::Null,
            "IAMUser" => Value::Int(1),
            "Root" => Value::Int(2),
            "AWSService" => Value::Int(3),
            _ => Value::Int(99),
        };
        row.set(t::ACTOR_USER_TYPE_ID, type_id);
        row.set(base::STATUS_CODE, row[t::API_RESPONSE_ERROR].clone());
        row.set(base::STATUS_DETAIL, row[t::API_RESPONSE_MESSAGE].clone());
        set_status(row, Some(row[t::API_RESPONSE_ERROR].is_null()));
        let class =
            class::of(row.str(t::API_SERVICE_NAME), row.str(t::API_OPERATION), row.is_true(t::READ_ONLY));
        set_class(row, class.class, class.activity);
        class::fill(row, class.class, self.request, self.response, self.additional);
        resources::fill(row, &mut self.unmapped, class.class, self.resources);
        let key = key(row, raw);
        if row[base::METADATA_UID].is_null() {
            row.set(base::METADATA_UID, key.to_string());
        }
        let unmapped = std::mem::take(&mut self.unmapped);
        row.set(base::UNMAPPED, unmapped.finish());
        Ok(Event { source: Source::CloudTrail, table: Table::ApiActivity, key, row: self.row, raw })
    }

    /// The issuer names the role; its other members usually repeat the identity.
    fn keep_issuer(&mut self) {
        let [kind, principal, account, name] = self.issuer;
        const PREFIX: &str = "userIdentity.sessionContext.sessionIssuer.";
        if let Some(kind) = kind.filter(|kind| kind.0 != "\"Role\"") {
            self.unmapped.add(PREFIX, "type", kind);
        }
        // "AROA…:session" has the role's principal before the colon.
        let of_session = self.row.str(t::ACTOR_USER_UID_ALT).split(':').next();
        if let Some(principal) = principal.filter(|p| p.str().map(|p| p.raw) != of_session) {
            self.unmapped.add(PREFIX, "principalId", principal);
        }
        let of_identity = self.row.str(t::ACTOR_USER_ACCOUNT_UID);
        if let Some(account) = account.filter(|a| a.str().is_none_or(|a| a.raw != of_identity)) {
            self.unmapped.add(PREFIX, "accountId", account);
        }
        let Some(name) = name else { return };
        // "arn:…:role/path/name" ends with it.
        let of_issuer = self.row.str(t::ACTOR_SESSION_ISSUER).rsplit('/').next();
        if self.row[t::ACTOR_USER_NAME].is_null() {
            self.row.set(t::ACTOR_USER_NAME, text(Some(name)));
        } else if name.str().map(|name| name.raw) != of_issuer {
            self.unmapped.add(PREFIX, "userName", name);
        }
    }

    fn keep_payloads(&mut self) {
        if let Some(request) = self.request.filter(|raw| !raw.is_null()) {
            self.row.set(t::API_REQUEST_DATA, request.0);
        }
        if let Some(response) = self.response.filter(|raw| !raw.is_null()) {
            self.row.set(t::API_RESPONSE_DATA, without_secrets(response.0));
        }
        if let Some(additional) = self.additional.filter(|raw| !raw.is_null()) {
            self.row.set(t::ADDITIONAL_EVENT_DATA, without_secrets(additional.0));
        }
    }
}

/// The account and CloudTrail's id for the event, or else the text: the same event arrives by several ways.
fn key(row: &Row<'_>, raw: &str) -> Id {
    let id = match row.str(base::METADATA_UID) {
        "" => raw,
        id => id,
    };
    cloudtrail_key(row.str(base::CLOUD_ACCOUNT_UID), id)
}

/// The key of CloudTrail's event with this id. With so short a name what is hashed of the usual one, 62 bytes, fits one
/// block of BLAKE3.
pub fn cloudtrail_key(account: &str, id: &str) -> Id {
    Id::of(&[b"ct", account.as_bytes(), id.as_bytes()])
}

/// The slot that holds the member at this path of a CloudTrail event, as a rule names it. Slots whose text differs
/// from the member's, or that hold only some of its values, are not among them.
pub fn raw_path(path: &str) -> Option<usize> {
    Some(match path {
        "eventSource" => t::API_SERVICE_NAME,
        "eventName" => t::API_OPERATION,
        "awsRegion" => base::CLOUD_REGION,
        "userAgent" => t::HTTP_REQUEST_USER_AGENT,
        "errorCode" => t::API_RESPONSE_ERROR,
        "errorMessage" => t::API_RESPONSE_MESSAGE,
        "eventType" => base::EVENT_CODE,
        "userIdentity.type" => t::ACTOR_USER_TYPE,
        "userIdentity.arn" => t::ACTOR_USER_UID,
        "userIdentity.invokedBy" => t::ACTOR_INVOKED_BY,
        "userIdentity.principalId" => t::ACTOR_USER_UID_ALT,
        "userIdentity.accountId" => t::ACTOR_USER_ACCOUNT_UID,
        "userIdentity.sessionContext.sessionIssuer.arn" => t::ACTOR_SESSION_ISSUER,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
