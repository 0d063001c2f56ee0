//! How far a stream was read: a position a shard.

use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, collections::BTreeMap};

/// The version of the form; others are refused.
const VERSION: u32 = 1;

/// Where reading begins on shards that have no position yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// With the oldest record that the stream still has.
    TrimHorizon,
    /// With the first record that came at this time or later, milliseconds since 1970.
    AtMs(i64),
}

/// How far a shard was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// To this sequence number, which is done.
    After(String),
    /// To its end: it was split or merged.
    Ended,
}

impl Place {
    /// Whether this is further along the shard than another. Sequence numbers are decimal digits without a sign: the
    /// longer is the greater.
    pub(crate) fn is_beyond(&self, other: &Place) -> bool {
        match (self, other) {
            (_, Place::Ended) => false,
            (Place::Ended, Place::After(_)) => true,
            (Place::After(mine), Place::After(theirs)) => {
                mine.len().cmp(&theirs.len()).then_with(|| mine.cmp(theirs)) == Ordering::Greater
            }
        }
    }
}

/// How far a stream was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    version: u32,
    /// The stream's ARN.
    pub stream: String,
    /// Where shards without a place begin.
    pub from: From,
    /// The places, by shard.
    pub shards: BTreeMap<String, Place>,
}

/// Why a checkpoint cannot be used. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// It is no checkpoint.
    #[error("read checkpoint.json: {0}; choose another --out")]
    Json(#[from] serde_json::Error),
    /// It is of another version.
    #[error(
        "read checkpoint.json: its version is {0}, and only {VERSION} is known; use the kinescope that wrote it"
    )]
    Version(u32),
    /// It is of another stream.
    #[error("read {asked}: the folder holds what came of {there}; choose another --out for each stream")]
    OtherStream {
        /// The stream that was asked for.
        asked: String,
        /// The one that is there.
        there: String,
    },
}

impl Checkpoint {
    /// Nothing was read yet.
    pub fn new(stream: String, from: From) -> Checkpoint {
        Checkpoint { version: VERSION, stream, from, shards: BTreeMap::new() }
    }

    /// Reads one.
    pub fn parse(json: &[u8]) -> Result<Checkpoint, CheckpointError> {
        let checkpoint: Checkpoint = serde_json::from_slice(json)?;
        if checkpoint.version == VERSION {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Version(checkpoint.version))
        }
    }

    /// Writes it.
    pub fn to_json(&self) -> Result<Vec<u8>, CheckpointError> {
        Ok(serde_json::to_vec_pretty(self)?)
    }

    /// Of two of the same stream all places that are further along. The first, which is published with the results, says
    /// where shards without a place begin.
    pub fn furthest(published: Option<Checkpoint>, tabled: Option<Checkpoint>) -> Option<Checkpoint> {
        let (Some(mut checkpoint), Some(other)) = (published.clone(), tabled.clone()) else {
            return published.or(tabled);
        };
        other.shards.into_iter().for_each(|(shard, place)| checkpoint.advance(&shard, place));
        Some(checkpoint)
    }

    /// Takes over a place that is further along.
    pub(crate) fn advance(&mut self, shard: &str, place: Place) {
        match self.shards.get_mut(shard) {
            Some(mine) if !place.is_beyond(mine) => {}
            Some(mine) => *mine = place,
            None => {
                self.shards.insert(shard.to_owned(), place);
            }
        }
    }

    pub(crate) fn is_ended(&self, shard: &str) -> bool {
        self.shards.get(shard) == Some(&Place::Ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(sequence: &str) -> Place {
        Place::After(sequence.to_owned())
    }

    #[test]
    fn places_only_move_on() {
        for (mine, theirs, beyond) in [
            (after("10"), after("9"), true),
            (after("9"), after("10"), false),
            (after("9"), after("9"), false),
            (Place::Ended, after("9"), true),
            (after("9"), Place::Ended, false),
            (Place::Ended, Place::Ended, false),
        ] {
            assert_eq!(mine.is_beyond(&theirs), beyond, "{mine:?} {theirs:?}");
            let mut checkpoint = Checkpoint::new("s".to_owned(), From::TrimHorizon);
            checkpoint.advance("a", theirs.clone());
            checkpoint.advance("a", mine.clone());
            assert_eq!(checkpoint.shards["a"], if beyond { mine } else { theirs });
        }
    }

    #[test]
    fn the_form_is_a_contract() {
        let json = r#"{"version":1,"stream":"arn:aws:kinesis:eu-west-1:111122223333:stream/s","from":{"at_ms":7},"shards":{"shardId-000000000000":"ended","shardId-000000000001":{"after":"49"}}}"#;
        let checkpoint = Checkpoint::parse(json.as_bytes()).unwrap();
        assert_eq!(checkpoint.from, From::AtMs(7));
        assert!(checkpoint.is_ended("shardId-000000000000"));
        assert_eq!(checkpoint.shards["shardId-000000000001"], after("49"));
        assert_eq!(serde_json::to_string(&checkpoint).unwrap(), json);
        let newer = json.replace("\"version\":1", "\"version\":2");
        assert!(matches!(Checkpoint::parse(newer.as_bytes()), Err(CheckpointError::Version(2))));
    }
}
