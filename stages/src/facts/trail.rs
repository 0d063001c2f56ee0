//! How a change of a trail leaves less to be seen.

use super::{Fact, Text, View, members};
use serde_json::Value as Json;

pub(super) const FACTS: &[Fact] = &[
    Fact::flag("trail.single_region", "a trail records one Region only", |view| {
        let answer = members::flag(members::at(view.response(), "isMultiRegionTrail"));
        is_trail(view, &["UpdateTrail"]) && view.asked_flag("isMultiRegionTrail", false)
            || is_trail(view, &["CreateTrail"])
                && members::flag(view.asked("isMultiRegionTrail")).or(answer) == Some(false)
    }),
    Fact::flag(
        "trail.global_events_off",
        "a trail leaves out the events of global services: IAM, STS",
        |view| is_change(view) && view.asked_flag("includeGlobalServiceEvents", false),
    ),
    Fact::flag("trail.validation_off", "changes of a trail's files cannot be proved any more", |view| {
        is_change(view) && view.asked_flag("enableLogFileValidation", false)
    }),
    Fact::flag("trail.kms_removed", "a trail's files are not encrypted with a KMS key any more", |view| {
        is_trail(view, &["UpdateTrail"]) && view.asked("kmsKeyId").as_str() == Some("")
    }),
    Fact::texts("trail.bucket", "the bucket that a trail is changed to write to", |view| {
        let is_set = is_trail(view, &["UpdateTrail"]) && view.asks("s3BucketName");
        if is_set { vec![view.asked_text("s3BucketName").into_owned().into()] } else { Vec::new() }
    }),
    Fact::texts(
        "trail.selectors_narrowed",
        "what event selectors leave out: management_events, reads, writes, sources",
        |view| {
            if is_trail(view, &["PutEventSelectors"]) { left_out(view.request()) } else { Vec::new() }
        },
    ),
    Fact::flag("trail.insights_off", "a trail looks for no unusual activity any more", |view| {
        is_trail(view, &["PutInsightSelectors"]) && members::list(view.asked("insightSelectors")).is_empty()
    }),
    Fact::flag("trail.store_unprotected", "an event data store can be deleted from now on", |view| {
        is_trail(view, &["UpdateEventDataStore"]) && view.asked_flag("terminationProtectionEnabled", false)
    }),
];

fn is_trail(view: &View<'_>, operations: &[&str]) -> bool {
    view.is("cloudtrail", operations)
}

fn is_change(view: &View<'_>) -> bool {
    is_trail(view, &["CreateTrail", "UpdateTrail"])
}

/// What no selector keeps. Selectors add up: what one leaves out another may keep.
fn left_out(request: &Json) -> Vec<Text> {
    let basic = members::list(members::at(request, "eventSelectors")).into_iter().map(basic);
    let advanced =
        members::list(members::at(request, "advancedEventSelectors")).into_iter().filter_map(advanced);
    let kept: Vec<Kept> = basic.chain(advanced).filter(|kept| kept.management).collect();
    if kept.is_empty() {
        return vec!["management_events".into()];
    }
    let mut left_out = Vec::new();
    for (name, is_kept) in [
        ("reads", (|kept| kept.reads) as fn(&Kept) -> bool),
        ("writes", |kept| kept.writes),
        ("sources", |kept| kept.all_sources),
    ] {
        if !kept.iter().any(is_kept) {
            left_out.push(Text::from(name));
        }
    }
    left_out
}

/// What a selector keeps of the management events.
struct Kept {
    management: bool,
    reads: bool,
    writes: bool,
    all_sources: bool,
}

fn basic(selector: &Json) -> Kept {
    let kind = members::text(members::at(selector, "readWriteType")).unwrap_or_default();
    Kept {
        // CloudTrail's own default is true.
        management: members::flag(members::at(selector, "includeManagementEvents")) != Some(false),
        reads: !kind.eq_ignore_ascii_case("WriteOnly"),
        writes: !kind.eq_ignore_ascii_case("ReadOnly"),
        all_sources: members::list(members::at(selector, "excludeManagementEventSources")).is_empty(),
    }
}

