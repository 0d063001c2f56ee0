use super::*;
use crate::decode::{Bad, DecodeError, Envelope, Input, Limits, Message, Visitor, decode};
use kinescope_schemas::Id;

struct Severities(Vec<(Severity, String)>);

impl Visitor for Severities {
    fn message(&mut self, message: Message<'_, '_>) -> Result<(), DecodeError> {
        let mut event = crate::parse::parse(message, &Default::default())?;
        let severity = classify(&mut event);
        self.0.push((severity, event.row.str(base::CATEGORY).to_owned()));
        Ok(())
    }
    fn control(&mut self) {}
    fn bad(&mut self, bad: Bad<'_, '_>) {
        panic!("{}", bad.error);
    }
}

fn severity_of(json: &str) -> (Severity, String) {
    let mut seen = Severities(Vec::new());
    let input = Input {
        bytes: json.as_bytes(),
        record_id: Id([0; 16]),
        offset: 0,
        header: None,
        envelope: &Envelope::default(),
    };
    decode(&input, &Limits::default(), &mut seen);
    seen.0.remove(0)
}

fn cloudtrail(service: &str, operation: &str, rest: &str) -> String {
    format!("{{\"eventSource\":\"{service}.amazonaws.com\",\"eventName\":\"{operation}\"{rest}}}")
}

#[test]
fn calls_by_the_table() {
    const ROOT: &str = ",\"userIdentity\":{\"type\":\"Root\"}";
    const DENIED: &str = ",\"errorCode\":\"AccessDenied\"";
    for (service, operation, rest, severity, category) in [
        ("s3", "GetObject", ",\"readOnly\":true", Informational, "read"),
        ("s3", "PutObject", "", Informational, "write"),
        ("s3", "PutBucketPolicy", "", Medium, "permission"),
        ("s3", "DeleteBucket", "", Low, "destructive"),
        ("cloudtrail", "StopLogging", "", High, "destructive"),
        ("cloudtrail", "StopLogging", DENIED, Low, "destructive"),
        ("iam", "AttachUserPolicy", DENIED, Medium, "permission"),
        ("kms", "ScheduleKeyDeletion", "", High, "destructive"),
        ("iam", "CreateAccessKey", "", Medium, "credential"),
        ("iam", "CreateAccessKey", ROOT, High, "credential"),
        ("secretsmanager", "GetSecretValue", ",\"readOnly\":true", Medium, "credential"),
        ("signin", "ConsoleLogin", ROOT, High, "sign_in"),
        (
            "signin",
            "ConsoleLogin",
            ",\"userIdentity\":{\"type\":\"IAMUser\"},\"additionalEventData\":{\"MFAUsed\":\"No\"}",
            Medium,
            "sign_in",
        ),
        ("signin", "ConsoleLogin", ",\"responseElements\":{\"ConsoleLogin\":\"Failure\"}", Low, "sign_in"),
        ("ec2", "RunInstances", ",\"errorCode\":\"Client.VcpuLimitExceeded\"", Informational, "write"),
        (
            "autoscaling",
            "TerminateInstances",
            ",\"userIdentity\":{\"type\":\"AWSService\"}",
            Informational,
            "destructive",
        ),
    ] {
        assert_eq!(
            severity_of(&cloudtrail(service, operation, rest)),
            (severity, category.to_owned()),
            "{operation}{rest}"
        );
    }
}
