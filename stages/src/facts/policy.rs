//! What a policy grants, and to whom, wherever a call carries one.
//!
//! Only Allow statements grant; Deny statements are not subtracted from them, as in AWS's own judgement of what is
//! public: whoever closes a hole that way has left it in place.

use super::{Fact, Text, View};

mod condition;
mod document;
mod grant;
mod places;
mod principal;
#[cfg(test)]
mod tests;

use document::{Kind, Statement};
pub(super) use places::{Policies, of as policies};
use principal::Principal;

pub(super) const FACTS: &[Fact] = &[
    Fact::flag("policy.public", "a policy lets everybody do something, and no condition says who", |view| {
        of_public(view).next().is_some()
    }),
    Fact::texts("policy.public_actions", "the actions that a public policy lets everybody do", |view| {
        of_public(view).flat_map(|(_, statement)| statement.actions.iter().cloned().map(Text::from)).collect()
    }),
    Fact::texts(
        "policy.limits",
        "condition keys that limit who everybody is in a policy for everybody",
        |view| {
            let for_all = granting(view).filter(|(_, statement)| statement.has(&Principal::Anyone));
            for_all.flat_map(|(_, statement)| condition::limits(statement)).map(Text::from).collect()
        },
    ),
    Fact::texts(
        "policy.foreign_accounts",
        "accounts, neither ours nor trusted, that a policy grants something to",
        |view| {
            let accounts = granting(view).flat_map(|(_, statement)| statement.accounts());
            accounts.filter(|account| view.is_foreign(account)).map(Text::from).collect()
        },
    ),
    Fact::texts(
        "policy.trusts",
        "whom a policy grants something: anyone, account:…, service:…, saml:…, oidc:…, canonical:…",
        |view| {
            let all = granting(view).flat_map(|(_, statement)| &statement.principals);
            all.filter_map(|principal| principal.name()).map(Text::from).collect()
        },
    ),
    Fact::texts("policy.oidc_unbound", "OIDC providers any of whose users may take a role", |view| {
        let trusts = granting(view)
            .filter(|(kind, statement)| *kind == Kind::Trust && !condition::binds_subject(statement));
        trusts
            .flat_map(|(_, statement)| &statement.principals)
            .filter_map(Principal::oidc)
            .map(Text::from)
            .collect()
    }),
    Fact::texts(
        "policy.service_unbound",
        "services that may act on a resource for any account: no source account, ARN or organization is asked",
        |view| {
            let grants = granting(view).filter(|(kind, statement)| {
                *kind == Kind::Resource && condition::limits(statement).is_empty()
            });
            let services = grants.flat_map(|(_, statement)| &statement.principals);
            services.filter_map(Principal::service).map(Text::from).collect()
        },
    ),
    Fact::flag(
        "policy.grants_admin",
        "a policy of an identity grants all, or all of IAM, or is a managed one that does",
        |view| identity(view).any(grant::is_admin) || grant::attaches_admin(view),
    ),
    Fact::texts(
        "policy.escalation",
        "actions granted on every resource by which an identity can become a greater one",
        |view| identity(view).flat_map(grant::escalations).map(Text::from).collect(),
    ),
    Fact::flag(
        "policy.denies_all",
        "a resource's policy denies everybody everything: its owner is locked out too",
        |view| {
            statements(view).any(|(kind, statement)| kind == Kind::Resource && grant::is_lockout(statement))
        },
    ),
    Fact::flag(
        "policy.unreadable",
        "the call carries a policy that is hidden, too long, or no policy",
        |view| view.policies().is_unreadable,
    ),
];

fn statements<'v>(view: &'v View<'_>) -> impl Iterator<Item = (Kind, &'v Statement)> {
    let documents = view.policies().documents.iter();
    documents.flat_map(|document| document.statements.iter().map(|statement| (document.kind, statement)))
}

/// Statements that say whom they grant something.
fn granting<'v>(view: &'v View<'_>) -> impl Iterator<Item = (Kind, &'v Statement)> {
    statements(view).filter(|(kind, statement)| statement.is_allow && *kind != Kind::Identity)
}

fn of_public<'v>(view: &'v View<'_>) -> impl Iterator<Item = (Kind, &'v Statement)> {
    granting(view)
        .filter(|(_, statement)| statement.has(&Principal::Anyone) && condition::limits(statement).is_empty())
}

/// Statements that grant something to the identity that has them.
fn identity<'v>(view: &'v View<'_>) -> impl Iterator<Item = &'v Statement> {
    let all = statements(view).filter(|(kind, statement)| statement.is_allow && *kind == Kind::Identity);
    all.map(|(_, statement)| statement)
}
