//! Writes rows to Parquet files, one open file a table and day.
//!
//! What is open is bounded: files are closed by size and age and when too many are open, and row groups are cut when
//! all that is buffered grows too large.

use super::{
    Closed, day_name,
    encoding::properties,
    pages::Pages,
    syncer::{self, Syncer},
};
use crate::{
    output::Output,
    sink::{Answers, Sink},
};
use kinescope_schemas::{Table, contract::EVENT_DAY};
use parquet::{
    arrow::{ArrowWriter, arrow_writer::ArrowWriterOptions},
    errors::ParquetError,
};
use std::{
    collections::HashMap,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// A file is closed when it is so large. Athena reads files of 128 MB well.
const FILE_BYTES_MAX: usize = 128 << 20;
/// A file is closed when it is so old.
const FILE_AGE_MAX: Duration = Duration::from_secs(300);
/// A file is closed when it has so many row groups: until then it keeps what its footer will say of them.
const ROW_GROUPS_MAX: usize = 8;
/// What it keeps of each column of a row group: metadata, statistics and where pages lie, as an allocator counts them.
const FOOTER_BYTES_PER_COLUMN: usize = 800;
/// What all files may keep so; past it, the file that keeps most is closed. Files of one day have a little more than half
/// of it, those of many days would go on growing.
const FOOTERS_BYTES_MAX: usize = 2 << 20;
/// Files that are open at a time.
const FILES_OPEN_MAX: usize = 48;
/// A file that was passed over so often ends its row group: the encoders of a day that is over take as much memory as
/// those at work.
const IDLE_WRITES_MAX: u64 = 64;
/// What all row groups under way may take together besides finished [pages](super::pages), with what compresses them; past
/// it, the largest is cut. With a fifth less files are 1 % larger: each row group begins its dictionaries anew.
const BUFFERED_BYTES_MAX: usize = 25 << 20;

/// Why the lake could not be written. Fits after "failed to write".
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The disk.
    #[error("{path}: {source}; free some space or choose another --out, and run again")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The encoder, or the disk below it.
    #[error("{path}: {source}; free some space or choose another --out, and run again")]
    Parquet {
        /// The file.
        path: String,
        /// Why.
        source: ParquetError,
    },
}

type Place = (Table, Option<i64>);

/// The lake under way, below a folder of its own.
pub struct Lake {
    root: PathBuf,
    /// Begins every file's name; files of different runs must not meet.
    run: String,
    n_files: u64,
    n_writes: u64,
    open: HashMap<Place, OpenFile>,
    syncer: Syncer,
}

struct OpenFile {
    writer: ArrowWriter<File>,
    /// The number of the write that it was last written by.
    written_at: u64,
    path: PathBuf,
    since: Instant,
    pages: Pages,
}

impl OpenFile {
    /// Bytes of memory that its row group under way takes.
    fn buffered(&self) -> usize {
        self.writer.memory_size() + self.pages.compressors()
    }

    /// Bytes of memory that its finished row groups take.
    fn footer(&self) -> usize {
        let n_columns: usize = self.writer.flushed_row_groups().iter().map(|group| group.num_columns()).sum();
        n_columns * FOOTER_BYTES_PER_COLUMN
    }
}

impl Lake {
    /// A lake below `root`, whose files are named after `run`.
    pub fn new(root: &Path, run: String) -> Lake {
        Lake {
            root: root.to_owned(),
            run,
            n_files: 0,
            n_writes: 0,
            open: HashMap::new(),
            syncer: Syncer::new(),
        }
    }

    /// Writes rows.
    pub fn write(&mut self, rows: &Closed) -> Result<(), LakeError> {
        let place = (rows.table, rows.day);
        if !self.open.contains_key(&place) {
            self.make_room()?;
            let file = self.create(place)?;
            self.open.insert(place, file);
        }
        self.n_writes += 1;
        if let Some(file) = self.open.get_mut(&place) {
            file.written_at = self.n_writes;
            file.writer.write(&rows.batch).map_err(|source| parquet_error(&file.path, source))?;
            let n_bytes = file.writer.bytes_written() + file.writer.in_progress_size();
            let n_groups = file.writer.flushed_row_groups().len();
            if n_bytes > FILE_BYTES_MAX || n_groups >= ROW_GROUPS_MAX || file.since.elapsed() > FILE_AGE_MAX {
                self.close(place)?;
            }
        }
        self.cut_row_groups()?;
        self.end_footers()
    }

    fn create(&mut self, (table, day): Place) -> Result<OpenFile, LakeError> {
        let folder = self.root.join(table.name()).join(format!("{EVENT_DAY}={}", day_name(day)));
        let path = folder.join(format!("{}-{:04}.parquet", self.run, self.n_files));
        self.n_files += 1;
        let io_error = |source| LakeError::Io { path: path.display().to_string(), source };
        fs::create_dir_all(&folder).map_err(io_error)?;
        let file = File::create(&path).map_err(io_error)?;
        let properties = properties(table);
        let pages = Pages::below(&folder, properties.clone()).map_err(io_error)?;
        let options = ArrowWriterOptions::new()
            .with_properties(properties)
            .with_page_store_factory(Arc::new(pages.clone()));
        let writer = ArrowWriter::try_new_with_options(file, table.spec().schema.clone(), options)
            .map_err(|source| parquet_error(&path, source))?;
        Ok(OpenFile { writer, written_at: 0, path, since: Instant::now(), pages })
    }