/// `None` for a selector of data events or of another category.
fn advanced(selector: &Json) -> Option<Kept> {
    let fields = members::each(selector, "fieldSelectors");
    let of = |name: &'static str| {
        fields.iter().copied().filter(move |field| members::at(field, "field").as_str() == Some(name))
    };
    let management =
        of("eventCategory").any(|field| members::texts(field, "equals").iter().any(|c| c == "Management"));
    let wants =
        |value: &str| of("readOnly").all(|field| members::texts(field, "equals").iter().any(|v| v == value));
    let all_sources = !fields.iter().any(|field| {
        let name = members::text(members::at(field, "field")).unwrap_or_default();
        !matches!(name.as_ref(), "eventCategory" | "readOnly")
    });
    management.then(|| Kept { management, reads: wants("true"), writes: wants("false"), all_sources })
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::*;
    use serde_json::{Value as Json, json};

    fn trail(operation: &str, request: Json) -> Json {
        call("cloudtrail", operation, request)
    }

    #[test]
    fn trails() {
        let made = |multi: bool| {
            with(
                trail("CreateTrail", json!({"name": "t"})),
                json!({"responseElements": {"isMultiRegionTrail": multi}}),
            )
        };
        for (event, fact, value) in [
            (trail("UpdateTrail", json!({"isMultiRegionTrail": false})), "trail.single_region", "true"),
            (trail("UpdateTrail", json!({"name": "t"})), "trail.single_region", "false"),
            (made(false), "trail.single_region", "true"),
            (made(true), "trail.single_region", "false"),
            (
                trail("UpdateTrail", json!({"includeGlobalServiceEvents": false})),
                "trail.global_events_off",
                "true",
            ),
            (
                trail("UpdateTrail", json!({"includeGlobalServiceEvents": true})),
                "trail.global_events_off",
                "false",
            ),
            (trail("UpdateTrail", json!({"enableLogFileValidation": false})), "trail.validation_off", "true"),
            (trail("UpdateTrail", json!({"kmsKeyId": ""})), "trail.kms_removed", "true"),
            (trail("UpdateTrail", json!({"kmsKeyId": "alias/x"})), "trail.kms_removed", "false"),
            (trail("UpdateTrail", json!({"s3BucketName": "mine"})), "trail.bucket", "mine"),
            (trail("CreateTrail", json!({"s3BucketName": "mine"})), "trail.bucket", ""),
            (trail("PutInsightSelectors", json!({"insightSelectors": []})), "trail.insights_off", "true"),
            (
                trail(
                    "PutInsightSelectors",
                    json!({"insightSelectors": [{"insightType": "ApiCallRateInsight"}]}),
                ),
                "trail.insights_off",
                "false",
            ),
            (
                trail("UpdateEventDataStore", json!({"terminationProtectionEnabled": false})),
                "trail.store_unprotected",
                "true",
            ),
        ] {
            check(&event, &[(fact, value)]);
        }
    }

    #[test]
    fn selectors() {
        let basic = |management: bool, kind: &str, excluded: Json| {
            json!({"includeManagementEvents": management, "readWriteType": kind, "dataResources": [],
                "excludeManagementEventSources": excluded})
        };
        let field = |name: &str, values: Json| json!({"field": name, "equals": values});
        let all = field("eventCategory", json!(["Management"]));
        let data = field("eventCategory", json!(["Data"]));
        let writes = field("readOnly", json!(["false"]));
        let without = json!({"field": "eventSource", "notEquals": ["kms.amazonaws.com"]});
        for (request, expected) in [
            (json!({"eventSelectors": [basic(true, "All", json!([]))]}), ""),
            (json!({"eventSelectors": [basic(false, "All", json!([]))]}), "management_events"),
            (json!({"eventSelectors": []}), "management_events"),
            (json!({"eventSelectors": [basic(true, "WriteOnly", json!([]))]}), "reads"),
            (
                json!({"eventSelectors": [basic(true, "ReadOnly", json!(["kms.amazonaws.com"]))]}),
                "writes sources",
            ),
            (
                json!({"eventSelectors": [basic(true, "ReadOnly", json!([])), basic(true, "WriteOnly", json!([]))]}),
                "",
            ),
            (json!({"advancedEventSelectors": [{"fieldSelectors": [all]}]}), ""),
            (json!({"advancedEventSelectors": [{"fieldSelectors": [data]}]}), "management_events"),
            (json!({"advancedEventSelectors": [{"fieldSelectors": [all, writes]}]}), "reads"),
            (json!({"advancedEventSelectors": [{"fieldSelectors": [all, without]}]}), "sources"),
            (json!(null), "management_events"),
        ] {
            check(&trail("PutEventSelectors", request), &[("trail.selectors_narrowed", expected)]);
        }
    }
}
