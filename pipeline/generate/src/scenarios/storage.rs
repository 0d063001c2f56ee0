//! Stories about S3: data carried away, and data held to ransom.

use super::{Actor, Step, Story};
use crate::random::Random;
use crate::scenarios::step::Scene;
use crate::world::ACCOUNTS;

const CLI: &str =
    "[aws-cli/2.17.0 md/awscrt#0.20.11 ua/2.0 os/linux#5.15.0 lang/python#3.11.9 md/command#s3.cp]";
const RCLONE: &str = "[rclone/v1.66.0]";
const XMLNS: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
const N_OBJECTS_TAKEN: usize = 12;
const N_OBJECTS_ENCRYPTED: usize = 8;

/// Public access is allowed, a foreign replica set up, and the objects read one by one.
pub(super) fn s3_exfiltration(random: &mut Random) -> Story {
    let account = ACCOUNTS[6];
    let bucket = format!("ledger-exports-{account}");
    let actor = Actor::session(random, account, ("data-analyst", "ana"), ("198.51.100.187", CLI));
    let thief = actor.with_tool(RCLONE);
    let mut scene = Scene { random, account, region: "eu-west-1", actor };
    let policy = format!(
        r#""bucketPolicy":{{"Version":"2012-10-17","Statement":[{{"Sid":"PublicRead","Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::{bucket}","arn:aws:s3:::{bucket}/*"]}}]}},"policy":"""#
    );
    let open = format!(
        r#""PublicAccessBlockConfiguration":{{"xmlns":"{XMLNS}","BlockPublicAcls":false,"IgnorePublicAcls":false,"BlockPublicPolicy":false,"RestrictPublicBuckets":false}},"publicAccessBlock":"""#
    );
    let replica = format!(
        r#""ReplicationConfiguration":{{"xmlns":"{XMLNS}","Role":"arn:aws:iam::{account}:role/replication","Rule":{{"ID":"copy-all","Status":"Enabled","Priority":1,"Filter":{{"Prefix":""}},"DeleteMarkerReplication":{{"Status":"Disabled"}},"Destination":{{"Bucket":"arn:aws:s3:::cold-archive-7731","Account":"999988887777"}}}}}},"replication":"""#
    );
    let mut steps = vec![
        scene.read("s3", "ListBuckets", r#"{"Host":"s3.eu-west-1.amazonaws.com"}"#),
        on_bucket(&mut scene, "DeleteBucketPublicAccessBlock", &bucket, r#""publicAccessBlock":"""#)
            .expects("bucket_public_access_block_removed"),
        on_bucket(&mut scene, "PutBucketPublicAccessBlock", &bucket, &open)
            .expects("bucket_public_access_block_removed"),
        on_bucket(&mut scene, "PutBucketPolicy", &bucket, &policy).expects("bucket_policy_public"),
        on_bucket(&mut scene, "PutBucketReplication", &bucket, &replica)
            .expects("bucket_replicated_to_foreign_account"),
    ];
    for idx in 0..N_OBJECTS_TAKEN {
        let key = format!("ledger/2026/statement-{idx:04}.parquet");
        steps.push(on_object(&mut scene, "GetObject", (&bucket, &key), "").by(&thief));
    }
    Story {
        name: "s3_exfiltration",
        title: "Bucket is made public and emptied",
        account,
        steps,
        is_burst: false,
    }
}

/// Versioning is suspended, and every object is overwritten with a key that only the intruder has.
pub(super) fn s3_ransomware(random: &mut Random) -> Story {
    let account = ACCOUNTS[7];
    let bucket = format!("media-assets-{account}");
    let actor = Actor::user(random, account, "svc-media-sync", ("192.0.2.211", CLI));
    let mut scene = Scene { random, account, region: "us-west-2", actor };
    let suspended =
        format!(r#""VersioningConfiguration":{{"xmlns":"{XMLNS}","Status":"Suspended"}},"versioning":"""#);
    let mut steps = vec![
        on_bucket(&mut scene, "PutBucketVersioning", &bucket, &suspended)
            .expects("bucket_versioning_suspended"),
    ];
    for idx in 0..N_OBJECTS_ENCRYPTED {
        let key = format!("masters/{idx:03}.mov");
        let members = format!(
            r#","x-amz-copy-source":"{bucket}/{key}","x-amz-server-side-encryption-customer-algorithm":"AES256""#
        );
        steps.push(
            on_object(&mut scene, "CopyObject", (&bucket, &key), &members)
                .answers(r#"{"x-amz-server-side-encryption-customer-algorithm":"AES256"}"#)
                .with(r#"{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"SSEApplied":"SSE_C","AuthenticationMethod":"AuthHeader","bytesTransferredOut":312}"#)
                .expects("object_encrypted_with_customer_key"),
        );
    }
    steps.push(on_object(&mut scene, "PutObject", (&bucket, "HOW-TO-RECOVER.txt"), ""));
    Story {
        name: "s3_ransomware",
        title: "Objects are encrypted with the intruder's key",
        account,
        steps,
        is_burst: false,
    }
}

/// A call on a bucket; `members` come first in its parameters.
fn on_bucket(scene: &mut Scene<'_>, name: &'static str, bucket: &str, members: &str) -> Step {
    let (account, region) = (scene.account, scene.region);
    let params =
        format!(r#"{{{members},"bucketName":"{bucket}","Host":"{bucket}.s3.{region}.amazonaws.com"}}"#);
    scene.write("s3", name, params).on(format!(
        r#"[{{"accountId":"{account}","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::{bucket}"}}]"#
    ))
}

/// A call on an object; `members` come last in its parameters.
fn on_object(scene: &mut Scene<'_>, name: &'static str, (bucket, key): (&str, &str), members: &str) -> Step {
    let (account, region) = (scene.account, scene.region);
    let params = format!(
        r#"{{"bucketName":"{bucket}","Host":"{bucket}.s3.{region}.amazonaws.com","key":"{key}"{members}}}"#
    );
    let resources = format!(
        r#"[{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::{bucket}/{key}"}},{{"accountId":"{account}","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::{bucket}"}}]"#
    );
    let step = match name {
        "GetObject" => scene.read("s3", name, params),
        _ => scene.write("s3", name, params),
    };
    step.on_data().on(resources)
}
