//! What S3 is told about buckets and objects. Their policies are the matter of `policy`.

use super::{Fact, Text, View, lists::is_account, members};

mod acl;
#[cfg(test)]
mod tests;

pub(super) const FACTS: &[Fact] = &[
    Fact::flag(
        "s3.acl_public",
        "an ACL, canned or not, grants something to all users or to all of AWS's",
        |view| is_s3(view) && !acl::public_grants(view).is_empty(),
    ),
    Fact::texts(
        "s3.acl_public_grants",
        "what a public ACL grants: read, write, read_acp, write_acp, full_control",
        |view| {
            if is_s3(view) {
                acl::public_grants(view).into_iter().map(Text::from).collect()
            } else {
                Vec::new()
            }
        },
    ),
    Fact::flag(
        "s3.acls_enabled",
        "ACLs have a say again: the owner of objects is not enforced any more",
        acls_enabled,
    ),
    Fact::texts(
        "s3.block_public_off",
        "the blocks of public access that are off after the call",
        block_public_off,
    ),
    Fact::flag("s3.versioning_suspended", "versions of objects are not kept any more", |view| {
        is_s3(view) && view.asked_text("VersioningConfiguration.Status").eq_ignore_ascii_case("suspended")
    }),
    Fact::flag("s3.mfa_delete_off", "versions can be deleted without MFA from now on", |view| {
        is_s3(view) && view.asked_text("VersioningConfiguration.MfaDelete").eq_ignore_ascii_case("disabled")
    }),
    Fact::flag("s3.logging_off", "access to the bucket is not logged any more", |view| {
        view.is("s3", &["PutBucketLogging"]) && !view.asks("BucketLoggingStatus.LoggingEnabled.TargetBucket")
    }),
    Fact::number(
        "s3.expiry_days",
        "days after which the shortest lifecycle rule of the call deletes objects",
        expiry_days,
    ),
    Fact::texts(
        "s3.replication_foreign",
        "foreign accounts that objects are copied to from now on",
        |view| {
            let accounts =
                members::texts(view.request(), "ReplicationConfiguration.Rule.Destination.Account");
            let foreign = accounts.into_iter().filter(|account| is_s3(view) && view.is_foreign(account));
            foreign.map(|account| account.into_owned().into()).collect()
        },
    ),
    Fact::flag("s3.cors_any_origin", "pages of any origin may use the bucket from a browser", |view| {
        let origins = ["AllowedOrigin", "AllowedOrigins"];
        let paths = origins.map(|name| format!("CORSConfiguration.CORSRule.{name}"));
        is_s3(view)
            && paths
                .iter()
                .any(|path| members::texts(view.request(), path).iter().any(|origin| origin == "*"))
    }),
    Fact::flag(
        "s3.customer_key",
        "objects are encrypted with a key that only the caller has (SSE-C)",
        customer_key,
    ),
    Fact::texts("s3.foreign_key", "foreign accounts with whose KMS keys objects are encrypted", foreign_key),
    Fact::flag("s3.log_bucket", "the bucket's name says that it keeps logs or trails", log_bucket),
];

fn is_s3(view: &View<'_>) -> bool {
    matches!(view.service(), "s3" | "s3express" | "s3-outposts" | "s3control")
}

fn acls_enabled(view: &View<'_>) -> bool {
    let set = members::texts(view.request(), "OwnershipControls.Rule.ObjectOwnership");
    let header = view.asked_text("x-amz-object-ownership");
    let is_open = |ownership: &str| !ownership.is_empty() && ownership != "BucketOwnerEnforced";
    is_s3(view)
        && (set.iter().any(|ownership| is_open(ownership))
            || is_open(&header)
            || view.operation() == "DeleteBucketOwnershipControls")
}

const BLOCKS: &[(&str, &str)] = &[
    ("BlockPublicAcls", "block_public_acls"),
    ("IgnorePublicAcls", "ignore_public_acls"),
    ("BlockPublicPolicy", "block_public_policy"),
    ("RestrictPublicBuckets", "restrict_public_buckets"),
];

/// A block that the call does not name is off.
fn block_public_off(view: &View<'_>) -> Vec<Text> {
    let operation = view.operation();
    if !is_s3(view) || !operation.ends_with("PublicAccessBlock") {
        return Vec::new();
    }
    let is_off = |name: &str| {
        operation.starts_with("Delete")
            || operation.starts_with("Put")
                && !view.asked_flag(&format!("PublicAccessBlockConfiguration.{name}"), true)
    };
    BLOCKS.iter().filter(|(name, _)| is_off(name)).map(|(_, fact)| Text::from(*fact)).collect()
}

fn expiry_days(view: &View<'_>) -> Option<u64> {
    if !view.is("s3", &["PutBucketLifecycle", "PutBucketLifecycleConfiguration"]) {
        return None;
    }
    let rules = members::each(view.request(), "LifecycleConfiguration.Rule").into_iter();
    let enabled = rules.filter(|rule| members::at(rule, "Status").as_str() != Some("Disabled"));
    let days = enabled.flat_map(|rule| {
        ["Expiration.Days", "NoncurrentVersionExpiration.NoncurrentDays"]
            .into_iter()
            .filter_map(|path| members::number(members::at(rule, path)))
    });
    days.min().and_then(|days| u64::try_from(days).ok())
}

const CUSTOMER_ALGORITHM: &str = "x-amz-server-side-encryption-customer-algorithm";

fn customer_key(view: &View<'_>) -> bool {
    let additional = view.additional();
    let applied = members::text(members::at(&additional, "SSEApplied")).unwrap_or_default();
    let writes = ["PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy"];
    view.is("s3", &writes) && (view.asks(CUSTOMER_ALGORITHM) || applied == "SSE_C")
}

fn foreign_key(view: &View<'_>) -> Vec<Text> {
    const HEADER: &str = "x-amz-server-side-encryption-aws-kms-key-id";
    const DEFAULT: &str =
        "ServerSideEncryptionConfiguration.Rule.ApplyServerSideEncryptionByDefault.KMSMasterKeyID";
    let mut keys = members::texts(view.request(), HEADER);
    keys.extend(members::texts(view.response(), HEADER));
    keys.extend(members::texts(view.request(), DEFAULT));
    let accounts = keys.iter().filter_map(|key| key.split(':').nth(4)).filter(|id| is_account(id));
    accounts.filter(|id| is_s3(view) && view.is_foreign(id)).map(|id| id.to_owned().into()).collect()
}

/// Words of a bucket's name that tell what it keeps.
const LOG_WORDS: &[&str] =
    &["log", "logs", "logging", "trail", "trails", "cloudtrail", "audit", "accesslogs", "flowlogs"];

fn log_bucket(view: &View<'_>) -> bool {
    let name = view.asked_text("bucketName").to_ascii_lowercase();
    is_s3(view) && name.split(['-', '.', '_']).any(|word| LOG_WORDS.contains(&word))
}
