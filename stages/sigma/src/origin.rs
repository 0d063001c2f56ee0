//! Where a rule came from, and where in it something is wrong.

use crate::place::find;
use std::{fmt, sync::Arc};

/// Where a rule came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The file; of our own pack, its path in the repository.
    pub path: String,
    /// The line of the file at which its document begins, from 1.
    pub line: usize,
    /// The document's text.
    pub text: Arc<str>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

/// A rule that does not load: file, line, reason.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{path}:{line}: {reason}")]
pub struct RuleError {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What the line says.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl RuleError {
    /// An error at the last of some words, each of which is looked for behind the one before; at the first line if none
    /// is there.
    pub fn of<'w>(
        origin: &Origin,
        words: impl IntoIterator<Item = &'w str>,
        reason: impl Into<String>,
    ) -> RuleError {
        RuleError::at_line(origin, find(&origin.text, words).line, reason)
    }

    /// An error at a line of the document, from 1.
    pub fn at_line(origin: &Origin, line: usize, reason: impl Into<String>) -> RuleError {
        let line = line.max(1);
        let text = origin.text.lines().nth(line - 1).unwrap_or_default().to_owned();
        RuleError { path: origin.path.clone(), line: origin.line - 1 + line, text, reason: reason.into() }
    }
}
