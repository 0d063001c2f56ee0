//! Stories about IAM: a key that leaked, and a user who makes himself an administrator.

use super::{Actor, Story};
use crate::random::Random;
use crate::scenarios::step::Scene;
use crate::world::ACCOUNTS;

const CLI: &str = "aws-cli/2.15.30 Python/3.11.8 Linux/6.5.0-41-generic exe/x86_64.ubuntu.22 prompt/off";
const TRUFFLEHOG: &str = "TruffleHog";

/// A scanner finds a key in a public repository, its finder looks around and makes a second key.
pub(super) fn leaked_key(random: &mut Random) -> Story {
    let account = ACCOUNTS[3];
    let (victim, other) = ("svc-ci-deploy", "backup-admin");
    let thief = Actor::user(random, account, victim, ("203.0.113.66", CLI));
    let scanner = thief.with_tool(TRUFFLEHOG);
    let quarantine = Actor::service("iam.amazonaws.com");
    let new_key = random.example_id("AKIA");
    let mut scene = Scene { random, account, region: "us-east-1", actor: thief };
    let denied =
        "User is not authorized to perform this operation because no identity-based policy allows it";
    let steps = vec![
        scene.read("sts", "GetCallerIdentity", "null").by(&scanner).expects("leaked_key_tool"),
        scene.read("sts", "GetCallerIdentity", "null"),
        scene.read("iam", "ListAttachedUserPolicies", format!(r#"{{"userName":"{victim}"}}"#)),
        scene.read("iam", "ListUsers", "null"),
        scene.read("s3", "ListBuckets", r#"{"Host":"s3.us-east-1.amazonaws.com"}"#),
        scene.read("ec2", "DescribeInstances", r#"{"instancesSet":{},"filterSet":{}}"#),
        scene.read("secretsmanager", "ListSecrets", "null").fails("AccessDenied", denied),
        scene
            .write("iam", "CreateAccessKey", format!(r#"{{"userName":"{other}"}}"#))
            .answers(format!(
                r#"{{"accessKey":{{"userName":"{other}","accessKeyId":"{new_key}","status":"Active","createDate":"$z"}}}}"#
            ))
            .expects("access_key_created_for_other_user"),
        scene
            .write("iam", "AttachUserPolicy", policy(victim, "AWSCompromisedKeyQuarantineV3"))
            .by(&quarantine)
            .expects("compromised_key_quarantined"),
    ];
    Story {
        name: "leaked_key",
        title: "Leaked access key is found, tried and multiplied",
        account,
        steps,
        is_burst: false,
    }
}

/// A user with IAM rights attaches AdministratorAccess to himself and leaves two ways back in.
pub(super) fn privilege_escalation(random: &mut Random) -> Story {
    let account = ACCOUNTS[5];
    let user = "svc-reporting";
    let actor = Actor::user(random, account, user, ("198.51.100.23", CLI));
    let mut scene = Scene { random, account, region: "us-east-1", actor };
    let trust = r#"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::999988887777:root\"},\"Action\":\"sts:AssumeRole\"}]}"#;
    let steps = vec![
        scene.read("iam", "ListAttachedUserPolicies", format!(r#"{{"userName":"{user}"}}"#)),
        scene.read("iam", "ListPolicies", r#"{"scope":"AWS","maxItems":1000}"#),
        scene.write("iam", "AttachUserPolicy", policy(user, "AdministratorAccess")).expects("admin_policy_attached"),
        scene
            .write("iam", "CreateLoginProfile", format!(r#"{{"userName":"{user}","passwordResetRequired":false}}"#))
            .answers(format!(
                r#"{{"loginProfile":{{"userName":"{user}","createDate":"$z","passwordResetRequired":false}}}}"#
            ))
            .expects("login_profile_created"),
        scene
            .write(
                "iam",
                "UpdateAssumeRolePolicy",
                format!(r#"{{"roleName":"OrganizationAccountAccessRole","policyDocument":"{trust}"}}"#),
            )
            .expects("role_trust_foreign_account"),
    ];
    Story {
        name: "privilege_escalation",
        title: "User makes himself an administrator",
        account,
        steps,
        is_burst: false,
    }
}

fn policy(user: &str, policy: &str) -> String {
    format!(r#"{{"userName":"{user}","policyArn":"arn:aws:iam::aws:policy/{policy}"}}"#)
}
