//! Objects as runs take them: some are fetched ahead, each is handed out once, and what is done is passed over.

use super::{Body, Listed, Location, Objects, body::Broken, lines::Lines};
use crate::{
    access::{Access, Fault, Kind, Stop, chain},
    stream::{Chunk, patiently},
};
use kinescope_pipeline::source::{Fed, Feed, FeedError};
use kinescope_schemas::Id;
use std::{
    collections::VecDeque,
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::task::JoinHandle;

/// Objects that are fetched ahead: what one connection waits for, others bring.
const AHEAD_MAX: usize = 16;
/// An object up to this size is held whole; a larger one is read while it is processed.
const WHOLE_BYTES_MAX: u64 = 4 << 20;
/// A part of keys: CloudTrail's digests stand beside its logs and hold no event.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html>
const DIGEST: &str = "/CloudTrail-Digest/";

/// What the objects hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Logs of any shape.
    Logs,
    /// Quarantine entries.
    Quarantine,
}

/// How far a feed is, for whoever shows it.
#[derive(Debug, Default)]
pub struct Counts {
    /// Objects that were handed out.
    pub n_read: AtomicU64,
    /// Objects that were done before.
    pub n_known: AtomicU64,
    /// Objects that could not be read.
    pub n_refused: AtomicU64,
}

/// What was fetched of an object.
enum Got {
    Whole(Vec<u8>),
    Body(Box<Body>),
}

struct Ahead {
    object: Listed,
    id: Id,
    fetched: JoinHandle<Result<Got, Fault>>,
}

/// An object of quarantine entries that is being read.
struct Reading {
    lines: Lines,
    address: String,
    id: Id,
}

/// Feeds runs from a bucket.
pub struct ObjectsFeed {
    objects: Objects,
    holds: Holds,
    chunk: Chunk,
    stop: Stop,
    listed: VecDeque<Listed>,
    /// Where the next page begins.
    token: Option<String>,
    ahead: VecDeque<Ahead>,
    reading: Option<Reading>,
    counts: Arc<Counts>,
    /// Why listing ended early.
    fault: Option<Fault>,
    broken: Broken,
    /// Another feed's, which stays as it is.
    checkpoint: Option<Vec<u8>>,
}

impl ObjectsFeed {
    /// Begins to list a location. Fails if that is not allowed or there is no such bucket.
    pub fn begin(
        access: &Access,
        location: Location,
        holds: Holds,
        chunk: Chunk,
        stop: Stop,
    ) -> Result<ObjectsFeed, Fault> {
        let objects = Objects::new(access, location);
        let (listed, token) = access.runtime.block_on(objects.page(None))?;
        Ok(ObjectsFeed {
            objects,
            holds,
            chunk,
            stop,
            listed: listed.into(),
            token,
            ahead: VecDeque::new(),
            reading: None,
            counts: Arc::default(),
            fault: None,
            broken: Broken::default(),
            checkpoint: None,
        })
    }

    /// How far it is.
    pub fn counts(&self) -> Arc<Counts> {
        self.counts.clone()
    }

    /// Whether nothing more will come.
    pub fn is_done(&self) -> bool {
        let is_listed = self.listed.is_empty() && self.token.is_none();
        self.stop.is_asked() || self.fault.is_some() || is_listed && self.ahead.is_empty()
    }

    /// Why listing ended early, if it did.
    pub fn fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// The next object that is to be read.
    fn list(&mut self, is_known: &dyn Fn(Id) -> bool) -> Option<(Listed, Id)> {
        while !self.stop.is_asked() {
            if let Some(object) = self.listed.pop_front() {
                let id = self.objects.id(&object);
                let is_log = object.n_bytes > 0 && !object.key.contains(DIGEST);
                if is_log && !is_known(id) {
                    return Some((object, id));
                }
                self.counts.n_known.fetch_add(u64::from(is_log), Ordering::Relaxed);
                continue;
            }
            let token = self.token.take()?;
            match self.objects.access.runtime.block_on(self.objects.page(Some(&token))) {
                Ok((listed, token)) => (self.listed, self.token) = (listed.into(), token),
                Err(fault) => self.fault = Some(fault),
            }
        }
        None
    }

    fn fetch_ahead(&mut self, is_known: &dyn Fn(Id) -> bool) {
        while self.ahead.len() < AHEAD_MAX
            && let Some((object, id)) = self.list(is_known)
        {
            let fetch = fetch(self.objects.clone(), object.clone(), self.broken.clone());
            let fetched = self.objects.access.runtime.spawn(fetch);
            self.ahead.push_back(Ahead { object, id, fetched });
        }
    }

