//! Rules from files.

use kinescope_stages::detect::{RuleError, RuleSet};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Why rules could not be loaded. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The disk.
    #[error("read rules from {0}")]
    Io(String, #[source] io::Error),
    /// Nothing there.
    #[error("load rules: there is no .yml file in {0}")]
    None(String),
    /// A rule.
    #[error("load rules")]
    Rule(#[from] RuleError),
}

/// Adds what a file says, or all .yml and .yaml files of a folder.
pub fn read(path: &Path, set: &mut RuleSet) -> Result<(), RulesError> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error| RulesError::Io(path, error)
    };
    let mut files = Vec::new();
    list_files(path, &mut files).map_err(failed(path))?;
    if files.is_empty() {
        return Err(RulesError::None(path.display().to_string()));
    }
    for file in files {
        // Bytes that are no text are the parser's to refuse, with their place.
        let bytes = fs::read(&file).map_err(failed(&file))?;
        set.read(&file.display().to_string(), &String::from_utf8_lossy(&bytes))?;
    }
    Ok(())
}

fn list_files(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    for entry in entries {
        let is_yaml = entry.extension().is_some_and(|end| end == "yml" || end == "yaml");
        if entry.is_dir() || is_yaml {
            list_files(&entry, files)?;
        }
    }
    Ok(())
}
