//! What weakens how people and machines prove who they are.

use super::{Fact, Text, View, members};

pub(super) const FACTS: &[Fact] = &[
    Fact::texts(
        "iam.password_policy_weak",
        "what a password policy lacks: length, symbols, numbers, uppercase, lowercase, reuse",
        password_policy_weak,
    ),
    Fact::flag(
        "iam.external_ca",
        "certificates of an authority outside AWS open roles from now on (Roles Anywhere)",
        |view| {
            let operations = ["CreateTrustAnchor", "UpdateTrustAnchor"];
            let kind = view.asked_text("source.sourceType");
            view.is("rolesanywhere", &operations)
                && (kind == "CERTIFICATE_BUNDLE" || view.asks("source.sourceData.x509CertificateData"))
        },
    ),
];

/// Characters that CIS asks for.
const PASSWORD_CHARS_MIN: i64 = 14;

/// Members of a password policy that should be true.
const DEMANDS: &[(&str, &str)] = &[
    ("requireSymbols", "symbols"),
    ("requireNumbers", "numbers"),
    ("requireUppercaseCharacters", "uppercase"),
    ("requireLowercaseCharacters", "lowercase"),
];

/// The call replaces the whole policy: what it does not name falls back to a weak default.
fn password_policy_weak(view: &View<'_>) -> Vec<Text> {
    let number = |name| members::number(view.asked(name));
    match (view.service(), view.operation()) {
        ("iam", "UpdateAccountPasswordPolicy") => {
            let demands = DEMANDS.iter().filter(|(name, _)| !view.asked_flag(name, true));
            let mut weak: Vec<Text> = demands.map(|(_, fact)| Text::from(*fact)).collect();
            if number("minimumPasswordLength").is_none_or(|n| n < PASSWORD_CHARS_MIN) {
                weak.insert(0, "length".into());
            }
            if number("passwordReusePrevention").is_none_or(|n| n < 1) {
                weak.push("reuse".into());
            }
            weak
        }
        ("iam", "DeleteAccountPasswordPolicy") => {
            ["length", "symbols", "numbers", "uppercase", "lowercase", "reuse"].map(Text::from).into()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::*;
    use serde_json::json;

    #[test]
    fn passwords() {
        let strong = json!({"minimumPasswordLength": 14, "requireSymbols": true, "requireNumbers": true,
            "requireUppercaseCharacters": true, "requireLowercaseCharacters": true, "passwordReusePrevention": 24});
        let mut short = strong.clone();
        short["minimumPasswordLength"] = 8.into();
        short["requireSymbols"] = false.into();
        for (operation, request, weak) in [
            ("UpdateAccountPasswordPolicy", strong, ""),
            ("UpdateAccountPasswordPolicy", short, "length symbols"),
            ("UpdateAccountPasswordPolicy", json!(null), "length symbols numbers uppercase lowercase reuse"),
            ("DeleteAccountPasswordPolicy", json!(null), "length symbols numbers uppercase lowercase reuse"),
            ("GetAccountPasswordPolicy", json!(null), ""),
        ] {
            check(&call("iam", operation, request), &[("iam.password_policy_weak", weak)]);
        }
    }

    #[test]
    fn authorities() {
        let anchor = |source| call("rolesanywhere", "CreateTrustAnchor", json!({ "source": source }));
        for (source, external) in [
            (json!({"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {}}), "true"),
            (json!({"sourceData": {"x509CertificateData": "-----BEGIN CERTIFICATE-----"}}), "true"),
            (json!({"sourceType": "AWS_ACM_PCA", "sourceData": {"acmPcaArn": "arn"}}), "false"),
        ] {
            check(&anchor(source), &[("iam.external_ca", external)]);
        }
    }
}
