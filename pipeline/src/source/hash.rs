//! A file's id: derived from its content, so that its name does not matter.
//!
//! BLAKE3 takes how it begins and its length, and XXH3 all of it: to hash every byte as other ids are would be an eighth of
//! what finding takes. Two files of one id would have to begin alike, and be made by somebody who writes both as a whole,
//! and might as well leave out what the second says.

use super::{PIECE_BYTES_GZIP, is_one_piece, read_start};
use kinescope_schemas::Id;
use std::{
    fs::File,
    io::{self, BufReader, Write},
    path::Path,
    sync::{Arc, Mutex},
};
use twox_hash::XxHash3_128;

/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 64 << 10;
/// Bytes at the beginning that BLAKE3 takes: all of most records.
const BEGINNING_BYTES: usize = 64 << 10;

/// How a file begins.
pub(super) struct Start {
    /// All of it, if it is one piece.
    pub(super) bytes: Vec<u8>,
    /// Its id if it is one piece, else what its record is called by.
    pub(super) id: Id,
    /// Whether it is one piece.
    pub(super) is_all: bool,
}

impl Start {
    /// Reads it.
    pub(super) fn read(file: &mut File) -> io::Result<Start> {
        // A device or a pipe says that it has none.
        let n_bytes = file.metadata()?.len();
        let mut bytes = Vec::with_capacity(n_bytes.min(PIECE_BYTES_GZIP as u64) as usize + 1);
        read_start(file, &mut bytes)?;
        let is_all = is_one_piece(&bytes);
        let length = if is_all { bytes.len() as u64 } else { n_bytes };
        let beginning = &bytes[..bytes.len().min(BEGINNING_BYTES)];
        let sum = XxHash3_128::oneshot(&bytes);
        let id = Id::of(&[b"start", &length.to_le_bytes(), &sum.to_le_bytes(), beginning]);
        Ok(Start { bytes, id, is_all })
    }
}

/// The id of a file, which is read for that.
pub fn file_id(path: &Path) -> io::Result<Id> {
    let mut file = File::open(path)?;
    let start = Start::read(&mut file)?;
    if start.is_all {
        return Ok(start.id);
    }
    let mut all = All(XxHash3_128::new());
    all.0.write(&start.bytes);
    io::copy(&mut BufReader::with_capacity(BUFFER_BYTES, file), &mut all)?;
    Ok(long_id(start.id, &all.0))
}

/// Takes what is copied to it.
struct All(XxHash3_128);

impl Write for All {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn long_id(start: Id, hasher: &XxHash3_128) -> Id {
    Id::of(&[b"file", &start.0, &hasher.finish_128().to_le_bytes()])
}

/// The same of a long file that is being read for its content.
#[derive(Clone)]
pub(super) struct Hash {
    start: Id,
    hashed: Arc<Mutex<Hashed>>,
}

struct Hashed {
    hasher: XxHash3_128,
    is_whole: bool,
}

impl Hash {
    /// Nothing was read of it yet; `start` is the id of its [`Start`].
    pub(super) fn new(start: Id) -> Hash {
        let hashed = Hashed { hasher: XxHash3_128::new(), is_whole: false };
        Hash { start, hashed: Arc::new(Mutex::new(hashed)) }
    }

    /// What was read last; nothing at the end.
    pub(super) fn update(&self, bytes: &[u8]) {
        if let Ok(mut hashed) = self.hashed.lock() {
            hashed.hasher.write(bytes);
            hashed.is_whole = bytes.is_empty();
        }
    }

    /// The id, if all of the file was read.
    pub(super) fn id(&self) -> Option<Id> {
        let hashed = self.hashed.lock().ok()?;
        hashed.is_whole.then(|| long_id(self.start, &hashed.hasher))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Files, PIECE_BYTES, Reader};
    use flate2::{Compression, write::GzEncoder};
    use std::{
        collections::HashSet,
        fs,
        sync::{atomic::AtomicU64, mpsc::sync_channel},
    };

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Long files that begin alike and are as long are told apart by any byte behind.
    #[test]
    fn a_long_file_is_all_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut bytes = b"a line of text\n".repeat(100_000);
        let mut ids = HashSet::new();
        for at in [0, PIECE_BYTES - 1, PIECE_BYTES + 1, bytes.len() / 2, bytes.len() - 1] {
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            ids.insert(file_id(&path).unwrap());
        }
        assert_eq!(ids.len(), 5);
    }

    /// Whether a file is hashed while it is read or before, whole or broken, short or long, it has the same id.
    #[test]
    fn a_file_that_is_read_has_the_id_of_one_that_was_hashed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let long = b"a line of text\n".repeat(200_000);
        let zipped = gzip(&long);
        let with_rest = [zipped.as_slice(), b"no member"].concat();
        for bytes in [&long[..900], &long, &zipped, &zipped[..zipped.len() / 2], &with_rest] {
            fs::write(&path, bytes).unwrap();
            let (sender, batches) = sync_channel(1_000);
            let files = Files::list(std::slice::from_ref(&path)).unwrap();
            Reader::new(sender, &AtomicU64::new(0), None).read(&files).unwrap();
            let last = batches.iter().flatten().last().unwrap();
            assert!(last.last);
            assert_eq!(last.record.file_id.get(), Some(&file_id(&path).unwrap()), "{} bytes", bytes.len());
        }
    }
}
