//! Whose credentials a call is about.

use super::{Fact, Text, View};
use kinescope_schemas::tables::api_activity as t;

pub(super) const FACTS: &[Fact] = &[
    Fact::texts(
        "target.user",
        "the IAM user that a call changes; the caller where the call names nobody",
        user,
    ),
    Fact::flag("target.self", "the call changes the IAM user, or the root, who makes it", is_self),
    Fact::flag("target.other_user", "the call changes an IAM user other than the one who makes it", is_other),
];

/// Calls that act on the caller when they name nobody.
const SELF_BY_DEFAULT: &[&str] = &[
    "CreateAccessKey",
    "DeleteAccessKey",
    "UpdateAccessKey",
    "DeactivateMFADevice",
    "EnableMFADevice",
    "UploadSigningCertificate",
    "CreateLoginProfile",
    "ChangePassword",
];

/// The name that the call gives, or else the caller's.
fn target(view: &View<'_>) -> Option<(String, bool)> {
    if view.service() != "iam" {
        return None;
    }
    let caller = match view.slot(t::ACTOR_USER_TYPE) {
        "IAMUser" => Some(view.slot(t::ACTOR_USER_NAME)),
        "Root" => Some("root"),
        _ => None,
    };
    let named = view.asked_text("userName");
    if !named.is_empty() {
        return Some((named.to_string(), caller.is_some_and(|caller| caller == named)));
    }
    let caller = caller.filter(|caller| !caller.is_empty())?;
    SELF_BY_DEFAULT.contains(&view.operation()).then(|| (caller.to_owned(), true))
}

fn user(view: &View<'_>) -> Vec<Text> {
    target(view).map(|(name, _)| name.into()).into_iter().collect()
}

fn is_self(view: &View<'_>) -> bool {
    target(view).is_some_and(|(_, is_self)| is_self)
}

fn is_other(view: &View<'_>) -> bool {
    target(view).is_some_and(|(_, is_self)| !is_self)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use serde_json::json;

    #[test]
    fn whose_credentials() {
        let key = |request| call("iam", "CreateAccessKey", request);
        let by_role = |event| {
            with(
                event,
                json!({"userIdentity": {"type": "AssumedRole", "accountId": ACCOUNT,
                "arn": "arn:aws:sts::111122223333:assumed-role/ops/alice"}}),
            )
        };
        let by_root = |event| {
            with(
                event,
                json!({"userIdentity": {"type": "Root", "accountId": ACCOUNT,
                "arn": "arn:aws:iam::111122223333:root"}}),
            )
        };
        for (event, user, is_self, is_other) in [
            (key(json!({"userName": "bob"})), "bob", "false", "true"),
            (key(json!({"userName": "alice"})), "alice", "true", "false"),
            (key(json!(null)), "alice", "true", "false"),
            (by_role(key(json!({"userName": "alice"}))), "alice", "false", "true"),
            (by_role(key(json!(null))), "", "false", "false"),
            (by_root(key(json!(null))), "root", "true", "false"),
            (call("iam", "ListUsers", json!(null)), "", "false", "false"),
            (call("sts", "X", json!({"userName": "bob"})), "", "false", "false"),
        ] {
            check(
                &event,
                &[("target.user", user), ("target.self", is_self), ("target.other_user", is_other)],
            );
        }
    }
}
