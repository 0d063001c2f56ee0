//! An event: a message that a parser understood.

use crate::{Id, Row, Table};

/// Who wrote an event. The name is what rules (`logsource`), metrics and the summary call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// AWS CloudTrail.
    CloudTrail,
    /// VPC flow logs.
    VpcFlow,
    /// Application load balancer access logs.
    Alb,
    /// Network load balancer access logs.
    Nlb,
    /// S3 server access logs.
    S3Access,
    /// Lambda's own log lines.
    Lambda,
    /// GuardDuty findings.
    GuardDuty,
    /// Security Hub findings.
    SecurityHub,
    /// AWS Health.
    Health,
    /// CloudWatch alarm state changes.
    Alarm,
    /// Our agents.
    Agent,
    /// S3 notifications: objects that hold records.
    S3Notification,
    /// CloudWatch metric streams.
    MetricStream,
    /// Embedded metric format.
    Emf,
    /// An application's log.
    Application,
    /// Nobody recognised it.
    Unknown,
}

impl Source {
    /// All of them.
    pub const ALL: [Source; 16] = [
        Source::CloudTrail,
        Source::VpcFlow,
        Source::Alb,
        Source::Nlb,
        Source::S3Access,
        Source::Lambda,
        Source::GuardDuty,
        Source::SecurityHub,
        Source::Health,
        Source::Alarm,
        Source::Agent,
        Source::S3Notification,
        Source::MetricStream,
        Source::Emf,
        Source::Application,
        Source::Unknown,
    ];

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Source::CloudTrail => "cloudtrail",
            Source::VpcFlow => "vpcflow",
            Source::Alb => "alb",
            Source::Nlb => "nlb",
            Source::S3Access => "s3access",
            Source::Lambda => "lambda",
            Source::GuardDuty => "guardduty",
            Source::SecurityHub => "securityhub",
            Source::Health => "health",
            Source::Alarm => "alarm",
            Source::Agent => "agent",
            Source::S3Notification => "s3_notification",
            Source::MetricStream => "metric_stream",
            Source::Emf => "emf",
            Source::Application => "application",
            Source::Unknown => "unknown",
        }
    }
}

/// A message that a parser understood: a row for its table, and what identifies it.
#[derive(Debug)]
pub struct Event<'a> {
    /// Who wrote it.
    pub source: Source,
    /// Where its row goes.
    pub table: Table,
    /// What makes it the same event however it arrives; see `stages::parse`.
    pub key: Id,
    /// The columns.
    pub row: Row<'a>,
    /// The message's text, from which deep fields are read when a rule asks for one.
    pub raw: &'a str,
}

impl Event<'_> {
    /// When it happened, milliseconds since 1970; 0 if nobody knows.
    pub fn time_ms(&self) -> i64 {
        self.row.int(crate::tables::base::TIME).unwrap_or(0)
    }

    /// Its id as users see it.
    pub fn uid(&self) -> &str {
        self.row.str(crate::tables::base::METADATA_UID)
    }
}
