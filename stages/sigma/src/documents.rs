//! The documents of a rule file, each with its place: rules, correlations, filters; and the collection actions, by which
//! documents share what they have in common.

use crate::{
    Document, Origin, RuleError,
    guard::{DOCUMENTS_MAX, FILE_BYTES_MAX, check},
};
use rsigma_parser::{SigmaCollection, SigmaDocument, parse_sigma_yaml};

/// Documents of `action: repeat` behind one another: each is read with all that it repeats.
pub const REPEATS_MAX: usize = 100;

/// Bytes of an error's reason: readers quote what they read.
const REASON_BYTES_MAX: usize = 300;

/// Reads a file's documents.
pub fn read(path: &str, text: &str) -> Result<Vec<Document>, RuleError> {
    let origin = |line: usize, text: &str| Origin { path: path.to_owned(), line, text: text.into() };
    if text.len() > FILE_BYTES_MAX {
        let reason = format!("a file of rules has at most {FILE_BYTES_MAX} bytes, this one {}", text.len());
        return Err(RuleError::at_line(&origin(1, ""), 1, reason));
    }
    let (mut global, mut chain, mut found) = (None, Vec::new(), Vec::new());
    for (at, (line, text)) in split(text).into_iter().enumerate() {
        let origin = origin(line, text);
        if at == DOCUMENTS_MAX {
            return Err(RuleError::at_line(
                &origin,
                1,
                format!("a file has at most {DOCUMENTS_MAX} documents"),
            ));
        }
        check(text).map_err(|(at, reason)| {
            let line = memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() + 1;
            RuleError::at_line(&origin, line, reason)
        })?;
        match action(text) {
            Some("global") => {
                global = Some(text);
                continue;
            }
            Some("reset") => {
                global = None;
                continue;
            }
            Some("repeat") if chain.is_empty() => {
                return Err(RuleError::of(&origin, ["action:"], "there is no document before it to repeat"));
            }
            Some("repeat") if chain.len() > REPEATS_MAX => {
                return Err(RuleError::of(
                    &origin,
                    ["action:"],
                    format!("at most {REPEATS_MAX} repeats of a rule"),
                ));
            }
            Some("repeat") => {}
            Some(other) => {
                return Err(RuleError::of(&origin, ["action:"], format!("there is no action {other}")));
            }
            None => chain.clear(),
        }
        chain.push(text);
        found.push(Document::new(last_of(global, &chain, &origin)?, origin)?);
    }
    Ok(found)
}

/// The documents with the lines at which they begin; those of comments only are left out.
fn split(text: &str) -> Vec<(usize, &str)> {
    let mut documents = Vec::new();
    let (mut start, mut first_line, mut at) = (0, 1, 0);
    for (line_number, line) in (1..).zip(text.split_inclusive('\n')) {
        let is_separator = line.strip_prefix("---").is_some_and(|rest| rest.trim().is_empty());
        if is_separator {
            documents.push((first_line, &text[start..at]));
            (start, first_line) = (at + line.len(), line_number + 1);
        }
        at += line.len();
    }
    documents.push((first_line, &text[start..]));
    let says_something = |text: &str| {
        text.lines().map(str::trim).any(|line| !line.is_empty() && !line.starts_with('#') && line != "...")
    };
    documents.retain(|(_, text)| says_something(text));
    documents
}

/// What a document's `action` says.
pub(crate) fn action(text: &str) -> Option<&str> {
    let value = text.lines().find_map(|line| line.strip_prefix("action:"))?;
    Some(value.split('#').next().unwrap_or_default().trim().trim_matches(['\'', '"']))
}

/// The last document of a chain of which each repeats the one before, all on top of the global one.
fn last_of(global: Option<&str>, chain: &[&str], origin: &Origin) -> Result<SigmaDocument, RuleError> {
    let joined;
    let text = match (global, chain) {
        (None, [text]) => *text,
        _ => {
            joined = global.iter().chain(chain).copied().collect::<Vec<_>>().join("\n---\n");
            &joined
        }
    };
    let n_lines_before =
        text.len().checked_sub(origin.text.len()).map_or(0, |at| text[..at].matches('\n').count());
    let fail = |message: &str| Err(error(origin, message, n_lines_before));
    let mut collection = match parse_sigma_yaml(text) {
        Ok(collection) => collection,
        Err(error) => return fail(&error.to_string()),
    };
    if let Some(error) = collection.errors.first() {
        return fail(error);
    }
    if collection.len() != chain.len() {
        return Err(RuleError::of(origin, ["..."], "documents are separated by a line ---"));
    }
    last(&mut collection, chain.len())
        .map_or_else(|| fail("documents that repeat one another are of one kind"), Ok)
}

/// The last of so many documents, if all are of one kind: a collection does not tell the order of several.
fn last(collection: &mut SigmaCollection, n: usize) -> Option<SigmaDocument> {
    match n {
        _ if collection.rules.len() == n => {
            collection.rules.pop().map(|rule| SigmaDocument::Rule(Box::new(rule)))
        }
        _ if collection.correlations.len() == n => {
            collection.correlations.pop().map(SigmaDocument::Correlation)
        }
        _ if collection.filters.len() == n => collection.filters.pop().map(SigmaDocument::Filter),
        _ => None,
    }
}

/// Finds the place that the reader's message speaks of.
fn error(origin: &Origin, message: &str, n_lines_before: usize) -> RuleError {
    // The first line says what, the last what was expected; a drawing of the place lies between.
    let mut lines = message.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let reason = lines.next_back().map_or(first.to_owned(), |last| format!("{first} {last}"));
    let end =
        reason.char_indices().map(|(at, _)| at).take_while(|at| *at <= REASON_BYTES_MAX).last().unwrap_or(0);
    let reason = if reason.len() > REASON_BYTES_MAX { format!("{}…", &reason[..end]) } else { reason };
    let number = message
        .split("at line ")
        .nth(1)
        .and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<usize>().ok());
    if let Some(line) = number {
        return RuleError::at_line(origin, line.saturating_sub(n_lines_before), reason);
    }
    let quoted = message.split('\'').nth(1).unwrap_or_default();
    let section = if message.contains("correlation") { "correlation" } else { "detection" };
    let word = if message.contains("ondition") { "condition" } else { quoted };
    RuleError::of(origin, [section, word], reason)
}
