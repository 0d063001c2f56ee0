//! Sources whose events come as JSON, other than CloudTrail and application logs.

use super::testing::{one, one_of};
use crate::decode::Envelope;
use serde_json::json;

fn bus(source: &str, kind: &str, detail: serde_json::Value) -> String {
    json!({"version": "0", "id": "b", "source": source, "detail-type": kind, "account": "1", "region": "us-east-1",
        "time": "2026-11-20T08:00:00Z", "resources": ["arn:r"], "detail": detail})
    .to_string()
}

#[test]
fn guardduty() {
    let detail = json!({"schemaVersion": "2.0", "accountId": "2", "region": "eu-west-1", "id": "f", "arn": "arn:f", "type": "Backdoor:EC2/X", "severity": 8.2,
        "title": "T", "description": "D", "createdAt": "2026-11-20T07:00:00Z", "updatedAt": "2026-11-20T07:30:00Z",
        "resource": {"resourceType": "Instance", "instanceDetails": {"instanceId": "i-1"}},
        "service": {"serviceName": "guardduty", "count": 3, "archived": false, "detectorId": "d",
            "action": {"networkConnectionAction": {"connectionDirection": "INBOUND", "remoteIpDetails": {"ipAddressV4": "192.0.2.1"}}}}});
    let finding = one(&bus("aws.guardduty", "GuardDuty Finding", detail));
    finding.has(&[
        ("class_uid", "2004"),
        ("activity_id", "2"),
        ("finding_info.uid", "arn:f"),
        ("finding_info.title", "T"),
        ("cloud.account.uid", "2"),
        ("count", "3"),
        ("unmapped.severity_number", "8.2"),
        ("time", "1795159800000"),
        ("unmapped.resource_uid", "i-1"),
    ]);
    assert!(finding.get("evidences").contains("192.0.2.1"));
}

#[test]
fn security_hub() {
    let asff = json!({"findings": [{"SchemaVersion": "2018-10-08", "Id": "x", "ProductArn": "p", "AwsAccountId": "3", "Title": "T", "Types": ["A/B"],
        "UpdatedAt": "2026-11-20T07:30:00Z", "Severity": {"Label": "HIGH"}, "Workflow": {"Status": "RESOLVED"}, "Resources": [{"Id": "arn:b", "Type": "AwsS3Bucket"}]}]});
    one(&bus("aws.securityhub", "Security Hub Findings - Imported", asff)).has(&[
        ("class_uid", "2004"),
        ("finding_info.uid", "x"),
        ("status_id", "4"),
        ("cloud.account.uid", "3"),
        ("unmapped.severity_number", "8"),
        ("unmapped.resource_uid", "arn:b"),
        ("metadata.event_code", "A/B"),
    ]);
    let ocsf = json!({"findings": [{"class_uid": 2003, "activity_id": 1, "time": 5, "severity_id": 4, "finding_info": {"uid": "u", "title": "T"},
        "metadata": {"product": {"name": "Security Hub"}}, "cloud": {"account": {"uid": "4"}}, "resources": [{"uid": "arn:c"}]}]});
    one(&bus("aws.securityhub", "Findings Imported V2", ocsf)).has(&[
        ("finding_info.uid", "u"),
        ("cloud.account.uid", "4"),
        ("unmapped.severity_number", "8"),
        ("time", "5"),
    ]);
}

