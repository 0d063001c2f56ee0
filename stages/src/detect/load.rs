//! Reads rules from Sigma's YAML. What we cannot honour is an error with its place, never silence.

use super::{
    compile::compile,
    rule::{Case, Rule},
};
use include_dir::{Dir, include_dir};
use kinescope_schemas::{Severity, Source};
use rsigma_parser::{Level, LogSource, SigmaRule, parse_sigma_yaml};
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
    /// Its text.
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
    /// An error at the first line that contains `words`; the first line if none does.
    pub fn of(origin: &Origin, words: &str, reason: impl Into<String>) -> RuleError {
        let at = origin.text.lines().position(|line| line.contains(words)).unwrap_or(0);
        RuleError::at_line(origin, at + 1, reason)
    }

    fn at_line(origin: &Origin, line: usize, reason: impl Into<String>) -> RuleError {
        let text = origin.text.lines().nth(line.saturating_sub(1)).unwrap_or_default().to_owned();
        RuleError { path: origin.path.clone(), line: line.max(1), text, reason: reason.into() }
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

/// The rules of one file, of which there may be several.
pub fn from_yaml(path: &str, text: &str) -> Result<Vec<Rule>, RuleError> {
    let origin = Origin { path: path.to_owned(), text: text.into() };
    let collection = parse_sigma_yaml(text).map_err(|error| parse_error(&origin, &error.to_string()))?;
    if let Some(error) = collection.errors.first() {
        return Err(parse_error(&origin, error));
    }
    if !collection.correlations.is_empty() {
        return Err(RuleError::of(&origin, "correlation:", "correlation rules are not supported yet"));
    }
    if !collection.filters.is_empty() {
        return Err(RuleError::of(&origin, "filter:", "filter rules are not supported yet"));
    }
    if collection.rules.is_empty() {
        return Err(RuleError::at_line(&origin, 1, "there is no rule in this file"));
    }
    collection.rules.into_iter().map(|rule| build(rule, &origin)).collect()
}

/// Finds the place that the parser's message speaks of.
fn parse_error(origin: &Origin, message: &str) -> RuleError {
    let number = |word: &str| {
        let rest = &message[message.find(word)? + word.len()..];
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<usize>().ok()
    };
    if let Some(line) = number("at line ") {
        return RuleError::at_line(origin, line, message);
    }
    let quoted = message.split('\'').nth(1).unwrap_or_default();
    let words = match message {
        _ if message.contains("ondition") => "condition:",
        _ if message.contains("modifier") => quoted,
        _ => quoted,
    };
    RuleError::of(origin, words, message)
}

fn build(rule: SigmaRule, origin: &Origin) -> Result<Rule, RuleError> {
    let compiled =
        compile(&rule.detection).map_err(|(words, reason)| RuleError::of(origin, &words, reason))?;
    let sources = sources(&rule.logsource).map_err(|reason| RuleError::of(origin, "logsource:", reason))?;
    let cases = cases(&rule).map_err(|reason| RuleError::of(origin, "cases:", reason))?;
    let mut folders = origin.path.rsplit('/');
    let file = folders.next().unwrap_or_default();
    let name = file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned();
    Ok(Rule {
        id: rule.id.clone().unwrap_or_else(|| name.clone()),
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
        sources,
        compiled,
    })
}

fn severity(level: Option<Level>) -> Severity {
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
fn sources(logsource: &LogSource) -> Result<Vec<Source>, String> {
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
