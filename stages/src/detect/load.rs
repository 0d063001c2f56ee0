//! Reads rules from Sigma's YAML. What we cannot honour is an error with its place, never silence.

use super::{Rules, compile::compile, place::find, rule::Rule, set::RuleSet};
use crate::facts::Lists;
use include_dir::{Dir, include_dir};
use kinescope_schemas::{Severity, Source};
use rsigma_parser::{Level, LogSource, SigmaRule};
use std::{fmt, sync::Arc};

pub(super) use super::given::cases;

static PACK: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// The pack has at least so many rules: a build that lost its rules must not pass for one without findings.
pub const BUILTIN_N_FILES_MIN: usize = 380;

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
    pub(super) fn of<'w>(
        origin: &Origin,
        words: impl IntoIterator<Item = &'w str>,
        reason: impl Into<String>,
    ) -> RuleError {
        RuleError::at_line(origin, find(&origin.text, words).line, reason)
    }

    pub(super) fn at_line(origin: &Origin, line: usize, reason: impl Into<String>) -> RuleError {
        let line = line.max(1);
        let text = origin.text.lines().nth(line - 1).unwrap_or_default().to_owned();
        RuleError { path: origin.path.clone(), line: origin.line - 1 + line, text, reason: reason.into() }
    }
}

/// Our own pack.
pub fn builtin() -> Result<Rules, RuleError> {
    let mut set = RuleSet::default();
    set.read_builtin()?;
    // There are no filters in it, so it does not matter what day it is.
    Ok(set.link(0)?.rules)
}

/// The files of our own pack: path in the repository, text.
pub(super) fn pack() -> impl Iterator<Item = (String, &'static str)> {
    let files = PACK.dirs().flat_map(Dir::files);
    files.filter(|file| file.path().extension().is_some_and(|end| end == "yml")).map(|file| {
        (format!("stages/rules/{}", file.path().display()), file.contents_utf8().unwrap_or_default())
    })
}

/// The rules of one file that holds nothing else; [`RuleSet`] reads filters, correlations and lists too.
pub fn from_yaml(path: &str, text: &str) -> Result<Vec<Rule>, RuleError> {
    let mut set = RuleSet::default();
    set.read(path, text)?;
    match set.other() {
        Some(origin) => Err(RuleError::at_line(origin, 1, "a filter or a correlation cannot stand alone")),
        None => Ok(set.rules),
    }
}

/// The page of a rule or a correlation, which the parser has as two types with the same fields.
macro_rules! about {
    ($rule:expr, $origin:expr) => {{
        let (rule, origin): (_, &$crate::detect::load::Origin) = ($rule, $origin);
        let mut folders = origin.path.rsplit('/');
        let file = folders.next().unwrap_or_default();
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let name = rule.name.clone().unwrap_or_else(|| stem.to_owned());
        $crate::detect::load::cases(rule.custom_attributes.get("cases"))
            .map_err(|reason| $crate::detect::load::RuleError::of(origin, ["cases:"], reason))
            .map(|cases| $crate::detect::rule::About {
                id: rule.id.clone().unwrap_or_else(|| name.clone()),
                family: folders.next().unwrap_or_default().to_owned(),
                name,
                title: rule.title.clone(),
                description: rule.description.clone().unwrap_or_default().trim().to_owned(),
                false_positives: rule.falsepositives.clone(),
                references: rule.references.clone(),
                tags: rule.tags.clone(),
                severity: $crate::detect::load::severity(rule.level),
                cases,
                origin: origin.clone(),
            })
    }};
}
pub(super) use about;

pub(super) fn build(rule: &SigmaRule, origin: &Origin, lists: &Lists) -> Result<Rule, RuleError> {
    let compiled = compile(&rule.detection, lists).map_err(|(words, reason)| {
        RuleError::of(origin, ["detection:"].into_iter().chain(words.iter().map(String::as_str)), reason)
    })?;
    let sources = sources(&rule.logsource).map_err(|reason| RuleError::of(origin, ["logsource:"], reason))?;
    Ok(Rule { about: about!(rule, origin)?, sources, compiled })
}

pub(super) fn severity(level: Option<Level>) -> Severity {
    match level {
        Some(Level::Informational) => Severity::Informational,
        Some(Level::Low) => Severity::Low,
        Some(Level::High) => Severity::High,
        Some(Level::Critical) => Severity::Critical,
        // Sigma's default.
        Some(Level::Medium) | None => Severity::Medium,
    }
}

/// The sources that a rule's `logsource` means: AWS's own services by name, and applications.
pub(super) fn sources(logsource: &LogSource) -> Result<Vec<Source>, String> {
    let service = logsource.service.as_deref().unwrap_or("cloudtrail");
    match logsource.product.as_deref() {
        Some("aws") | None => {}
        Some(other) => return Err(format!("no events of product {other} come here: product is aws")),
    }
    if logsource.category.is_some() && logsource.service.is_none() {
        return Err("a category alone names no events of ours: name the service, such as cloudtrail".into());
    }
    let known = Source::ALL.into_iter().find(|source| source.name() == service);
    let names = || Source::ALL.map(Source::name).join(", ");
    known
        .map(|source| vec![source])
        .ok_or_else(|| format!("no events of service {service} come here: it is one of {}", names()))
}
