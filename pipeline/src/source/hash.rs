//! A file's id: derived from its content, so that its name does not matter.

use kinescope_schemas::Id;
use std::{
    fs::File,
    io,
    path::Path,
    sync::{Arc, Mutex},
};

/// The id of a file, which is read for that.
pub fn file_id(path: &Path) -> io::Result<Id> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(Id::cut(hasher.finalize()))
}

/// The same of a file that is being read for its content.
#[derive(Clone, Default)]
pub(super) struct Hash(Arc<Mutex<Hashed>>);

#[derive(Default)]
struct Hashed {
    hasher: blake3::Hasher,
    is_whole: bool,
}

impl Hash {
    /// What was read last; nothing at the end.
    pub(super) fn update(&self, bytes: &[u8]) {
        if let Ok(mut hashed) = self.0.lock() {
            hashed.hasher.update(bytes);
            hashed.is_whole = bytes.is_empty();
        }
    }

    /// The id, if all of the file was read.
    pub(super) fn id(&self) -> Option<Id> {
        let hashed = self.0.lock().ok()?;
        hashed.is_whole.then(|| Id::cut(hashed.hasher.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Files, Reader};
    use flate2::{Compression, write::GzEncoder};
    use std::{
        fs,
        io::Write,
        sync::{atomic::AtomicU64, mpsc::sync_channel},
    };

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
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
