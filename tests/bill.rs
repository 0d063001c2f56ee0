//! What a million events cost, in the units that AWS bills: counted by the services of a world, never timed.

#![expect(clippy::unwrap_used, reason = "a test")]

use base64::{Engine, engine::general_purpose::STANDARD};
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
    traffic::Traffic,
    world::{Faults, World},
};
use serde_json::Value as Json;
use std::{fs, sync::Arc, time::Duration};
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

fn arrivals(traffic: &Traffic) -> Vec<Arrival> {
    let bytes: Vec<u8> = traffic.files().iter().flat_map(|file| fs::read(file).unwrap()).collect();
    // Traffic has broken pieces in it; a line that is no record is one of them.
    let records =
        bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Json>(line).ok());
    records
        .filter(|record| record["Data"].is_string())
        .map(|record| {
            let sequence = record["SequenceNumber"].as_str().unwrap();
            Arrival {
                id: Id::of(&[sequence.as_bytes()]),
                order: lane::order(sequence),
                source: sequence.to_owned(),
                arrival_ms: (record["ApproximateArrivalTimestamp"].as_f64().unwrap() * 1_000.0) as i64,
                content: Ok(STANDARD.decode(record["Data"].as_str().unwrap()).unwrap()),
            }
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_million_events_cost_less_than_the_bar() {
    let config = Config::default();
    let stages = Arc::new(hub::stages(builtin().unwrap(), &config).unwrap());
    let world = World::new(1, Faults::default());
    let hub = Hub::new(world.clone(), names(), stages, config);
    let records = arrivals(&Traffic::new(Shape::Cwl, 60_000, 7));
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
    println!("{units:?}");
    let mut by_kind = std::collections::BTreeMap::<String, (usize, u64)>::new();
    for ((pk, sk), item) in &holdings.items {
        let kind = format!(
            "{} {}",
            pk.split('#').next().unwrap(),
            sk.split('#').next().filter(|k| k.starts_with(char::is_alphabetic) && k.len() < 8).unwrap_or("")
        );
        let e = by_kind.entry(kind).or_default();
        e.0 += 1;
        e.1 += kinescope_aws::layout::size(item).div_ceil(1024) as u64;
    }
    println!("{by_kind:#?}");
    for (stream, lines) in &holdings.lines {
        println!("{stream} {} rows {} bytes", lines.len(), lines.iter().map(String::len).sum::<usize>());
    }
    println!("{}", holdings.lines["kinescope-api_activity"][5]);
    let total: f64 = bill.iter().map(|(_, dollars)| dollars * per_million).sum();
    println!("  {:16} ${total:.4}", "together");
    assert!(total <= 0.10, "${total:.4}");
}
