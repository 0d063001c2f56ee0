//! A world in the place of AWS: services in memory that keep to the limits of the true ones, fail by seed, and count
//! what they would be paid for.
//!
//! A call may be throttled, find its service down for a while, have single items refused, never be answered, or be
//! answered never although it was done. Whoever breaks a service's limit has a bug: that panics.

use fastrand::Rng;
use kinescope_aws::{
    layout::{self, PK, SK},
    limits,
    port::{
        Aws, BusEvent, CallError, Called, Got, Item, LogEvent, Message, Notice, Page, PutIf, Range,
        ShardRecord,
    },
};
use kinescope_schemas::{
    Table,
    contract::EVENT_DAY,
    keys::{DAY_KEY, keys},
};
use serde_json::{Map, Value as Json};
use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::time::{Instant, sleep};

mod lake;
mod sources;
mod table;

pub use sources::etag;

/// How often things go wrong, each as a share of calls or items.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Calls that are throttled.
    pub throttled: f64,
    /// Calls after which the service is down for up to twenty seconds.
    pub down: f64,
    /// Calls that are never answered, and not done.
    pub unheard: f64,
    /// Calls that are done and never answered.
    pub unanswered: f64,
    /// Items that are refused while others of their call are taken.
    pub refused: f64,
}

/// What the services hold.
#[derive(Default)]
pub struct Holdings {
    /// Items by partition and sort key.
    pub items: BTreeMap<(String, String), Item>,
    /// Rows by delivery stream, a line of JSON each, with the names of the columns.
    pub lines: BTreeMap<String, Vec<String>>,
    /// Notices by topic.
    pub notices: BTreeMap<String, Vec<Notice>>,
    /// Objects by bucket and key.
    pub objects: BTreeMap<String, Vec<u8>>,
    /// Records by stream and shard.
    pub shards: BTreeMap<(String, String), Vec<ShardRecord>>,
    /// Messages by queue.
    pub messages: BTreeMap<String, Vec<Message>>,
    /// Log events by log group.
    pub log_events: BTreeMap<String, Vec<LogEvent>>,
    /// Events by bus.
    pub bus: BTreeMap<String, Vec<BusEvent>>,
    /// What would be paid for.
    pub units: Units,
    /// Faults so far, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// Resources that we may not use.
    pub denied: HashSet<String>,
    /// Services that are down, and until when.
    down: BTreeMap<&'static str, Instant>,
}

/// Billable units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Units {
    /// DynamoDB write request units, those of the index and of transactions included.
    pub writes: u64,
    /// DynamoDB read request units, times two.
    pub half_reads: u64,
    /// Bytes that Firehose bills, each record rounded up to 5 KB.
    pub firehose_bytes: u64,
    /// SNS requests of 64 KB.
    pub publishes: u64,
    /// S3 writes.
    pub puts: u64,
    /// S3 reads.
    pub gets: u64,
}

/// The world.
#[derive(Clone)]
pub struct World {
    holdings: Arc<Mutex<Holdings>>,
    chance: Arc<Mutex<Rng>>,
    faults: Arc<Mutex<Faults>>,
}

/// How a call goes.
enum Way {
    Answered,
    Unanswered,
}

impl World {
    /// A world whose faults follow from the seed.
    pub fn new(seed: u64, faults: Faults) -> World {
        World {
            holdings: Arc::default(),
            chance: Arc::new(Mutex::new(Rng::with_seed(seed))),
            faults: Arc::new(Mutex::new(faults)),
        }
    }

