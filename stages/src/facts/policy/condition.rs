//! Which conditions say who may come, so that a policy for everybody is one for some.

use super::document::{Condition, Statement};
use crate::facts::{lists::is_account, lists::network, network::is_narrow};

/// What the values of a key name.
#[derive(Clone, Copy)]
enum Names {
    Account,
    Organization,
    Arn,
    /// An id that is of no use without its owner: a VPC, an endpoint, a role's or user's unique id.
    Id,
    Addresses,
    /// Limits when it is true.
    True,
}

/// Keys that tell who calls, or from where. Keys of the request itself, such as s3:prefix or kms:ViaService, limit what
/// is done and not who does it, and an external id is no secret.
const LIMITING: &[(&str, Names)] = &[
    ("aws:sourceaccount", Names::Account),
    ("aws:sourceowner", Names::Account),
    ("aws:principalaccount", Names::Account),
    ("kms:calleraccount", Names::Account),
    ("s3:dataaccesspointaccount", Names::Account),
    ("aws:vpceaccount", Names::Account),
    ("aws:principalorgid", Names::Organization),
    ("aws:principalorgpaths", Names::Organization),
    ("aws:sourceorgid", Names::Organization),
    ("aws:sourceorgpaths", Names::Organization),
    ("aws:vpceorgid", Names::Organization),
    ("aws:vpceorgpaths", Names::Organization),
    ("aws:sourcearn", Names::Arn),
    ("aws:principalarn", Names::Arn),
    ("s3:dataaccesspointarn", Names::Arn),
    ("ec2:sourceinstancearn", Names::Arn),
    ("aws:sourcevpcarn", Names::Arn),
    ("aws:sourcevpc", Names::Id),
    ("aws:sourcevpce", Names::Id),
    ("aws:userid", Names::Id),
    ("aws:sourceip", Names::Addresses),
    ("aws:vpcsourceip", Names::Addresses),
    ("aws:principalisawsservice", Names::True),
    ("elasticfilesystem:accessedviamounttarget", Names::True),
];

/// Operators that hold for the values alone. Those that hold for a missing key too limit nobody.
const POSITIVE: &[&str] =
    &["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress", "bool"];

fn names(condition: &Condition) -> Option<Names> {
    let operator = condition.operator.strip_prefix("foranyvalue:").unwrap_or(&condition.operator);
    if !POSITIVE.contains(&operator) || condition.values.is_empty() {
        return None;
    }
    LIMITING.iter().find(|(key, _)| *key == condition.key).map(|(_, names)| *names)
}

fn is_wild(text: &str) -> bool {
    text.is_empty() || text.contains(['*', '?'])
}

/// The part of an ARN that is the account; "" for a bucket, which is one in the world.
fn arn_account(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let (service, account) = (parts.nth(2)?, parts.nth(1)?);
    let resource = parts.next()?;
    match account {
        "" if service == "s3" && !is_wild(resource.get(..1)?) => Some(""),
        account if is_account(account) => Some(account),
        _ => None,
    }
}

fn limits_value(names: Names, value: &str) -> bool {
    match names {
        Names::Account => is_account(value),
        Names::Organization => !is_wild(value.split('/').next().unwrap_or_default()),
        Names::Arn => arn_account(value).is_some(),
        Names::Id => !is_wild(value.split(':').next().unwrap_or_default()),
        Names::Addresses => network(value).is_some_and(|net| is_narrow(&net)),
        Names::True => value.eq_ignore_ascii_case("true"),
    }
}

/// The keys that limit who a statement for everybody, or for a service, is for. One of the values is enough for a
/// caller, so that each must limit.
pub(super) fn limits(statement: &Statement) -> Vec<String> {
    let is_limit = |condition: &&Condition| {
        names(condition).is_some_and(|names| condition.values.iter().all(|value| limits_value(names, value)))
    };
    statement.conditions.iter().filter(is_limit).map(|condition| condition.key.clone()).collect()
}

/// The accounts that conditions name.
pub(super) fn accounts(statement: &Statement) -> Vec<String> {
    let mut accounts = Vec::new();
    for condition in &statement.conditions {
        let values = condition.values.iter().map(String::as_str);
        match names(condition) {
            Some(Names::Account) => accounts.extend(values.filter(|id| is_account(id)).map(str::to_owned)),
            Some(Names::Arn) => {
                accounts
                    .extend(values.filter_map(arn_account).filter(|id| !id.is_empty()).map(str::to_owned));
            }
            _ => {}
        }
    }
    accounts
}

/// Providers of one application each, whose audience is enough to tell whom they speak of.
const OWN_AUDIENCE: &[&str] = &[
    "cognito-identity.amazonaws.com:aud",
    "accounts.google.com:aud",
    "graph.facebook.com:app_id",
    "www.amazon.com:app_id",
];

/// Whether the conditions of a trust policy say which of a provider's users may come.
pub(super) fn binds_subject(statement: &Statement) -> bool {
    statement.conditions.iter().any(|condition| {
        let operator = condition.operator.strip_prefix("foranyvalue:").unwrap_or(&condition.operator);
        let is_key = condition.key.ends_with(":sub") || OWN_AUDIENCE.contains(&condition.key.as_str());
        is_key
            && POSITIVE.contains(&operator)
            && !condition.values.is_empty()
            && condition.values.iter().all(|value| names_subject(value))
    })
}

/// Whether a pattern says more than what kind of subject it is: `repo:*` and `system:*` do not.
fn names_subject(pattern: &str) -> bool {
    let kinds = ["repo", "project_path", "organization", "system", "serviceaccount", "workspace", "project"];
    let fixed = pattern.split(['*', '?']).next().unwrap_or_default();
    let is_kind = |part: &&str| !part.is_empty() && !kinds.contains(part);
    fixed.split(':').any(|part| is_kind(&part))
}
