//! Where calls carry policies, and calls that grant without a document.

use super::{
    document::{Condition, Document, Kind, Read, Statement, allow, read},
    principal::Principal,
};
use crate::facts::{View, members};
use serde_json::Value as Json;

/// The policies that a call sets.
#[derive(Debug)]
pub(in crate::facts) struct Policies {
    pub(super) documents: Vec<Document>,
    /// There is a policy that cannot be read.
    pub(super) is_unreadable: bool,
}

/// Members that hold a policy, by what services call it.
const MEMBERS: &[&str] = &[
    "policy",
    "policyDocument",
    "bucketPolicy",
    "policyText",
    "resourcePolicy",
    "accessPolicies",
    "accessPolicy",
    "assumeRolePolicyDocument",
    "inlinePolicy",
    "policyInJson",
    "registryPolicyText",
    "attributes.policy",
    "resourcePolicyDocument",
];

/// First words of operations that set nothing.
const SETS_NOTHING: &[&str] = &["Get", "List", "Describe", "Delete", "Simulate", "Validate", "Check", "Test"];

/// Services whose policies grant nothing: those of sessions and organizations only take away.
const GRANTS_NOTHING: &[&str] = &["sts", "organizations", "access-analyzer", ""];

/// The policies of an event.
pub(in crate::facts) fn of(view: &View<'_>) -> Policies {
    let mut policies = Policies { documents: Vec::new(), is_unreadable: view.is_request_too_long() };
    let operation = view.operation();
    if GRANTS_NOTHING.contains(&view.service()) || SETS_NOTHING.iter().any(|word| operation.starts_with(word))
    {
        return policies;
    }
    for name in MEMBERS {
        for value in members::each(view.request(), name) {
            // Glacier has a policy in its policy.
            let inner = members::at(value, "policy");
            policies.add(if inner.is_null() { value } else { inner }, kind(view, name));
        }
    }
    for value in attributes(view.request()) {
        policies.add(value, Kind::Resource);
    }
    let statements = granted_without_document(view);
    if !statements.is_empty() {
        policies.documents.push(Document { kind: Kind::Resource, statements });
    }
    policies
}

impl Policies {
    fn add(&mut self, value: &Json, kind: Kind) {
        match read(value, kind) {
            Read::Document(document) => self.documents.push(document),
            Read::No => {}
            Read::Unreadable => self.is_unreadable = true,
        }
    }
}

fn kind(view: &View<'_>, member: &str) -> Kind {
    match (view.service(), view.operation()) {
        ("iam", "UpdateAssumeRolePolicy") => Kind::Trust,
        ("iam", _) if member == "assumeRolePolicyDocument" => Kind::Trust,
        ("iam" | "sso" | "iot", _) => Kind::Identity,
        _ => Kind::Resource,
    }
}

/// Attributes named Policy, as queues, topics and patches write them.
fn attributes(request: &Json) -> Vec<&Json> {
    let mut found = Vec::new();
    if members::at(request, "attributeName").as_str() == Some("Policy") {
        found.push(members::at(request, "attributeValue"));
    }
    for (list, name, wanted) in [
        ("attributes", "name", "Policy"),
        ("attribute", "name", "Policy"),
        ("patchOperations", "path", "/policy"),
    ] {
        let named = members::each(request, list).into_iter();
        let named = named.filter(|item| members::at(item, name).as_str() == Some(wanted));
        found.extend(named.map(|item| members::at(item, "value")));
    }
    found
}

/// A condition that a member of the request sets.
fn condition(request: &Json, member: &str, operator: &str, key: &str) -> Option<Condition> {
    let value = members::text(members::at(request, member)).filter(|value| !value.is_empty())?;
    Some(Condition { operator: operator.to_owned(), key: key.to_owned(), values: vec![value.into_owned()] })
}

fn granted_without_document(view: &View<'_>) -> Vec<Statement> {
    let request = view.request();
    let text = |member: &str| view.asked_text(member);
    let one = |principal: &str, action: &str, conditions| match principal {
        "" => Vec::new(),
        principal => vec![allow(vec![Principal::plain(principal)], action, conditions)],
    };
    match (view.service(), view.operation()) {
        ("lambda", "AddPermission") => {
            let conditions = [
                condition(request, "sourceArn", "arnlike", "aws:sourcearn"),
                condition(request, "sourceAccount", "stringequals", "aws:sourceaccount"),
                condition(request, "principalOrgID", "stringequals", "aws:principalorgid"),
            ];
            one(&text("principal"), &text("action"), conditions.into_iter().flatten().collect())
        }
        ("lambda", "AddLayerVersionPermission") => {
            let limit = condition(request, "organizationId", "stringequals", "aws:principalorgid");
            one(&text("principal"), &text("action"), limit.into_iter().collect())
        }
        ("events", "PutPermission") => {
            let key = text("condition.key").to_ascii_lowercase();
            let limit = condition(request, "condition.value", "stringequals", &key);
            one(&text("principal"), &text("action"), limit.into_iter().collect())
        }
        ("kms", "CreateGrant") => one(&text("granteePrincipal"), "kms:CreateGrant", Vec::new()),
        ("sns" | "sqs", "AddPermission") => {
            let accounts =
                ["aWSAccountId", "aWSAccountIds"].into_iter().flat_map(|name| members::texts(request, name));
            let principals: Vec<Principal> = accounts.map(|account| Principal::plain(&account)).collect();
            if principals.is_empty() {
                Vec::new()
            } else {
                vec![allow(principals, "AddPermission", Vec::new())]
            }
        }
        _ => Vec::new(),
    }
}