    /// What the services hold.
    pub fn holdings(&self) -> MutexGuard<'_, Holdings> {
        self.holdings.lock().unwrap()
    }

    /// From now on nothing goes wrong.
    pub fn mend(&self) {
        *self.faults.lock().unwrap() = Faults::default();
        self.holdings().down.clear();
    }

    fn roll(&self, share: f64) -> bool {
        share > 0.0 && self.chance.lock().unwrap().f64() < share
    }

    fn fault(&self, kind: &'static str) {
        *self.holdings().faults.entry(kind).or_default() += 1;
    }

    /// What a call meets before its service does anything.
    async fn meet(&self, service: &'static str, resource: &str) -> Called<Way> {
        let faults = *self.faults.lock().unwrap();
        let latency = self.chance.lock().unwrap().u64(1..40);
        sleep(Duration::from_millis(latency)).await;
        let failure = |words: &str| CallError {
            action: "call",
            resource: service.to_owned(),
            words: words.to_owned(),
            may_pass: true,
        };
        if self.holdings().denied.contains(resource) {
            let words = "AccessDeniedException: not authorized".to_owned();
            let resource = resource.to_owned();
            return Err(CallError { action: "call", resource, words, may_pass: false });
        }
        if self.holdings().down.get(service).is_some_and(|until| Instant::now() < *until) {
            return Err(failure("the service is down"));
        }
        if self.roll(faults.down) {
            self.fault("down");
            let seconds = self.chance.lock().unwrap().f64() * 20.0;
            self.holdings().down.insert(service, Instant::now() + Duration::from_secs_f64(seconds));
            return Err(failure("the service went down"));
        }
        if self.roll(faults.throttled) {
            self.fault("throttled");
            return Err(failure("throttled"));
        }
        if self.roll(faults.unheard) {
            self.fault("unheard");
            return silence().await;
        }
        if self.roll(faults.unanswered) {
            self.fault("unanswered");
            return Ok(Way::Unanswered);
        }
        Ok(Way::Answered)
    }

    async fn answer<T>(&self, way: Way, answer: T) -> Called<T> {
        match way {
            Way::Answered => Ok(answer),
            Way::Unanswered => silence().await,
        }
    }

    fn refuses(&self) -> bool {
        let refused = self.faults.lock().unwrap().refused;
        let refuses = self.roll(refused);
        if refuses {
            self.fault("refused");
        }
        refuses
    }

    fn refusal(&self, service: &'static str) -> Option<CallError> {
        self.refuses().then(|| CallError {
            action: "call",
            resource: service.to_owned(),
            words: "this one was refused".to_owned(),
            may_pass: true,
        })
    }
}

/// Longer than anybody waits.
async fn silence<T>() -> Called<T> {
    sleep(Duration::from_secs(86_400)).await;
    panic!("somebody waits for ever")
}

/// The column of each key in rows of a delivery stream, as Firehose is told them, and of the day.
fn columns(stream: &str) -> BTreeMap<String, &'static str> {
    let table = Table::ALL.into_iter().find(|table| stream.ends_with(&format!("-{}", table.name()))).unwrap();
    keys(table).map(|(name, key)| (key, name)).chain([(DAY_KEY.to_owned(), EVENT_DAY)]).collect()
}

/// A row as Firehose reads it.
fn named(columns: &BTreeMap<String, &'static str>, line: &str) -> String {
    let row: Map<String, Json> = serde_json::from_str(line).unwrap();
    assert!(row.contains_key(DAY_KEY), "no day to partition by: {line}");
    let named = row.into_iter().map(|(key, value)| {
        assert!(!value.is_null(), "an empty column is paid for: {line}");
        (columns[&key].to_owned(), value)
    });
    Json::from(named.collect::<Map<String, Json>>()).to_string()
}

impl Aws for World {
    async fn put_records(&self, stream: &str, records: Vec<Vec<u8>>) -> Called<Vec<Option<CallError>>> {
        assert!(records.len() <= limits::FIREHOSE_RECORDS_MAX && !records.is_empty());
        assert!(records.iter().map(Vec::len).sum::<usize>() <= limits::FIREHOSE_CALL_BYTES_MAX);
        assert!(records.iter().all(|record| record.len() <= limits::FIREHOSE_RECORD_BYTES_MAX));
        let way = self.meet("firehose", stream).await?;
        let columns = columns(stream);
        let answers = records.into_iter().map(|record| {
            let refusal = self.refusal("firehose");
            if refusal.is_none() {
                let mut holdings = self.holdings();
                holdings.units.firehose_bytes += record.len().next_multiple_of(5 << 10) as u64;
                let text = String::from_utf8(record).unwrap();
                let rows: Vec<String> = text.lines().map(|line| named(&columns, line)).collect();
                assert!(rows.len() <= limits::FIREHOSE_ROWS_MAX, "{} rows are not told apart", rows.len());
                holdings.lines.entry(stream.to_owned()).or_default().extend(rows);
            }
            refusal
        });
        let answers = answers.collect();
        self.answer(way, answers).await
    }

    async fn put_items(&self, table: &str, items: Vec<Item>) -> Called<Vec<usize>> {
        assert!(items.len() <= limits::DYNAMODB_ITEMS_MAX && !items.is_empty());
        let keys: HashSet<_> = items.iter().map(layout::key).collect();
        assert_eq!(keys.len(), items.len(), "two puts of one key");
        let way = self.meet("dynamodb", table).await?;
        let mut left = Vec::new();
        for (at, item) in items.into_iter().enumerate() {
            if self.refuses() { left.push(at) } else { self.holdings().put(item, 1) }
        }
        self.answer(way, left).await
    }

