//! A document of a rule file, as far as it is used: the page, the cases, and what it asks for.

use crate::{Cases, Key, Origin, Packed, RuleError, cases};
use rsigma_parser::{
    CorrelationCondition, CorrelationRule, CorrelationType, Detections, FilterRule, FilterRuleTarget, Level,
    LogSource, SigmaDocument, SigmaRule, WindowMode,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A rule, a correlation or a filter.
#[derive(Debug, Clone)]
pub struct Document {
    /// Where it stands.
    pub origin: Origin,
    /// What it says for people.
    pub page: Page,
    /// Its inline cases.
    pub cases: Cases,
    /// What it says for us.
    pub body: Body,
}

/// What a document says for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// Its id.
    pub id: Option<String>,
    /// What others call it.
    pub name: Option<String>,
    /// What it catches.
    pub title: String,
    /// The user's page.
    pub description: Option<String>,
    /// When it is wrong.
    pub false_positives: Vec<String>,
    /// Links.
    pub references: Vec<String>,
    /// ATT&CK, CIS and other tags.
    pub tags: Vec<String>,
    /// How bad it is.
    pub level: Option<Level>,
}

/// What a document says for us.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A rule.
    Rule(Rule),
    /// A correlation of rules.
    Correlation(Correlation),
    /// A filter of rules.
    Filter(Filter),
}

/// What a rule looks at, and what it looks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The events that it sees.
    pub logsource: LogSource,
    /// What they must have.
    pub sought: Sought,
}

/// What a rule looks for. The texts of conditions are left out: there is what was read of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Sought {
    /// As it was read.
    Read(Detections),
    /// As it was packed, to be [read](Packed::read) when an event first asks for it, and by what events find it.
    Packed(Key, Packed),
}

/// What a correlation counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Correlation {
    /// Its kind.
    pub kind: CorrelationType,
    /// Its rules, by id, name or title.
    pub rules: Vec<String>,
    /// The fields that it groups by.
    pub group_by: Vec<String>,
    /// Within what time, in seconds.
    pub timespan_s: u64,
    /// How that time is laid over the events.
    pub window: WindowMode,
    /// What must hold of the number.
    pub condition: CorrelationCondition,
    /// Fields that its rules call differently: what each rule calls them, by their names.
    pub aliases: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether its rules make findings of their own as well.
    pub generate: bool,
}

/// What a filter keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// Who answers for it.
    pub author: Option<String>,
    /// The day of which [`EXPIRES`] speaks; empty if that is no text.
    pub expires: Option<String>,
    /// The rules that it is for, by id, name or title; all if none.
    pub targets: Option<Vec<String>>,
    /// The events that it is for.
    pub logsource: Option<LogSource>,
    /// What they must have to be found; as a rule has it.
    pub detection: Detections,
}

/// The attribute that says until when a filter applies, that day included: `expires: 2026-12-31`.
pub const EXPIRES: &str = "expires";

/// The page of a rule, a correlation or a filter, which the parser has as types with the same fields.
macro_rules! page {
    ($of:expr) => {
        Page {
            id: $of.id,
            name: $of.name,
            title: $of.title,
            description: $of.description,
            false_positives: $of.falsepositives,
            references: $of.references,
            tags: $of.tags,
            level: $of.level,
        }
    };
}

impl Document {
    /// What the parser has read, as we have it.
    pub(crate) fn new(read: SigmaDocument, origin: Origin) -> Result<Document, RuleError> {
        let attributes = match &read {
            SigmaDocument::Rule(rule) => &rule.custom_attributes,
            SigmaDocument::Correlation(rule) => &rule.custom_attributes,
            SigmaDocument::Filter(rule) => &rule.custom_attributes,
        };
        let cases = cases::of(attributes.get(cases::KEY))
            .map_err(|reason| RuleError::of(&origin, ["cases:"], reason))?;
        let (page, body) = match read {
            SigmaDocument::Rule(rule) => of_rule(*rule),
            SigmaDocument::Correlation(rule) => of_correlation(rule),
            SigmaDocument::Filter(rule) => of_filter(rule),
        };
        Ok(Document { origin, page, cases: Cases::known(cases), body })
    }
}

fn of_rule(rule: SigmaRule) -> (Page, Body) {
    let detection = without_texts(rule.detection);
    (page!(rule), Body::Rule(Rule { logsource: rule.logsource, sought: Sought::Read(detection) }))
}

fn of_correlation(rule: CorrelationRule) -> (Page, Body) {
    let correlation = Correlation {
        kind: rule.correlation_type,
        rules: rule.rules,
        group_by: rule.group_by,
        timespan_s: rule.timespan.seconds,
        window: rule.window,
        condition: rule.condition,
        aliases: rule.aliases.into_iter().map(|it| (it.alias, it.mapping.into_iter().collect())).collect(),
        generate: rule.generate,
    };
    (page!(rule), Body::Correlation(correlation))
}

fn of_filter(rule: FilterRule) -> (Page, Body) {
    let expires = rule.custom_attributes.get(EXPIRES);
    let filter = Filter {
        expires: expires.map(|day| day.as_str().unwrap_or_default().to_owned()),
        author: rule.author,
        targets: match rule.rules {
            FilterRuleTarget::Any => None,
            FilterRuleTarget::Specific(names) => Some(names),
        },
        logsource: rule.logsource,
        detection: without_texts(rule.detection),
    };
    (page!(rule), Body::Filter(filter))
}

fn without_texts(detection: Detections) -> Detections {
    Detections { condition_strings: Vec::new(), ..detection }
}
