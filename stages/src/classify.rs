//! classify: gives every event its severity and category, and says which line of the table decided.
//!
//! The table is meant to be read. The first line that fits wins; the last fits everything.

use kinescope_schemas::{
    Event, Severity, Table,
    tables::{
        api_activity as api, base, findings, http_activity as http, logs, network_activity as network,
        operations as ops,
    },
};

mod operation;

pub use operation::Act;
use operation::act_of;

/// Who did it, as far as it matters here.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    Root,
    NoMfa,
    Service,
    Anyone,
}

/// How it went.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Done,
    Denied,
    Failed,
    Either,
}

/// Services that watch the others.
const DEFENCES: &[&str] = &[
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "guardduty.amazonaws.com",
    "securityhub.amazonaws.com",
    "access-analyzer.amazonaws.com",
    "macie2.amazonaws.com",
    "inspector2.amazonaws.com",
    "detective.amazonaws.com",
    "logs.amazonaws.com",
];
/// Services that say who may do what.
const IDENTITY: &[&str] = &[
    "iam.amazonaws.com",
    "organizations.amazonaws.com",
    "sso.amazonaws.com",
    "sts.amazonaws.com",
    "rolesanywhere.amazonaws.com",
];
/// Services that keep keys and secrets.
const KEYS: &[&str] = &["kms.amazonaws.com", "secretsmanager.amazonaws.com", "acm-pca.amazonaws.com"];
const ANY: &[&str] = &[];

use Act::{Credential, Destructive, Permission, Read, SignIn, Write};
use Outcome::{Denied, Done, Either, Failed};
use Severity::{Critical, High, Informational, Low, Medium, Unknown};
use Who::{Anyone, NoMfa, Root, Service};

type Line = (&'static [&'static str], &'static [Act], Outcome, Who, Severity, &'static str);

/// API activity: service, kind of act, outcome, who → severity, reason.
#[rustfmt::skip]
const CALLS: &[Line] = &[
    (ANY,      &[SignIn],                  Done,   Root,    High,          "root signed in"),
    (ANY,      &[SignIn],                  Done,   NoMfa,   Medium,        "signed in to the console without MFA"),
    (ANY,      &[SignIn],                  Done,   Anyone,  Informational, "signed in"),
    (ANY,      &[SignIn],                  Either, Anyone,  Low,           "failed to sign in"),
    (ANY,      &[Credential],              Done,   Root,    High,          "root handled a credential"),
    (ANY,      &[Permission, Destructive], Done,   Root,    High,          "root changed permissions or destroyed something"),
    (ANY,      &[Write],                   Done,   Root,    Medium,        "root changed something"),
    (ANY,      &[Read],                    Done,   Root,    Low,           "root looked at something"),
    (ANY,      &[Permission, Destructive], Done,   Service, Informational, "an AWS service acted on its own"),
    (DEFENCES, &[Destructive],             Done,   Anyone,  High,          "a defence was switched off or removed"),
    (DEFENCES, &[Permission],              Done,   Anyone,  Medium,        "a defence was changed"),
    (KEYS,     &[Destructive],             Done,   Anyone,  High,          "a key or secret was disabled or removed"),
    (KEYS,     &[Permission],              Done,   Anyone,  Medium,        "access to a key or secret changed"),
    (IDENTITY, &[Permission],              Done,   Anyone,  Medium,        "permissions changed"),
    (IDENTITY, &[Destructive],             Done,   Anyone,  Medium,        "an identity was removed"),
    (ANY,      &[Credential],              Done,   Anyone,  Medium,        "a credential was made, changed or read"),
    (ANY,      &[Permission],              Done,   Anyone,  Medium,        "access to a resource changed"),
    (ANY,      &[Destructive],             Done,   Anyone,  Low,           "something was removed or stopped"),
    (ANY,      &[Credential, Permission],  Denied, Anyone,  Medium,        "was denied a change of permissions or credentials"),
    (ANY,      ALL_ACTS,                   Denied, Anyone,  Low,           "was denied"),
    (ANY,      ALL_ACTS,                   Failed, Anyone,  Informational, "failed"),
    (ANY,      &[Write],                   Done,   Anyone,  Informational, "something was changed"),
    (ANY,      ALL_ACTS,                   Either, Anyone,  Informational, "something was looked at"),
];
const ALL_ACTS: &[Act] = &[SignIn, Credential, Permission, Destructive, Write, Read];

/// A severity, a category and the reason.
type Verdict = (Severity, &'static str, &'static str);

/// Classifies an event: fills its severity, its reason and its category. Returns the severity.
pub fn classify(event: &mut Event) -> Severity {
    let (severity, category, reason) = verdict(event);
    event.row.set(base::SEVERITY_ID, severity.id());
    event.row.set(base::SEVERITY_REASON, reason);
    event.row.set(base::CATEGORY, category);
    severity
}

fn verdict(event: &Event) -> Verdict {
    match event.table {
        Table::ApiActivity => call(event),
        Table::Findings => finding(event),
        Table::NetworkActivity => flow(event),
        Table::HttpActivity => request(event),
        Table::Operations => operation_event(event),
        Table::Logs => log_line(event),
        Table::Metrics => (Informational, "metric", "a metric"),
    }
}

