//! What loads and cannot have been meant, with its place; and what is not to be warned of.

use super::super::*;

fn warnings(text: &str) -> Vec<(usize, usize, String)> {
    let mut set = RuleSet::default();
    set.read("test/rule.yml", text.to_owned()).unwrap();
    let linked = set.link(0).unwrap();
    linked.warnings.into_iter().map(|w| (w.line, w.column, w.reason)).collect()
}

fn of(service: &str, selections: &str, condition: &str) -> Vec<(usize, usize, String)> {
    warnings(&format!(
        "title: t\nlogsource: {{product: aws, service: {service}}}\ndetection:\n{selections}\n  condition: {condition}\n"
    ))
}

#[test]
fn what_cannot_have_been_meant() {
    for (service, selections, condition, line, column, words) in [
        ("cloudtrail", "  s:\n    eventname: x", "s", 5, 5, "have no eventname"),
        ("cloudtrail", "  s:\n    requestParameter.x: y", "s", 5, 5, "have no requestParameter.x"),
        ("vpcflow", "  s:\n    src_endpoint.adress: x", "s", 5, 5, "vpcflow have no"),
        ("alb", "  s:\n    eventName: x", "s", 5, 5, "alb have no"),
        ("cloudtrail", "  s:\n    eventSource: ec2", "s", 5, 5, "ec2 is no host"),
        ("cloudtrail", "  s:\n    eventSource: [ec2.amazonaws.com, s3]", "s", 5, 5, "s3 is no host"),
        (
            "cloudtrail",
            "  s:\n    eventName|contains|all: [x]\n    eventName: y",
            "s",
            4,
            3,
            "s can never match",
        ),
        ("cloudtrail", "  s: {eventName: x}\n  t: {eventName: [y, z]}", "s and t", 6, 3, "never hold"),
        ("cloudtrail", "  s: {errorCode: null}\n  t: {errorCode: x}", "s and t", 6, 3, "never hold"),
        ("cloudtrail", "  s: {eventName: x}\n  t: {eventName|startswith: y}", "s and t", 6, 3, "never hold"),
        ("cloudtrail", "  s: {eventName: x}", "s and not s", 5, 3, "never hold"),
        ("cloudtrail", "  s: {eventName: x}", "s or not s", 5, 3, "always holds"),
        ("cloudtrail", "  s1: {eventName: x}\n  s2: {eventName: y}", "3 of s*", 6, 3, "never hold"),
        ("cloudtrail", "  s1: {eventName: x}\n  s2: {eventName: y}", "all of s*", 6, 3, "never hold"),
        ("cloudtrail", "  s: {eventName: x}\n  t: {userAgent: y}", "s and 0 of t*", 6, 20, "0 of anything"),
        (
            "vpcflow",
            "  s: {src_endpoint.ip: 10.0.0.1}\n  t: {src_endpoint.ip: 10.0.0.2}",
            "s and t",
            6,
            3,
            "never",
        ),
    ] {
        let warnings = of(service, selections, condition);
        let hit = warnings.iter().any(|(l, c, reason)| (*l, *c) == (line, column) && reason.contains(words));
        assert!(hit, "{selections}\n{condition}: {warnings:?}");
    }
}

#[test]
fn a_not_that_says_nothing() {
    let selections = "  s: {eventName: x}\n  f: {userAgent: y, userAgent|contains: z}";
    let warnings = of("cloudtrail", selections, "s and not f");
    assert!(
        warnings
            .iter()
            .any(|(line, column, reason)| (*line, *column) == (6, 20) && reason.contains("this not"))
    );
}

#[test]
fn what_may_have_been_meant() {
    for (service, selections, condition) in [
        ("cloudtrail", "  s: {requestParameters.x: a}\n  t: {requestParameters.x: b}", "s and t"),
        ("cloudtrail", "  s: {eventName: [x, y]}\n  t: {eventName: [y, z]}", "s and t"),
        ("cloudtrail", "  s: {eventName: X}\n  t: {eventName|cased: x}", "s and t"),
        (
            "cloudtrail",
            "  s: {eventName: abc}\n  t: {eventName|startswith: A, eventName|endswith: C}",
            "s and t",
        ),
        ("cloudtrail", "  s: {eventName: x}\n  t: {eventName|re: y}", "s and t"),
        ("cloudtrail", "  s: {eventName: x}\n  t: {eventName: y}", "1 of them"),
        ("cloudtrail", "  s: {eventName: x}\n  t: {errorCode: null}", "s and not t"),
        ("cloudtrail", "  s: {eventSource|endswith: ec2, eventSource|contains: s3}", "s"),
        (
            "cloudtrail",
            "  s: {vpcEndpointId: x, userIdentity.anything: y, fact.network.open_to_world: true}",
            "s",
        ),
        ("application", "  s: {anything.at.all: x}", "s"),
        ("guardduty", "  s: {service.action.actionType: x}", "s"),
        ("vpcflow", "  s: {src_endpoint.ip: 10.0.0.1, fact.network.open_to_world: true}", "s"),
    ] {
        assert_eq!(of(service, selections, condition), [], "{selections}\n{condition}");
    }
}
