//! What load balancers of all generations are told.

use super::{Fact, Text, View, members};
use serde_json::Value as Json;

pub(super) const FACTS: &[Fact] = &[
    Fact::flag(
        "elb.internet_facing",
        "a load balancer is made that faces the Internet, as it does unless told not to",
        |view| {
            is_elb(view, &["CreateLoadBalancer"])
                && !view.asked_text("scheme").eq_ignore_ascii_case("internal")
        },
    ),
    Fact::flag("elb.plain_http", "a listener takes HTTP and does not redirect it to HTTPS", plain_http),
    Fact::texts("elb.weak_tls", "TLS policies that allow versions before 1.2", |view| {
        let all = tls_policies(view).into_iter().filter(|name| is_weak(name));
        all.map(Text::from).collect()
    }),
    Fact::texts(
        "elb.protection_off",
        "what is turned off: access_logs, connection_logs, deletion_protection, drop_invalid_headers, desync, waf",
        protection_off,
    ),
    Fact::texts(
        "elb.redirect_host",
        "hosts that a rule or listener redirects to, other than the one asked for",
        |view| {
            let hosts =
                actions(view).into_iter().flat_map(|action| members::texts(action, "redirectConfig.host"));
            hosts.filter(|host| host != "#{host}").map(|host| host.into_owned().into()).collect()
        },
    ),
    Fact::flag(
        "elb.authentication_absent",
        "a changed rule or listener forwards without authenticating first",
        |view| {
            let actions = actions(view);
            let is_kind = |kind: &str| {
                actions
                    .iter()
                    .any(|action| members::texts(action, "type").iter().any(|text| text.starts_with(kind)))
            };
            is_elb(view, &["ModifyRule", "ModifyListener"]) && is_kind("forward") && !is_kind("authenticate")
        },
    ),
];

fn is_elb(view: &View<'_>, operations: &[&str]) -> bool {
    view.is("elasticloadbalancing", operations)
}

fn actions<'v>(view: &'v View<'_>) -> Vec<&'v Json> {
    if !is_elb(view, &["CreateRule", "ModifyRule", "CreateListener", "ModifyListener"]) {
        return Vec::new();
    }
    ["actions", "defaultActions"].into_iter().flat_map(|name| members::each(view.request(), name)).collect()
}

fn plain_http(view: &View<'_>) -> bool {
    let is_http = |text: &str| text.eq_ignore_ascii_case("HTTP");
    match view.operation() {
        _ if view.service() != "elasticloadbalancing" => false,
        "CreateListener" | "ModifyListener" => {
            // A change names the protocol only if it changes too; the answer always has it.
            let asked = members::texts(view.request(), "protocol");
            let answered = members::texts(view.response(), "listeners.protocol");
            let protocols = if asked.is_empty() { answered } else { asked };
            let redirects = actions(view).into_iter().any(|action| {
                members::at(action, "type").as_str() == Some("redirect")
                    && !is_http(
                        &members::text(members::at(action, "redirectConfig.protocol")).unwrap_or_default(),
                    )
            });
            protocols.iter().any(|protocol| is_http(protocol)) && !redirects
        }
        "CreateLoadBalancer" | "CreateLoadBalancerListeners" => {
            members::texts(view.request(), "listeners.protocol").iter().any(|protocol| is_http(protocol))
        }
        _ => false,
    }
}

/// The names of TLS policies, and the protocols that an older policy switches on.
fn tls_policies(view: &View<'_>) -> Vec<String> {
    let request = view.request();
    match view.operation() {
        _ if view.service() != "elasticloadbalancing" => Vec::new(),
        "CreateListener" | "ModifyListener" => into_strings(members::texts(request, "sslPolicy")),
        "SetLoadBalancerPoliciesOfListener" => into_strings(members::texts(request, "policyNames")),
        "CreateLoadBalancerPolicy" => {
            let attributes = members::each(request, "policyAttributes");
            let text = |attribute, name| members::text(members::at(attribute, name)).unwrap_or_default();
            let set = attributes.into_iter().filter_map(|attribute| {
                let (name, value) = (text(attribute, "attributeName"), text(attribute, "attributeValue"));
                match value.as_ref() {
                    "true" => Some(name.into_owned()),
                    _ if name == "Reference-Security-Policy" => Some(value.into_owned()),
                    _ => None,
                }
            });
            set.collect()
        }
        _ => Vec::new(),
    }
}

