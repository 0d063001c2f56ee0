//! What became of a call, how much it asked for, and where.

use super::{Fact, Text, View, members};
use kinescope_schemas::tables::{api_activity as t, base};
use serde_json::Value as Json;

pub(super) const FACTS: &[Fact] = &[
    Fact::flag("call.succeeded", "the call did what it asked for; a sign-in let its user in", succeeded),
    Fact::flag("call.denied", "the call was refused for want of permission", denied),
    Fact::flag("call.dry_run", "the call only tried whether it would be allowed", dry_run),
    Fact::number(
        "call.bulk_size",
        "how many things one call asked for: instances, objects, secrets",
        bulk_size,
    ),
    Fact::flag("call.region_unexpected", "the Region is not in lists.expected_regions", region_unexpected),
    Fact::texts("call.operation", "the operation without its version: AddPermission", operation),
];

/// Error codes of refusals do not follow one pattern; these parts are in all of them.
const DENIALS: &[&str] =
    &["denied", "unauthorized", "notauthorized", "forbidden", "authfailure", "optinrequired"];

/// Services whose calls are logged in one Region wherever they came from.
const GLOBAL_SERVICES: &[&str] = &[
    "iam",
    "sts",
    "signin",
    "organizations",
    "account",
    "cloudfront",
    "route53",
    "route53domains",
    "globalaccelerator",
    "shield",
    "support",
    "health",
    "billing",
    "ce",
    "budgets",
    "sso-directory",
    "trustedadvisor",
];

fn succeeded(view: &View<'_>) -> bool {
    if !view.is_call() || !view.slot(t::API_RESPONSE_ERROR).is_empty() {
        return false;
    }
    // Sign-ins name the outcome in the answer: {"ConsoleLogin": "Failure"}, also for a switched role.
    let outcomes = members::texts(view.response(), view.slot(t::API_OPERATION));
    view.service() != "signin" || !outcomes.iter().any(|outcome| outcome.eq_ignore_ascii_case("failure"))
}

fn denied(view: &View<'_>) -> bool {
    let code = view.slot(t::API_RESPONSE_ERROR).to_ascii_lowercase();
    DENIALS.iter().any(|part| code.contains(part))
}

fn dry_run(view: &View<'_>) -> bool {
    view.slot(t::API_RESPONSE_ERROR).ends_with("DryRunOperation")
        || view.asked_flag("dryRun", true)
        || view.asked_flag("DryRun", true)
}

/// Lists of things by the member that holds them; the first that is there counts.
const BULKS: &[&str] = &[
    "instancesSet",
    "delete.object",
    "delete.objects",
    "objects",
    "secretIdList",
    "names",
    "volumeIds",
    "snapshotIds",
    "imageIds",
    "accountIds",
    "logGroupNames",
    "alarmNames",
    "entries",
];

fn bulk_size(view: &View<'_>) -> Option<u64> {
    if view.is("ec2", &["RunInstances"]) {
        let counts = members::each(view.request(), "instancesSet.maxCount");
        let asked = counts.into_iter().filter_map(members::number).max()?;
        return u64::try_from(asked).ok();
    }
    let list = BULKS.iter().map(|path| view.asked(path)).find(|value| value.is_array() || value.is_object());
    list.map(|list: &Json| members::list(list).len() as u64).filter(|n| *n > 0)
}

fn region_unexpected(view: &View<'_>) -> bool {
    let region = view.event.row.str(base::CLOUD_REGION);
    let expected = &view.lists.expected_regions;
    !expected.is_empty()
        && !region.is_empty()
        && !GLOBAL_SERVICES.contains(&view.service())
        && !expected.iter().any(|known| known == region)
}

fn operation(view: &View<'_>) -> Vec<Text> {
    let operation = view.operation();
    if operation.is_empty() { Vec::new() } else { vec![operation.to_owned().into()] }
}

#[cfg(test)]
mod tests {
    use super::super::{Lists, testing::*};
    use serde_json::json;

    #[test]
    fn outcomes() {
        let login = |outcome: &str| {
            with(
                call("signin", "ConsoleLogin", json!(null)),
                json!({"responseElements": {"ConsoleLogin": outcome}}),
            )
        };
        let failed = |code: &str| with(call("ec2", "RunInstances", json!({})), json!({"errorCode": code}));
        for (event, succeeded, denied) in [
            (call("s3", "PutObject", json!({})), "true", "false"),
            (failed("Client.UnauthorizedOperation"), "false", "true"),
            (failed("AccessDeniedException"), "false", "true"),
            (failed("NoSuchBucket"), "false", "false"),
            (failed("Client.DryRunOperation"), "false", "false"),
            (login("Success"), "true", "false"),
            (login("Failure"), "false", "false"),
            (json!({"time": "2026-11-20T08:00:00Z", "message": "hello"}), "false", "false"),
        ] {
            check(&event, &[("call.succeeded", succeeded), ("call.denied", denied)]);
        }
        check(&failed("Client.DryRunOperation"), &[("call.dry_run", "true")]);
        check(
            &call("lambda", "UpdateFunctionCode20150331v2", json!({"dryRun": true})),
            &[("call.dry_run", "true"), ("call.operation", "UpdateFunctionCode")],
        );
    }

    #[test]
    fn sizes() {
        for (operation, request, size) in [
            ("RunInstances", json!({"instancesSet": {"items": [{"minCount": 1, "maxCount": 40}]}}), "40"),
            ("RunInstances", json!({"instancesSet": {"items": [{"maxCount": -1}]}}), ""),
            (
                "TerminateInstances",
                json!({"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}}),
                "2",
            ),
            ("BatchGetSecretValue", json!({"secretIdList": ["a", "b", "c"]}), "3"),
            ("DeleteObjects", json!({"delete": {"object": [{"key": "a"}, {"key": "b"}]}}), "2"),
            ("GetParameters", json!({"names": ["/a"], "withDecryption": true}), "1"),
            ("DescribeInstances", json!({"instancesSet": {}}), ""),
            ("DescribeInstances", json!(null), ""),
        ] {
            check(&call("ec2", operation, request), &[("call.bulk_size", size)]);
        }
    }

    #[test]
    fn regions() {
        let only = |region: &str| Lists { expected_regions: vec![region.to_owned()], ..Lists::default() };
        for (service, lists, unexpected) in [
            ("ec2", Lists::default(), "false"),
            ("ec2", only("eu-west-1"), "false"),
            ("ec2", only("us-east-1"), "true"),
            ("iam", only("us-east-1"), "false"),
        ] {
            let event = call(service, "X", json!({}));
            assert_eq!(values_with("call.region_unexpected", &event, &lists), unexpected, "{service}");
        }
    }
}
