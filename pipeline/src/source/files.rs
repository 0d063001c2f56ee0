//! Files: those that are named, and those below folders that are named, in order of name.
//!
//! They are looked up as they are read: a folder of millions of files takes no more memory than one of its own.

use std::{
    fs, io,
    path::{Path, PathBuf},
    vec,
};

/// An input that cannot be listed. Fits after "failed to read".
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}; name files or folders that exist, or - for standard input")]
pub struct SourceError {
    path: String,
    source: io::Error,
}

impl SourceError {
    /// The input.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// What to read, and how much it is.
#[derive(Debug)]
pub struct Files {
    /// Files and folders; `-` is standard input.
    inputs: Vec<PathBuf>,
    /// Bytes of all of them; 0 if standard input is among them.
    pub n_bytes: u64,
}

impl Files {
    /// Lists inputs: a folder stands for the files below it.
    pub fn list(inputs: &[PathBuf]) -> Result<Files, SourceError> {
        let mut files = Files { inputs: inputs.to_vec(), n_bytes: 0 };
        for path in files.paths() {
            files.n_bytes += fs::metadata(path?).map_or(0, |meta| meta.len());
        }
        if inputs.iter().any(|input| is_stdin(input)) {
            files.n_bytes = 0;
        }
        Ok(files)
    }

    /// Each file.
    pub fn paths(&self) -> Paths {
        let named = self.inputs.iter().map(|path| Entry { path: path.clone(), is_folder: None });
        Paths { open: vec![named.collect::<Vec<_>>().into_iter()] }
    }
}

/// Whether a path stands for standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Files, looked up one after the other.
#[derive(Debug)]
pub struct Paths {
    /// What is left of each folder on the way.
    open: Vec<vec::IntoIter<Entry>>,
}

#[derive(Debug)]
struct Entry {
    path: PathBuf,
    /// `None` of what was named: a link that was is followed. One that was found is read as the file it points to, and
    /// never followed into a folder: it could lead back here.
    is_folder: Option<bool>,
}

impl Iterator for Paths {
    type Item = Result<PathBuf, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(Entry { path, is_folder }) = self.open.last_mut()?.next() else {
                self.open.pop();
                continue;
            };
            let opened = match is_folder {
                Some(false) => Ok(None),
                None if is_stdin(&path) => Ok(None),
                None => fs::metadata(&path).and_then(|meta| meta.is_dir().then(|| folder(&path)).transpose()),
                Some(true) => folder(&path).map(Some),
            };
            match opened {
                Ok(None) => return Some(Ok(path)),
                Ok(Some(entries)) => self.open.push(entries.into_iter()),
                Err(source) => return Some(Err(SourceError { path: path.display().to_string(), source })),
            }
        }
    }
}

/// What lies in a folder.
fn folder(path: &Path) -> io::Result<Vec<Entry>> {
    let entry = |entry: io::Result<fs::DirEntry>| {
        let entry = entry?;
        Ok(Entry { is_folder: Some(entry.file_type()?.is_dir()), path: entry.path() })
    };
    let mut entries = fs::read_dir(path)?.map(entry).collect::<io::Result<Vec<_>>>()?;
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}
