//! A stream as runs take it: chunk by chunk, each with the checkpoint that belongs to it.

use super::{Checkpoint, CheckpointError, Poller, Table, TableError};
use crate::access::Fault;
use kinescope_pipeline::source::{Fed, Feed, FeedError};
use kinescope_schemas::Id;
use std::time::{Duration, Instant};

/// Bytes of a chunk. Publishing costs as much as the hot store is large, so that chunks should not be small; what a
/// kill throws away has to be read again, so that they should not be large.
const CHUNK_BYTES_MAX: usize = 256 << 20;

/// How much is published at a time.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    age_max: Duration,
    /// Records, or objects.
    n_added: u64,
    n_bytes: usize,
    /// Not known before it is asked for: what a run does before it takes its first record is not counted.
    ends: Option<Instant>,
}

impl Chunk {
    /// Chunks that end so long after their first record was asked for.
    pub fn new(age_max: Duration) -> Chunk {
        Chunk { age_max, n_added: 0, n_bytes: 0, ends: None }
    }

    /// Begins the next one.
    pub(crate) fn begin(&mut self) {
        *self = Chunk::new(self.age_max);
    }

    /// Takes a record or an object of so many bytes in.
    pub(crate) fn add(&mut self, n_bytes: usize) {
        self.n_added += 1;
        self.n_bytes += n_bytes;
    }

    /// When it ends; never, if that is further away than clocks go.
    pub(crate) fn ends(&mut self) -> Option<Instant> {
        self.ends = self.ends.or_else(|| Instant::now().checked_add(self.age_max));
        self.ends
    }

    /// Whether it is complete. One that is empty is not, however short its time: there would never be any other.
    pub(crate) fn is_full(&mut self) -> bool {
        let is_old = self.ends().is_some_and(|ends| Instant::now() >= ends);
        self.n_bytes >= CHUNK_BYTES_MAX || self.n_added > 0 && is_old
    }
}

/// Why a stream cannot be fed any further. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum FeedFault {
    /// The stream.
    #[error(transparent)]
    Stream(#[from] Fault),
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The table that it is kept in.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Somebody else wrote to the folder.
    #[error("go on reading the stream: another run has moved checkpoint.json; stop one of the two")]
    Moved,
}

/// Feeds runs from a stream.
pub struct StreamFeed {
    poller: Poller,
    chunk: Chunk,
    /// What is published in the folder.
    published: Option<Checkpoint>,
    /// Where the checkpoint is kept besides.
    table: Option<Table>,
}

impl StreamFeed {
    /// Goes on from `published`, with the poller that was begun there.
    pub fn new(
        poller: Poller,
        chunk: Chunk,
        published: Option<Checkpoint>,
        table: Option<Table>,
    ) -> StreamFeed {
        StreamFeed { poller, chunk, published, table }
    }

    /// Waits until there is something for the next run; whether there is.
    pub fn wait(&mut self) -> bool {
        self.poller.wait(None)
    }

    /// A feed that hands out nothing and has this one's checkpoint.
    pub fn empty(&mut self) -> impl Feed {
        Empty(self)
    }

    /// Whether nothing more will come.
    pub fn is_done(&self) -> bool {
        self.poller.is_done()
    }

    /// A run was published: the table follows. Says why reading ended early, if it did.
    pub fn confirm(&mut self) -> Result<(), FeedFault> {
        if let (Some(table), Some(published)) = (&mut self.table, &self.published) {
            table.save(published)?;
        }
        self.poller.fault().map_or(Ok(()), |fault| Err(fault.into()))
    }
}

impl Feed for StreamFeed {
    fn begin(&mut self, checkpoint: Option<&[u8]>) -> Result<(), FeedError> {
        let checkpoint = checkpoint.map(Checkpoint::parse).transpose()?;
        if checkpoint != self.published {
            return Err(FeedFault::Moved.into());
        }
        self.chunk.begin();
        Ok(())
    }

    fn next(&mut self, _: &dyn Fn(Id) -> bool) -> Option<Fed> {
        if self.chunk.is_full() {
            return None;
        }
        let record = self.poller.next(self.chunk.ends())?;
        self.chunk.add(record.data.len());
        Some(Fed::Record { source: record.source(), id: record.id(), data: record.data })
    }

    fn end(&mut self) -> Result<Option<Vec<u8>>, FeedError> {
        let checkpoint = self.poller.checkpoint().clone();
        let json = checkpoint.to_json()?;
        self.published = Some(checkpoint);
        Ok(Some(json))
    }
}

/// Of a run that only publishes where reading begins.
struct Empty<'f>(&'f mut StreamFeed);

impl Feed for Empty<'_> {
    fn begin(&mut self, checkpoint: Option<&[u8]>) -> Result<(), FeedError> {
        self.0.begin(checkpoint)
    }

    fn next(&mut self, _: &dyn Fn(Id) -> bool) -> Option<Fed> {
        None
    }

    fn end(&mut self) -> Result<Option<Vec<u8>>, FeedError> {
        self.0.end()
    }
}