    async fn put_if(&self, table: &str, puts: Vec<PutIf>) -> Called<bool> {
        assert!(puts.len() <= 100 && !puts.is_empty());
        let way = self.meet("dynamodb", table).await?;
        let times = if puts.len() > 1 { 2 } else { 1 };
        let holds = {
            let mut holdings = self.holdings();
            let holds = puts.iter().all(|put| holdings.holds(put));
            if holds {
                puts.into_iter().for_each(|put| holdings.put(put.item, times));
            } else {
                holdings.units.writes += times;
            }
            holds
        };
        self.answer(way, holds).await
    }

    async fn add(&self, table: &str, pk: &str, sk: &str, n: u64, _: i64) -> Called<u64> {
        let way = self.meet("dynamodb", table).await?;
        let sum = {
            let mut holdings = self.holdings();
            let mut item = holdings.items.get(&(pk.to_owned(), sk.to_owned())).cloned().unwrap_or_default();
            layout::put(&mut item, PK, pk);
            layout::put(&mut item, SK, sk);
            let sum = layout::number(&item, "n").unsigned_abs() + n;
            layout::put_number(&mut item, "n", sum);
            holdings.put(item, 1);
            sum
        };
        self.answer(way, sum).await
    }

    async fn delete_item(&self, table: &str, pk: &str, sk: &str) -> Called<()> {
        let way = self.meet("dynamodb", table).await?;
        self.holdings().items.remove(&(pk.to_owned(), sk.to_owned()));
        self.holdings().units.writes += 1;
        self.answer(way, ()).await
    }

    async fn query(&self, table: &str, range: Range) -> Called<Page> {
        assert!(!range.pk.is_empty() && range.from <= range.to);
        let way = self.meet("dynamodb", table).await?;
        let page = self.holdings().page(&range);
        self.answer(way, page).await
    }

    async fn get_items(&self, table: &str, keys: Vec<(String, String)>) -> Called<Got> {
        assert!(keys.len() <= limits::DYNAMODB_KEYS_MAX && !keys.is_empty());
        assert!(keys.iter().all(|(pk, sk)| !pk.is_empty() && !sk.is_empty()), "{keys:?}");
        let way = self.meet("dynamodb", table).await?;
        let n = if keys.len() > 1 && self.refuses() { keys.len() / 2 } else { keys.len() };
        let (asked, left) = keys.split_at(n);
        let items = {
            let holdings = self.holdings();
            asked.iter().filter_map(|key| holdings.items.get(key).cloned()).collect()
        };
        self.holdings().units.half_reads += 2 * asked.len() as u64;
        self.answer(way, Got { items, left: left.to_vec() }).await
    }

    async fn publish(&self, topic: &str, notices: Vec<Notice>) -> Called<Vec<Option<CallError>>> {
        assert!(notices.len() <= limits::SNS_ENTRIES_MAX && !notices.is_empty());
        assert!(notices.iter().map(|notice| notice.message.len()).sum::<usize>() <= 256 << 10);
        let way = self.meet("sns", topic).await?;
        let answers = notices.into_iter().map(|notice| {
            let refusal = self.refusal("sns");
            if refusal.is_none() {
                let mut holdings = self.holdings();
                holdings.units.publishes += notice.message.len().div_ceil(64 << 10) as u64;
                holdings.notices.entry(topic.to_owned()).or_default().push(notice);
            }
            refusal
        });
        let answers = answers.collect();
        self.answer(way, answers).await
    }

    async fn put_object(&self, bucket: &str, key: &str, bytes: Vec<u8>) -> Called<()> {
        let way = self.meet("s3", bucket).await?;
        self.holdings().objects.insert(format!("{bucket}/{key}"), bytes);
        self.holdings().units.puts += 1;
        self.answer(way, ()).await
    }

    async fn get_object(&self, bucket: &str, key: &str) -> Called<Vec<u8>> {
        let way = self.meet("s3", bucket).await?;
        self.holdings().units.gets += 1;
        let found = self.holdings().objects.get(&format!("{bucket}/{key}")).cloned();
        let found = found.ok_or_else(|| CallError {
            action: "get the object",
            resource: format!("s3://{bucket}/{key}"),
            words: "NoSuchKey".to_owned(),
            may_pass: false,
        })?;
        self.answer(way, found).await
    }

    async fn delete_object(&self, bucket: &str, key: &str) -> Called<()> {
        let way = self.meet("s3", bucket).await?;
        self.holdings().objects.remove(&format!("{bucket}/{key}"));
        self.answer(way, ()).await
    }
}
