use crate::facts::testing::*;
use serde_json::{Value as Json, json};

fn s3(operation: &str, request: Json) -> Json {
    call("s3", operation, request)
}

#[test]
fn acls() {
    let all = "http://acs.amazonaws.com/groups/global/AllUsers";
    let grant = |uri: &str, permission: &str| json!({"Grantee": {"xsi:type": "Group", "URI": uri}, "Permission": permission});
    let owner = json!({"Grantee": {"ID": "abc"}, "Permission": "FULL_CONTROL"});
    let policy =
        |grants: Json| json!({"AccessControlPolicy": {"AccessControlList": {"Grant": grants}, "Owner": {}}});
    for (operation, request, grants) in [
        ("PutBucketAcl", json!({"x-amz-acl": "public-read", "acl": ""}), "read"),
        ("PutBucketAcl", json!({"x-amz-acl": ["public-read-write"]}), "read write"),
        ("CreateBucket", json!({"x-amz-acl": "private"}), ""),
        ("PutObject", json!({"accessControlList": {"x-amz-grant-read": format!("uri=\"{all}\"")}}), "read"),
        ("PutObject", json!({"x-amz-grant-full-control": "id=abc", "key": format!("uri={all}")}), ""),
        ("PutObjectAcl", policy(json!([owner, grant(all, "WRITE_ACP")])), "write_acp"),
        (
            "PutBucketAcl",
            policy(grant("http://acs.amazonaws.com/groups/global/AuthenticatedUsers", "READ")),
            "read",
        ),
        ("PutBucketAcl", policy(grant("http://acs.amazonaws.com/groups/s3/LogDelivery", "WRITE")), ""),
        ("PutBucketAcl", policy(owner), ""),
    ] {
        let public = if grants.is_empty() { "false" } else { "true" };
        check(&s3(operation, request), &[("s3.acl_public_grants", grants), ("s3.acl_public", public)]);
    }
}

#[test]
fn blocks_of_public_access() {
    let put =
        |blocks: Json| s3("PutBucketPublicAccessBlock", json!({"PublicAccessBlockConfiguration": blocks}));
    let all = "block_public_acls ignore_public_acls block_public_policy restrict_public_buckets";
    for (event, off) in [
        (
            put(json!({"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true,
                "RestrictPublicBuckets": true})),
            "",
        ),
        (
            put(json!({"BlockPublicAcls": "true", "IgnorePublicAcls": false, "BlockPublicPolicy": true})),
            "ignore_public_acls restrict_public_buckets",
        ),
        (put(json!({})), all),
        (s3("DeleteBucketPublicAccessBlock", json!({"bucketName": "b"})), all),
        (s3("DeleteAccountPublicAccessBlock", json!(null)), all),
        (s3("GetBucketPublicAccessBlock", json!({"bucketName": "b"})), ""),
    ] {
        check(&event, &[("s3.block_public_off", off)]);
    }
}

#[test]
fn settings_of_buckets() {
    for (fact, operation, request, value) in [
        (
            "s3.versioning_suspended",
            "PutBucketVersioning",
            json!({"VersioningConfiguration": {"Status": "Suspended"}}),
            "true",
        ),
        (
            "s3.versioning_suspended",
            "PutBucketVersioning",
            json!({"VersioningConfiguration": {"Status": "Enabled"}}),
            "false",
        ),
        (
            "s3.mfa_delete_off",
            "PutBucketVersioning",
            json!({"VersioningConfiguration": {"MfaDelete": "Disabled"}}),
            "true",
        ),
        (
            "s3.mfa_delete_off",
            "PutBucketVersioning",
            json!({"VersioningConfiguration": {"Status": "Enabled"}}),
            "false",
        ),
        (
            "s3.logging_off",
            "PutBucketLogging",
            json!({"BucketLoggingStatus": {"xmlns": "x"}, "logging": ""}),
            "true",
        ),
        ("s3.logging_off", "PutBucketLogging", json!({"BucketLoggingStatus": ""}), "true"),
        (
            "s3.logging_off",
            "PutBucketLogging",
            json!({"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": ""}}}),
            "false",
        ),
        (
            "s3.expiry_days",
            "PutBucketLifecycle",
            json!({"LifecycleConfiguration": {"Rule": {"Status": "Enabled", "Expiration": {"Days": 1}}}}),
            "1",
        ),
        (
            "s3.expiry_days",
            "PutBucketLifecycleConfiguration",
            json!({"LifecycleConfiguration": {"Rule": [
                {"Status": "Disabled", "Expiration": {"Days": 1}},
                {"Status": "Enabled", "Expiration": {"Days": "90"}},
                {"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 30}}]}}),
            "30",
        ),
        (
            "s3.expiry_days",
            "PutBucketLifecycle",
            json!({"LifecycleConfiguration": {"Rule": {"Status": "Enabled"}}}),
            "",
        ),
        (
            "s3.replication_foreign",
            "PutBucketReplication",
            json!({"ReplicationConfiguration": {"Rule": [{"Destination": {"Account": "444455556666"}},
                {"Destination": {"Account": ACCOUNT}}, {"Destination": {"Bucket": "arn:aws:s3:::b"}}]}}),
            "444455556666",
        ),
        (
            "s3.cors_any_origin",
            "PutBucketCors",
            json!({"CORSConfiguration": {"CORSRule": {"AllowedOrigin": "*"}}}),
            "true",
        ),
        (
            "s3.cors_any_origin",
            "PutBucketCors",
            json!({"CORSConfiguration": {"CORSRule": [{"AllowedOrigin": ["https://example.com"]}]}}),
            "false",
        ),
        (
            "s3.acls_enabled",
            "PutBucketOwnershipControls",
            json!({"OwnershipControls": {"Rule": {"ObjectOwnership": "ObjectWriter"}}}),
            "true",
        ),
        (
            "s3.acls_enabled",
            "PutBucketOwnershipControls",
            json!({"OwnershipControls": {"Rule": {"ObjectOwnership": "BucketOwnerEnforced"}}}),
            "false",
        ),
        ("s3.log_bucket", "DeleteBucket", json!({"bucketName": "shop-cloudtrail-1"}), "true"),
        ("s3.log_bucket", "DeleteBucket", json!({"bucketName": "catalog-images"}), "false"),
    ] {
        check(&s3(operation, request), &[(fact, value)]);
    }
}

#[test]
fn keys_of_others() {
    let key = "arn:aws:kms:us-east-1:444455556666:key/1";
    let header = "x-amz-server-side-encryption-aws-kms-key-id";
    let sse_c = json!({"x-amz-server-side-encryption-customer-algorithm": "AES256"});
    let default = json!({"ServerSideEncryptionConfiguration": {"Rule":
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}}});
    let applied =
        with(s3("CopyObject", json!({"key": "a"})), json!({"additionalEventData": {"SSEApplied": "SSE_C"}}));
    for (event, customer, foreign) in [
        (s3("PutObject", sse_c.clone()), "true", ""),
        (applied, "true", ""),
        (s3("GetObject", sse_c), "false", ""),
        (s3("CopyObject", json!({header: key})), "false", "444455556666"),
        (s3("CopyObject", json!({header: "arn:aws:kms:us-east-1:111122223333:key/1"})), "false", ""),
        (s3("CopyObject", json!({header: "alias/mine"})), "false", ""),
        (s3("PutBucketEncryption", default), "false", "444455556666"),
    ] {
        check(&event, &[("s3.customer_key", customer), ("s3.foreign_key", foreign)]);
    }
}
