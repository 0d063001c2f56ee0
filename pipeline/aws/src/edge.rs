//! The resources of a hub, and what sinks share.

use crate::{
    port::{Aws, CallError, Called},
    send::Patience,
};
use kinescope_pipeline::Answers;
use kinescope_schemas::{Severity, Table};

/// Bytes after which a record of Firehose is full: some 50 times what is billed at least, and little enough that a refusal
/// concerns few rows.
pub const RECORD_BYTES: usize = 256 << 10;

/// What the hub's resources are called.
#[derive(Clone, Debug)]
pub struct Names {
    /// dev, staging, prod.
    pub stage: String,
    /// The table of DynamoDB.
    pub table: String,
    /// A delivery stream's name without the lake's table.
    pub firehose_prefix: String,
    /// The lake's bucket.
    pub lake_bucket: String,
    /// Whether the function writes Parquet there itself; else Firehose does.
    pub writes_lake: bool,
    /// The bucket of what could not be read, and of what was too large for a service.
    pub quarantine_bucket: String,
    /// The queue of pointers to batches that were given up, by URL; `None` if nobody reads it here.
    pub records_dlq: Option<String>,
    /// Topics for low, medium, high and critical, by ARN.
    pub topics: [String; 4],
    /// Bytes after which a record of Firehose is full.
    pub record_bytes: usize,
    /// Whether messages follow the schema of AWS's chat client, which Slack and Teams show.
    pub chat: bool,
}

/// Why the hub's names are not known. Fits after "failed to".
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("read the environment: {0} is not set; the hub's template sets it")]
pub struct NameError(&'static str);

impl Names {
    /// From the environment that `infra/hub/template.yaml` sets.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Names, NameError> {
        let need = |name: &'static str| get(name).filter(|value| !value.is_empty()).ok_or(NameError(name));
        Ok(Names {
            stage: need("KINESCOPE_STAGE")?,
            table: need("KINESCOPE_TABLE")?,
            firehose_prefix: need("KINESCOPE_FIREHOSE_PREFIX")?,
            lake_bucket: need("KINESCOPE_LAKE_BUCKET")?,
            writes_lake: get("KINESCOPE_LAKE_WRITER").is_some_and(|writer| writer == "function"),
            quarantine_bucket: need("KINESCOPE_QUARANTINE_BUCKET")?,
            records_dlq: get("KINESCOPE_RECORDS_DLQ").filter(|url| !url.is_empty()),
            topics: [
                need("KINESCOPE_TOPIC_LOW")?,
                need("KINESCOPE_TOPIC_MEDIUM")?,
                need("KINESCOPE_TOPIC_HIGH")?,
                need("KINESCOPE_TOPIC_CRITICAL")?,
            ],
            record_bytes: get("KINESCOPE_FIREHOSE_RECORD_BYTES")
                .and_then(|bytes| bytes.parse().ok())
                .map_or(RECORD_BYTES, |bytes: usize| bytes.min(RECORD_BYTES)),
            chat: get("KINESCOPE_CHAT").is_some_and(|value| value == "1"),
        })
    }

    /// The delivery stream of a table.
    pub fn delivery_stream(&self, table: Table) -> String {
        format!("{}{}", self.firehose_prefix, table.name())
    }

    /// Where the whole lies of what was too large for a service.
    pub fn whole(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.quarantine_bucket)
    }

    /// The topic of a severity: what is below low goes with low, fatal with critical.
    pub fn topic(&self, severity: Severity) -> &str {
        let at = match severity {
            Severity::Fatal | Severity::Critical => 3,
            Severity::High => 2,
            Severity::Medium => 1,
            _ => 0,
        };
        &self.topics[at]
    }
}

/// AWS and the hub's resources there.
pub struct Edge<A> {
    /// AWS.
    pub aws: A,
    /// The resources.
    pub names: Names,
}

impl<A: Aws> Edge<A> {
    /// Keeps all of what is too large for a service; the place that its shortened copy points to.
    pub async fn keep_whole(&self, patience: &Patience, key: &str, bytes: Vec<u8>) -> Called<String> {
        let bucket = &self.names.quarantine_bucket;
        let put = || self.aws.put_object(bucket, key, bytes.clone());
        patience.call("keep the whole of", put).await?;
        Ok(self.names.whole(key))
    }
}

/// Enters items that were not confirmed, each by its owner.
pub(crate) fn fail(answers: &mut Answers, owners: impl IntoIterator<Item = u32>, error: &CallError) {
    answers.failed.extend(owners);
    answers.error.get_or_insert_with(|| format!("failed to {error}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_missing_is_named() {
        let all = |name: &str| Some(format!("x-{name}"));
        let names = Names::read(all).unwrap();
        assert_eq!(names.topic(Severity::Fatal), "x-KINESCOPE_TOPIC_CRITICAL");
        assert_eq!(names.topic(Severity::Informational), "x-KINESCOPE_TOPIC_LOW");
        assert_eq!(names.delivery_stream(Table::Logs), "x-KINESCOPE_FIREHOSE_PREFIXlogs");
        for missing in ["KINESCOPE_STAGE", "KINESCOPE_TABLE", "KINESCOPE_TOPIC_LOW"] {
            let some = |name: &str| all(name).filter(|_| name != missing);
            assert_eq!(Names::read(some).unwrap_err(), NameError(missing));
        }
    }
}
