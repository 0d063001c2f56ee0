use super::*;
use crate::detect::cases::with_event;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

#[test]
fn names_are_unique_and_tell_their_subject() {
    let names: Vec<&str> = all().map(|fact| fact.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    for fact in all() {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
        assert!(fact.name.chars().all(is_plain) && fact.name.split('.').count() == 2, "{}", fact.name);
        assert!(
            !fact.about.is_empty() && fact.about.len() <= 110 && !fact.about.ends_with('.'),
            "{}",
            fact.name
        );
        assert!(std::ptr::eq(named(&format!("{PREFIX}{}", fact.name)).unwrap(), fact));
    }
    assert!(named("fact.nothing.here").is_none() && named("call.succeeded").is_none());
}

/// Requests of calls that facts look deep into.
fn requests() -> Vec<(&'static str, &'static str, Json)> {
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["*"]},
        "Action": ["s3:*"], "Resource": "*", "Condition": {"ArnLike": {"aws:SourceArn": ["arn:aws:s3:::b"]}}}]});
    let permission = json!({"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "groups": {"items": [{"userId": "1"}]},
        "ipRanges": {"items": [{"cidrIp": "0.0.0.0/1"}, {"cidrIp": "128.0.0.0/1"}]}, "ipv6Ranges": {}});
    let selector = json!({"fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]});
    vec![
        ("ec2", "AuthorizeSecurityGroupIngress", json!({"ipPermissions": {"items": [permission]}})),
        ("s3", "PutBucketPolicy", json!({"bucketPolicy": policy})),
        ("iam", "CreateRole", json!({"assumeRolePolicyDocument": policy.to_string()})),
        ("iam", "PutUserPolicy", json!({"userName": "bob", "policyDocument": policy.to_string()})),
        ("lambda", "AddPermission20150331v2", json!({"principal": "*", "sourceArn": "arn:aws:s3:::b"})),
        (
            "sqs",
            "SetQueueAttributes",
            json!({"attributes": [{"name": "Policy", "value": policy.to_string()}]}),
        ),
        (
            "ec2",
            "RunInstances",
            json!({"instancesSet": {"items": [{"maxCount": 5}]}, "instanceType": "g5.x"}),
        ),
        ("ec2", "ModifyImageAttribute", json!({"launchPermission": {"add": {"items": [{"group": "all"}]}}})),
        ("cloudtrail", "PutEventSelectors", json!({"advancedEventSelectors": [selector]})),
        (
            "s3",
            "PutBucketAcl",
            json!({"AccessControlPolicy": {"AccessControlList": {"Grant": [{"Grantee": {"URI": "x"}}]}}}),
        ),
        (
            "elasticloadbalancing",
            "ModifyRule",
            json!({"actions": [{"type": "forward", "redirectConfig": {}}]}),
        ),
        ("eks", "UpdateClusterConfig", json!({"resourcesVpcConfig": {"publicAccessCidrs": ["0.0.0.0/0"]}})),
    ]
}

/// Pointers to every value inside.
fn pointers(value: &Json, at: String, into: &mut Vec<String>) {
    let children: Vec<(String, &Json)> = match value {
        Json::Object(members) => {
            members.iter().map(|(name, value)| (name.replace('/', "~1"), value)).collect()
        }
        Json::Array(items) => items.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        pointers(child, format!("{at}/{name}"), into);
    }
    into.push(at);
}

#[test]
fn no_request_makes_facts_fail() {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("*"),
        json!("é%C3%7B"),
        json!("::ffff:0.0.0.0/95"),
        json!("arn:aws:s3:::é"),
        json!("{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\"}"),
        json!({}),
        json!({"items": null}),
        json!([[], [[{}]], {"item": ["x"]}]),
    ];
    let lists = Lists::default();
    let mut n_seen = 0;
    for (service, operation, request) in requests() {
        let mut places = Vec::new();
        pointers(&request, String::new(), &mut places);
        for (place, value) in places.iter().flat_map(|place| odd.iter().map(move |value| (place, value))) {
            let mut changed = request.clone();
            *changed.pointer_mut(place).expect("a place") = value.clone();
            let event = testing::call(service, operation, changed);
            let holds = with_event(&event, |event| holding(&View::new(event, &lists)).len());
            n_seen += usize::from(holds.expect("an event") > 0);
        }
    }
    assert!(n_seen > 1_000, "{n_seen}");
}

#[test]
fn what_is_long_is_not_opened() {
    let policy = json!({"Statement": {"Effect": "Allow", "Principal": "*"}, "Id": "x".repeat(2 << 20)});
    let event = testing::call("s3", "PutBucketPolicy", json!({ "bucketPolicy": policy }));
    testing::check(&event, &[("policy.public", "false"), ("policy.unreadable", "true")]);
}
