//! What the pipeline asks of AWS, call by call.
//!
//! [`Sdk`](crate::Sdk) is AWS itself; tests put a world in its place that throttles, refuses, loses answers. A call is
//! made once here: trying again is up to whoever calls.

use aws_sdk_dynamodb::types::AttributeValue;
use std::{collections::HashMap, future::Future};

mod agent;
mod sources;

pub use agent::{AgentAws, BusEvent, LogEvent, LogPage, LogQuery};
pub use sources::{ListedObject, Message, ObjectAt, Ranged, ShardPage, ShardRecord, ShardStart, Sources};

/// An item of the table.
pub type Item = HashMap<String, AttributeValue>;

/// Why a call, or one item of it, failed. Fits after "failed to".
#[derive(Clone, Debug, thiserror::Error)]
#[error("{action} {resource}: {words}")]
pub struct CallError {
    /// What was tried: `put records to`.
    pub action: &'static str,
    /// The stream, table, topic, bucket and key.
    pub resource: String,
    /// The service's code and words.
    pub words: String,
    /// Whether the same call may succeed later.
    pub may_pass: bool,
}

impl CallError {
    /// The service's code, if it gave one.
    pub fn code(&self) -> &str {
        self.words.split(':').next().unwrap_or_default()
    }
}

/// What a call gives.
pub type Called<T> = Result<T, CallError>;

/// An item that is written only if one of its attributes is as it was read.
#[derive(Clone, Debug)]
pub struct PutIf {
    /// The item as it shall be.
    pub item: Item,
    /// The attribute.
    pub attribute: &'static str,
    /// What it was; `None` if the item was not there.
    pub was: Option<AttributeValue>,
}

/// A range of one partition.
#[derive(Clone, Debug, Default)]
pub struct Range {
    /// The partition.
    pub pk: String,
    /// The first sort key, inclusive.
    pub from: String,
    /// The last, inclusive.
    pub to: String,
    /// The newest first.
    pub backward: bool,
    /// At most so many items.
    pub n_max: Option<usize>,
    /// The key of the item that the last page ended with.
    pub after: Option<Item>,
}

/// What one call gives of a range.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Items; there may be none although more follow.
    pub items: Vec<Item>,
    /// After which key the next page begins.
    pub next: Option<Item>,
}

/// What one call gives of several keys.
#[derive(Clone, Debug, Default)]
pub struct Got {
    /// Those that are there.
    pub items: Vec<Item>,
    /// Keys that the call did not come to; it came to some, or it failed.
    pub left: Vec<(String, String)>,
}

/// A message for a topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Derived: the same alert has the same id however often it is sent.
    pub uid: String,
    /// At most [`SNS_SUBJECT_CHARS_MAX`](crate::limits::SNS_SUBJECT_CHARS_MAX) of printable ASCII.
    pub subject: String,
    /// The message: JSON with a text for each protocol.
    pub message: String,
    /// For filter policies.
    pub attributes: Vec<(&'static str, String)>,
}

/// Declares asynchronous calls whose futures may change threads.
macro_rules! calls {
    ($(#[$of:meta])+ trait $trait:ident {
        $($(#[$doc:meta])+ fn $name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)+
    }) => {
        $(#[$of])+
        pub trait $trait: Send + Sync {
            $($(#[$doc])+ fn $name(&self, $($arg: $kind),*) -> impl Future<Output = Called<$answer>> + Send;)+
        }
    };
}

use calls;

calls! {
    /// What a hub writes, and what it keeps.
    trait Aws {
        /// Firehose PutRecordBatch: an answer for every record, in order; `None` means it was taken.
        fn put_records(stream: &str, records: Vec<Vec<u8>>) -> Vec<Option<CallError>>;
        /// DynamoDB BatchWriteItem: the places of those that were not written.
        fn put_items(table: &str, items: Vec<Item>) -> Vec<usize>;
        /// DynamoDB PutItem, or TransactWriteItems for several: all or none of them; whether they were written.
        fn put_if(table: &str, puts: Vec<PutIf>) -> bool;
        /// DynamoDB UpdateItem ADD: adds to the number of an item that may not be there yet; the sum.
        fn add(table: &str, pk: &str, sk: &str, n: u64, ttl_seconds: i64) -> u64;
        /// DynamoDB DeleteItem.
        fn delete_item(table: &str, pk: &str, sk: &str) -> ();
        /// DynamoDB Query, consistent: one page; see [`pages`](crate::pages).
        fn query(table: &str, range: Range) -> Page;
        /// DynamoDB BatchGetItem, consistent; see [`pages`](crate::pages).
        fn get_items(table: &str, keys: Vec<(String, String)>) -> Got;
        /// SNS PublishBatch: an answer for every notice, in order; `None` means it was taken.
        fn publish(topic: &str, notices: Vec<Notice>) -> Vec<Option<CallError>>;
        /// S3 PutObject.
        fn put_object(bucket: &str, key: &str, bytes: Vec<u8>) -> ();
        /// S3 GetObject of something small.
        fn get_object(bucket: &str, key: &str) -> Vec<u8>;
        /// S3 DeleteObject.
        fn delete_object(bucket: &str, key: &str) -> ();
    }
}
