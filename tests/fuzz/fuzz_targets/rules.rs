//! Arbitrary text as a rule file: it loads or is refused, and what loads matches the same with and without the index.

#![no_main]

use kinescope_fuzz::{input, travel};
use kinescope_stages::{
    decode::Envelope,
    detect::{Rules, from_yaml},
    parse::Settings,
};
use libfuzzer_sys::fuzz_target;

const EVENTS: &str = r#"
{"eventVersion":"1.11","userIdentity":{"type":"Root","arn":"arn:aws:iam::111122223333:root"},"eventTime":"2026-11-20T08:00:00Z","eventSource":"iam.amazonaws.com","eventName":"CreateAccessKey","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.7","userAgent":"aws-cli/2.31","requestParameters":{"userName":"alice"},"responseElements":null,"eventID":"e1","readOnly":false,"eventType":"AwsApiCall","managementEvent":true}
{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","userName":"bob"},"eventTime":"2026-11-20T08:00:01Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.4","errorCode":"AccessDenied","requestParameters":{"bucketName":"logs","tags":["a","b"]},"eventID":"e2","readOnly":true,"eventType":"AwsApiCall","managementEvent":"False"}
2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK
"#;

fuzz_target!(|text: &str| {
    match from_yaml("fuzz.yml", text) {
        Err(error) => assert!(error.line >= 1 && !error.reason.is_empty()),
        Ok(rules) => {
            let Ok(rules) = Rules::new(rules) else { return };
            travel(&input(EVENTS.as_bytes(), &Envelope::default()), &Settings::default(), &rules);
        }
    }
});
