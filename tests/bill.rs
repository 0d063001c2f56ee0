//! What a million events cost, in the units that AWS bills: counted by the services of a world, never timed.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_aws::{
    Hub,
    hub::{self, Arrival},
    lane,
};
use kinescope_generate::Shape;
use kinescope_pipeline::Config;
use kinescope_schemas::Id;
use kinescope_stages::detect::builtin;
use kinescope_tests::{
    mapping::names,
    traffic::{START_MS, Traffic},
    world::{Faults, World},
};
use std::{fs, path::PathBuf, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Records of a batch, as the hub's template sets it.
const BATCH_RECORDS: usize = 500;
const GIB: f64 = (1u64 << 30) as f64;

/// Dollars a unit, us-east-1, as the README's table has them.
const KINESIS_IN_GB: f64 = 0.08;
const KINESIS_OUT_GB: f64 = 0.04;
const LAMBDA_REQUEST: f64 = 0.20e-6;
const FIREHOSE_GB: f64 = 0.029;
const FIREHOSE_CONVERSION_GB: f64 = 0.018;
const FIREHOSE_PARTITION_GB: f64 = 0.020;
const DYNAMODB_WRITE: f64 = 0.625e-6;
const DYNAMODB_READ: f64 = 0.125e-6;
const SNS_PUBLISH: f64 = 0.50e-6;
const S3_PUT: f64 = 5.0e-6;

/// What a million events may cost with Firehose. Three quarters of it are the bytes that Firehose bills for conversion
/// and partitioning, so whoever makes rows larger finds it here.
const TOTAL_MAX: f64 = 0.30;

/// Every file is what one subscription delivered.
fn arrivals(traffic: &Traffic) -> Vec<Arrival> {
    let arrival = |(at, file): (usize, &PathBuf)| Arrival {
        id: Id::of(&[&at.to_le_bytes()]),
        order: lane::order(&at.to_string()),
        source: file.display().to_string(),
        arrival_ms: START_MS + 3_600_000,
        content: Ok(fs::read(file).unwrap()),
    };
    traffic.files().iter().enumerate().map(arrival).collect()
}

#[tokio::test(start_paused = true)]
async fn a_million_events_cost_no_more_than_they_did() {
    let config = Config::default();
    let stages = Arc::new(hub::stages(builtin().unwrap(), &config).unwrap());
    let world = World::new(1, Faults::default());
    let hub = Hub::new(world.clone(), names(), stages, config);
    let records = arrivals(&Traffic::new(Shape::Cwl, 20_000, 7));
    let mut n_events = 0;
    let mut n_findings = 0;
    let mut kinesis_bytes = 0;
    for batch in records.chunks(BATCH_RECORDS) {
        let until = Instant::now() + Duration::from_secs(60);
        let taken = hub.take("shard", batch, until, batch[0].arrival_ms).await;
        assert!(taken.again.is_empty(), "{:?}", taken.errors);
        n_events += taken.ledger.events.accepted;
        n_findings += taken.ledger.findings.total;
        kinesis_bytes += batch
            .iter()
            .map(|record| record.content.as_ref().unwrap().len().next_multiple_of(1_024) as u64)
            .sum::<u64>();
    }
    let holdings = world.holdings();
    let units = holdings.units;
    let per_million = 1e6 / n_events as f64;
    let n_batches = records.len().div_ceil(BATCH_RECORDS) as f64;
    let firehose_gb = units.firehose_bytes as f64 / GIB;
    let bill = [
        ("Kinesis", kinesis_bytes as f64 / GIB * (KINESIS_IN_GB + KINESIS_OUT_GB)),
        ("Lambda requests", n_batches * LAMBDA_REQUEST),
        ("Firehose", firehose_gb * (FIREHOSE_GB + FIREHOSE_CONVERSION_GB + FIREHOSE_PARTITION_GB)),
        ("DynamoDB writes", units.writes as f64 * DYNAMODB_WRITE),
        ("DynamoDB reads", units.half_reads as f64 / 2.0 * DYNAMODB_READ),
        ("SNS", units.publishes as f64 * SNS_PUBLISH),
        ("S3", units.puts as f64 * S3_PUT),
    ];
    println!(
        "{n_events} events in {} records and {n_batches} batches, {n_findings} findings; per million:",
        records.len()
    );
    for (service, dollars) in bill {
        println!("  {service:16} ${:.4}", dollars * per_million);
    }
    let total: f64 = bill.iter().map(|(_, dollars)| dollars * per_million).sum();
    println!("  {:16} ${total:.4}", "together");
    assert!(total <= TOTAL_MAX, "${total:.4} is more than ${TOTAL_MAX}");
}
