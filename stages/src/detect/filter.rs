//! Sigma filters: a condition that is joined to that of other rules, so that what an owner has explained is not found
//! again. As Sigma has it, the condition says what stays: a filter that removes something says `not selection`.

use super::{
    compile::{Compiled, Condition, compile},
    lint::Warning,
    load::sources,
    rule::Rule,
    set::Form,
};
use crate::facts::Lists;
use jiff::{civil::Date, tz::TimeZone};
use kinescope_schemas::Source;
use kinescope_sigma::{self as sigma, EXPIRES, Origin, Page, RuleError};

/// A filter.
#[derive(Debug, Clone)]
pub struct Filter {
    origin: Origin,
    id: String,
    /// Who answers for it, and why it is there.
    owner: Option<String>,
    reason: Option<String>,
    /// The end of its last day, milliseconds since 1970.
    ends_ms: Option<i64>,
    /// Rules by id, name or title; all if none.
    targets: Option<Vec<String>>,
    sources: Option<Vec<Source>>,
    compiled: Compiled,
}

pub(super) fn build(
    filter: sigma::Filter,
    page: Page,
    origin: Origin,
    lists: &Lists,
    form: Form,
) -> Result<Filter, RuleError> {
    let compiled = compile(&filter.detection, lists, form).map_err(|(words, reason)| {
        RuleError::of(&origin, ["filter"].into_iter().chain(words.iter().map(String::as_str)), reason)
    })?;
    let of_service = filter.logsource.as_ref().filter(|logsource| logsource.service.is_some());
    let sources = of_service
        .map(sources)
        .transpose()
        .map_err(|reason| RuleError::of(&origin, ["logsource"], reason))?;
    let no_day = || RuleError::of(&origin, [EXPIRES], "expires is a day such as 2026-12-31");
    let ends_ms = filter.expires.map(|day| end_of_day(&day).ok_or_else(no_day)).transpose()?;
    Ok(Filter {
        id: page.id.or(page.name).unwrap_or(page.title),
        owner: filter.author,
        reason: page.description,
        ends_ms,
        targets: filter.targets,
        origin,
        sources,
        compiled,
    })
}

fn end_of_day(text: &str) -> Option<i64> {
    let next = text.trim().parse::<Date>().ok()?.tomorrow().ok()?;
    Some(next.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

impl Filter {
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Joins it to the rules that it is for, unless it has expired.
    pub(super) fn apply(&self, rules: &mut [Rule], now_ms: i64) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let mut warn =
            |word: &str, reason: String| warnings.push(Warning::of(&self.origin, ["filter", word], reason));
        for (what, is_there) in [("author", self.owner.is_some()), ("description", self.reason.is_some())] {
            if !is_there {
                warn(
                    "",
                    format!("the filter {} has no {what}: nobody can tell later why it is there", self.id),
                );
            }
        }
        match self.ends_ms {
            None => warn("", format!("the filter {} has no {EXPIRES}: it is there for ever", self.id)),
            Some(ends_ms) if ends_ms <= now_ms => {
                warn("", format!("the filter {} has expired and is not applied", self.id));
                return warnings;
            }
            Some(_) => {}
        }
        if !self.removes() {
            warn("condition", "this keeps only what the filter names: to remove it, say not".to_owned());
        }
        for name in self.targets.iter().flatten() {
            if !rules.iter().any(|rule| rule.about.is_called(name)) {
                warn(name, format!("no rule is called {name}"));
            }
        }
        for rule in rules.iter_mut().filter(|rule| self.is_for(rule)) {
            rule.detection.join(&self.id, &self.compiled);
        }
        warnings
    }

    fn is_for(&self, rule: &Rule) -> bool {
        let named = |names: &Vec<String>| names.iter().any(|name| rule.about.is_called(name));
        let of_source = |sources: &Vec<Source>| sources.iter().any(|source| rule.sees(*source));
        self.targets.as_ref().is_none_or(named) && self.sources.as_ref().is_none_or(of_source)
    }

    /// Whether the condition negates something, as one that removes does.
    fn removes(&self) -> bool {
        fn negates(condition: &Condition) -> bool {
            match condition {
                Condition::Not(_) => true,
                Condition::Selection(_) => false,
                Condition::And(list) | Condition::AtLeast(_, list) => list.iter().any(negates),
            }
        }
        negates(&self.compiled.condition)
    }
}
