//! CloudWatch metric stream records in JSON, one a line.

use std::io;

use crate::clock::{Clock, Span};
use crate::output::Output;
use crate::random::Random;
use crate::world::{ACCOUNTS, APPS, REGIONS};

/// The name under which these events count in the manifest.
const SOURCE: &str = "metric_stream";

/// Namespace, metric, dimension and unit; `*` in a dimension stands for an application.
const METRICS: [(&str, &str, &str, &str); 7] = [
    ("AWS/Lambda", "Duration", r#"{"FunctionName":"*-handler"}"#, "Milliseconds"),
    ("AWS/Lambda", "Errors", r#"{"FunctionName":"*-handler"}"#, "Count"),
    ("AWS/ApplicationELB", "RequestCount", r#"{"LoadBalancer":"app/*-public/50dc6c495c0c9188"}"#, "Count"),
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits", r#"{"TableName":"*-items"}"#, "Count"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", r#"{"QueueName":"*-jobs"}"#, "Seconds"),
    ("AWS/ECS", "CPUUtilization", r#"{"ClusterName":"prod","ServiceName":"*"}"#, "Percent"),
    ("AWS/RDS", "DatabaseConnections", r#"{"DBInstanceIdentifier":"*-prod"}"#, "Count"),
];

/// Writes `n_events` records.
pub(crate) fn metric_stream(seed: u64, span: Span, n_events: u64, output: &mut Output<'_>) -> io::Result<()> {
    if n_events == 0 {
        return Ok(());
    }
    let mut random = Random::new(seed, "metric stream");
    let mut file = output.plain("metric-stream.jsonl")?;
    let mut clock = Clock::new(span.at_ms(0, n_events))?;
    for idx in 0..n_events {
        clock.set(span.at_ms(idx, n_events))?;
        file.line(&record(&clock, &mut random))?;
        output.count_event(SOURCE);
    }
    file.finish()
}

fn record(clock: &Clock, random: &mut Random) -> String {
    let (namespace, metric, dimensions, unit) = METRICS[random.below(METRICS.len() as u64) as usize];
    let dimensions = dimensions.replace('*', APPS[random.skewed(APPS.len())]);
    let account = ACCOUNTS[random.skewed(ACCOUNTS.len())];
    let region = REGIONS[random.skewed(REGIONS.len())];
    // A stream gives one point a minute.
    let minute_ms = clock.ms() - clock.ms().rem_euclid(60_000);
    let (min, spread, count) = (random.below(50), random.below(200), random.between(1, 60));
    let (max, sum) = (min + spread, min + spread + (min + spread / 2) * (count - 1));
    format!(
        r#"{{"metric_stream_name":"fleet","account_id":"{account}","region":"{region}","namespace":"{namespace}","metric_name":"{metric}","dimensions":{dimensions},"timestamp":{minute_ms},"value":{{"max":{max}.0,"min":{min}.0,"sum":{sum}.0,"count":{count}.0}},"unit":"{unit}"}}"#
    )
}
