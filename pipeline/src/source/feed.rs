//! Feeds: records from elsewhere than files. A stream, a bucket; whoever reads them knows how, the run only takes what
//! they hand out.
//!
//! A stream has no end, and a run is all or nothing, so a feed goes through many runs. It ends each when enough has
//! come, and what it says of how far it is gets published together with the results: a run that is killed leaves both
//! as they were.

use crate::local::Redriven;
use kinescope_schemas::Id;
use std::{error::Error, io::Read};

/// Why a feed cannot go on, in words that fit after "failed to".
pub type FeedError = Box<dyn Error + Send + Sync>;

/// Hands out records, run by run.
pub trait Feed: Send {
    /// Begins a run. `checkpoint` is what the last published run into this folder left, if it left one.
    fn begin(&mut self, checkpoint: Option<&[u8]>) -> Result<(), FeedError>;
    /// The next of this run; `None` ends it.
    fn next(&mut self, is_known: &dyn Fn(Id) -> bool) -> Option<Fed>;
    /// Ends the run, after all of it was handed out: the checkpoint to publish with it. An error publishes nothing.
    fn end(&mut self) -> Result<Option<Vec<u8>>, FeedError>;
}

/// What a feed hands out.
pub enum Fed {
    /// A record of a stream.
    Record {
        /// Shard and sequence number.
        source: String,
        /// Derived from them.
        id: Id,
        /// Its data.
        data: Vec<u8>,
    },
    /// An object of any length. What a finished run has is known by its id.
    Object {
        /// Its address.
        source: String,
        /// Derived from the address and the version.
        id: Id,
        /// Its content.
        content: Box<dyn Read + Send>,
    },
    /// An object, or a part of one, that cannot be read, and why.
    Refused {
        /// Its address.
        source: String,
        /// Derived from the address and the version.
        id: Id,
        /// What is done with it: the object, or this refusal only, if the object may be read another time.
        done_id: Id,
        /// Why, and what to do.
        reason: String,
    },
    /// What another quarantine held.
    Again {
        /// The entry.
        entry: Box<Redriven>,
        /// The object that it lies in.
        object_id: Id,
    },
}
