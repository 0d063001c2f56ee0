//! Where the pages of a row group wait until it is written. They are finished and compressed, and held in memory they
//! would be half of what the lake takes.

use bytes::Bytes;
use parquet::{
    arrow::arrow_writer::{PageKey, PageStore, PageStoreArgs, PageStoreFactory},
    errors::{ParquetError, Result},
};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// A file without a name, which is gone when it is closed: the pages of all columns of one file under way.
#[derive(Debug)]
struct Spill {
    file: File,
    /// Its bytes.
    end: u64,
}

/// Makes the stores of a file's columns.
#[derive(Clone, Debug)]
pub(super) struct Pages(Arc<Mutex<Spill>>);

impl Pages {
    /// Pages wait on the disk that `folder` is on.
    pub(super) fn below(folder: &Path) -> io::Result<Pages> {
        let file = tempfile::tempfile_in(folder)?;
        Ok(Pages(Arc::new(Mutex::new(Spill { file, end: 0 }))))
    }

    fn with<T>(&self, run: impl FnOnce(&mut Spill) -> io::Result<T>) -> Result<T> {
        let mut spill = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        run(&mut spill).map_err(|error| ParquetError::External(Box::new(error)))
    }
}

impl PageStoreFactory for Pages {
    fn create(&self, args: &PageStoreArgs<'_>) -> Result<Box<dyn PageStore>> {
        if args.column_index() == 0 {
            // A row group begins, so all pages of the one before were taken.
            self.with(|spill| {
                spill.end = 0;
                Ok(())
            })?;
        }
        Ok(Box::new(Column { pages: self.clone(), places: Vec::new() }))
    }
}

/// The pages of one column.
struct Column {
    pages: Pages,
    /// Where each page begins, and its bytes.
    places: Vec<(u64, usize)>,
}

impl PageStore for Column {
    fn put(&mut self, page: Bytes) -> Result<PageKey> {
        let at = self.pages.with(|Spill { file, end }| {
            let at = *end;
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&page)?;
            *end += page.len() as u64;
            Ok(at)
        })?;
        self.places.push((at, page.len()));
        Ok(PageKey::new(self.places.len() as u64 - 1))
    }

    fn take(&mut self, key: PageKey) -> Result<Bytes> {
        let place = self.places.get(key.get() as usize);
        let (at, n_bytes) =
            *place.ok_or_else(|| ParquetError::General("a page that was not put".to_owned()))?;
        let mut page = vec![0; n_bytes];
        self.pages.with(|Spill { file, .. }| {
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(&mut page)
        })?;
        Ok(page.into())
    }
}