    /// Closes the oldest file when too many are open.
    fn make_room(&mut self) -> Result<(), LakeError> {
        if self.open.len() < FILES_OPEN_MAX {
            return Ok(());
        }
        let oldest = self.open.iter().min_by_key(|(_, file)| file.since).map(|(place, _)| *place);
        oldest.map_or(Ok(()), |place| self.close(place))
    }

    fn cut_row_groups(&mut self) -> Result<(), LakeError> {
        for file in self.open.values_mut() {
            let is_idle = self.n_writes - file.written_at > IDLE_WRITES_MAX;
            if is_idle && file.writer.in_progress_rows() > 0 {
                file.writer.flush().map_err(|source| parquet_error(&file.path, source))?;
            }
        }
        while self.open.values().map(OpenFile::buffered).sum::<usize>() > BUFFERED_BYTES_MAX {
            let Some(largest) = self.open.values_mut().max_by_key(|file| file.buffered()) else {
                break;
            };
            largest.writer.flush().map_err(|source| parquet_error(&largest.path, source))?;
        }
        Ok(())
    }

    fn end_footers(&mut self) -> Result<(), LakeError> {
        while self.open.values().map(OpenFile::footer).sum::<usize>() > FOOTERS_BYTES_MAX {
            let Some((place, _)) = self.open.iter().max_by_key(|(_, file)| file.footer()) else { break };
            self.close(*place)?;
        }
        Ok(())
    }

    fn close(&mut self, place: Place) -> Result<(), LakeError> {
        let Some(file) = self.open.remove(&place) else { return Ok(()) };
        let OpenFile { writer, path, .. } = file;
        let written = writer.into_inner().map_err(|source| parquet_error(&path, source))?;
        if self.syncer.sync(path, written) {
            return Ok(());
        }
        std::mem::replace(&mut self.syncer, Syncer::new()).end().map_err(sync_error)
    }

    fn close_all(&mut self, of: impl Fn(Table) -> bool) -> Result<(), LakeError> {
        let places: Vec<Place> = self.open.keys().filter(|(table, _)| of(*table)).copied().collect();
        places.into_iter().try_for_each(|place| self.close(place))
    }

    /// Closes every file but those of what is derived from others, and may still come when no more records do.
    pub fn close_all_but_derived(mut self) -> Result<Lake, LakeError> {
        self.close_all(|table| !matches!(table, Table::Findings | Table::Metrics))?;
        Ok(self)
    }

    /// Closes every file.
    pub fn finish(mut self) -> Result<(), LakeError> {
        self.close_all(|_| true)?;
        self.syncer.end().map_err(sync_error)
    }
}

impl Sink for Lake {
    fn name(&self) -> &'static str {
        "lake"
    }

    fn write(&mut self, output: &mut Output) -> Answers {
        let mut answers = Answers::default();
        for rows in std::mem::take(&mut output.rows) {
            answers.n_items += rows.owners.len() as u64;
            if let Err(error) = Lake::write(self, &rows) {
                answers.failed.extend(&rows.owners);
                answers.error.get_or_insert(format!("failed to write {error}"));
            }
        }
        answers
    }
}

fn sync_error((path, source): syncer::Failed) -> LakeError {
    LakeError::Io { path: path.display().to_string(), source }
}

fn parquet_error(path: &Path, source: ParquetError) -> LakeError {
    LakeError::Parquet { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::{super::rows::Empty, *};
    use arrow_array::RecordBatch;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    #[test]
    fn what_footers_keep_does_not_grow_with_days() {
        const N_DAYS: i64 = 24;
        const N_ROUNDS: i64 = 5;
        let folder = tempfile::tempdir().unwrap();
        let mut lake = Lake::new(folder.path(), "run".to_owned());
        let schema = &Table::ApiActivity.spec().schema;
        let mut empty = Empty::new(1);
        let columns = schema.fields().iter().map(|field| empty.column(field.data_type())).collect();
        let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
        let mut kept_most = 0;
        for day in (0..N_ROUNDS).flat_map(|_| 0..N_DAYS) {
            // The other days are idle by then and end their row groups.
            for _ in 0..=IDLE_WRITES_MAX {
                let rows = Closed {
                    table: Table::ApiActivity,
                    day: Some(day),
                    owners: vec![0],
                    batch: batch.clone(),
                };
                lake.write(&rows).unwrap();
                kept_most = kept_most.max(lake.open.values().map(OpenFile::footer).sum());
            }
        }
        lake.finish().unwrap();

        assert!(kept_most <= FOOTERS_BYTES_MAX, "{kept_most}");
        let (mut n_files, mut n_rows) = (0, 0);
        for day in fs::read_dir(folder.path().join("api_activity")).unwrap() {
            for file in fs::read_dir(day.unwrap().path()).unwrap() {
                n_files += 1;
                let reader = SerializedFileReader::new(File::open(file.unwrap().path()).unwrap()).unwrap();
                n_rows += reader.metadata().file_metadata().num_rows();
            }
        }
        assert_eq!(n_rows, N_DAYS * N_ROUNDS * (IDLE_WRITES_MAX as i64 + 1));
        // Some were closed before the end, and not all of them at each round.
        assert!((N_DAYS + 1..N_DAYS * N_ROUNDS / 2).contains(&n_files), "{n_files}");
    }
}
