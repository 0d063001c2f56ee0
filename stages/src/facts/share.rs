//! With whom a call shares something of ours, where no policy document says it: images, snapshots, data, logs.

use super::{Fact, Text, View, lists::is_account, members};

pub(super) const FACTS: &[Fact] = &[
    Fact::flag(
        "share.public",
        "the call shares something with everybody: an image, a snapshot, a document",
        |view| partners(view).iter().any(|partner| is_everybody(partner)),
    ),
    Fact::texts(
        "share.foreign_accounts",
        "accounts, neither ours nor trusted, that the call shares something with or sends something to",
        |view| {
            let accounts =
                partners(view).into_iter().filter_map(|partner| account(&partner).map(str::to_owned));
            accounts.filter(|account| view.is_foreign(account)).map(Text::from).collect()
        },
    ),
];

/// Members that name partners, by service and operation. A partner is an account, an ARN, or a word for everybody.
const SHARES: &[(&str, &[&str], &[&str])] = &[
    ("ec2", &["ModifyImageAttribute"], &["launchPermission.add.userId", "launchPermission.add.group"]),
    ("ec2", &["ModifyImageAttribute"], &["launchPermission.add.organizationArn"]),
    (
        "ec2",
        &["ModifySnapshotAttribute"],
        &["createVolumePermission.add.userId", "createVolumePermission.add.group"],
    ),
    ("ec2", &["ModifyFpgaImageAttribute"], &["loadPermission.add.userId", "loadPermission.add.group"]),
    ("ec2", &["CreateVpcPeeringConnection"], &["peerOwnerId"]),
    ("ec2", &["ModifyVpcEndpointServicePermissions"], &["addAllowedPrincipals"]),
    ("rds", &["ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute"], &["valuesToAdd"]),
    ("redshift", &["AuthorizeSnapshotAccess"], &["accountWithRestoreAccess"]),
    ("redshift", &["AuthorizeEndpointAccess"], &["account"]),
    ("redshift", &["AuthorizeDataShare"], &["consumerIdentifier"]),
    ("ssm", &["ModifyDocumentPermission"], &["accountIdsToAdd"]),
    ("ram", &["CreateResourceShare", "AssociateResourceShare"], &["principals"]),
    ("ecr", &["PutReplicationConfiguration"], &["replicationConfiguration.rules.destinations.registryId"]),
    ("logs", &["PutSubscriptionFilter"], &["destinationArn"]),
    ("events", &["PutTargets"], &["targets.arn"]),
    ("sns", &["Subscribe"], &["endpoint"]),
];

/// The older form of calls that share images and snapshots: whom, beside what is done with them.
const OLD_FORM: &[&str] = &["userIds", "userId", "userGroups", "groups"];

fn partners(view: &View<'_>) -> Vec<String> {
    let mut paths: Vec<&str> = Vec::new();
    for (service, operations, members) in SHARES {
        if view.is(service, operations) {
            paths.extend(*members);
        }
    }
    if !paths.is_empty() && view.asked_text("operationType").eq_ignore_ascii_case("add") {
        paths.extend(OLD_FORM);
    }
    let texts = paths.into_iter().flat_map(|path| members::texts(view.request(), path));
    texts.map(|text| text.into_owned()).collect()
}

fn is_everybody(partner: &str) -> bool {
    partner.eq_ignore_ascii_case("all") || partner == "*"
}

fn account(partner: &str) -> Option<&str> {
    let id = if partner.starts_with("arn:") { partner.split(':').nth(4)? } else { partner };
    Some(id).filter(|id| is_account(id))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use serde_json::json;

    #[test]
    fn partners() {
        let other = "444455556666";
        for (service, operation, request, public, foreign) in [
            (
                "ec2",
                "ModifyImageAttribute",
                json!({"imageId": "ami-1", "launchPermission": {"add": {"items": [{"userId": other}]}}}),
                "false",
                other,
            ),
            (
                "ec2",
                "ModifyImageAttribute",
                json!({"launchPermission": {"remove": {"items": [{"userId": other}]}}}),
                "false",
                "",
            ),
            (
                "ec2",
                "ModifySnapshotAttribute",
                json!({"attributeType": "CREATE_VOLUME_PERMISSION", "createVolumePermission":
                    {"add": {"items": [{"group": "all"}, {"userId": ACCOUNT}]}}}),
                "true",
                "",
            ),
            (
                "ec2",
                "ModifySnapshotAttribute",
                json!({"operationType": "add", "userIds": [other]}),
                "false",
                other,
            ),
            (
                "ec2",
                "ModifySnapshotAttribute",
                json!({"operationType": "remove", "userIds": [other]}),
                "false",
                "",
            ),
            (
                "rds",
                "ModifyDBSnapshotAttribute",
                json!({"attributeName": "restore", "valuesToAdd": ["all", other]}),
                "true",
                other,
            ),
            ("rds", "ModifyDBSnapshotAttribute", json!({"valuesToRemove": ["all"]}), "false", ""),
            ("ssm", "ModifyDocumentPermission", json!({"accountIdsToAdd": ["All"]}), "true", ""),
            ("ram", "CreateResourceShare", json!({"principals": [other, ACCOUNT]}), "false", other),
            (
                "logs",
                "PutSubscriptionFilter",
                json!({"destinationArn": "arn:aws:logs:eu-west-1:444455556666:destination:x"}),
                "false",
                other,
            ),
            ("sns", "Subscribe", json!({"protocol": "email", "endpoint": "a@example.com"}), "false", ""),
            ("ec2", "CreateVpcPeeringConnection", json!({"peerOwnerId": other}), "false", other),
            ("s3", "PutObject", json!({"principals": other}), "false", ""),
        ] {
            let event = call(service, operation, request);
            check(&event, &[("share.public", public), ("share.foreign_accounts", foreign)]);
        }
    }
}
