//! What is read of the world: objects, shards, queues, log groups; and the bus, which is told.

use super::World;
use kinescope_aws::port::{
    AgentAws, BusEvent, CallError, Called, ListedObject, LogPage, LogQuery, Message, ObjectAt, Ranged,
    ShardPage, ShardRecord, ShardStart, Sources,
};
use kinescope_schemas::Id;

/// Log events that are searched for one page, so that there are several, some of them empty.
const LOG_EVENTS_MAX: usize = 3;
/// Bytes of one GetRecords.
const SHARD_BYTES_MAX: usize = 10 << 20;

/// An object's ETag, as the world has it.
pub fn etag(bytes: &[u8]) -> String {
    Id::of(&[bytes]).to_string()
}

fn refusal(action: &'static str, resource: String, words: &str) -> CallError {
    CallError { action, resource, words: words.to_owned(), may_pass: false }
}

impl Sources for World {
    async fn get_range(&self, object: &ObjectAt, from: u64, n_bytes: u64) -> Called<Ranged> {
        assert!(n_bytes > 0 && n_bytes <= 8 << 20, "{n_bytes} bytes at once");
        let way = self.meet("s3", &object.bucket).await?;
        self.holdings().units.gets += 1;
        let version = object.version.as_ref().map(|version| format!("?{version}")).unwrap_or_default();
        let held =
            self.holdings().objects.get(&format!("{}/{}{version}", object.bucket, object.key)).cloned();
        let refused = |words: &str| refusal("read", object.to_string(), words);
        let held = held.ok_or_else(|| refused("NoSuchKey: The specified key does not exist."))?;
        let etag = etag(&held);
        if object.etag.as_ref().is_some_and(|wanted| *wanted != etag) {
            return Err(refused("PreconditionFailed: At least one of the pre-conditions did not hold"));
        }
        let whole = held.len() as u64;
        assert!(from < whole.max(1), "a range behind the end");
        let bytes = held[from as usize..(from + n_bytes).min(whole) as usize].to_vec();
        self.answer(way, Ranged { bytes, n_bytes_whole: whole, etag }).await
    }

    async fn list_objects(&self, bucket: &str, prefix: &str, after: &str) -> Called<Vec<ListedObject>> {
        // Two, so that there are several pages.
        const PAGE: usize = 2;
        let way = self.meet("s3", bucket).await?;
        let start = format!("{bucket}/");
        let listed = self
            .holdings()
            .objects
            .iter()
            .filter_map(|(key, bytes)| Some((key.strip_prefix(&start)?, bytes)))
            .filter(|(key, _)| key.starts_with(prefix) && *key > after)
            .map(|(key, bytes)| ListedObject {
                key: key.to_owned(),
                etag: etag(bytes),
                n_bytes: bytes.len() as u64,
            })
            .take(PAGE)
            .collect();
        self.answer(way, listed).await
    }

    async fn get_records(&self, arn: &str, shard: &str, start: ShardStart, n_max: i32) -> Called<ShardPage> {
        assert!((1..=10_000).contains(&n_max));
        let way = self.meet("kinesis", arn).await?;
        let records = self.holdings().shards.get(&(arn.to_owned(), shard.to_owned())).cloned();
        let resource = format!("{shard} of {arn}");
        let records = records.ok_or_else(|| {
            refusal("read the shard", resource, "ResourceNotFoundException: there is no such shard")
        })?;
        // Places are in the order of numbers of equal length; what was trimmed begins at what is left.
        let from = match start {
            ShardStart::At(sequence) => {
                records.iter().take_while(|record| record.sequence < sequence).count()
            }
            ShardStart::Next(at) => at.parse().unwrap(),
        };
        let mut n_bytes = 0;
        let fits = |record: &&ShardRecord| {
            n_bytes += record.data.len();
            n_bytes <= SHARD_BYTES_MAX
        };
        // At most two, so that there are several pages.
        let page: Vec<_> =
            records[from..].iter().take(2.min(n_max as usize)).take_while(fits).cloned().collect();
        let to = from + page.len();
        let behind_ms = (records.len() - to) as i64;
        self.answer(way, ShardPage { records: page, next: Some(to.to_string()), behind_ms }).await
    }

    async fn receive(&self, queue: &str, hidden_seconds: i32) -> Called<Vec<Message>> {
        assert!((0..=43_200).contains(&hidden_seconds));
        let way = self.meet("sqs", queue).await?;
        let messages = self.holdings().messages.get(queue).map(|all| all.iter().take(10).cloned().collect());
        self.answer(way, messages.unwrap_or_default()).await
    }

    async fn delete_message(&self, queue: &str, receipt: &str) -> Called<()> {
        let way = self.meet("sqs", queue).await?;
        if let Some(messages) = self.holdings().messages.get_mut(queue) {
            messages.retain(|message| message.receipt != receipt);
        }
        self.answer(way, ()).await
    }
}

impl AgentAws for World {
    async fn filter_logs(&self, query: &LogQuery) -> Called<LogPage> {
        let way = self.meet("logs", &query.group).await?;
        let all = self.holdings().log_events.get(&query.group).cloned();
        let refused = || {
            let words = "ResourceNotFoundException: The specified log group does not exist.";
            refusal("ask the log group", query.group.clone(), words)
        };
        let all = all.ok_or_else(refused)?;
        let from: usize = query.next.as_ref().map_or(0, |next| next.parse().unwrap());
        let to = (from + LOG_EVENTS_MAX).min(all.len());
        let found = all[from..to]
            .iter()
            .filter(|event| (query.from_ms..=query.to_ms).contains(&event.time_ms))
            .filter(|event| event.message.contains(&query.pattern));
        let next = (to < all.len()).then(|| to.to_string());
        self.answer(way, LogPage { events: found.cloned().collect(), next }).await
    }

    async fn put_events(&self, bus: &str, events: Vec<BusEvent>) -> Called<Vec<Option<CallError>>> {
        assert!(events.len() <= 10 && !events.is_empty());
        assert!(events.iter().map(|event| event.detail.len()).sum::<usize>() <= 256 << 10);
        let way = self.meet("events", bus).await?;
        let answers = events.into_iter().map(|event| {
            let refusal = self.refusal("events");
            if refusal.is_none() {
                self.holdings().bus.entry(bus.to_owned()).or_default().push(event);
            }
            refusal
        });
        let answers = answers.collect();
        self.answer(way, answers).await
    }
}
