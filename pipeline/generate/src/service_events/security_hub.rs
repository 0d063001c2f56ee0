//! Security Hub findings as they are imported, in the AWS Security Finding Format; one in each event.

use super::{Place, ServiceEvent};
use crate::world::APPS;

/// Control, title, severity label and its normalised number.
const CONTROLS: [(&str, &str, &str, u8); 4] = [
    ("S3.8", "S3 general purpose buckets should block public access", "HIGH", 70),
    ("EC2.19", "Security groups should not allow unrestricted access to high-risk ports", "CRITICAL", 90),
    ("IAM.6", "Hardware MFA should be enabled for the root user", "CRITICAL", 90),
    ("CloudTrail.5", "CloudTrail trails should be integrated with CloudWatch Logs", "LOW", 40),
];

pub(super) fn imported(place: &mut Place<'_>) -> ServiceEvent {
    let Place { account, region, clock, random } = place;
    let (control, title, label, normalized) = CONTROLS[random.below(CONTROLS.len() as u64) as usize];
    let bucket = format!("{}-data-{account}", APPS[random.skewed(APPS.len())]);
    let (id, time) = (random.uuid(), clock.iso_ms());
    let arn = format!("arn:aws:securityhub:{region}:{account}:security-control/{control}/finding/{id}");
    let product = format!("arn:aws:securityhub:{region}::product/aws/securityhub");
    let detail = format!(
        r#"{{"findings":[{{"SchemaVersion":"2018-10-08","Id":"{arn}","ProductArn":"{product}","ProductName":"Security Hub","CompanyName":"AWS","Region":"{region}","GeneratorId":"security-control/{control}","AwsAccountId":"{account}","Types":["Software and Configuration Checks/Industry and Regulatory Standards"],"FirstObservedAt":"{time}","LastObservedAt":"{time}","CreatedAt":"{time}","UpdatedAt":"{time}","Severity":{{"Label":"{label}","Normalized":{normalized},"Original":"{label}"}},"Title":"{title}","Description":"This control checks: {title}.","Compliance":{{"Status":"FAILED","SecurityControlId":"{control}"}},"Resources":[{{"Type":"AwsS3Bucket","Id":"arn:aws:s3:::{bucket}","Partition":"aws","Region":"{region}"}}],"WorkflowState":"NEW","Workflow":{{"Status":"NEW"}},"RecordState":"ACTIVE"}}]}}"#
    );
    ServiceEvent {
        detail_type: "Security Hub Findings - Imported",
        source: "aws.securityhub",
        resources: format!(r#"["{product}/{arn}"]"#),
        detail,
    }
}