fn into_strings(texts: Vec<std::borrow::Cow<'_, str>>) -> Vec<String> {
    texts.into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// Parts of the names of policies, and names of protocols, with which TLS 1.1 or older is spoken.
const WEAK: &[&str] = &[
    "TLS-1-0",
    "TLS-1-1",
    "TLS13-1-0",
    "TLS13-1-1",
    "FS-1-1",
    "FS-2018",
    "-2016-08",
    "Policy-2015",
    "Policy-2014",
    "Policy-2011",
    "SSLv2",
    "SSLv3",
    "TLSv1.1",
];

fn is_weak(name: &str) -> bool {
    WEAK.iter().any(|part| name.contains(part)) || matches!(name, "Protocol-TLSv1")
}

/// Attributes by key, the value that takes protection away, and what we call it.
const PROTECTIONS: &[(&str, &str, &str)] = &[
    ("access_logs.s3.enabled", "false", "access_logs"),
    ("connection_logs.s3.enabled", "false", "connection_logs"),
    ("deletion_protection.enabled", "false", "deletion_protection"),
    ("routing.http.drop_invalid_header_fields.enabled", "false", "drop_invalid_headers"),
    ("routing.http.desync_mitigation_mode", "monitor", "desync"),
    ("elb.http.desyncmitigationmode", "monitor", "desync"),
    ("waf.fail_open.enabled", "true", "waf"),
];

fn protection_off(view: &View<'_>) -> Vec<Text> {
    if !is_elb(view, &["ModifyLoadBalancerAttributes"]) {
        return Vec::new();
    }
    let mut off = Vec::new();
    if view.asked_flag("loadBalancerAttributes.accessLog.enabled", false) {
        off.push(Text::from("access_logs"));
    }
    for path in ["attributes", "loadBalancerAttributes.additionalAttributes"] {
        for attribute in members::each(view.request(), path) {
            let text = |name| members::text(members::at(attribute, name)).unwrap_or_default();
            let (key, value) = (text("key"), text("value"));
            let known =
                PROTECTIONS.iter().find(|(name, bad, _)| *name == key && value.eq_ignore_ascii_case(bad));
            off.extend(known.map(|(_, _, fact)| Text::from(*fact)));
        }
    }
    off
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::*;
    use serde_json::{Value as Json, json};

    fn elb(operation: &str, request: Json) -> Json {
        call("elasticloadbalancing", operation, request)
    }

    #[test]
    fn listeners() {
        let redirect =
            json!([{"type": "redirect", "redirectConfig": {"protocol": "HTTPS", "statusCode": "HTTP_301"}}]);
        let forward = json!([{"type": "forward", "targetGroupArn": "arn"}]);
        let answered = with(
            elb("ModifyListener", json!({"defaultActions": forward})),
            json!({"responseElements": {"listeners": [{"protocol": "HTTP"}]}}),
        );
        for (event, plain, weak) in [
            (elb("CreateListener", json!({"protocol": "HTTP", "defaultActions": forward})), "true", ""),
            (elb("CreateListener", json!({"protocol": "HTTP", "defaultActions": redirect})), "false", ""),
            (
                elb(
                    "CreateListener",
                    json!({"protocol": "HTTP", "defaultActions":
                [{"type": "redirect", "redirectConfig": {"protocol": "HTTP", "host": "x"}}]}),
                ),
                "true",
                "",
            ),
            (answered, "true", ""),
            (elb("CreateLoadBalancerListeners", json!({"listeners": [{"protocol": "http"}]})), "true", ""),
            (
                elb("CreateListener", json!({"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-2016-08"})),
                "false",
                "ELBSecurityPolicy-2016-08",
            ),
            (elb("ModifyListener", json!({"sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"})), "false", ""),
            (elb("ModifyListener", json!({"sslPolicy": "ELBSecurityPolicy-TLS-1-2-2017-01"})), "false", ""),
            (
                elb("ModifyListener", json!({"sslPolicy": "ELBSecurityPolicy-TLS13-1-0-2021-06"})),
                "false",
                "ELBSecurityPolicy-TLS13-1-0-2021-06",
            ),
            (
                elb(
                    "CreateLoadBalancerPolicy",
                    json!({"policyAttributes": [
                    {"attributeName": "Protocol-TLSv1", "attributeValue": "true"},
                    {"attributeName": "Protocol-TLSv1.2", "attributeValue": "true"},
                    {"attributeName": "Protocol-SSLv3", "attributeValue": "false"}]}),
                ),
                "false",
                "Protocol-TLSv1",
            ),
            (call("s3", "CreateListener", json!({"protocol": "HTTP"})), "false", ""),
        ] {
            check(&event, &[("elb.plain_http", plain), ("elb.weak_tls", weak)]);
        }
    }

    #[test]
    fn balancers_and_rules() {
        let attributes = |list: Json| elb("ModifyLoadBalancerAttributes", json!({"attributes": list}));
        let off = |key: &str, value: &str| attributes(json!([{"key": key, "value": value}]));
        let action = |action: Json| json!({"actions": [action]});
        let redirect = |host: &str| {
            action(json!({"type": "redirect", "redirectConfig": {"host": host, "statusCode": "HTTP_302"}}))
        };
        for (event, fact, value) in [
            (elb("CreateLoadBalancer", json!({"scheme": "internet-facing"})), "elb.internet_facing", "true"),
            (elb("CreateLoadBalancer", json!({"name": "x"})), "elb.internet_facing", "true"),
            (elb("CreateLoadBalancer", json!({"scheme": "internal"})), "elb.internet_facing", "false"),
            (off("access_logs.s3.enabled", "false"), "elb.protection_off", "access_logs"),
            (off("access_logs.s3.enabled", "true"), "elb.protection_off", ""),
            (off("routing.http.desync_mitigation_mode", "monitor"), "elb.protection_off", "desync"),
            (off("routing.http.desync_mitigation_mode", "defensive"), "elb.protection_off", ""),
            (
                elb(
                    "ModifyLoadBalancerAttributes",
                    json!({"loadBalancerAttributes":
                    {"accessLog": {"enabled": false}}}),
                ),
                "elb.protection_off",
                "access_logs",
            ),
            (elb("ModifyRule", redirect("evil.example.com")), "elb.redirect_host", "evil.example.com"),
            (elb("ModifyRule", redirect("#{host}")), "elb.redirect_host", ""),
            (elb("ModifyRule", action(json!({"type": "forward"}))), "elb.authentication_absent", "true"),
            (
                elb("ModifyRule", json!({"actions": [{"type": "authenticate-oidc"}, {"type": "forward"}]})),
                "elb.authentication_absent",
                "false",
            ),
            (elb("CreateRule", action(json!({"type": "forward"}))), "elb.authentication_absent", "false"),
            (elb("ModifyRule", json!(null)), "elb.authentication_absent", "false"),
        ] {
            check(&event, &[(fact, value)]);
        }
    }
}
