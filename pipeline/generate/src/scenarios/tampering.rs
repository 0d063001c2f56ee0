//! A story about logs: an intruder blinds the account.

use super::{Actor, Story};
use crate::random::Random;
use crate::scenarios::step::Scene;
use crate::world::ACCOUNTS;

const BOTO: &str =
    "Boto3/1.34.46 md/Botocore#1.34.46 ua/2.0 os/linux#6.5.0 md/arch#x86_64 lang/python#3.10.12";

/// The trail is stopped, narrowed and deleted, GuardDuty switched off and the flow logs deleted.
pub(super) fn trail_tampering(random: &mut Random) -> Story {
    let (account, region) = (ACCOUNTS[4], "us-east-1");
    let actor = Actor::session(random, account, ("platform-admin", "session-7f3a"), ("203.0.113.141", BOTO));
    let (detector, flow_log, request) = (random.hex(32), random.hex(16), random.uuid());
    let mut scene = Scene { random, account, region, actor };
    let trail = format!("arn:aws:cloudtrail:{region}:{account}:trail/security-trail");
    let steps = vec![
        scene.read("cloudtrail", "DescribeTrails", r#"{"includeShadowTrails":true,"trailNameList":[]}"#),
        scene.read("cloudtrail", "GetTrailStatus", format!(r#"{{"name":"{trail}"}}"#)),
        scene.write("cloudtrail", "StopLogging", format!(r#"{{"name":"{trail}"}}"#)).expects("trail_stopped"),
        scene
            .write(
                "cloudtrail",
                "UpdateTrail",
                format!(r#"{{"name":"{trail}","includeGlobalServiceEvents":false,"isMultiRegionTrail":false,"enableLogFileValidation":false}}"#),
            )
            .answers(format!(
                r#"{{"name":"security-trail","trailARN":"{trail}","s3BucketName":"audit-{account}","includeGlobalServiceEvents":false,"isMultiRegionTrail":false,"logFileValidationEnabled":false,"isOrganizationTrail":false}}"#
            ))
            .expects("trail_weakened"),
        scene.write("cloudtrail", "DeleteTrail", format!(r#"{{"name":"{trail}"}}"#)).expects("trail_deleted"),
        scene.read("guardduty", "ListDetectors", "null"),
        scene
            .write("guardduty", "UpdateDetector", format!(r#"{{"detectorId":"{detector}","enable":false}}"#))
            .expects("guardduty_disabled"),
        scene.read("ec2", "DescribeFlowLogs", r#"{"DescribeFlowLogsRequest":""}"#),
        scene
            .write(
                "ec2",
                "DeleteFlowLogs",
                format!(r#"{{"DeleteFlowLogsRequest":{{"FlowLogId":{{"content":"fl-0{flow_log}","tag":1}}}}}}"#),
            )
            .answers(format!(
                r#"{{"DeleteFlowLogsResponse":{{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/","unsuccessful":"","requestId":"{request}"}}}}"#
            ))
            .expects("flow_logs_deleted"),
    ];
    Story {
        name: "trail_tampering",
        title: "Intruder switches the logs off",
        account,
        steps,
        is_burst: false,
    }
}
