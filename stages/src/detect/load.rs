//! Reads rules from Sigma's YAML. What we cannot honour is an error with its place, never silence.

use super::{
    compile::compile,
    encode::Lists,
    place::find,
    rule::{Case, Rule},
    set::RuleSet,
};
use include_dir::{Dir, include_dir};
use kinescope_schemas::{Severity, Source};
use rsigma_parser::{Level, LogSource, SigmaRule};
use serde_json::Value as Json;
use std::{fmt, sync::Arc};

static PACK: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// The pack has at least so many rules: a build that lost its rules must not pass for one without findings.
pub const BUILTIN_N_FILES_MIN: usize = 40;

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
pub fn builtin() -> Result<Vec<Rule>, RuleError> {
    let mut rules = Vec::new();
    for family in PACK.dirs() {
        for file in family.files().filter(|file| file.path().extension().is_some_and(|end| end == "yml")) {
            let text = file.contents_utf8().unwrap_or_default();
            rules.extend(from_yaml(&format!("stages/rules/{}", file.path().display()), text)?);
        }
    }
    Ok(rules)
}

/// The rules of one file that holds nothing else; [`RuleSet`] reads filters, correlations and lists too.
pub fn from_yaml(path: &str, text: &str) -> Result<Vec<Rule>, RuleError> {
    let mut set = RuleSet::default();
    set.read(path, text, &Lists::new())?;
    match set.other() {
        Some(origin) => Err(RuleError::at_line(origin, 1, "a filter or a correlation cannot stand alone")),
        None => Ok(set.rules),
    }
}

pub(super) fn build(rule: SigmaRule, origin: &Origin, lists: &Lists) -> Result<Rule, RuleError> {
    let compiled = compile(&rule.detection, lists).map_err(|(words, reason)| {
        RuleError::of(origin, ["detection:"].into_iter().chain(words.iter().map(String::as_str)), reason)
    })?;
    let sources = sources(&rule.logsource).map_err(|reason| RuleError::of(origin, ["logsource:"], reason))?;
    let cases = cases(&rule).map_err(|reason| RuleError::of(origin, ["cases:"], reason))?;
    let mut folders = origin.path.rsplit('/');
    let file = folders.next().unwrap_or_default();
    let name = file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned();
    Ok(Rule {
        id: rule.id.clone().or_else(|| rule.name.clone()).unwrap_or_else(|| name.clone()),
        family: folders.next().unwrap_or_default().to_owned(),
        name,
        title: rule.title,
        description: rule.description.unwrap_or_default().trim().to_owned(),
        false_positives: rule.falsepositives,
        references: rule.references,
        tags: rule.tags,
        severity: severity(rule.level),
        cases,
        origin: origin.clone(),
        alias: rule.name,
        sources,
        compiled,
    })
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

/// `cases: {fires: [{name, event}], quiet: […]}`.
fn cases(rule: &SigmaRule) -> Result<Vec<Case>, String> {
    let Some(cases) = rule.custom_attributes.get("cases") else { return Ok(Vec::new()) };
    let cases = serde_json::to_value(cases).map_err(|error| error.to_string())?;
    let mut list = Vec::new();
    for (kind, fires) in [("fires", true), ("quiet", false)] {
        for case in cases.get(kind).and_then(Json::as_array).into_iter().flatten() {
            let name = case.get("name").and_then(Json::as_str).unwrap_or(kind).to_owned();
            let event = case.get("event").filter(|event| event.is_object()).cloned();
            let event = event.ok_or_else(|| format!("the case {name} has no event"))?;
            list.push(Case { name, fires, event });
        }
    }
    Ok(list)
}
