//! Where the pages of a row group wait until it is written. They are finished and compressed, and held in memory they
//! would be half of what the lake takes. Who is given the pages also knows what compressing them takes.

use bytes::Bytes;
use parquet::{
    arrow::arrow_writer::{PageKey, PageStore, PageStoreArgs, PageStoreFactory},
    basic::Compression,
    errors::{ParquetError, Result},
    file::properties::WriterProperties,
};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Bytes that a compressed column takes while its row group is under way: zstd's context, and its decompressor, which
/// the writer makes too.
const IDLE_BYTES: usize = 36_000;
/// Bytes that it takes from its first page on: what zstd's first level keeps for a block of 128 KiB.
const AT_WORK_BYTES: usize = 577_000;

/// A file without a name, which is gone when it is closed: the pages of all columns of one file under way.
#[derive(Debug)]
struct Spill {
    file: File,
    /// Its bytes.
    end: u64,
    /// What compressing the columns under way takes.
    compressors: usize,
}

/// Makes the stores of a file's columns.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    spill: Arc<Mutex<Spill>>,
    properties: Arc<WriterProperties>,
}

impl Pages {
    /// Pages of a file that is written so wait on the disk that `folder` is on.
    pub(super) fn below(folder: &Path, properties: WriterProperties) -> io::Result<Pages> {
        let file = tempfile::tempfile_in(folder)?;
        let spill = Spill { file, end: 0, compressors: 0 };
        Ok(Pages { spill: Arc::new(Mutex::new(spill)), properties: Arc::new(properties) })
    }

    /// Bytes of memory that compressing takes now, which the writer does not count.
    pub(super) fn compressors(&self) -> usize {
        self.spill().compressors
    }

    fn spill(&self) -> MutexGuard<'_, Spill> {
        self.spill.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(error: io::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

impl PageStoreFactory for Pages {
    fn create(&self, args: &PageStoreArgs<'_>) -> Result<Box<dyn PageStore>> {
        if args.column_index() == 0 {
            // A row group begins, so all pages of the one before were taken.
            self.spill().end = 0;
        }
        let is_compressed =
            self.properties.compression(args.column_descriptor().path()) != Compression::UNCOMPRESSED;
        let mut column = Column { pages: self.clone(), places: Vec::new(), is_compressed, compressor: 0 };
        column.compressor_takes(IDLE_BYTES);
        Ok(Box::new(column))
    }
}

/// The pages of one column.
struct Column {
    pages: Pages,
    /// Where each page begins, and its bytes.
    places: Vec<(u64, usize)>,
    is_compressed: bool,
    /// Its share of what compressing takes.
    compressor: usize,
}

impl Column {
    fn compressor_takes(&mut self, n_bytes: usize) {
        if self.is_compressed {
            self.compressor += n_bytes;
            self.pages.spill().compressors += n_bytes;
        }
    }
}

impl Drop for Column {
    fn drop(&mut self) {
        self.pages.spill().compressors -= self.compressor;
    }
}

impl PageStore for Column {
    fn put(&mut self, page: Bytes) -> Result<PageKey> {
        if self.places.is_empty() {
            self.compressor_takes(AT_WORK_BYTES);
        }
        let mut spill = self.pages.spill();
        let at = spill.end;
        spill.file.seek(SeekFrom::Start(at)).map_err(failed)?;
        spill.file.write_all(&page).map_err(failed)?;
        spill.end += page.len() as u64;
        self.places.push((at, page.len()));
        Ok(PageKey::new(self.places.len() as u64 - 1))
    }

    fn take(&mut self, key: PageKey) -> Result<Bytes> {
        let place = self.places.get(key.get() as usize);
        let (at, n_bytes) =
            *place.ok_or_else(|| ParquetError::General("a page that was not put".to_owned()))?;
        let mut page = vec![0; n_bytes];
        let mut spill = self.pages.spill();
        spill.file.seek(SeekFrom::Start(at)).map_err(failed)?;
        spill.file.read_exact(&mut page).map_err(failed)?;
        Ok(page.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, RecordBatch, StringArray};
    use parquet::arrow::{ArrowWriter, arrow_writer::ArrowWriterOptions};

    #[test]
    fn what_compressing_takes_counts_as_long_as_it_is_taken() {
        const ROWS: usize = 3;
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["a text"; ROWS]));
        let batch = RecordBatch::try_from_iter([("one", texts.clone()), ("other", texts)]).unwrap();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(Default::default()))
            .set_column_compression("other".into(), Compression::UNCOMPRESSED)
            .set_data_page_row_count_limit(2 * ROWS)
            .build();
        let folder = tempfile::tempdir().unwrap();
        let pages = Pages::below(folder.path(), properties.clone()).unwrap();
        let options = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_page_store_factory(Arc::new(pages.clone()));
        let mut writer = ArrowWriter::try_new_with_options(Vec::new(), batch.schema(), options).unwrap();
        for expected in [IDLE_BYTES, IDLE_BYTES + AT_WORK_BYTES] {
            writer.write(&batch).unwrap();
            assert_eq!(pages.compressors(), expected);
        }
        writer.flush().unwrap();
        assert_eq!(pages.compressors(), 0);
    }
}