fn call(event: &Event) -> Verdict {
    let row = &event.row;
    let service = row.str(api::API_SERVICE_NAME);
    let act = act_of(service, row.str(api::API_OPERATION), row.is_true(api::READ_ONLY));
    let (who, outcome) = (who(event, act), outcome(event));
    // What costs most is asked last: few lines are left to compare services.
    let fits = |line: &&Line| {
        line.1.contains(&act)
            && (line.2 == Either || line.2 == outcome)
            && (line.3 == Anyone || line.3 == who)
            && (line.0.is_empty() || line.0.contains(&service))
    };
    let (severity, reason) =
        CALLS.iter().find(fits).map_or((Unknown, "no line fits"), |line| (line.4, line.5));
    (severity, act.name(), reason)
}

fn who(event: &Event, act: Act) -> Who {
    let row = &event.row;
    let invoked = !row[api::ACTOR_INVOKED_BY].is_null();
    match row.str(api::ACTOR_USER_TYPE) {
        "Root" if !invoked => Root,
        "AWSService" => Service,
        "IAMUser" if act == SignIn && row[api::IS_MFA] == false.into() => NoMfa,
        _ if invoked && row.str(api::SRC_ENDPOINT_SVC_NAME).ends_with(".amazonaws.com") => Service,
        _ => Anyone,
    }
}

fn outcome(event: &Event) -> Outcome {
    match (event.row.int(base::STATUS_ID), event.row.str(base::STATUS_CODE)) {
        (Some(2), code) if is_denied(code) => Denied,
        (Some(2), _) => Failed,
        _ => Done,
    }
}

/// Whether an error code says that permissions were missing.
pub fn is_denied(code: &str) -> bool {
    ["AccessDenied", "Unauthorized", "Forbidden", "NotAuthorized"].iter().any(|word| code.contains(word))
}

/// Findings that arrive, on GuardDuty's scale of 10.
fn finding(event: &Event) -> Verdict {
    let (severity, reason) = match event.row.f64(findings::SEVERITY_NUMBER) {
        Some(n) if n >= 9.0 => (Critical, "the product says 9 or more of 10"),
        Some(n) if n >= 7.0 => (High, "the product says 7 or more of 10"),
        Some(n) if n >= 4.0 => (Medium, "the product says 4 or more of 10"),
        Some(n) if n >= 1.0 => (Low, "the product says 1 or more of 10"),
        Some(_) => (Informational, "the product says less than 1 of 10"),
        None => (Unknown, "the product gives no severity"),
    };
    (severity, "finding", reason)
}

fn flow(event: &Event) -> Verdict {
    match event.row.int(network::ACTION_ID) {
        Some(2) => (Informational, "traffic", "traffic was rejected"),
        _ => (Informational, "traffic", "traffic was accepted"),
    }
}

fn request(event: &Event) -> Verdict {
    let (severity, reason) = match event.row.int(http::HTTP_CODE) {
        Some(500..) => (Low, "the server failed the request"),
        Some(401 | 403) => (Low, "the request was denied"),
        Some(400..) => (Informational, "the request was wrong"),
        _ => (Informational, "the request was served"),
    };
    (severity, "traffic", reason)
}

fn operation_event(event: &Event) -> Verdict {
    let row = &event.row;
    let (kind, category, state) = (row.str(ops::KIND), row.str(ops::TYPE_CATEGORY), row.str(ops::STATE));
    #[rustfmt::skip]
    let (severity, reason) = match (kind, category, state) {
        ("health", _, "closed")            => (Informational, "a Health event was closed"),
        ("health", "issue", _)             => (High,          "an AWS service has an issue"),
        ("health", "investigation", _)     => (Medium,        "AWS is investigating"),
        ("health", "scheduledChange", _)   => (Medium,        "AWS will change something of yours"),
        ("health", _, _)                   => (Low,           "AWS notifies you"),
        ("alarm", _, "ALARM")              => (High,          "an alarm went off"),
        ("alarm", _, "INSUFFICIENT_DATA")  => (Low,           "an alarm has no data"),
        ("alarm", _, _)                    => (Informational, "an alarm is over"),
        ("agent", _, state)                => agent(state),
        _                                  => (Informational, "an object holds records"),
    };
    let name = match kind {
        "health" => "health",
        "alarm" => "alarm",
        "agent" => "agent",
        _ => "object",
    };
    (severity, name, reason)
}

fn agent(state: &str) -> (Severity, &'static str) {
    match state.to_ascii_lowercase().as_str() {
        "error" | "failed" | "critical" | "down" => (High, "an agent is in trouble"),
        "warning" | "degraded" => (Medium, "an agent is degraded"),
        _ => (Informational, "an agent is alive"),
    }
}

fn log_line(event: &Event) -> Verdict {
    let (severity, reason) = match (event.row.str(logs::LEVEL), event.row.str(logs::LAMBDA_STATUS)) {
        ("fatal", _) => (High, "the application says fatal"),
        (_, "timeout") => (Medium, "a Lambda function timed out"),
        ("error", _) => (Medium, "the application says error"),
        ("warn", _) => (Low, "the application warns"),
        ("", _) => (Unknown, "the line has no level"),
        _ => (Informational, "the application tells"),
    };
    (severity, "log", reason)
}

#[cfg(test)]
mod tests;
