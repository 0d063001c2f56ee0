//! What EC2 is told about machines and disks. What it opens is the matter of `network`, what it shares that of `share`.

use super::{Fact, Text, View, members};

pub(super) const FACTS: &[Fact] = &[
    Fact::flag("ec2.public_address", "instances are started with a public address asked for", |view| {
        let asked = members::each(view.request(), "networkInterfaceSet.associatePublicIpAddress");
        is_launch(view) && asked.into_iter().any(|flag| members::flag(flag) == Some(true))
    }),
    Fact::flag(
        "ec2.imds_v1",
        "instances answer metadata requests without a token, by the request or the answer",
        imds_v1,
    ),
    Fact::texts("ec2.instance_types", "the types that are started or changed to", |view| {
        types(view).into_iter().map(Text::from).collect()
    }),
    Fact::flag("ec2.gpu", "an instance type has GPUs or other accelerators", |view| {
        types(view).iter().any(|name| is_gpu(name))
    }),
    Fact::flag("ec2.user_data", "a script for the start of instances is given or changed", user_data),
    Fact::flag(
        "ec2.termination_protection_off",
        "an instance can be terminated by a call from now on",
        protection_off,
    ),
    Fact::texts("ec2.instance_profile", "the instance profile that instances get", instance_profile),
    Fact::flag("ec2.unencrypted", "a volume or a copy of a snapshot is made without encryption", unencrypted),
];

fn is_launch(view: &View<'_>) -> bool {
    view.is("ec2", &["RunInstances"])
}

fn imds_v1(view: &View<'_>) -> bool {
    let is_optional = |paths: &[&str], json| {
        paths.iter().any(|path| {
            members::texts(json, path).iter().any(|tokens| tokens.eq_ignore_ascii_case("optional"))
        })
    };
    match (view.service(), view.operation()) {
        ("ec2", "RunInstances") => {
            is_optional(&["metadataOptions.httpTokens"], view.request())
                || is_optional(&["instancesSet.metadataOptions.httpTokens"], view.response())
        }
        ("ec2", "ModifyInstanceMetadataOptions" | "ModifyInstanceMetadataDefaults") => {
            is_optional(&["httpTokens"], view.request())
        }
        ("ec2", "CreateLaunchTemplate" | "CreateLaunchTemplateVersion") => {
            is_optional(&["launchTemplateData.metadataOptions.httpTokens"], view.request())
        }
        _ => false,
    }
}

fn types(view: &View<'_>) -> Vec<String> {
    let operations = [
        "RunInstances",
        "RequestSpotInstances",
        "ModifyInstanceAttribute",
        "CreateFleet",
        "RequestSpotFleet",
        "CreateLaunchTemplate",
        "CreateLaunchTemplateVersion",
    ];
    if !view.is("ec2", &operations) {
        return Vec::new();
    }
    let paths = [
        "instanceType",
        "launchSpecification.instanceType",
        "launchTemplateData.instanceType",
        "launchTemplateConfigs.overrides.instanceType",
        "spotFleetRequestConfig.launchSpecifications.instanceType",
    ];
    let texts = paths.into_iter().flat_map(|path| members::texts(view.request(), path));
    texts.map(|text| text.into_owned()).collect()
}

/// Families with GPUs and other accelerators: what miners start.
fn is_gpu(instance_type: &str) -> bool {
    const KINDS: &[&str] = &["p", "g", "gr", "trn", "inf", "dl", "vt", "f"];
    let kind = instance_type.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    KINDS.contains(&kind.to_ascii_lowercase().as_str())
}

fn user_data(view: &View<'_>) -> bool {
    match (view.service(), view.operation()) {
        ("ec2", "RunInstances" | "RequestSpotInstances") => {
            view.asks("userData") || view.asks("launchSpecification.userData")
        }
        ("ec2", "ModifyInstanceAttribute") => {
            view.asks("userData") || view.asked_text("attribute").eq_ignore_ascii_case("userData")
        }
        ("ec2", "CreateLaunchTemplate" | "CreateLaunchTemplateVersion") => {
            view.asks("launchTemplateData.userData")
        }
        ("autoscaling", "CreateLaunchConfiguration") => view.asks("userData"),
        _ => false,
    }
}

fn protection_off(view: &View<'_>) -> bool {
    let by_name = view.asked_text("attribute").eq_ignore_ascii_case("disableApiTermination");
    view.is("ec2", &["ModifyInstanceAttribute"])
        && (view.asked_flag("disableApiTermination", false) || by_name && view.asked_flag("value", false))
}

