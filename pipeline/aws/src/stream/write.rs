//! Writing to a stream: many records a request, and only those that were refused again.

use super::{Backoff, Stream};
use crate::access::{Fault, Kind, kind_of_code};
use aws_sdk_kinesis::{primitives::Blob, types::PutRecordsRequestEntry};
use std::time::Duration;

/// Records of one request. <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html>
pub const REQUEST_RECORDS_MAX: usize = 500;
/// Bytes of one request, partition keys included. The service takes 10 MiB today; 5 MiB is what it took before and what
/// those that speak its language take.
pub const REQUEST_BYTES_MAX: usize = 5 << 20;
/// Bytes of one record, its partition key included, on a stream that allows for it; 1 MiB on others. Same page.
pub const RECORD_BYTES_MAX: usize = 10 << 20;
/// Characters of a partition key. Same page.
pub const KEY_CHARS_MAX: usize = 256;

/// A record to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What decides on the shard.
    pub partition_key: String,
    /// Its data.
    pub data: Vec<u8>,
}

impl Entry {
    fn n_bytes(&self) -> usize {
        self.partition_key.len() + self.data.len()
    }
}

/// Why records cannot be written. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The service.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Records were refused again and again.
    #[error(
        "write {n_left} records to {stream}: {words}, again and again; lower --rate, or give the stream more shards"
    )]
    Refused {
        /// The stream.
        stream: String,
        /// How many are left.
        n_left: usize,
        /// The last words of the service.
        words: String,
    },
    /// A record that no stream takes.
    #[error("write a record of {n_bytes} bytes: a record has {RECORD_BYTES_MAX} at most; leave it out")]
    TooLarge {
        /// Its size.
        n_bytes: usize,
    },
}

/// Gathers records and writes them.
pub struct Writer {
    stream: Stream,
    batch: Vec<Entry>,
    n_batch_bytes: usize,
    n_written: u64,
    n_refused: u64,
}

impl Writer {
    /// A writer to a stream.
    pub fn new(stream: Stream) -> Writer {
        Writer { stream, batch: Vec::new(), n_batch_bytes: 0, n_written: 0, n_refused: 0 }
    }

    /// Records that were written.
    pub fn n_written(&self) -> u64 {
        self.n_written
    }

    /// Times that a record was refused, and written again.
    pub fn n_refused(&self) -> u64 {
        self.n_refused
    }

    /// Records that wait for their request.
    pub fn n_waiting(&self) -> usize {
        self.batch.len()
    }

    /// Adds a record; a full request is sent.
    pub fn put(&mut self, entry: Entry) -> Result<(), PutError> {
        let n_bytes = entry.n_bytes();
        if n_bytes > RECORD_BYTES_MAX {
            return Err(PutError::TooLarge { n_bytes });
        }
        if !fits(self.batch.len(), self.n_batch_bytes, n_bytes) {
            self.flush()?;
        }
        self.n_batch_bytes += n_bytes;
        self.batch.push(entry);
        Ok(())
    }

    /// Sends what waits, until all of it is written.
    pub fn flush(&mut self) -> Result<(), PutError> {
        self.n_batch_bytes = 0;
        let mut left = std::mem::take(&mut self.batch);
        let mut backoff = Backoff::default();
        while !left.is_empty() {
            let n_before = left.len();
            let words = match self.request(&left) {
                Ok(answers) => {
                    let words = answers.iter().flatten().next().cloned().unwrap_or_default();
                    left = refused(left, &answers);
                    words
                }
                Err(fault) if fault.can_pass() => fault.to_string(),
                Err(fault) => return Err(fault.into()),
            };
            self.n_written += (n_before - left.len()) as u64;
            self.n_refused += left.len() as u64;
            if left.len() < n_before {
                backoff.reset();
            }
            if left.is_empty() {
                break;
            }
            let n_left = left.len();
            let refused = || PutError::Refused { stream: self.stream.arn().to_owned(), n_left, words };
            self.sleep(backoff.wait().ok_or_else(refused)?);
        }
        Ok(())
    }

