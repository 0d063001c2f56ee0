//! All shards of a stream, each read by a task of its own, their records in one queue.

use super::{
    Checkpoint, Place, Stream,
    follow::{Follow, Word},
    shards::{Listed, prune, ready},
};
use crate::access::{Fault, Stop};
use kinescope_pipeline::source::Captured;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Instant,
};
use tokio::{
    sync::{
        Semaphore,
        mpsc::{Receiver, Sender, channel},
    },
    task::JoinHandle,
};

/// Answers that wait to be taken, of up to 10 MB each.
const ANSWERS_QUEUED_MAX: usize = 4;
/// Calls under way at a time.
const CALLS_MAX: usize = 8;

/// When reading ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// When the process is asked to stop.
    Stopped,
    /// When every shard was read to its newest record once.
    CaughtUp,
}

/// How far behind reading is, for whoever shows it.
#[derive(Debug, Default)]
pub struct Lag {
    /// Of the shard that is furthest behind, in milliseconds.
    pub behind_ms: AtomicI64,
    /// Shards that are being read.
    pub n_shards: AtomicUsize,
}

/// Why reading ended early.
pub type PollerError = Fault;

/// Reads a stream.
pub struct Poller {
    stream: Stream,
    stop: Stop,
    until: Until,
    /// What was handed out.
    checkpoint: Checkpoint,
    listed: Vec<Listed>,
    /// Shards under way, each with how far behind it is.
    reading: BTreeMap<Arc<str>, Option<i64>>,
    caught_up: BTreeSet<Arc<str>>,
    words: Receiver<Word>,
    sender: Sender<Word>,
    calls: Arc<Semaphore>,
    tasks: Vec<JoinHandle<()>>,
    /// What one answer brought, yet to be handed out.
    queue: VecDeque<Captured>,
    fault: Option<Fault>,
    lag: Arc<Lag>,
}

impl Poller {
    /// Begins to read a stream where a checkpoint says.
    pub fn begin(
        stream: Stream,
        checkpoint: Checkpoint,
        until: Until,
        stop: Stop,
    ) -> Result<Poller, PollerError> {
        let (sender, words) = channel(ANSWERS_QUEUED_MAX);
        let mut poller = Poller {
            stream,
            stop,
            until,
            checkpoint,
            listed: Vec::new(),
            reading: BTreeMap::new(),
            caught_up: BTreeSet::new(),
            words,
            sender,
            calls: Arc::new(Semaphore::new(CALLS_MAX)),
            tasks: Vec::new(),
            queue: VecDeque::new(),
            fault: None,
            lag: Arc::default(),
        };
        poller.follow_more()?;
        Ok(poller)
    }

    /// How far behind it is.
    pub fn lag(&self) -> Arc<Lag> {
        self.lag.clone()
    }

    /// How far it has come: all that was handed out, and no more.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Whether nothing more will come.
    pub fn is_done(&self) -> bool {
        if self.stop.is_asked() || self.fault.is_some() {
            return true;
        }
        let is_caught_up = self.reading.keys().all(|shard| self.caught_up.contains(shard));
        self.queue.is_empty() && (self.reading.is_empty() || self.until == Until::CaughtUp && is_caught_up)
    }

    /// Why it ended early, if it did.
    pub fn fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// The next record; `None` when the deadline passes, or when nothing more will come.
    pub fn next(&mut self, deadline: Option<Instant>) -> Option<Captured> {
        self.wait(deadline).then(|| self.queue.pop_front()).flatten().inspect(|record| {
            self.checkpoint.advance(&record.shard, Place::After(record.sequence.clone()));
        })
    }

    /// Waits for a record; whether there is one.
    pub fn wait(&mut self, deadline: Option<Instant>) -> bool {
        while self.queue.is_empty() && !self.is_done() {
            let Some(word) = self.word(deadline) else { return false };
            if let Err(fault) = self.take(word) {
                self.fault = Some(fault);
            }
        }
        !self.queue.is_empty() && !self.stop.is_asked()
    }

    fn word(&mut self, deadline: Option<Instant>) -> Option<Word> {
        let Poller { stream, words, stop, .. } = self;
        stream.access.runtime.block_on(async {
            let passed = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                word = words.recv() => word,
                () = stop.asked() => None,
                () = passed => None,
            }
        })
    }

    fn take(&mut self, word: Word) -> Result<(), Fault> {
        match word {
            Word::Read { shard, records, behind_ms, is_last } => {
                self.queue.extend(records);
                // What was split or merged goes on in its children, even if nothing is behind it itself.
                let is_closed = is_last || self.listed.iter().any(|one| one.id == *shard && one.is_closed);
                if behind_ms == 0 && !is_closed {
                    self.caught_up.insert(shard.clone());
                }
                self.reading.insert(shard, Some(behind_ms));
            }
            Word::Ended(shard) => {
                self.reading.remove(&shard);
                self.checkpoint.advance(&shard, Place::Ended);
                self.follow_more()?;
            }
            Word::Failed(fault) => return Err(fault),
        }
        let behind_ms = self.reading.values().flatten().max().copied().unwrap_or_default();
        self.lag.behind_ms.store(behind_ms, Ordering::Relaxed);
        self.lag.n_shards.store(self.reading.len(), Ordering::Relaxed);
        Ok(())
    }

    /// Begins with the shards that can be read now.
    fn follow_more(&mut self) -> Result<(), Fault> {
        self.listed = self.stream.access.runtime.block_on(self.stream.shards())?;
        prune(&self.listed, &mut self.checkpoint);
        let Poller { listed, checkpoint, reading, .. } = self;
        let ready: Vec<Arc<str>> = ready(listed, checkpoint, |id| reading.contains_key(id))
            .into_iter()
            .map(|shard| shard.id.as_str().into())
            .collect();
        self.tasks.retain(|task| !task.is_finished());
        for shard in ready {
            let after = match self.checkpoint.shards.get(&*shard) {
                Some(Place::After(sequence)) => Some(sequence.clone()),
                _ => None,
            };
            let follow = Follow {
                stream: self.stream.clone(),
                shard: shard.clone(),
                after,
                from: self.checkpoint.from,
                words: self.sender.clone(),
                calls: self.calls.clone(),
            };
            self.tasks.push(self.stream.access.runtime.spawn(follow.run()));
            self.reading.insert(shard, None);
        }
        Ok(())
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
