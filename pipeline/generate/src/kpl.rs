//! The aggregation format of the Kinesis Producer Library: many user records in one Kinesis record.
//!
//! Magic bytes, a proto2 message, and the MD5 of that message. Written by hand: two messages are not worth a
//! code generator, and a second reading of the format is a check on the one that decodes it.

use md5::{Digest, Md5};

/// The first bytes of an aggregate.
const MAGIC: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];
const VARINT: u64 = 0;
const BYTES: u64 = 2;

/// An aggregate under construction.
#[derive(Default)]
pub(crate) struct Aggregate {
    partition_keys: Vec<String>,
    records: Vec<u8>,
    n_records: u64,
}

impl Aggregate {
    /// Adds a user record under a partition key, which is kept once in the table of keys.
    pub(crate) fn push(&mut self, partition_key: &str, data: &[u8]) {
        let known = self.partition_keys.iter().position(|key| key == partition_key);
        let key_idx = known.unwrap_or_else(|| {
            self.partition_keys.push(partition_key.to_owned());
            self.partition_keys.len() - 1
        });
        let mut record = Vec::with_capacity(data.len() + 16);
        push_tag(&mut record, 1, VARINT);
        push_varint(&mut record, key_idx as u64);
        push_bytes(&mut record, 3, data);
        push_bytes(&mut self.records, 3, &record);
        self.n_records += 1;
    }

    /// User records so far.
    pub(crate) fn n_records(&self) -> u64 {
        self.n_records
    }

    /// The aggregate as it goes on the stream.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut message = Vec::with_capacity(self.records.len() + 256);
        for key in &self.partition_keys {
            push_bytes(&mut message, 1, key.as_bytes());
        }
        message.extend_from_slice(&self.records);
        let digest = Md5::digest(&message);
        [&MAGIC[..], &message, &digest[..]].concat()
    }
}

fn push_tag(out: &mut Vec<u8>, field: u64, wire_type: u64) {
    push_varint(out, field << 3 | wire_type);
}

fn push_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    push_tag(out, field, BYTES);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number as u8 & 0x7F) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_format() {
        let mut aggregate = Aggregate::default();
        aggregate.push("a", b"one");
        aggregate.push("a", b"two");
        let bytes = aggregate.finish();
        let message = [
            0x0A, 1, b'a', // partition_key_table
            0x1A, 7, 0x08, 0, 0x1A, 3, b'o', b'n', b'e', // first record
            0x1A, 7, 0x08, 0, 0x1A, 3, b't', b'w', b'o', // second record
        ];
        assert_eq!(bytes[..4], MAGIC);
        assert_eq!(bytes[4..bytes.len() - 16], message);
        assert_eq!(bytes[bytes.len() - 16..], Md5::digest(message)[..]);
    }

    #[test]
    fn long_lengths_take_several_bytes() {
        let mut out = Vec::new();
        push_varint(&mut out, 300);
        assert_eq!(out, [0xAC, 0x02]);
    }
}
