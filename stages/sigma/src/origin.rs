//! Where a rule came from, and where in it something is wrong.

use crate::place::find;
use bytes::Bytes;
use std::{
    fmt,
    ops::{Deref, Range},
};

/// Where a rule came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The file; of our own pack, its path in the repository.
    pub path: String,
    /// The line of the file at which its document begins, from 1.
    pub line: usize,
    /// The document's text.
    pub text: Text,
}

/// A text that lies where it was read, with those of other documents: copies of thousands would be an eighth of a start.
#[derive(Clone, PartialEq)]
pub struct Text(Bytes);

impl Text {
    /// A part of many texts; nothing if there is none.
    pub(crate) fn within(texts: &Bytes, part: Range<usize>) -> Text {
        Text(texts.get(part).map(|part| texts.slice_ref(part)).unwrap_or_default())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        // It was made of text, unless somebody forged it.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
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