    fn sleep(&self, wait: Duration) {
        self.stream.access.runtime.block_on(async { tokio::time::sleep(wait).await });
    }

    /// One request: of each record nothing, or why it was refused.
    fn request(&self, entries: &[Entry]) -> Result<Vec<Option<String>>, Fault> {
        let stream = &self.stream;
        let fault = |kind, words: String| Fault::other(kind, "write to", stream.arn(), words);
        let records: Result<Vec<_>, _> = entries
            .iter()
            .map(|entry| {
                PutRecordsRequestEntry::builder()
                    .partition_key(&entry.partition_key)
                    .data(Blob::new(entry.data.clone()))
                    .build()
            })
            .collect();
        let records = records.map_err(|error| fault(Kind::Refused, error.to_string()))?;
        let ask = stream.client.put_records().stream_arn(stream.arn()).set_records(Some(records));
        let answer = stream.access.runtime.block_on(ask.send());
        let answer = answer.map_err(|error| Fault::of("write to", stream.arn(), &error))?;
        let answers = answer.records();
        if answers.len() != entries.len() {
            let words = format!("{} answers to {} records", answers.len(), entries.len());
            return Err(fault(Kind::Refused, words));
        }
        for answer in answers {
            // A code that will not pass would be refused for ever.
            if let Some(code) = answer.error_code()
                && matches!(kind_of_code(code), Kind::Denied | Kind::Missing)
            {
                let words = answer.error_message().unwrap_or_default();
                return Err(fault(kind_of_code(code), format!("{code}: {words}")));
            }
        }
        let words = |code: &str, message: Option<&str>| format!("{code}: {}", message.unwrap_or_default());
        Ok(answers
            .iter()
            .map(|answer| answer.error_code().map(|code| words(code, answer.error_message())))
            .collect())
    }
}

/// Whether a record of so many bytes fits into a request that has so many records and bytes already. One that is larger
/// than a request should be goes alone.
fn fits(n_records: usize, n_request_bytes: usize, n_bytes: usize) -> bool {
    n_records == 0 || (n_records < REQUEST_RECORDS_MAX && n_request_bytes + n_bytes <= REQUEST_BYTES_MAX)
}

/// The records that were refused, in their order.
fn refused(entries: Vec<Entry>, answers: &[Option<String>]) -> Vec<Entry> {
    entries.into_iter().zip(answers).filter(|(_, answer)| answer.is_some()).map(|(entry, _)| entry).collect()
}

/// A partition key as the service takes it: of at least one character, and no longer than it may be.
pub fn partition_key(key: &str) -> String {
    if key.is_empty() { "-".to_owned() } else { key.chars().take(KEY_CHARS_MAX).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_keep_to_both_limits() {
        for (n_records, n_request_bytes, n_bytes, expected) in [
            (0, 0, RECORD_BYTES_MAX, true),
            (1, 1, RECORD_BYTES_MAX, false),
            (499, 0, 1, true),
            (500, 0, 1, false),
            (1, REQUEST_BYTES_MAX - 1, 1, true),
            (1, REQUEST_BYTES_MAX, 1, false),
        ] {
            assert_eq!(fits(n_records, n_request_bytes, n_bytes), expected);
        }
    }

    #[test]
    fn only_what_was_refused_goes_again() {
        let entry = |key: &str| Entry { partition_key: key.to_owned(), data: Vec::new() };
        let answers = [None, Some("ThrottlingException: slow down".to_owned()), None, Some(String::new())];
        let left = refused(["a", "b", "c", "d"].map(entry).into(), &answers);
        assert_eq!(left, ["b", "d"].map(entry));
    }

    #[test]
    fn keys_are_what_the_service_takes() {
        for (key, n_chars) in [("", 1), ("a", 1), (&"é".repeat(300), 256)] {
            assert_eq!(partition_key(key).chars().count(), n_chars);
        }
    }
}
