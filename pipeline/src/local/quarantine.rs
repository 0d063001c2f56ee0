//! quarantine.jsonl: what could not be read, with its bytes.

use crate::{
    output::Output,
    sink::{Answers, Sink},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use kinescope_schemas::Id;
use kinescope_stages::decode::Envelope;
use serde::Deserialize;
use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::Path,
};

/// The file under way.
pub(super) struct Quarantine {
    file: BufWriter<File>,
}

impl Quarantine {
    /// Opens it to be added to.
    pub(super) fn create(path: &Path) -> io::Result<Quarantine> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Quarantine { file: BufWriter::new(file) })
    }

    /// Closes it.
    pub(super) fn finish(self) -> io::Result<()> {
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}

impl Sink for Quarantine {
    fn name(&self) -> &'static str {
        "quarantine"
    }

    fn write(&mut self, output: &mut Output) -> Answers {
        let mut answers = Answers::default();
        for (owner, entry) in &output.quarantined {
            answers.n_items += 1;
            let written = serde_json::to_writer(&mut self.file, entry).map_err(io::Error::from);
            if let Err(error) = written.and_then(|()| self.file.write_all(b"\n")) {
                answers.failed.push(*owner);
                answers.error.get_or_insert(format!("failed to write quarantine.jsonl: {error}"));
            }
        }
        answers
    }
}

/// An entry that is to be tried again.
pub struct Redriven {
    /// Where it came from.
    pub source: String,
    /// Its offset there.
    pub offset: u64,
    /// What its envelopes had said.
    pub envelope: Envelope<'static>,
    /// Of the record.
    pub id: Id,
    /// All of it.
    pub bytes: Vec<u8>,
}

#[derive(Deserialize)]
struct Entry {
    source: String,
    record_id: String,
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    envelope: Envelope<'static>,
    data: String,
}

/// A line that is no entry of a quarantine. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Its form.
    #[error("read a quarantine entry: {0}")]
    Json(#[from] serde_json::Error),
    /// Its data.
    #[error("read the data of a quarantine entry: {0}")]
    Base64(#[from] base64::DecodeError),
    /// Its record's id.
    #[error("read the record_id of a quarantine entry: {0}")]
    Id(&'static str),
}

impl Redriven {
    /// Reads a line.
    pub fn parse(line: &[u8]) -> Result<Redriven, EntryError> {
        let Entry { source, record_id, offset, envelope, data } = serde_json::from_slice(line)?;
        let id = record_id.parse().map_err(EntryError::Id)?;
        Ok(Redriven { source, offset, envelope, id, bytes: STANDARD.decode(&data)? })
    }
}

/// The entries of a quarantine file.
pub fn read(path: &Path) -> io::Result<Vec<Redriven>> {
    let mut entries = Vec::new();
    for (at, line) in (1..).zip(BufReader::new(File::open(path)?).lines()) {
        let invalid = |why: EntryError| {
            io::Error::new(io::ErrorKind::InvalidData, format!("line {at}: failed to {why}"))
        };
        entries.push(Redriven::parse(line?.as_bytes()).map_err(invalid)?);
    }
    Ok(entries)
}

/// Copies a quarantine file without the lines of these numbers, from 0.
pub(super) fn copy_without(from: &Path, to: &Path, lines: &HashSet<u64>) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(to)?);
    for (at, line) in (0..).zip(BufReader::new(File::open(from)?).lines()) {
        let line = line?;
        if !lines.contains(&at) {
            writeln!(file, "{line}")?;
        }
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}
