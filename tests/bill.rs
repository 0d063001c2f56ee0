//! What a million events cost, in the units that AWS bills: counted by the services of a world, never timed.
//!
//! The traffic is run with our rules and with none. What the two differ in is what findings cost, so that the bill can be
//! said for any share of them: here for the traffic's own, and for one in a hundred.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_aws::{
    Hub, Names,
    hub::{self, Arrival},
    lane,
};
use kinescope_generate::Shape;
use kinescope_pipeline::Config;
use kinescope_schemas::Id;
use kinescope_stages::detect::{Rules, builtin};
use kinescope_tests::{
    mapping::names,
    traffic::{START_MS, Traffic},
    world::{Faults, Units, World},
};
use std::{fs, path::PathBuf, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Records of a batch, as the hub's template sets it.
const BATCH_RECORDS: usize = 500;
const GIB: f64 = (1u64 << 30) as f64;

/// Dollars a unit, us-east-1, as the README's table has them.
const KINESIS_IN_GB: f64 = 0.08;
const KINESIS_OUT_GB: f64 = 0.04;
const KINESIS_SHARD_HOUR: f64 = 0.015;
const KINESIS_PUT_25_KB: f64 = 0.014e-6;
const LAMBDA_REQUEST: f64 = 0.20e-6;
const FIREHOSE_GB: f64 = 0.029;
const FIREHOSE_CONVERSION_GB: f64 = 0.018;
/// By what is delivered, which is Parquet: the price list calls it `DPBytesDelivered`. AWS's calculator, which cannot know that,
/// takes what is ingested.
const FIREHOSE_PARTITION_GB: f64 = 0.020;
const FIREHOSE_OBJECT: f64 = 0.005e-3;
const FIREHOSE_JQ_HOUR: f64 = 0.07;
const DYNAMODB_WRITE: f64 = 0.625e-6;
const DYNAMODB_READ: f64 = 0.125e-6;
const SNS_PUBLISH: f64 = 0.50e-6;
const S3_PUT: f64 = 5.0e-6;

/// Firehose's Parquet over our own of the same rows, in bytes: Snappy in place of zstd. pyarrow's is 1.60 of events, 2.16 of findings.
const SNAPPY_OVER_ZSTD: f64 = 1.75;
/// Bytes that Firehose gathers for one object, as the hub's template sets it.
const FIREHOSE_OBJECT_BYTES: f64 = (128 << 20) as f64;
/// Bytes of rows that jq 1.6 reads the day of in a second: `jq -c '{event_day:.day}'` of lines of 1.6 KB, and half of that left.
const JQ_BYTES_PER_SECOND: f64 = 50e6;

/// What of a shard is used where the stream has a number of them: traffic has its hours.
const SHARD_LOAD: f64 = 0.5;
const SHARD_HOUR_BYTES: f64 = 3_600.0 * (1 << 20) as f64;

/// Events of the traffic.
const N_EVENTS: u64 = 20_000;
/// The share of findings that bills are compared at.
const SHARE: f64 = 0.01;
/// What a million events may cost, at the traffic's own share of findings and at [`SHARE`]: on a stream that grows by itself and
/// on one that has shards; first where the function writes the lake, then where Firehose does, of which most are the bytes that it
/// bills, so whoever makes rows larger finds it here.
const TOTAL_MAX: [[[f64; 2]; 2]; 2] = [[[0.083, 0.065], [0.042, 0.024]], [[0.162, 0.139], [0.121, 0.099]]];

const SERVICES: [&str; 9] = [
    "Kinesis, on demand",
    "Kinesis, shards",
    "Lambda requests",
    "Firehose, by the GB",
    "Firehose, partitions",
    "DynamoDB writes",
    "DynamoDB reads",
    "SNS",
    "S3",
];
/// Of the services, those that take the other's place: which stream a total leaves out, and what it is called.
const STREAMS: [(usize, &str); 2] = [(1, "together, on demand"), (0, "together, with shards")];
/// Dollars of a million events, by service.
type Bill = [f64; SERVICES.len()];

/// What a run came to.
struct Run {
    n_events: u64,
    n_findings: u64,
    /// Bytes of the Parquet that the function wrote.
    lake_bytes: usize,
    bill: Bill,
}

/// Who writes the lake.
#[derive(Clone, Copy, PartialEq)]
enum Writer {
    Function,
    /// The Parquet that the function made of the same records.
    Firehose {
        lake_bytes: usize,
    },
}

/// Every file is what one subscription delivered.
fn arrivals(traffic: &Traffic, lane: &str) -> Vec<Arrival> {
    let arrival = |(at, file): (usize, &PathBuf)| Arrival {
        id: Id::of(&[lane.as_bytes(), &at.to_le_bytes()]),
        order: lane::order(&at.to_string()),
        source: file.display().to_string(),
        arrival_ms: START_MS + 3_600_000,
        content: Ok(fs::read(file).unwrap()),
    };
    traffic.files().iter().enumerate().map(arrival).collect()
}

async fn run(records: &[Arrival], rules: Rules, writer: Writer) -> Run {
    let config = Config::default();
    let stages = Arc::new(hub::stages(rules, &config).unwrap());
    let world = World::new(1, Faults::default());
    let names = Names { writes_lake: writer == Writer::Function, ..names() };
    let hub = Hub::new(world.clone(), names, stages, config);
    let until = || Instant::now() + Duration::from_secs(60);
    // What an environment does once a day, such as to name the day's services, is done by a batch that is not counted.
    let first = arrivals(&Traffic::new(Shape::Cwl, N_EVENTS / 10, 8), "another");
    let earlier_ms = first[0].arrival_ms - 3_600_000;
    assert!(hub.take("another", &first, until(), earlier_ms).await.again.is_empty());
    world.holdings().units = Units::default();
    let lake_bytes = || world.holdings().lake_files().map(|(_, bytes)| bytes.len()).sum::<usize>();
    let lake_bytes_before = lake_bytes();
    let (mut n_events, mut n_findings) = (0, 0);
    for batch in records.chunks(BATCH_RECORDS) {
        let taken = hub.take("shard", batch, until(), batch[0].arrival_ms).await;
        assert!(taken.again.is_empty(), "{:?}", taken.errors);
        n_events += taken.ledger.events.accepted;
        n_findings += taken.ledger.findings.total;
    }
    let n_batches = records.len().div_ceil(BATCH_RECORDS) as f64;
    let lake_bytes = lake_bytes() - lake_bytes_before;
    let bill = bill(records, n_batches, world.holdings().units, writer);
    Run { n_events, n_findings, lake_bytes, bill: bill.map(|dollars| dollars * 1e6 / n_events as f64) }
}

fn bill(records: &[Arrival], n_batches: f64, units: Units, writer: Writer) -> Bill {
    let lengths = records.iter().map(|record| record.content.as_ref().unwrap().len());
    let kinesis_gb = lengths.clone().map(|n| n.next_multiple_of(1_024)).sum::<usize>() as f64 / GIB;
    let n_puts = lengths.clone().map(|n| n.div_ceil(25 << 10)).sum::<usize>() as f64;
    let shard_hours = lengths.sum::<usize>() as f64 / (SHARD_HOUR_BYTES * SHARD_LOAD);
    let delivered_bytes = match writer {
        Writer::Function => 0.0,
        Writer::Firehose { lake_bytes } => lake_bytes as f64 * SNAPPY_OVER_ZSTD,
    };
    let ingested = units.firehose_bytes as f64;
    let n_objects = ingested / FIREHOSE_OBJECT_BYTES;
    [
        kinesis_gb * (KINESIS_IN_GB + KINESIS_OUT_GB),
        shard_hours * KINESIS_SHARD_HOUR + n_puts * KINESIS_PUT_25_KB,
        n_batches * LAMBDA_REQUEST,
        ingested / GIB * (FIREHOSE_GB + FIREHOSE_CONVERSION_GB),
        delivered_bytes / GIB * FIREHOSE_PARTITION_GB
            + n_objects * FIREHOSE_OBJECT
            + ingested / JQ_BYTES_PER_SECOND / 3_600.0 * FIREHOSE_JQ_HOUR,
        units.writes as f64 * DYNAMODB_WRITE,
        units.half_reads as f64 / 2.0 * DYNAMODB_READ,
        units.publishes as f64 * SNS_PUBLISH,
        (units.puts as f64 + n_objects) * S3_PUT,
    ]
}

#[tokio::test(start_paused = true)]
async fn a_million_events_cost_no_more_than_they_did() {
    let records = arrivals(&Traffic::new(Shape::Cwl, N_EVENTS, 7), "shard");
    let mut lake_bytes = None;
    for totals_max in TOTAL_MAX {
        // The function comes first: what it wrote is what Firehose delivers.
        let [of_found, of_quiet] = lake_bytes.map_or([Writer::Function; 2], |bytes: [usize; 2]| {
            bytes.map(|lake_bytes| Writer::Firehose { lake_bytes })
        });
        let found = run(&records, builtin().unwrap(), of_found).await;
        let quiet = run(&records, Rules::default(), of_quiet).await;
        lake_bytes = Some([found.lake_bytes, quiet.lake_bytes]);
        assert_eq!((quiet.n_events, quiet.n_findings), (found.n_events, 0));
        let own = found.n_findings as f64 / found.n_events as f64;
        // What stands for a share of findings is linear: an alert that folds more of them is no dearer, which this
        // leaves out.
        let at = |share: f64, service: usize| {
            quiet.bill[service] + (found.bill[service] - quiet.bill[service]) * share / own
        };
        let writer = if of_found == Writer::Function { "the function" } else { "Firehose" };
        println!(
            "{} events in {} records, {} findings, {writer} writes the lake; per million:",
            found.n_events,
            records.len(),
            found.n_findings
        );
        println!(
            "  {:21} {:>8} {:>8}",
            "findings",
            format!("{:.1} %", 100.0 * own),
            format!("{:.1} %", 100.0 * SHARE)
        );
        for (service, name) in SERVICES.iter().enumerate() {
            println!("  {name:21} ${:.4}  ${:.4}", at(own, service), at(SHARE, service));
        }
        for ((left_out, name), totals_max) in STREAMS.into_iter().zip(totals_max) {
            let counted = || (0..SERVICES.len()).filter(|service| *service != left_out);
            let totals = [own, SHARE].map(|share| counted().map(|service| at(share, service)).sum::<f64>());
            println!("  {name:21} ${:.4}  ${:.4}", totals[0], totals[1]);
            for (total, total_max) in totals.iter().zip(totals_max) {
                assert!(*total <= total_max, "{writer}, {name}: ${total:.4} is more than ${total_max}");
            }
        }
    }
}
