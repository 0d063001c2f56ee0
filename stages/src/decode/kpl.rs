//! Aggregates of the Kinesis Producer Library: a magic number, a protobuf, and its MD5.
//! Format: the KPL's own aggregation-format.md.

use super::{Bad, Context, DecodeError, Decoder, Frame};
use md5::{Digest, Md5};
use prost::Message as _;

pub(super) const MAGIC: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];
const MD5_BYTES: usize = 16;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct AggregatedRecord {
    #[prost(string, repeated, tag = "1")]
    partition_keys: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    explicit_hash_keys: Vec<String>,
    #[prost(message, repeated, tag = "3")]
    records: Vec<SubRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct SubRecord {
    #[prost(uint64, tag = "1")]
    partition_key_index: u64,
    #[prost(uint64, optional, tag = "2")]
    explicit_hash_key_index: Option<u64>,
    #[prost(bytes = "vec", tag = "3")]
    data: Vec<u8>,
}

/// The aggregate, if it is one: anybody's data may begin with the magic number, so sum and format decide.
pub(super) fn open(bytes: &[u8]) -> Option<AggregatedRecord> {
    let (protobuf, md5) = bytes.get(MAGIC.len()..)?.split_last_chunk::<MD5_BYTES>()?;
    (Md5::digest(protobuf)[..] == md5[..]).then(|| AggregatedRecord::decode(protobuf).ok())?
}

impl Decoder<'_> {
    /// Every sub-record is a payload of its own. None is dropped by its hash key: it is here, so it is ours.
    pub(super) fn aggregate(&mut self, aggregate: &AggregatedRecord, context: Context<'_, '_>) {
        let n_keys = aggregate.partition_keys.len();
        for (index, record) in (0..).zip(&aggregate.records) {
            let frame = Frame { parent: Some(context.frame), name: "kpl", index: Some(index) };
            let inside = context.inside(&frame);
            if usize::try_from(record.partition_key_index).is_ok_and(|key| key < n_keys) {
                self.payload(&record.data, inside);
            } else {
                let error = DecodeError::KplIndex { index: record.partition_key_index, n_keys };
                self.visitor.bad(Bad { error, bytes: &record.data, context: inside });
            }
        }
    }
}
