//! Who called, from where, and with what.

use super::{Fact, Text, View, lists::any_matches, members};
use kinescope_schemas::tables::api_activity as t;

mod tool;

pub(super) const FACTS: &[Fact] = &[
    Fact::texts(
        "actor.kind",
        "root, iam_user, role, federated, identity_center, service, aws_service_on_behalf, anonymous, account",
        kind,
    ),
    Fact::texts("actor.mfa", "whether MFA was used: true, false, or unknown", mfa),
    Fact::texts("actor.account", "the caller's account: own, trusted, foreign, aws or unknown", account),
    Fact::texts("actor.from", "where the call came from: public, private, aws (a service) or unknown", from),
    Fact::texts(
        "actor.tool",
        "what called: console, cli, sdk-<language>, terraform, an attack tool, unknown",
        tool,
    ),
    Fact::flag("actor.attack_tool", "the user agent names a tool of attackers or testers", attack_tool),
    Fact::flag(
        "actor.service_linked_role",
        "a service called with the role that is linked to it",
        service_linked,
    ),
    Fact::flag("actor.break_glass", "the caller is in lists.break_glass", break_glass),
    Fact::flag("actor.scanner", "the caller or its address is in lists.scanners", scanner),
    Fact::flag("actor.automation", "the caller is in lists.automation", automation),
];

fn kind(view: &View<'_>) -> Vec<Text> {
    kind_of(view).map(Text::from).into_iter().collect()
}

fn kind_of(view: &View<'_>) -> Option<&'static str> {
    if !view.is_call() {
        return None;
    }
    let by_service = !view.slot(t::ACTOR_INVOKED_BY).is_empty();
    let principal = view.slot(t::ACTOR_USER_UID_ALT);
    let has_no_name = view.slot(t::ACTOR_USER_UID).is_empty();
    let is_anonymous = has_no_name
        && (principal.eq_ignore_ascii_case("anonymous")
            || view.slot(t::ACTOR_USER_ACCOUNT_UID) == "anonymous");
    Some(match view.slot(t::ACTOR_USER_TYPE) {
        _ if is_anonymous => "anonymous",
        "AWSService" => "service",
        // Also a call that a service makes with somebody's rights, such as CloudFormation's.
        "Root" | "IAMUser" | "AssumedRole" | "FederatedUser" if by_service && !is_own_tool(view) => {
            "aws_service_on_behalf"
        }
        "Root" => "root",
        "IAMUser" => "iam_user",
        "AssumedRole" | "Role" => "role",
        "FederatedUser" | "SAMLUser" | "WebIdentityUser" => "federated",
        "IdentityCenterUser" | "Directory" => "identity_center",
        "AWSAccount" => "account",
        // S3 writes no type for callers without credentials.
        "" if has_no_name && by_service => "service",
        "" if has_no_name && view.slot(t::ACTOR_USER_CREDENTIAL_UID).is_empty() => "anonymous",
        _ => kind_of_arn(view.slot(t::ACTOR_USER_UID)),
    })
}

/// Some services write the type Unknown beside an ARN that tells it.
fn kind_of_arn(arn: &str) -> &'static str {
    match arn.split(':').nth(5).and_then(|resource| resource.split('/').next()) {
        Some("root") => "root",
        Some("user") => "iam_user",
        Some("assumed-role" | "role") => "role",
        Some("federated-user") => "federated",
        _ => "unknown",
    }
}

/// The console's own pages call for the person before them, and are named as the invoker.
fn is_own_tool(view: &View<'_>) -> bool {
    matches!(
        view.slot(t::ACTOR_INVOKED_BY),
        "signin.amazonaws.com" | "console.amazonaws.com" | "AWS Internal"
    )
}

fn mfa(view: &View<'_>) -> Vec<Text> {
    if !view.is_call() {
        return Vec::new();
    }
    let additional = view.additional();
    let signed_in = members::text(members::at(&additional, "MFAUsed"));
    let is_mfa = match signed_in.as_deref() {
        Some("Yes") => "true",
        Some("No") => "false",
        _ => match view.event.row[t::ACTOR_SESSION_IS_MFA] {
            kinescope_schemas::Value::Bool(true) => "true",
            kinescope_schemas::Value::Bool(false) => "false",
            _ => "unknown",
        },
    };
    vec![is_mfa.into()]
}

fn account(view: &View<'_>) -> Vec<Text> {
    if !view.is_call() {
        return Vec::new();
    }
    let caller = view.slot(t::ACTOR_USER_ACCOUNT_UID);
    let relation = match caller {
        "" if matches!(kind_of(view), Some("service")) => "aws",
        "" | "anonymous" => "unknown",
        _ if view.is_foreign(caller) => "foreign",
        _ if view.lists.trusted_accounts.iter().any(|known| known == caller) => "trusted",
        _ if super::lists::is_account(caller) => "own",
        _ => "unknown",
    };
    vec![relation.into()]
}

fn from(view: &View<'_>) -> Vec<Text> {
    if !view.is_call() {
        return Vec::new();
    }
    let service = view.slot(t::SRC_ENDPOINT_SVC_NAME);
    let from = match view.address() {
        Some(address) if super::network::is_public(address) => "public",
        Some(_) => "private",
        None if service.ends_with(".amazonaws.com") || service == "AWS Internal" => "aws",
        None => "unknown",
    };
    vec![from.into()]
}

fn tool(view: &View<'_>) -> Vec<Text> {
    if view.is_call() { tool::of(view.slot(t::HTTP_REQUEST_USER_AGENT)) } else { Vec::new() }
}

fn attack_tool(view: &View<'_>) -> bool {
    view.is_call() && tool::is_attack(view.slot(t::HTTP_REQUEST_USER_AGENT))
}