fn instance_profile(view: &View<'_>) -> Vec<Text> {
    let operations = ["RunInstances", "AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation"];
    if !view.is("ec2", &operations) {
        return Vec::new();
    }
    let paths = ["iamInstanceProfile.arn", "iamInstanceProfile.name"];
    let texts = paths.into_iter().flat_map(|path| members::texts(view.request(), path));
    texts.map(|text| text.into_owned().into()).collect()
}

fn unencrypted(view: &View<'_>) -> bool {
    let is_plain = |path: &str, json| {
        members::each(json, path).into_iter().any(|flag| members::flag(flag) == Some(false))
    };
    match (view.service(), view.operation()) {
        ("ec2", "CreateVolume" | "CopySnapshot") => {
            is_plain("encrypted", view.request()) || is_plain("encrypted", view.response())
        }
        ("ec2", "RunInstances") => is_plain("blockDeviceMapping.ebs.encrypted", view.request()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::*;
    use serde_json::{Value as Json, json};

    fn ec2(operation: &str, request: Json) -> Json {
        call("ec2", operation, request)
    }

    #[test]
    fn launches() {
        let answer = |tokens: &str| {
            with(
                ec2("RunInstances", json!({"instanceType": "t3.micro"})),
                json!({"responseElements":
                {"instancesSet": {"items": [{"metadataOptions": {"httpTokens": tokens}}]}}}),
            )
        };
        for (event, fact, value) in [
            (
                ec2(
                    "RunInstances",
                    json!({"networkInterfaceSet": {"items": [{"associatePublicIpAddress": true}]}}),
                ),
                "ec2.public_address",
                "true",
            ),
            (
                ec2(
                    "RunInstances",
                    json!({"networkInterfaceSet": {"items": [{"networkInterfaceId": "eni-1"}]}}),
                ),
                "ec2.public_address",
                "false",
            ),
            (
                ec2("RunInstances", json!({"metadataOptions": {"httpTokens": "optional"}})),
                "ec2.imds_v1",
                "true",
            ),
            (
                ec2("RunInstances", json!({"metadataOptions": {"httpTokens": "required"}})),
                "ec2.imds_v1",
                "false",
            ),
            (answer("optional"), "ec2.imds_v1", "true"),
            (answer("required"), "ec2.imds_v1", "false"),
            (
                ec2(
                    "ModifyInstanceMetadataOptions",
                    json!({"ModifyInstanceMetadataOptionsRequest":
                    {"InstanceId": "i-1", "HttpTokens": "optional"}}),
                ),
                "ec2.imds_v1",
                "true",
            ),
            (ec2("RunInstances", json!({"instanceType": "p4d.24xlarge"})), "ec2.gpu", "true"),
            (ec2("RunInstances", json!({"instanceType": "g5.xlarge"})), "ec2.instance_types", "g5.xlarge"),
            (ec2("RunInstances", json!({"instanceType": "t3.micro"})), "ec2.gpu", "false"),
            (ec2("RunInstances", json!({"userData": "<sensitiveDataRemoved>"})), "ec2.user_data", "true"),
            (ec2("RunInstances", json!({})), "ec2.user_data", "false"),
            (
                ec2("RunInstances", json!({"iamInstanceProfile": {"name": "web"}})),
                "ec2.instance_profile",
                "web",
            ),
            (
                ec2(
                    "RunInstances",
                    json!({"blockDeviceMapping": {"items": [{"ebs": {"encrypted": false}}]}}),
                ),
                "ec2.unencrypted",
                "true",
            ),
            (ec2("RunInstances", json!({"blockDeviceMapping": {}})), "ec2.unencrypted", "false"),
            (ec2("CreateVolume", json!({"encrypted": true})), "ec2.unencrypted", "false"),
        ] {
            check(&event, &[(fact, value)]);
        }
    }

    #[test]
    fn changes() {
        for (request, user_data, protection_off) in [
            (json!({"instanceId": "i-1", "attribute": "userData", "value": "x"}), "true", "false"),
            (json!({"instanceId": "i-1", "userData": "<sensitiveDataRemoved>"}), "true", "false"),
            (json!({"instanceId": "i-1", "userData": {"value": "x"}}), "true", "false"),
            (json!({"instanceId": "i-1", "disableApiTermination": {"value": false}}), "false", "true"),
            (json!({"instanceId": "i-1", "disableApiTermination": {"value": true}}), "false", "false"),
            (
                json!({"instanceId": "i-1", "attribute": "disableApiTermination", "value": "false"}),
                "false",
                "true",
            ),
            (json!(null), "false", "false"),
        ] {
            check(
                &ec2("ModifyInstanceAttribute", request),
                &[("ec2.user_data", user_data), ("ec2.termination_protection_off", protection_off)],
            );
        }
    }
}
