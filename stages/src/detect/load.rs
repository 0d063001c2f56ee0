//! Reads rules from Sigma's YAML. What we cannot honour is an error with its place, never silence.

use super::{
    Rules,
    compile::{Compiled, compile},
    lint::{Warning, lint},
    rule::{About, Detection, Rule},
    set::{Form, RuleSet},
};
use crate::facts::Lists;
use bytes::Bytes;
use kinescope_schemas::{Id, Severity, Source};
use kinescope_sigma::{self as sigma, Body, Document, Key, Origin, RuleError, Sought, names_lists, unpack};
use rsigma_parser::{Detections, Level, LogSource};

static PACK: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rules.pack"));
static TEXTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rules.texts"));

/// How a file of compiled rules begins. The number goes up with every change of what follows, which a test tells.
const COMPILED: &[u8] = b"kinescope rules 3\n";
/// What all of them begin with, of whatever number.
const COMPILED_BY_ANY: &[u8] = b"kinescope rules ";

/// The pack has at least so many rules: a build that lost its rules must not pass for one without findings.
pub const BUILTIN_N_FILES_MIN: usize = 380;

/// Our own pack.
pub fn builtin() -> Result<Rules, RuleError> {
    let mut set = RuleSet::default();
    set.read_builtin()?;
    // There are no filters in it, so it does not matter what day it is.
    Ok(set.link(0)?.rules)
}

/// The documents of our own pack, as the build script has read them.
pub(super) fn pack() -> Result<Vec<Document>, RuleError> {
    unpack("the built-in pack", &Bytes::from_static(PACK), &Bytes::from_static(TEXTS))
}

/// The same without their texts, which a program that never asks for them has not.
pub(super) fn pack_without_texts() -> Result<Vec<Document>, RuleError> {
    unpack("the built-in pack", &Bytes::from_static(PACK), &Bytes::new())
}

/// What a file holds: YAML, or what [`compile_files`] made of it.
pub(super) fn documents(path: &str, bytes: &Bytes) -> Result<(Vec<Document>, Form), RuleError> {
    let Some((rules, texts)) = compiled_parts(path, bytes)? else {
        // Bytes that are no text are the parser's to refuse, with their place.
        return Ok((sigma::read(path, &String::from_utf8_lossy(bytes))?, Form::Written));
    };
    Ok((unpack(path, &rules, &texts)?, Form::Packed))
}

/// What follows the head of compiled rules, if that is what the file is: the rules, and their texts.
fn compiled_parts(path: &str, bytes: &Bytes) -> Result<Option<(Bytes, Bytes)>, RuleError> {
    if !bytes.starts_with(COMPILED_BY_ANY) {
        return Ok(None);
    }
    let refuse = |reason: &str| {
        let origin = Origin { path: path.to_owned(), line: 1, text: "".into() };
        RuleError::at_line(&origin, 1, format!("{reason}: compile them again"))
    };
    let rest =
        bytes.strip_prefix(COMPILED).ok_or_else(|| refuse("these rules are compiled for another version"))?;
    let not_whole = || refuse("these rules are not whole");
    let (sum, body) = rest.split_first_chunk().ok_or_else(not_whole)?;
    if Id::of(&[body]) != Id(*sum) {
        return Err(refuse("these rules are not as they were compiled"));
    }
    let (n_bytes, body) = body.split_first_chunk().ok_or_else(not_whole)?;
    let n_bytes = u32::from_le_bytes(*n_bytes) as usize;
    let (rules, texts) = body.split_at_checked(n_bytes).ok_or_else(not_whole)?;
    Ok(Some((bytes.slice_ref(rules), bytes.slice_ref(texts))))
}

/// Files of rules, by path, as one that a start reads in a tenth of the time. What its rules say was looked at now,
/// and is not again.
pub fn compile_files(files: &[(String, Bytes)]) -> Result<Vec<u8>, RuleError> {
    let mut all = Vec::new();
    for (path, bytes) in files {
        all.extend(documents(path, bytes)?.0);
    }
    for Document { origin, body, .. } in &all {
        if let Body::Rule(sigma::Rule { sought: Sought::Read(detections), .. }) = body
            && !names_lists(detections)
        {
            // When an event asks for it, it is too late to say what is wrong.
            compiled(detections, origin, &Lists::default(), Form::Written)?;
        }
    }
    let (rules, texts) = sigma::pack(&all)?;
    let body = [&(rules.len() as u32).to_le_bytes(), &*rules, &*texts].concat();
    Ok([COMPILED, &Id::of(&[&body]).0, &body].concat())
}

/// The rules of one file that holds nothing else; [`RuleSet`] reads filters, correlations and lists too.
pub fn from_yaml(path: &str, text: &str) -> Result<Vec<Rule>, RuleError> {
    let mut set = RuleSet::default();
    set.read(path, text.to_owned())?;
    match set.other() {
        Some(origin) => Err(RuleError::at_line(origin, 1, "a filter or a correlation cannot stand alone")),
        None => Ok(set.rules),
    }
}

/// Makes a rule, and says what is to be said of one that was written.
pub(super) fn build(
    rule: sigma::Rule,
    about: About,
    lists: &Lists,
    form: Form,
) -> Result<(Rule, Vec<Warning>), RuleError> {
    let origin = &about.origin;
    let sources = sources(&rule.logsource).map_err(|reason| RuleError::of(origin, ["logsource:"], reason))?;
    let detections = match rule.sought {
        Sought::Read(detections) => detections,
        Sought::Packed(key, packed) => {
            let rule = Rule { about, sources, key, detection: Detection::waiting(packed) };
            return Ok((rule, Vec::new()));
        }
    };
    let compiled = compiled(&detections, origin, lists, form)?;
    let key = Key::of(&detections);
    let rule = Rule { about, sources, key, detection: Detection::of(compiled) };
    let warnings = if form == Form::Written { lint(&rule, &detections) } else { Vec::new() };
    Ok((rule, warnings))
}

fn compiled(
    detections: &Detections,
    origin: &Origin,
    lists: &Lists,
    form: Form,
) -> Result<Compiled, RuleError> {
    compile(detections, lists, form).map_err(|(words, reason)| {
        RuleError::of(origin, ["detection:"].into_iter().chain(words.iter().map(String::as_str)), reason)
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
