//! A faulty world, by seed: services that throttle, refuse, go down and lose answers, functions that die, batches that
//! are delivered twice at once. When it is over every user-visible place holds what a world without faults holds: nothing
//! lost, nothing doubled. In every fourth world the function writes the lake, in the others Firehose.
//!
//! KINESCOPE_SEEDS says how many seeds; KINESCOPE_SEED runs one of them alone.

#![expect(clippy::unwrap_used, reason = "a test")]

use fastrand::Rng;
use kinescope_aws::{
    Edge, Names, Patience,
    hub::{self, Arrival},
    lane,
    layout::{self, TTL},
    port::Item,
    read::{Hot, Span},
    sinks::findings,
    sweep::sweep,
};
use kinescope_pipeline::{Config, Ledger, Stages};
use kinescope_schemas::{Id, Severity};
use kinescope_stages::detect::builtin;
use kinescope_tests::{
    mapping::{Accidents, Mapping, names},
    payloads::{aggregate, gzip, logged},
    world::{Faults, World},
};
use serde_json::{Value as Json, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Debug,
    sync::Arc,
    thread,
    time::Duration,
};
use tokio::time::Instant;

const START_MS: i64 = 1_772_438_400_000; // 2026-03-02T08:00:00Z
const N_SHARDS: usize = 2;
const N_RECORDS: usize = 24;

fn call(id: &str, name: &str, minute: u32, success: bool) -> Json {
    let mut event = json!({
        "eventVersion": "1.08", "eventID": id, "eventTime": format!("2026-03-02T08:{minute:02}:00Z"),
        "eventSource": "cloudtrail.amazonaws.com", "eventName": name, "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.15", "eventType": "AwsApiCall", "readOnly": name.starts_with("Describe"),
        "managementEvent": true, "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ann", "accountId": "111122223333", "userName": "ann"},
        "requestParameters": {"name": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"}, "responseElements": null,
    });
    if !success {
        event["errorCode"] = "AccessDenied".into();
    }
    event
}

/// One record of a kind, whose events have ids of their own.
fn payload(kind: usize, id: &str, chance: &mut Rng) -> Vec<u8> {
    let minute = chance.u32(0..50);
    let name = ["DescribeTrails", "StopLogging", "DeleteTrail", "UpdateTrail"][chance.usize(0..4)];
    let success = chance.f64() < 0.8;
    let events: Vec<String> = (0..chance.usize(1..4))
        .map(|at| call(&format!("{id}-{at}"), name, minute, success).to_string())
        .collect();
    let texts: Vec<&str> = events.iter().map(String::as_str).collect();
    match kind {
        0..=3 => gzip(&logged(&texts)),
        4 => events.join("\n").into_bytes(),
        5 => aggregate(&texts.iter().map(|text| (0, text.as_bytes())).collect::<Vec<_>>()),
        6 => json!({
            "version": "0", "id": id, "detail-type": "Heartbeat", "source": "monitoring.agent.heartbeat",
            "account": "111122223333", "region": "eu-west-1", "time": format!("2026-03-02T08:{minute:02}:00Z"),
            "resources": [], "detail": {"agentId": format!("agent-{}", chance.u8(0..3)), "state": "running", "version": "1.0.0"},
        })
        .to_string()
        .into_bytes(),
        7 => {
            // A good event beside one that cannot be read.
            let mut text = events.join("\n").into_bytes();
            text.extend_from_slice(b"\n\xff\xfe not text ");
            text.extend_from_slice(id.as_bytes());
            text
        }
        8 => gzip(id.as_bytes())[..12].to_vec(),
        _ => json!({"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": "",
            "subscriptionFilters": [], "logEvents": [{"id": "", "timestamp": 1, "message": id}]})
        .to_string()
        .into_bytes(),
    }
}

fn shards(seed: u64) -> Vec<Vec<Arrival>> {
    let mut chance = Rng::with_seed(seed);
    let shard = |shard: usize| {
        (0..N_RECORDS)
            .map(|at| {
                let sequence = format!("4959033827149025660855969253836157109592157598913658{at:04}");
                let kind = chance.usize(0..10);
                Arrival {
                    id: Id::of(&[b"kinesis", &[shard as u8], sequence.as_bytes()]),
                    order: lane::order(&sequence),
                    source: format!("shardId-{shard}:{sequence}"),
                    arrival_ms: START_MS + 3_600_000 + at as i64,
                    content: Ok(payload(kind, &format!("{seed}-{shard}-{at}"), &mut chance)),
                }
            })
            .collect()
    };
    (0..N_SHARDS).map(shard).collect()
}