#[test]
fn operations() {
    let health = json!({"eventArn": "arn:h", "service": "EC2", "eventTypeCode": "C", "eventTypeCategory": "issue", "eventRegion": "ap-south-1", "statusCode": "open",
        "communicationId": "abc-2", "totalPages": "3", "startTime": "Sun, 05 Jun 2016 05:01:10 GMT", "affectedEntities": [{"entityValue": "i-1"}, {"entityValue": "i-2"}],
        "eventDescription": [{"language": "en_US", "latestDescription": "bad"}], "affectedAccount": "9"});
    one(&bus("aws.health", "AWS Health Event", health)).has(&[
        ("unmapped.kind", "health"),
        ("unmapped.affected_region", "ap-south-1"),
        ("cloud.region", "us-east-1"),
        ("unmapped.communication_id", "abc"),
        ("unmapped.page", "2"),
        ("unmapped.total_pages", "3"),
        ("unmapped.affected", "[\"i-1\",\"i-2\"]"),
        ("message", "bad"),
        ("unmapped.affected_account", "9"),
        ("unmapped.started", "1465102870000"),
    ]);
    let alarm = json!({"alarmName": "a", "state": {"value": "ALARM", "reason": "r", "timestamp": "2026-11-20T08:00:00.000+0000"}, "previousState": {"value": "OK"},
        "configuration": {"metrics": [{"metricStat": {"metric": {"namespace": "AWS/EC2"}}}]}});
    one(&bus("aws.cloudwatch", "CloudWatch Alarm State Change", alarm)).has(&[
        ("unmapped.kind", "alarm"),
        ("unmapped.name", "a"),
        ("unmapped.state", "ALARM"),
        ("unmapped.previous_state", "OK"),
        ("unmapped.arn", "arn:r"),
        ("unmapped.type_category", "AWS/EC2"),
        ("time", "1795161600000"),
    ]);
    one(r#"{"AlarmName":"a","NewStateValue":"OK","OldStateValue":"ALARM","NewStateReason":"r","AWSAccountId":"5","StateChangeTime":"2026-11-20T08:00:00.000+0000"}"#)
        .has(&[("unmapped.kind", "alarm"), ("unmapped.state", "OK"), ("cloud.account.uid", "5")]);
    let agent =
        json!({"agentId": "ag", "accountId": "6", "version": "1.2", "status": "error", "message": "m"});
    one(&bus("monitoring.agent.error", "Agent Error", agent)).has(&[
        ("unmapped.kind", "agent"),
        ("unmapped.name", "ag"),
        ("cloud.account.uid", "6"),
        ("unmapped.state", "error"),
        ("message", "m"),
    ]);
    one(r#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-east-1","eventTime":"2026-11-20T08:00:00Z","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"a+b%2Fc"}}}]}"#)
        .has(&[("unmapped.kind", "object"), ("unmapped.name", "s3://b/a b/c")]);
}

#[test]
fn metric_streams_and_emf() {
    one(r#"{"metric_stream_name":"m","account_id":"7","region":"us-east-1","namespace":"AWS/EC2","metric_name":"CPU","dimensions":{"InstanceId":"i"},"timestamp":1795161600000,"value":{"max":3.0,"min":1.0,"sum":4.0,"count":2.0,"p99":3.0},"unit":"Percent"}"#)
        .has(&[("unmapped.metric", "CPU"), ("unmapped.samples", "2"), ("unmapped.max", "3"), ("unmapped.dimensions", "{\"InstanceId\":\"i\"}"), ("unmapped.value.p99", "3.0"), ("cloud.account.uid", "7")]);
    let line = r#"{"_aws":{"Timestamp":1795161600000,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[["s"],["s","t"]],"Metrics":[{"Name":"a","Unit":"Count"},{"Name":"b"},{"Name":"gone"}]}]},"s":"x","t":"y","a":2,"b":[1,3]}"#;
    one(line).has(&[("unmapped.log_format", "emf"), ("time", "1795161600000")]);
    let points = super::emf_points(line);
    assert_eq!(
        points.iter().map(|p| (p.metric.as_ref(), p.values.clone(), p.dimensions.len())).collect::<Vec<_>>(),
        [("a", vec![2.0], 2), ("b", vec![1.0, 3.0], 2)]
    );
}

#[test]
fn the_same_event_has_one_key_whichever_way_it_came() {
    let trail =
        r#"{"eventVersion":"1.08","eventSource":"a","eventName":"b","eventID":"x","recipientAccountId":"1"}"#;
    let direct = one(trail);
    let bridged = one(&format!(
        r#"{{"detail-type":"AWS API Call via CloudTrail","source":"aws.a","account":"1","detail":{trail}}}"#
    ));
    let logged = super::testing::logged("trail", trail);
    assert_eq!((direct.get("metadata.uid"), bridged.get("metadata.uid")), ("x", "x"));
    assert_eq!(direct.key, bridged.key);
    assert_eq!(direct.key, logged.key);
    let envelope = Envelope { log_event_id: Some("9".into()), ..Envelope::default() };
    assert_eq!(one_of("INFO hello", &envelope).key, one_of("INFO hello", &envelope).key);
    assert_ne!(one_of("INFO hello", &envelope).key, one("INFO hello").key);
}
