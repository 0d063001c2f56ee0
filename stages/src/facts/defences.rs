//! How other defences than trails are weakened: keys, detectors, recorders, logs.

use super::{Fact, Text, View, members};

pub(super) const FACTS: &[Fact] = &[
    Fact::number("kms.deletion_days", "days until a key is gone, and all that it encrypts with it", |view| {
        let days = members::number(view.asked("pendingWindowInDays")).unwrap_or(KEY_DELETION_DAYS_DEFAULT);
        if view.is("kms", &["ScheduleKeyDeletion"]) { u64::try_from(days).ok() } else { None }
    }),
    Fact::flag(
        "kms.lockout_check_off",
        "a key's policy is set without the check against locking everybody out",
        |view| view.service() == "kms" && view.asked_flag("bypassPolicyLockoutSafetyCheck", true),
    ),
    Fact::texts(
        "guardduty.weakened",
        "what is turned off of GuardDuty: detector, features, or findings are trusted away by a list of addresses",
        guardduty_weakened,
    ),
    Fact::flag("config.narrowed", "AWS Config records no longer every type of resource", |view| {
        view.is("config", &["PutConfigurationRecorder"])
            && view.asked_flag("configurationRecorder.recordingGroup.allSupported", false)
    }),
    Fact::number(
        "logs.retention_days",
        "days after which a log group's events are deleted from now on",
        |view| {
            let days = members::number(view.asked("retentionInDays"));
            if view.is("logs", &["PutRetentionPolicy"]) {
                days.and_then(|days| u64::try_from(days).ok())
            } else {
                None
            }
        },
    ),
    Fact::flag("bedrock.logging_off", "what models are asked and answer is not logged any more", |view| {
        let is_emptied = view.is("bedrock", &["PutModelInvocationLoggingConfiguration"])
            && !view.asks("loggingConfig.s3Config")
            && !view.asks("loggingConfig.cloudWatchConfig");
        is_emptied || view.is("bedrock", &["DeleteModelInvocationLoggingConfiguration"])
    }),
    Fact::flag(
        "ses.sending_enabled",
        "the account may send mail from now on, or asks to send it to everybody",
        |view| {
            let is_asked =
                |operations: &[&str], member| view.is("ses", operations) && view.asked_flag(member, true);
            is_asked(&["UpdateAccountSendingEnabled"], "enabled")
                || is_asked(&["PutAccountSendingAttributes"], "sendingEnabled")
                || is_asked(&["PutAccountDetails"], "productionAccessEnabled")
        },
    ),
];

/// What KMS takes when a call names no time.
const KEY_DELETION_DAYS_DEFAULT: i64 = 30;

fn guardduty_weakened(view: &View<'_>) -> Vec<Text> {
    let mut weakened = Vec::new();
    match (view.service(), view.operation()) {
        ("guardduty", "DeleteDetector") => weakened.push(Text::from("detector")),
        ("guardduty", "UpdateDetector") => {
            if view.asked_flag("enable", false) {
                weakened.push("detector".into());
            }
            let features = members::texts(view.request(), "features.status");
            let sources = ["dataSources.s3Logs.enable", "dataSources.kubernetes.auditLogs.enable"];
            if features.iter().any(|status| status == "DISABLED")
                || sources.iter().any(|source| view.asked_flag(source, false))
            {
                weakened.push("features".into());
            }
        }
        ("guardduty", "CreateIPSet" | "UpdateIPSet") if view.asked_flag("activate", true) => {
            weakened.push("trusted_addresses".into());
        }
        ("guardduty", "CreateFilter" | "UpdateFilter") if view.asked_text("action") == "ARCHIVE" => {
            weakened.push("archived_findings".into());
        }
        _ => {}
    }
    weakened
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::*;
    use serde_json::json;

    #[test]
    fn defences() {
        for (service, operation, request, fact, value) in [
            (
                "kms",
                "ScheduleKeyDeletion",
                json!({"keyId": "k", "pendingWindowInDays": 7}),
                "kms.deletion_days",
                "7",
            ),
            ("kms", "ScheduleKeyDeletion", json!({"keyId": "k"}), "kms.deletion_days", "30"),
            ("kms", "DisableKey", json!({"keyId": "k"}), "kms.deletion_days", ""),
            (
                "kms",
                "PutKeyPolicy",
                json!({"bypassPolicyLockoutSafetyCheck": true}),
                "kms.lockout_check_off",
                "true",
            ),
            ("guardduty", "UpdateDetector", json!({"enable": false}), "guardduty.weakened", "detector"),
            ("guardduty", "UpdateDetector", json!({"enable": true}), "guardduty.weakened", ""),
            (
                "guardduty",
                "UpdateDetector",
                json!({"features": [{"name": "S3_DATA_EVENTS", "status": "DISABLED"}]}),
                "guardduty.weakened",
                "features",
            ),
            (
                "guardduty",
                "CreateIPSet",
                json!({"activate": true}),
                "guardduty.weakened",
                "trusted_addresses",
            ),
            (
                "guardduty",
                "CreateFilter",
                json!({"action": "ARCHIVE"}),
                "guardduty.weakened",
                "archived_findings",
            ),
            (
                "config",
                "PutConfigurationRecorder",
                json!({"configurationRecorder": {"recordingGroup": {"allSupported": false}}}),
                "config.narrowed",
                "true",
            ),
            ("logs", "PutRetentionPolicy", json!({"retentionInDays": 1}), "logs.retention_days", "1"),
            (
                "bedrock",
                "PutModelInvocationLoggingConfiguration",
                json!({"loggingConfig": {}}),
                "bedrock.logging_off",
                "true",
            ),
            (
                "bedrock",
                "PutModelInvocationLoggingConfiguration",
                json!({"loggingConfig": {"s3Config": {"bucketName": "b"}}}),
                "bedrock.logging_off",
                "false",
            ),
            ("ses", "UpdateAccountSendingEnabled", json!({"enabled": true}), "ses.sending_enabled", "true"),
            ("ses", "UpdateAccountSendingEnabled", json!({"enabled": false}), "ses.sending_enabled", "false"),
        ] {
            check(&call(service, operation, request), &[(fact, value)]);
        }
    }
}
