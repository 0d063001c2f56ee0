//! GuardDuty findings, one of each kind of action.

use std::io;

use super::{Place, ServiceEvent};
use crate::clock::Clock;

/// Type, title, severity and resource type.
struct Kind {
    name: &'static str,
    title: &'static str,
    severity: &'static str,
    resource_type: &'static str,
    action: &'static str,
}

const REMOTE: &str = r#""remoteIpDetails":{"ipAddressV4":"198.51.100.66","organization":{"asn":"64496","asnOrg":"Example Hosting","isp":"Example Hosting","org":"Example Hosting"},"country":{"countryName":"Netherlands"},"city":{"cityName":"Amsterdam"},"geoLocation":{"lat":52.37,"lon":4.89}}"#;

const KINDS: [Kind; 6] = [
    Kind {
        name: "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
        title: "Credentials of an EC2 instance role were used from outside AWS.",
        severity: "8.0",
        resource_type: "AccessKey",
        action: r#"{"actionType":"AWS_API_CALL","awsApiCallAction":{"api":"ListBuckets","serviceName":"s3.amazonaws.com","callerType":"Remote IP",@}}"#,
    },
    Kind {
        name: "Recon:EC2/PortProbeUnprotectedPort",
        title: "An unprotected port of an EC2 instance is being probed.",
        severity: "2.0",
        resource_type: "Instance",
        action: r#"{"actionType":"PORT_PROBE","portProbeAction":{"blocked":false,"portProbeDetails":[{"localPortDetails":{"port":22,"portName":"SSH"},"localIpDetails":{"ipAddressV4":"10.0.4.17"},@}]}}"#,
    },
    Kind {
        name: "Backdoor:EC2/C&CActivity.B!DNS",
        title: "An EC2 instance asked for the name of a command and control server.",
        severity: "8.0",
        resource_type: "Instance",
        action: r#"{"actionType":"DNS_REQUEST","dnsRequestAction":{"domain":"c2.example.net","protocol":"UDP","blocked":false}}"#,
    },
    Kind {
        name: "UnauthorizedAccess:EC2/SSHBruteForce",
        title: "An EC2 instance is the target of SSH brute force attacks.",
        severity: "5.0",
        resource_type: "Instance",
        action: r#"{"actionType":"NETWORK_CONNECTION","networkConnectionAction":{"connectionDirection":"INBOUND","protocol":"TCP","blocked":false,"localPortDetails":{"port":22,"portName":"SSH"},"remotePortDetails":{"port":50211,"portName":"Unknown"},"localIpDetails":{"ipAddressV4":"10.0.4.17"},@}}"#,
    },
    Kind {
        name: "Policy:IAMUser/RootCredentialUsage",
        title: "The root user of the account was used.",
        severity: "1.0",
        resource_type: "AccessKey",
        action: r#"{"actionType":"AWS_API_CALL","awsApiCallAction":{"api":"GetAccountSummary","serviceName":"iam.amazonaws.com","callerType":"Remote IP",@}}"#,
    },
    Kind {
        name: "AttackSequence:S3/CompromisedData",
        title: "A sequence of actions suggests that data in S3 was compromised.",
        severity: "9.0",
        resource_type: "AttackSequence",
        action: r#"{"actionType":"AWS_API_CALL","awsApiCallAction":{"api":"GetObject","serviceName":"s3.amazonaws.com","callerType":"Remote IP",@}}"#,
    },
];

pub(super) fn finding(place: &mut Place<'_>) -> io::Result<ServiceEvent> {
    let kind = &KINDS[place.random.below(KINDS.len() as u64) as usize];
    let Place { account, region, clock, random } = place;
    let (detector, id) = (random.hex(32), random.hex(32));
    let seen = Clock::new(clock.ms() - 300_000)?;
    let (first, last, created) = (seen.iso(), clock.iso(), clock.iso_ms());
    let arn = format!("arn:aws:guardduty:{region}:{account}:detector/{detector}/finding/{id}");
    let resource = resource(kind.resource_type, random.hex(16), random.example_id("ASIA"));
    let action = kind.action.replace('@', REMOTE);
    let Kind { name, title, severity, .. } = kind;
    let detail = format!(
        r#"{{"schemaVersion":"2.0","accountId":"{account}","region":"{region}","partition":"aws","id":"{id}","arn":"{arn}","type":"{name}","resource":{resource},"service":{{"serviceName":"guardduty","detectorId":"{detector}","action":{action},"resourceRole":"TARGET","additionalInfo":{{"value":"{{}}","type":"default"}},"eventFirstSeen":"{first}","eventLastSeen":"{last}","archived":false,"count":1,"featureName":"CloudTrail"}},"severity":{severity},"createdAt":"{created}","updatedAt":"{created}","title":"{title}","description":"{title}"}}"#
    );
    Ok(ServiceEvent {
        detail_type: "GuardDuty Finding",
        source: "aws.guardduty",
        resources: "[]".to_owned(),
        detail,
    })
}

fn resource(kind: &str, instance: String, key: String) -> String {
    match kind {
        "Instance" => format!(
            r#"{{"resourceType":"Instance","instanceDetails":{{"instanceId":"i-0{instance}","instanceType":"t3.medium","launchTime":"2026-01-12T08:30:00.000Z","platform":null,"instanceState":"running","networkInterfaces":[{{"networkInterfaceId":"eni-0{instance}","privateIpAddress":"10.0.4.17","vpcId":"vpc-0a1b2c3d4e5f67890"}}]}}}}"#
        ),
        _ => format!(
            r#"{{"resourceType":"{kind}","accessKeyDetails":{{"accessKeyId":"{key}","principalId":"AROAEXAMPLE:i-0{instance}","userType":"AssumedRole","userName":"checkout-instance-role"}}}}"#
        ),
    }
}
