use super::without_secrets;
use crate::parse::testing::one;
use serde_json::{Value as Json, json};

fn event(change: impl FnOnce(&mut Json)) -> Json {
    let mut event = json!({
        "eventVersion": "1.08", "eventTime": "2026-11-20T08:00:00Z", "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
        "awsRegion": "us-east-1", "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2 \"x\"", "requestID": "r", "eventID": "e",
        "eventType": "AwsApiCall", "eventCategory": "Management", "readOnly": true, "managementEvent": "True", "recipientAccountId": "111122223333",
        "userIdentity": {"type": "AssumedRole", "principalId": "AROAX:s", "arn": "arn:aws:sts::111122223333:assumed-role/r/s", "accountId": "111122223333",
            "accessKeyId": "ASIAX", "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROAX", "arn": "arn:aws:iam::111122223333:role/r",
            "accountId": "111122223333", "userName": "r"}, "webIdFederationData": {}, "attributes": {"creationDate": "2026-11-20T07:00:00Z", "mfaAuthenticated": "false"}}},
        "requestParameters": {"bucketName": "b"}, "responseElements": null, "newMember": {"x": 1}
    });
    change(&mut event);
    event
}

#[test]
fn members_find_their_columns() {
    one(&event(|_| {}).to_string()).has(&[
        ("time", "1795161600000"),
        ("class_uid", "6003"),
        ("activity_id", "2"),
        ("api.operation", "GetObject"),
        ("api.service.name", "s3.amazonaws.com"),
        ("api.request.uid", "r"),
        ("api.request.data", "{\"bucketName\":\"b\"}"),
        ("api.response.data", ""),
        ("metadata.uid", "e"),
        ("http_request.user_agent", "aws-cli/2 \"x\""),
        ("src_endpoint.ip", "198.51.100.7"),
        ("cloud.account.uid", "111122223333"),
        ("actor.user.type_id", "99"),
        ("actor.user.name", "r"),
        ("actor.session.is_mfa", "false"),
        ("actor.session.created_time", "1795158000000"),
        ("unmapped.read_only", "true"),
        ("unmapped.management_event", "true"),
        ("unmapped.newMember", "{\"x\":1}"),
        ("status_id", "1"),
    ]);
}

#[test]
fn surprises_are_read_leniently() {
    type Case = (&'static str, fn(&mut Json), &'static [(&'static str, &'static str)]);
    let cases: [Case; 9] = [
        ("no id: one from the content", |e| drop(e["eventID"].take()), &[("api.operation", "GetObject")]),
        ("an id that is a number", |e| e["eventID"] = json!(5), &[("metadata.uid", "5")]),
        (
            "a service calls",
            |e| e["sourceIPAddress"] = json!("config.amazonaws.com"),
            &[("src_endpoint.svc_name", "config.amazonaws.com"), ("src_endpoint.ip", "")],
        ),
        (
            "parameters that are text",
            |e| e["requestParameters"] = json!("x"),
            &[("api.request.data", "\"x\"")],
        ),
        (
            "an identity that is null",
            |e| drop(e["userIdentity"].take()),
            &[("actor.user.uid", ""), ("cloud.account.uid", "111122223333")],
        ),
        ("an identity that is text", |e| e["userIdentity"] = json!("x"), &[("unmapped.userIdentity", "x")]),
        (
            "a time that is none",
            |e| e["eventTime"] = json!("soon"),
            &[("time", "0"), ("metadata.original_time", "soon")],
        ),
        (
            "an issuer of another account",
            |e| e["userIdentity"]["sessionContext"]["sessionIssuer"]["accountId"] = json!("9"),
            &[("unmapped.userIdentity.sessionContext.sessionIssuer.accountId", "9")],
        ),
        (
            "an error",
            |e| e["errorCode"] = json!("AccessDenied"),
            &[("status_id", "2"), ("status_code", "AccessDenied"), ("api.response.error", "AccessDenied")],
        ),
    ];
    for (name, change, expected) in cases {
        let parsed = one(&event(change).to_string());
        eprintln!("{name}");
        parsed.has(expected);
        assert!(!parsed.get("metadata.uid").is_empty(), "{name}");
    }
}

#[test]
fn sign_ins_and_account_changes_have_classes_of_their_own() {
    let call = |service: &str, operation: &str, request: Json, response: Json| {
        let event = event(|e| {
            e["eventSource"] = json!(format!("{service}.amazonaws.com"));
            e["eventName"] = json!(operation);
            e["requestParameters"] = request;
            e["responseElements"] = response;
            e["additionalEventData"] = json!({"MFAUsed": "No", "LoginTo": "https://console"});
        });
        one(&event.to_string())
    };
    call("signin", "ConsoleLogin", Json::Null, json!({"ConsoleLogin": "Failure"})).has(&[
        ("class_uid", "3002"),
        ("status_id", "2"),
        ("is_mfa", "false"),
        ("user.uid", "arn:aws:sts::111122223333:assumed-role/r/s"),
        ("dst_endpoint.svc_name", "https://console"),
    ]);
    let credentials = json!({"credentials": {"accessKeyId": "ASIAY", "sessionToken": "secret"}, "assumedRoleUser": {"arn": "a", "assumedRoleId": "i"}});
    let assumed = call("sts", "AssumeRole", json!({"roleArn": "arn:r", "roleSessionName": "s"}), credentials);
    assumed.has(&[
        ("class_uid", "3002"),
        ("user.uid", "arn:r"),
        ("session.uid", "a"),
        ("session.credential_uid", "ASIAY"),
        ("auth_protocol_id", "99"),
    ]);
    assert!(!assumed.get("api.response.data").contains("secret"));
    let in_codes = r#"{"credentials":{"\u0073essionToken":"secret","\u0061":"\u0062"},"plain":"\u0073"}"#;
    assert_eq!(
        without_secrets(in_codes),
        r#"{"credentials":{"sessionToken":"[redacted]","a":"\u0062"},"plain":"\u0073"}"#
    );
    let policy = json!({"userName": "u", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"});
    call("iam", "AttachUserPolicy", policy, Json::Null).has(&[
        ("class_uid", "3001"),
        ("activity_id", "7"),
        ("user.name", "u"),
        ("policy.name", "AdministratorAccess"),
    ]);
    call("iam", "CreateAccessKey", Json::Null, Json::Null).has(&[("class_uid", "3001"), ("user.name", "r")]);
    call("transfer", "CreateUser", json!({"userName": "u"}), Json::Null)
        .has(&[("class_uid", "6003"), ("activity_id", "2")]);
}
