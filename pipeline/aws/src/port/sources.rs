//! What a hub reads besides what Lambda hands it: objects in ranges, a stretch of a shard, queues.

use super::{Called, calls};
use kinescope_schemas::Id;
use std::fmt;

/// An object, or one of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectAt {
    /// The bucket.
    pub bucket: String,
    /// The key, as it is.
    pub key: String,
    /// The version, in a bucket that keeps them.
    pub version: Option<String>,
    /// The ETag that it must have, without quotation marks; `None` for any.
    pub etag: Option<String>,
}

impl fmt::Display for ObjectAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

impl ObjectAt {
    /// Which version of which object: the same however often it is told of.
    pub fn id(&self) -> Id {
        let [version, etag] = [&self.version, &self.etag].map(|text| text.as_deref().unwrap_or_default());
        let parts = [self.bucket.as_str(), &self.key, version, etag].map(str::as_bytes);
        Id::of(&[&[b"object".as_slice()][..], &parts].concat())
    }
}

/// A range of an object.
#[derive(Clone, Debug, Default)]
pub struct Ranged {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Bytes of the whole object.
    pub n_bytes_whole: u64,
    /// The object's ETag, without quotation marks.
    pub etag: String,
}

/// An object as a bucket lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedObject {
    /// The key.
    pub key: String,
    /// The ETag, without quotation marks.
    pub etag: String,
    /// Its size.
    pub n_bytes: u64,
}

/// Where to read a shard from.
#[derive(Clone, Debug)]
pub enum ShardStart {
    /// At a sequence number.
    At(String),
    /// Where the last page ended.
    Next(String),
}

/// A record of a shard.
#[derive(Clone, Debug, PartialEq)]
pub struct ShardRecord {
    /// Its sequence number.
    pub sequence: String,
    /// When the stream took it, milliseconds since 1970.
    pub arrival_ms: Option<i64>,
    /// Its data.
    pub data: Vec<u8>,
}

/// What one call gives of a shard.
#[derive(Clone, Debug, Default)]
pub struct ShardPage {
    /// Records, in order; there may be none although more follow.
    pub records: Vec<ShardRecord>,
    /// Where the next page begins; `None` at the end of a shard that was closed.
    pub next: Option<String>,
    /// How far this is behind the newest record, in milliseconds.
    pub behind_ms: i64,
}

/// A message of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// What deletes it.
    pub receipt: String,
    /// What it says.
    pub body: String,
}

calls! {
    /// What a hub reads.
    trait Sources {
        /// S3 GetObject of up to so many bytes from an offset on, which must lie within the object unless it is 0. An empty
        /// object is an empty range.
        fn get_range(object: &ObjectAt, from: u64, n_bytes: u64) -> Ranged;
        /// S3 ListObjectsV2: up to a thousand objects behind a key ("" for all), in the order of keys.
        fn list_objects(bucket: &str, prefix: &str, after: &str) -> Vec<ListedObject>;
        /// Kinesis GetRecords of a shard, up to so many records, with the iterator that it takes.
        fn get_records(stream_arn: &str, shard: &str, start: ShardStart, n_max: i32) -> ShardPage;
        /// SQS ReceiveMessage: up to ten messages, which nobody else is given for as many seconds.
        fn receive(queue_url: &str, hidden_seconds: i32) -> Vec<Message>;
        /// SQS DeleteMessage.
        fn delete_message(queue_url: &str, receipt: &str) -> ();
    }
}