/// What users see when all is over.
struct Seen {
    /// Agents, by key.
    agents: BTreeMap<(String, String), BTreeMap<String, String>>,
    /// Findings.
    findings: BTreeMap<String, String>,
    /// Notable events.
    events: BTreeMap<String, String>,
    /// Rows of the lake as the `_once` views show them; of metrics their sums.
    rows: BTreeMap<(String, String), String>,
    /// Metrics in the table, and in the lake.
    metrics: [BTreeMap<String, (f64, f64)>; 2],
    /// Quarantined objects.
    quarantined: BTreeMap<String, String>,
    /// Alerts and how many events each speaks for in the end.
    alerts: BTreeMap<String, i64>,
    /// Events and records, as the lanes have entered them.
    ledger: Ledger,
}

impl Seen {
    /// What there is here and not in a calm world, and the other way round.
    fn differences(&self, calm: &Seen) -> Vec<String> {
        let mut all = compared("agents", &self.agents, &calm.agents);
        all.extend(compared("findings", &self.findings, &calm.findings));
        all.extend(compared("events", &self.events, &calm.events));
        all.extend(compared("rows", &self.rows, &calm.rows));
        for (place, at) in [("metrics of the table", 0), ("metrics of the lake", 1)] {
            all.extend(compared(place, &self.metrics[at], &calm.metrics[at]));
        }
        all.extend(compared("quarantine", &self.quarantined, &calm.quarantined));
        all.extend(compared("alerts", &self.alerts, &calm.alerts));
        if self.ledger != calm.ledger {
            all.push(format!("ledger: {:?} and not {:?}", self.ledger, calm.ledger));
        }
        all
    }
}

fn compared<K: Ord + Debug, V: PartialEq + Debug>(
    place: &str,
    here: &BTreeMap<K, V>,
    calm: &BTreeMap<K, V>,
) -> Vec<String> {
    let keys: BTreeSet<&K> = here.keys().chain(calm.keys()).collect();
    let differ = keys.into_iter().filter(|key| here.get(key) != calm.get(key));
    differ.map(|key| format!("{place}: {key:?}: {:?} and not {:?}", here.get(key), calm.get(key))).collect()
}

/// What a run leaves, and what it took.
struct Run {
    seen: Seen,
    n_faults: u64,
    n_killed: u64,
    n_dead: usize,
    n_rows_twice: usize,
    n_notices_twice: usize,
}

fn attributes(item: &Item) -> BTreeMap<String, String> {
    let shown = |name: &&String| ![TTL, "n_writes"].contains(&name.as_str());
    item.keys().filter(shown).map(|name| (name.clone(), format!("{:?}", item[name]))).collect()
}

fn run(seed: u64, stages: &Arc<Stages>, config: &Config, faults: Faults, accidents: Accidents) -> Run {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(travel(seed, stages, config, faults, accidents))
}