    /// The next object, or why it cannot be read; `None` of one that could not be read before either.
    fn hand_out(&mut self, ahead: Ahead, is_known: &dyn Fn(Id) -> bool) -> Option<Fed> {
        let Ahead { object, id, fetched } = ahead;
        let source = self.objects.address(&object.key);
        self.chunk.add(usize::try_from(object.n_bytes).unwrap_or(usize::MAX));
        let fetched = self.objects.access.runtime.block_on(fetched);
        let got = fetched
            .unwrap_or_else(|error| Err(Fault::other(Kind::Transient, "read", &source, error.to_string())));
        match got {
            Ok(got) => {
                self.counts.n_read.fetch_add(1, Ordering::Relaxed);
                let content: Box<dyn Read + Send> = match got {
                    Got::Whole(bytes) => Box::new(std::io::Cursor::new(bytes)),
                    Got::Body(body) => body,
                };
                if self.holds == Holds::Logs {
                    return Some(Fed::Object { source, id, content });
                }
                self.reading = Some(Reading { lines: Lines::new(content), address: source, id });
                None
            }
            Err(fault) if fault.can_pass() => {
                // Not the object's fault: it must come again.
                if let Ok(mut broken) = self.broken.lock() {
                    broken.get_or_insert(fault);
                }
                None
            }
            Err(fault) => {
                self.counts.n_refused.fetch_add(1, Ordering::Relaxed);
                // Of its own kind, so that the object is read once it can be.
                let id = Id::of(&[b"unreadable", &id.0]);
                let reason = format!("failed to {fault}");
                (!is_known(id)).then_some(Fed::Refused { source, id, done_id: id, reason })
            }
        }
    }

    /// The next entry of the object of quarantine entries that is being read.
    fn entry(&mut self) -> Option<Fed> {
        let reading = self.reading.as_mut()?;
        let fed = reading.lines.next().map(|entry| match entry {
            Ok(entry) => Fed::Again { entry: Box::new(entry), object_id: reading.id },
            Err((line, reason)) => Fed::Refused {
                source: format!("{}:{line}", reading.address),
                id: Id::of(&[b"unreadable", &reading.id.0, &line.to_le_bytes()]),
                done_id: reading.id,
                reason,
            },
        });
        if fed.is_none() {
            self.reading = None;
        }
        fed
    }

    fn is_broken(&self) -> bool {
        self.broken.lock().is_ok_and(|broken| broken.is_some())
    }
}

impl Feed for ObjectsFeed {
    fn begin(&mut self, checkpoint: Option<&[u8]>) -> Result<(), FeedError> {
        self.checkpoint = checkpoint.map(<[u8]>::to_vec);
        self.chunk.begin();
        Ok(())
    }

    fn next(&mut self, is_known: &dyn Fn(Id) -> bool) -> Option<Fed> {
        loop {
            if let Some(fed) = self.entry() {
                return Some(fed);
            }
            if self.chunk.is_full() || self.stop.is_asked() || self.is_broken() {
                return None;
            }
            self.fetch_ahead(is_known);
            let ahead = self.ahead.pop_front()?;
            if let Some(fed) = self.hand_out(ahead, is_known) {
                return Some(fed);
            }
        }
    }

    fn end(&mut self) -> Result<Option<Vec<u8>>, FeedError> {
        let broken = self.broken.lock().ok().and_then(|mut broken| broken.take());
        broken.map_or(Ok(self.checkpoint.clone()), |fault| Err(fault.into()))
    }
}

impl Drop for ObjectsFeed {
    fn drop(&mut self) {
        self.ahead.iter().for_each(|ahead| ahead.fetched.abort());
    }
}

/// Fetches an object; of a large one, its begin.
async fn fetch(objects: Objects, object: Listed, broken: Broken) -> Result<Got, Fault> {
    if object.n_bytes > WHOLE_BYTES_MAX {
        let stream = objects.open(&object, 0).await?;
        return Ok(Got::Body(Box::new(Body::new(objects, object, stream, broken))));
    }
    let (objects, object) = (&objects, &object);
    patiently(|| async move {
        let body = objects.open(object, 0).await?.collect().await;
        let address = objects.address(&object.key);
        let body = body.map_err(|error| Fault::other(Kind::Transient, "read", &address, chain(&error)))?;
        Ok(Got::Whole(body.to_vec()))
    })
    .await
}
