//! What rules written for CloudTrail rely on and engines get wrong, one test a trap.

use super::{super::*, rule};
use serde_json::{Value as Json, json};

/// Whether a rule of these selections fires on a call with these members.
fn fires(selections: &str, members: Json) -> bool {
    let mut event = json!({"eventSource": "svc.amazonaws.com", "eventName": "Call"});
    event.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let rules = rule(selections);
    let found = cases::with_event(&event, |event| {
        let mut n = 0;
        rules.matching(event, |_| n += 1);
        assert_eq!(n, rules.linear(event).len());
        n > 0
    });
    found.unwrap()
}

fn selection(line: &str, members: Json) -> bool {
    fires(&format!("  selection:\n    eventName: Call\n    {line}\n  condition: selection"), members)
}

#[test]
fn contains_looks_into_an_object() {
    let off = json!({"requestParameters": {"bucket": "b", "Config": {"Status": "Off"}}});
    assert!(selection("requestParameters|contains: 'Off'", off.clone()));
    assert!(selection("requestParameters.Config|contains: 'off'", off.clone()));
    assert!(!selection("requestParameters|contains: 'Enabled'", off));
}

#[test]
fn a_policy_in_a_string_matches_with_its_quotes_and_with_them_escaped() {
    let policy = json!({"requestParameters": {"doc": "{\"Effect\":\"Allow\",\"Action\":\"*\"}"}});
    assert!(selection(
        r#"requestParameters|contains|all: ['"Effect":"Allow"', '"Action":"\*"']"#,
        policy.clone()
    ));
    assert!(selection(r#"requestParameters|contains: '\\"Effect\\":\\"Allow\\"'"#, policy));
}

#[test]
fn text_false_is_the_boolean_and_the_text() {
    for (value, fires) in
        [(json!(false), true), (json!("false"), true), (json!("FALSE"), true), (json!(true), false)]
    {
        assert_eq!(
            selection("requestParameters.on: 'false'", json!({"requestParameters": {"on": value}})),
            fires
        );
    }
}

#[test]
fn a_number_is_its_text() {
    assert!(selection("requestParameters.n: '22'", json!({"requestParameters": {"n": 22}})));
    assert!(selection("requestParameters.n: 22", json!({"requestParameters": {"n": "22"}})));
}

#[test]
fn null_is_missing_and_missing_is_null() {
    let line = "errorCode: null";
    assert!(selection(line, json!({})) && selection(line, json!({"errorCode": null})));
    assert!(!selection(line, json!({"errorCode": "AccessDenied"})));
}

#[test]
fn a_filter_on_failure_keeps_what_succeeded() {
    let rule = "  selection:\n    eventName: Call\n  failed:\n    errorCode|contains: '*'\n  condition: selection and not failed";
    assert!(fires(rule, json!({})) && fires(rule, json!({"errorCode": null})));
    assert!(!fires(rule, json!({"errorCode": "Client.InvalidParameter"})));
}

#[test]
fn a_path_goes_through_lists() {
    let tasks = json!({"requestParameters": {"tasks": [{"name": "a"}, {"command": ["sh", "-c", "curl 169.254.170.2"]}]}});
    assert!(selection("requestParameters.tasks.command|contains: '169.254.170.2'", tasks.clone()));
    assert!(!selection("requestParameters.tasks.command|contains: '169.254.170.3'", tasks));
}

#[test]
fn a_star_means_that_something_is_there() {
    let line = "requestParameters.layers|contains: '*'";
    assert!(selection(line, json!({"requestParameters": {"layers": ["arn:layer"]}})));
    for missing in [json!({}), json!({"layers": []}), json!({"layers": null})] {
        assert!(!selection(line, json!({"requestParameters": missing})));
    }
}

#[test]
fn a_star_alone_takes_an_object_too() {
    assert!(selection("responseElements: '*'", json!({"responseElements": {"task": {}}})));
    assert!(!selection("responseElements: '*'", json!({"responseElements": null})));
}

#[test]
fn case_does_not_count() {
    assert!(selection(
        "additionalEventData.MFAUsed: 'NO'",
        json!({"additionalEventData": {"MFAUsed": "No"}})
    ));
}

#[test]
fn a_field_that_is_another_s_value_is_left_out() {
    let rule = "  selection:\n    eventName: Call\n  self:\n    userIdentity.arn|fieldref: requestParameters.userName\n  condition: selection and not self";
    let event = |arn: &str| json!({"userIdentity": {"arn": arn}, "requestParameters": {"userName": "bob"}});
    assert!(!fires(rule, event("bob")) && fires(rule, event("arn:aws:iam::1:user/bob")));
}

#[test]
fn a_member_and_a_value_of_its_name_are_two_things() {
    let by_value = "requestParameters.attribute: userData";
    assert!(selection(by_value, json!({"requestParameters": {"attribute": "userData"}})));
    assert!(!selection(by_value, json!({"requestParameters": {"userData": "<hidden>"}})));
}

#[test]
fn stars_of_a_mask_are_no_wildcards_in_an_event() {
    let masked = json!({"responseElements": {"pending": {"password": "****"}}});
    assert!(selection("responseElements.pending.password: '*'", masked.clone()));
    assert!(selection(r"responseElements.pending.password: '\*\*\*\*'", masked.clone()));
    assert!(!selection(r"responseElements.pending.password: '\*'", masked));
}

#[test]
fn a_regular_expression_may_stand_anywhere_in_the_value() {
    let line = "userIdentity.arn|re: '.+:assumed-role/aws:.+'";
    let by = |arn: &str| json!({"userIdentity": {"arn": arn}});
    assert!(selection(line, by("arn:aws:sts::1:assumed-role/aws:ec2-instance/i-0abc")));
    assert!(!selection(line, by("arn:aws:sts::1:assumed-role/app/i-0abc")));
}