async fn travel(
    seed: u64,
    stages: &Arc<Stages>,
    config: &Config,
    faults: Faults,
    accidents: Accidents,
) -> Run {
    fastrand::seed(seed);
    let world = World::new(seed, faults);
    let names = Names { writes_lake: seed % 4 == 1, ..names() };
    let began = Instant::now();
    // What is due is so at full minutes: these fall anywhere into a run.
    let start_ms = START_MS + 3_700_000 + (seed % 300) as i64 * 1_000;
    let mut mappings: Vec<Mapping> = (0..)
        .zip(shards(seed))
        .map(|(shard, records)| Mapping {
            shard: format!("shardId-{shard}"),
            records,
            world: world.clone(),
            names: names.clone(),
            stages: stages.clone(),
            config: config.clone(),
            start_ms,
            accidents,
            chance: Rng::with_seed(seed ^ shard),
            began,
            n_killed: 0,
        })
        .collect();
    let (first, second) = mappings.split_at_mut(1);
    let edge = Edge { aws: world.clone(), names };
    let now_ms = || start_ms + began.elapsed().as_millis() as i64;
    // Meanwhile the sweep runs, more often than by its clock, and meets what everybody meets.
    let sweeps = async {
        loop {
            tokio::time::sleep(Duration::from_secs(10)).await;
            let patience = Patience::until(Instant::now() + Duration::from_secs(50));
            let _ = sweep(&edge, &patience, &config.alerts, now_ms()).await;
        }
    };
    let dead = tokio::select! {
        dead = async { tokio::join!(first[0].run(), second[0].run()) } => dead,
        () = sweeps => unreachable!("it has no end"),
    };
    // The world is mended, and whoever looks after the dead letters has them tried again.
    world.mend();
    for (mapping, ranges) in mappings.iter_mut().zip([&dead.0, &dead.1]) {
        mapping.accidents = Accidents::default();
        for range in ranges {
            let hub = mapping.hub();
            let taken = mapping.invoke(&hub, range.clone()).await.unwrap();
            assert_eq!(taken.again, [0usize; 0], "{:?}", taken.errors);
        }
    }
    let writes_lake = edge.names.writes_lake;
    let mut now_ms = now_ms();
    for _ in 0..40 {
        now_ms += 60_000;
        sweep(&edge, &patience(), &config.alerts, now_ms).await.unwrap();
    }
    let n_killed = mappings.iter().map(|mapping| mapping.n_killed).sum();
    let lake = world.holdings().rows();
    let (n_rows_twice, n_notices_twice, n_faults) = {
        let holdings = world.holdings();
        let notices: Vec<&String> = holdings.notices.values().flatten().map(|notice| &notice.uid).collect();
        let told: BTreeSet<_> = notices.iter().collect();
        let rows: Vec<&String> = lake.values().flatten().collect();
        let distinct: BTreeSet<_> = rows.iter().collect();
        assert!(
            !writes_lake || rows.len() == distinct.len(),
            "seed {seed}: a file of ours holds a row twice"
        );
        (rows.len() - distinct.len(), notices.len() - told.len(), holdings.faults.values().sum())
    };
    let n_dead = dead.0.iter().chain(&dead.1).map(|range| range.len()).sum();
    Run { seen: seen(&edge, &lake).await, n_faults, n_killed, n_dead, n_rows_twice, n_notices_twice }
}

fn patience() -> Patience {
    Patience::until(Instant::now() + Duration::from_secs(600))
}

/// Looks as users do: by the reading side, through the views, and at the lake's rows.
async fn seen(edge: &Edge<World>, lake: &BTreeMap<String, Vec<String>>) -> Seen {
    let span = Span { from_ms: START_MS - 3_600_000, to_ms: START_MS + 4 * 3_600_000 };
    let patience = patience();
    let hot = Hot { aws: &edge.aws, table: &edge.names.table, patience: &patience };
    let found = hot.findings(&Severity::ALL, span).await.unwrap();
    let of_account = hot.findings_of("111122223333", span).await.unwrap();
    let summary = |finding: &findings::Stored| findings::Stored { ocsf: String::new(), ..finding.clone() };
    assert_eq!(found.iter().map(summary).collect::<Vec<_>>(), of_account);
    let events = hot.events(&Severity::ALL, span).await.unwrap();
    assert_eq!(events, hot.events_of("111122223333", span).await.unwrap());
    let agents = hot.agents().await.unwrap();
    let agents = agents.iter().map(|item| (layout::key(item), attributes(item))).collect();
    let services = hot.services(span).await.unwrap();
    let points = hot.metrics(&services, span).await.unwrap();
    let mut stored = BTreeMap::<String, (f64, f64)>::new();
    for point in points {
        let name = format!("{} {} {} {}", point.minute_ms, point.namespace, point.metric, point.dimensions);
        let sum = stored.entry(name).or_default();
        *sum = (sum.0 + point.samples, sum.1 + point.sum);
    }
    let holdings = edge.aws.holdings();
    let mut rows = BTreeMap::new();
    let mut in_lake = BTreeMap::<String, (f64, f64)>::new();
    for (stream, lines) in lake {
        for line in lines {
            let row: Json = serde_json::from_str(line).unwrap();
            let uid = format!("{} {}", row["event_day"], row["metadata_uid"].as_str().unwrap());
            if rows.insert((stream.clone(), uid), line.clone()).is_none() && stream.ends_with("metrics") {
                let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
                let name = format!(
                    "{} {} {} {}",
                    row["time"],
                    text("namespace"),
                    text("metric"),
                    text("dimensions")
                );
                let sum = in_lake.entry(name).or_default();
                *sum = (sum.0 + row["samples"].as_f64().unwrap(), sum.1 + row["sum"].as_f64().unwrap());
            }
        }
    }
    // What a metric's row is part of depends on how batches were cut; the sums do not.
    rows.retain(|(stream, _), _| !stream.ends_with("metrics"));
    let outboxes: Vec<&String> = holdings.objects.keys().filter(|key| key.contains("/outbox/")).collect();
    let pointers: Vec<_> = holdings.items.keys().filter(|(_, sk)| sk.starts_with("outbox#")).collect();
    assert!(pointers.is_empty(), "{pointers:?} {outboxes:?}");
    let quarantined = holdings
        .objects
        .iter()
        .filter(|(key, _)| key.contains("/quarantine/"))
        .map(|(k, v)| (k.clone(), String::from_utf8(v.clone()).unwrap()))
        .collect();
    let alerts = holdings.items.iter().filter(|((pk, sk), _)| pk.starts_with("alert#") && sk == "state");
    let alerts: BTreeMap<String, i64> =
        alerts.map(|((pk, _), item)| (pk.clone(), layout::number(item, "sent"))).collect();
    let told: BTreeSet<String> =
        holdings.notices.values().flatten().map(|notice| format!("alert#{}", notice.uid)).collect();
    for alert in alerts.keys() {
        assert!(told.contains(alert), "{alert} was never sent");
    }
    let mut ledger = Ledger::default();
    for ((pk, sk), item) in &holdings.items {
        if pk.starts_with("lane#") && sk.starts_with("done#") {
            ledger.add(&serde_json::from_str(layout::text(item, "ledger")).unwrap());
        }
    }
    ledger.check().unwrap();
    let events = events.iter().map(|event| (event.key.clone(), format!("{event:?}"))).collect();
    let findings = found.iter().map(|found| (found.uid.clone(), format!("{found:?}"))).collect();
    Seen { agents, findings, events, rows, metrics: [stored, in_lake], quarantined, alerts, ledger }
}

