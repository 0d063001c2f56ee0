//! What a function says about itself: a line of JSON an invocation, which CloudWatch reads as metrics (embedded metric
//! format) and people read as a log.

use kinescope_aws::hub::Taken;
use serde_json::{Map, Value as Json, json};

/// The namespace of what we say about ourselves.
pub const NAMESPACE: &str = "Kinescope";

/// Where it goes.
pub struct Telemetry {
    stage: String,
    out: Box<dyn Fn(&str) + Send + Sync>,
}

impl Telemetry {
    /// Telemetry of a stage, line by line.
    pub fn new(stage: &str, out: impl Fn(&str) + Send + Sync + 'static) -> Telemetry {
        Telemetry { stage: stage.to_owned(), out: Box::new(out) }
    }

    /// Says what became of a batch. Every metric has the one dimension Stage: each more would be paid for.
    pub fn batch(&self, lane: &str, taken: &Taken, age_ms: Option<i64>, now_ms: i64) {
        let ledger = &taken.ledger;
        let count = |n: u64| (n as f64, "Count");
        let mut metrics = vec![
            ("RecordsIn", count(ledger.records.r#in)),
            ("RecordsToRedeliver", count(ledger.records.redeliver)),
            ("EventsAccepted", count(ledger.events.accepted)),
            ("EventsDuplicate", count(ledger.events.duplicate)),
            ("QuarantinedEvents", count(ledger.events.quarantined)),
            ("Findings", count(ledger.findings.total)),
            ("BytesIn", (ledger.bytes_in as f64, "Bytes")),
            ("LedgerImbalance", count(u64::from(ledger.check().is_err()))),
            ("SinkRetries", count(taken.retries.values().sum())),
        ];
        metrics.extend(age_ms.map(|age_ms| ("RecordAge", (age_ms.max(0) as f64, "Milliseconds"))));
        for (stage, name) in
            [("process", "ProcessTime"), ("deliver", "DeliverTime"), ("commit", "CommitTime")]
        {
            let time = taken.times.get(stage).copied().unwrap_or_default();
            metrics.push((name, (time.as_secs_f64() * 1_000.0, "Milliseconds")));
        }
        let mut line = self.line(&metrics, now_ms);
        line.insert("lane".to_owned(), json!(lane));
        line.insert("level".to_owned(), json!(if taken.errors.is_empty() { "INFO" } else { "ERROR" }));
        line.insert("message".to_owned(), json!(message(taken)));
        if let Ok(sinks) = serde_json::to_value(&ledger.sinks) {
            line.insert("sinks".to_owned(), sinks);
        }
        if !taken.retries.is_empty() {
            line.insert("retries".to_owned(), json!(taken.retries));
        }
        if !taken.errors.is_empty() {
            line.insert("errors".to_owned(), json!(taken.errors));
        }
        (self.out)(&Json::from(line).to_string());
    }

    fn line(&self, metrics: &[(&str, (f64, &str))], now_ms: i64) -> Map<String, Json> {
        let declared: Vec<Json> =
            metrics.iter().map(|(name, (_, unit))| json!({"Name": name, "Unit": unit})).collect();
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": now_ms,
                "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["Stage"]], "Metrics": declared}],
            }),
        );
        line.insert("Stage".to_owned(), json!(self.stage));
        line.extend(metrics.iter().map(|(name, (value, _))| ((*name).to_owned(), json!(value))));
        line
    }
}

fn message(taken: &Taken) -> String {
    let (records, events) = (&taken.ledger.records, &taken.ledger.events);
    match taken.again.len() {
        0 => format!("{} records, {} events accepted", records.r#in, events.accepted),
        n => format!("{n} of {} records have to come again", records.r#in),
    }
}
