//! What RDS, and Redshift where it has the same setting, is told about databases. Sharing is the matter of `share`.

use super::{Fact, View, members};

pub(super) const FACTS: &[Fact] = &[
    Fact::flag(
        "rds.publicly_accessible",
        "the database gets a public address, by the request or the answer",
        |view| is_or_becomes(view, "publiclyAccessible", true),
    ),
    Fact::flag(
        "rds.unencrypted",
        "the database's storage is not encrypted, by the request or the answer",
        |view| is_or_becomes(view, "storageEncrypted", false) || is_or_becomes(view, "encrypted", false),
    ),
    Fact::flag("rds.deletion_protection_off", "the database can be deleted by a call from now on", |view| {
        is_change(view) && view.asked_flag("deletionProtection", false)
    }),
    Fact::flag("rds.backups_off", "no automated backups are kept from now on", |view| {
        is_change(view) && members::number(view.asked("backupRetentionPeriod")) == Some(0)
    }),
    Fact::flag("rds.final_snapshot_skipped", "the database is deleted and nothing is left of it", |view| {
        let is_delete = view.operation().starts_with("Delete");
        let skips =
            view.asked_flag("skipFinalSnapshot", true) || view.asked_flag("skipFinalClusterSnapshot", true);
        is_database(view) && is_delete && skips
    }),
    Fact::flag("rds.master_password_changed", "the master user's password is set anew", |view| {
        let is_modify = view.operation().starts_with("Modify");
        let is_set = view.asks("masterUserPassword") || view.asked_flag("rotateMasterUserPassword", true);
        is_database(view) && is_modify && is_set
    }),
];

fn is_database(view: &View<'_>) -> bool {
    matches!(view.service(), "rds" | "redshift")
}

fn is_change(view: &View<'_>) -> bool {
    is_database(view) && (view.operation().starts_with("Modify") || is_creation(view))
}

fn is_creation(view: &View<'_>) -> bool {
    let operation = view.operation();
    operation.starts_with("Create") || operation.starts_with("Restore")
}

/// Whether the call sets a flag so; where it makes a database without a word about it, whether the answer has it so.
fn is_or_becomes(view: &View<'_>, flag: &str, value: bool) -> bool {
    if !is_change(view) {
        return false;
    }
    match members::flag(view.asked(flag)) {
        Some(asked) => asked == value,
        None => is_creation(view) && members::flag(members::at(view.response(), flag)) == Some(value),
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::*;
    use serde_json::{Value as Json, json};

    fn rds(operation: &str, request: Json, response: Json) -> Json {
        with(call("rds", operation, request), json!({"responseElements": response}))
    }

    #[test]
    fn exposure() {
        let (yes, no) = (json!({"publiclyAccessible": true}), json!({"publiclyAccessible": false}));
        for (operation, request, response, public) in [
            ("CreateDBInstance", yes.clone(), json!(null), "true"),
            ("CreateDBInstance", no.clone(), no.clone(), "false"),
            ("RestoreDBInstanceFromDBSnapshot", json!({}), yes.clone(), "true"),
            ("ModifyDBInstance", json!({}), yes.clone(), "false"),
            ("ModifyDBInstance", yes.clone(), json!(null), "true"),
            ("DescribeDBInstances", yes, json!(null), "false"),
        ] {
            check(&rds(operation, request, response), &[("rds.publicly_accessible", public)]);
        }
    }

    #[test]
    fn protection() {
        for (operation, request, facts) in [
            (
                "CreateDBInstance",
                json!({"storageEncrypted": false, "backupRetentionPeriod": 0, "deletionProtection": false,
                    "masterUserPassword": "HIDDEN_DUE_TO_SECURITY_REASONS"}),
                ["true", "true", "true", "false", "false"],
            ),
            (
                "ModifyDBInstance",
                json!({"masterUserPassword": "HIDDEN_DUE_TO_SECURITY_REASONS", "backupRetentionPeriod": 7}),
                ["false", "false", "false", "true", "false"],
            ),
            (
                "ModifyDBCluster",
                json!({"deletionProtection": false}),
                ["false", "false", "true", "false", "false"],
            ),
            (
                "DeleteDBInstance",
                json!({"skipFinalSnapshot": true}),
                ["false", "false", "false", "false", "true"],
            ),
            ("DeleteDBInstance", json!({"skipFinalSnapshot": false}), ["false"; 5]),
            ("DescribeDBInstances", json!(null), ["false"; 5]),
        ] {
            let names = [
                "rds.unencrypted",
                "rds.backups_off",
                "rds.deletion_protection_off",
                "rds.master_password_changed",
                "rds.final_snapshot_skipped",
            ];
            let facts: Vec<_> = names.into_iter().zip(facts).collect();
            check(&rds(operation, request, json!(null)), &facts);
        }
    }
}