fn faults(seed: u64) -> (Faults, Accidents) {
    let mut chance = Rng::with_seed(seed.wrapping_mul(31));
    let mut share = |most: f64| if chance.bool() { chance.f64() * most } else { 0.0 };
    let faults = Faults {
        throttled: share(0.3),
        down: share(0.03),
        unheard: share(0.05),
        unanswered: share(0.08),
        refused: share(0.3),
    };
    (faults, Accidents { killed: share(0.3), twice: share(0.2), renewed: share(0.5) })
}

#[test]
fn nothing_is_lost_and_nothing_doubled_whatever_fails() {
    let config = Config::default();
    let stages = Arc::new(hub::stages(builtin().unwrap(), &config).unwrap());
    let seeds: Vec<u64> = match env::var("KINESCOPE_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..env::var("KINESCOPE_SEEDS").map_or(1_000, |n| n.parse().unwrap())).collect(),
    };
    let try_out = &|seed: &u64| {
        let calm = run(*seed, &stages, &config, Faults::default(), Accidents::default());
        let (faults, accidents) = faults(*seed);
        let faulty = run(*seed, &stages, &config, faults, accidents);
        assert_eq!(calm.n_rows_twice + calm.n_notices_twice + calm.n_dead, 0);
        let differences = faulty.seen.differences(&calm.seen);
        assert!(differences.is_empty(), "seed {seed}: {faults:?} {accidents:?}\n{}", differences.join("\n"));
        faulty
    };
    let n_threads = thread::available_parallelism().map_or(1, usize::from);
    let runs: Vec<Run> = thread::scope(|scope| {
        let of_thread = |first: usize| {
            let seeds = seeds.iter().skip(first).step_by(n_threads);
            scope.spawn(move || seeds.map(try_out).collect::<Vec<_>>())
        };
        let threads: Vec<_> = (0..n_threads).map(of_thread).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let sum = |count: fn(&Run) -> u64| runs.iter().map(count).sum::<u64>();
    println!(
        "{} seeds, {} records, {} faults, {} functions killed, {} records tried again from the dead letters: lost 0, doubled 0 \
         (rows that Firehose took twice and the views show once: {}; notices that were sent twice with one id: {})",
        seeds.len(),
        seeds.len() * N_SHARDS * N_RECORDS,
        sum(|run| run.n_faults),
        sum(|run| run.n_killed),
        sum(|run| run.n_dead as u64),
        sum(|run| run.n_rows_twice as u64),
        sum(|run| run.n_notices_twice as u64),
    );
}
