//! Reads of what opens other doors.

use super::{Fact, Text, View};

pub(super) const FACTS: &[Fact] = &[Fact::texts(
    "data.sensitive",
    "what a call reads that opens other doors: secret, parameter, password, user_data, code, credentials, key",
    |view| sensitive(view).map(Text::from).into_iter().collect(),
)];

fn sensitive(view: &View<'_>) -> Option<&'static str> {
    let is_attribute = |name: &str| view.asked_text("attribute").eq_ignore_ascii_case(name);
    Some(match (view.service(), view.operation()) {
        ("secretsmanager", "GetSecretValue" | "BatchGetSecretValue") => "secret",
        ("ssm", "GetParameter" | "GetParameters" | "GetParametersByPath" | "GetParameterHistory")
            if view.asked_flag("withDecryption", true) =>
        {
            "parameter"
        }
        ("ec2", "GetPasswordData") | ("lightsail", "GetInstanceAccessDetails") => "password",
        ("ec2", "DescribeInstanceAttribute") if is_attribute("userData") => "user_data",
        ("ec2", "GetLaunchTemplateData") => "user_data",
        ("lambda", "GetFunction" | "GetLayerVersion" | "GetLayerVersionByArn") => "code",
        ("ecr", "GetAuthorizationToken")
        | ("redshift", "GetClusterCredentials" | "GetClusterCredentialsWithIAM") => "credentials",
        ("sts", "GetFederationToken" | "GetSessionToken" | "AssumeRoot") => "credentials",
        ("acm", "ExportCertificate") | ("lightsail", "DownloadDefaultKeyPair") => "key",
        ("iam", "GetAccountAuthorizationDetails" | "GetCredentialReport") => "credentials",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::*;
    use serde_json::json;

    #[test]
    fn reads() {
        for (service, operation, request, kind) in [
            ("secretsmanager", "GetSecretValue", json!({"secretId": "a"}), "secret"),
            ("secretsmanager", "ListSecrets", json!(null), ""),
            ("ssm", "GetParameters", json!({"names": ["/a"], "withDecryption": true}), "parameter"),
            ("ssm", "GetParameters", json!({"names": ["/a"], "withDecryption": false}), ""),
            ("ec2", "GetPasswordData", json!({"instanceId": "i-1"}), "password"),
            ("ec2", "DescribeInstanceAttribute", json!({"attribute": "userData"}), "user_data"),
            ("ec2", "DescribeInstanceAttribute", json!({"attribute": "instanceType"}), ""),
            ("lambda", "GetFunction20150331v2", json!({"functionName": "f"}), "code"),
        ] {
            check(&call(service, operation, request), &[("data.sensitive", kind)]);
        }
    }
}
