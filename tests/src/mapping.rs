//! An event source mapping, by AWS's rules: a shard's records in order, in batches; what a function reports, and all
//! after it, comes again; a batch whose function dies is cut in two; what was tried too often goes to the dead letters,
//! and the shard goes on.

use fastrand::Rng;
use kinescope_aws::{
    Hub, Names,
    edge::RECORD_BYTES,
    hub::{Arrival, Taken},
};
use kinescope_pipeline::{Config, Stages};
use std::{ops::Range, sync::Arc, time::Duration};
use tokio::time::{Instant, timeout};

use crate::world::World;

/// A function's time limit.
const FUNCTION_TIME: Duration = Duration::from_secs(60);
/// How often a batch is tried again before it goes to the dead letters.
const RETRIES_MAX: u32 = 2;

/// What may happen to functions, by share of invocations.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accidents {
    /// The function is killed at some moment.
    pub killed: f64,
    /// The mapping delivers a batch twice at the same time.
    pub twice: f64,
    /// The next invocation finds a new environment, that has seen nothing.
    pub renewed: f64,
}

/// A shard and its functions.
pub struct Mapping {
    /// The lane's name.
    pub shard: String,
    /// Its records, in order.
    pub records: Vec<Arrival>,
    /// The services.
    pub world: World,
    /// The hub's resources.
    pub names: Names,
    /// What the stages need.
    pub stages: Arc<Stages>,
    /// Settings.
    pub config: Config,
    /// When the test's clock began, milliseconds since 1970.
    pub start_ms: i64,
    /// What may happen.
    pub accidents: Accidents,
    /// Chance.
    pub chance: Rng,
    /// When the test began.
    pub began: Instant,
    /// Invocations that were killed.
    pub n_killed: u64,
}

impl Mapping {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64 {
        self.start_ms + self.began.elapsed().as_millis() as i64
    }

    /// A function that has seen nothing.
    pub fn hub(&self) -> Hub<World> {
        Hub::new(self.world.clone(), self.names.clone(), self.stages.clone(), self.config.clone())
    }

    /// Delivers everything; ranges of records that were tried too often.
    pub async fn run(&mut self) -> Vec<Range<usize>> {
        let mut dead = Vec::new();
        let mut hub = self.hub();
        let mut at = 0;
        while at < self.records.len() {
            let n = self.chance.usize(1..=10).min(self.records.len() - at);
            // The earliest part comes last, so that it is popped first.
            let mut pending = vec![(at..at + n, 0)];
            while let Some((range, n_tried)) = pending.pop() {
                if n_tried > RETRIES_MAX {
                    dead.push(range);
                    continue;
                }
                if self.chance.f64() < self.accidents.renewed {
                    hub = self.hub();
                }
                match self.invoke(&hub, range.clone()).await {
                    Some(taken) => {
                        if let Some(first) = taken.again.first() {
                            pending.push((range.start + first..range.end, n_tried + 1));
                        }
                    }
                    // Cutting in two uses up no attempt; what cannot be cut does.
                    None if range.len() > 1 => {
                        hub = self.hub();
                        let middle = range.start + range.len() / 2;
                        pending.extend([(middle..range.end, n_tried), (range.start..middle, n_tried)]);
                    }
                    None => {
                        hub = self.hub();
                        pending.push((range, n_tried + 1));
                    }
                }
            }
            at += n;
        }
        dead
    }

    /// Invokes a function; `None` if it was killed.
    pub async fn invoke(&mut self, hub: &Hub<World>, range: Range<usize>) -> Option<Taken> {
        let now_ms = self.now_ms();
        let until = Instant::now() + FUNCTION_TIME - Duration::from_millis(500);
        let killed_after = if self.chance.f64() < self.accidents.killed {
            self.n_killed += 1;
            FUNCTION_TIME.mul_f64(self.chance.f64().powi(4))
        } else {
            FUNCTION_TIME
        };
        let twice = self.chance.f64() < self.accidents.twice;
        let records = &self.records[range];
        let take = timeout(killed_after, hub.take(&self.shard, records, until, now_ms));
        if twice {
            let other = self.hub();
            let again = timeout(FUNCTION_TIME, other.take(&self.shard, records, until, now_ms));
            return tokio::join!(take, again).0.ok();
        }
        take.await.ok()
    }
}

/// The names of a hub's resources in a world.
pub fn names() -> Names {
    let topic = |severity: &str| format!("arn:aws:sns:eu-west-1:111122223333:kinescope-{severity}");
    Names {
        stage: "test".into(),
        table: "kinescope".into(),
        firehose_prefix: "kinescope-".into(),
        lake_bucket: "lake-bucket".into(),
        writes_lake: false,
        quarantine_bucket: "quarantine".into(),
        records_dlq: Some("records-dlq".into()),
        topics: ["low", "medium", "high", "critical"].map(topic),
        record_bytes: RECORD_BYTES,
        chat: true,
    }
}