/// The caller's ARNs: the session's and its role's.
fn arns<'v>(view: &'v View<'_>) -> [&'v str; 2] {
    [view.slot(t::ACTOR_USER_UID), view.slot(t::ACTOR_SESSION_ISSUER)]
}

fn service_linked(view: &View<'_>) -> bool {
    arns(view)
        .iter()
        .any(|arn| arn.contains("/aws-service-role/") || arn.contains(":assumed-role/AWSServiceRoleFor"))
}

fn break_glass(view: &View<'_>) -> bool {
    any_matches(&view.lists.break_glass, &arns(view))
}

fn scanner(view: &View<'_>) -> bool {
    let address = view.address().or_else(|| view.flow_source());
    view.lists.is_scanner(address, &arns(view))
}

fn automation(view: &View<'_>) -> bool {
    any_matches(&view.lists.automation, &arns(view))
}

#[cfg(test)]
mod tests {
    use super::super::{Lists, testing::*};
    use serde_json::{Value as Json, json};

    fn by(identity: Json) -> Json {
        with(call("s3", "GetObject", json!({})), json!({"userIdentity": identity}))
    }

    #[test]
    fn kinds_and_accounts() {
        let role = "arn:aws:sts::111122223333:assumed-role/deploy/ci";
        for (identity, kind, account) in [
            (
                json!({"type": "Root", "accountId": ACCOUNT, "arn": "arn:aws:iam::111122223333:root"}),
                "root",
                "own",
            ),
            (
                json!({"type": "IAMUser", "accountId": ACCOUNT, "arn": "arn:aws:iam::111122223333:user/a"}),
                "iam_user",
                "own",
            ),
            (json!({"type": "AssumedRole", "accountId": "444455556666", "arn": role}), "role", "foreign"),
            (
                json!({"type": "AssumedRole", "accountId": ACCOUNT, "arn": role, "invokedBy": "cloudformation.amazonaws.com"}),
                "aws_service_on_behalf",
                "own",
            ),
            (
                json!({"type": "Root", "accountId": ACCOUNT, "arn": role, "invokedBy": "signin.amazonaws.com"}),
                "root",
                "own",
            ),
            (json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}), "service", "aws"),
            (
                json!({"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}),
                "anonymous",
                "unknown",
            ),
            (
                json!({"type": "AWSAccount", "principalId": "AIDAX", "accountId": "444455556666"}),
                "account",
                "foreign",
            ),
            (json!({"type": "IdentityCenterUser", "accountId": ACCOUNT}), "identity_center", "own"),
            (
                json!({"type": "SAMLUser", "principalId": "x", "userName": "a@example.com"}),
                "federated",
                "unknown",
            ),
            (json!({"type": "Unknown", "principalId": "x", "accountId": ACCOUNT}), "unknown", "own"),
            (json!({"type": "Unknown", "arn": role, "accountId": ACCOUNT}), "role", "own"),
        ] {
            check(&by(identity), &[("actor.kind", kind), ("actor.account", account)]);
        }
        check(
            &json!({"time": "2026-11-20T08:00:00Z", "message": "hello"}),
            &[("actor.kind", ""), ("actor.mfa", ""), ("actor.from", ""), ("actor.break_glass", "false")],
        );
    }

    #[test]
    fn mfa() {
        let session = |mfa: &str| {
            by(json!({"type": "IAMUser", "accountId": ACCOUNT,
                "sessionContext": {"attributes": {"mfaAuthenticated": mfa}}}))
        };
        let login = |mfa: &str| {
            with(
                call("signin", "ConsoleLogin", json!(null)),
                json!({"additionalEventData": {"MFAUsed": mfa}}),
            )
        };
        for (event, mfa) in [
            (session("true"), "true"),
            (session("false"), "false"),
            (by(json!({"type": "IAMUser"})), "unknown"),
            (login("Yes"), "true"),
            (login("No"), "false"),
        ] {
            check(&event, &[("actor.mfa", mfa)]);
        }
    }

    #[test]
    fn places() {
        for (address, from) in [
            ("198.51.100.7", "public"),
            ("100.64.0.1", "private"),
            ("8.8.8.8", "public"),
            ("10.0.0.1", "private"),
            ("2600:1f18::1", "public"),
            ("ec2.amazonaws.com", "aws"),
            ("AWS Internal", "aws"),
            ("a.example.com", "unknown"),
        ] {
            let event = with(call("s3", "GetObject", json!({})), json!({"sourceIPAddress": address}));
            check(&event, &[("actor.from", from)]);
        }
    }

    #[test]
    fn lists_name_callers() {
        let lists = Lists {
            break_glass: vec!["arn:aws:iam::*:user/al?ce".to_owned()],
            scanners: vec!["198.51.100.0/24".to_owned()],
            automation: vec!["arn:aws:iam::*:role/*".to_owned()],
            trusted_accounts: vec!["444455556666".to_owned()],
            ..Lists::default()
        };
        let event = call("s3", "GetObject", json!({}));
        let foreign = by(json!({"type": "AssumedRole", "accountId": "444455556666",
            "arn": "arn:aws:sts::444455556666:assumed-role/AWSServiceRoleForX/s",
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::444455556666:role/x"}}}));
        for (event, fact, value) in [
            (&event, "actor.break_glass", "true"),
            (&event, "actor.scanner", "true"),
            (&event, "actor.automation", "false"),
            (&foreign, "actor.automation", "true"),
            (&foreign, "actor.account", "trusted"),
            (&foreign, "actor.service_linked_role", "true"),
        ] {
            assert_eq!(values_with(fact, event, &lists), value, "{fact}");
        }
        check(&event, &[("actor.break_glass", "false"), ("actor.scanner", "false")]);
    }
}
