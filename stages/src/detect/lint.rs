//! Warnings: what loads and cannot have been meant, because it never matches or always does. Only what is certain is
//! said; a path into an application's own JSON may be anything.

use super::{
    compile::{Compiled, Condition, Test},
    field::{Field, table_of_lines},
    pattern::Pattern,
    rule::Rule,
    text::{Place, Text},
};
use kinescope_schemas::Source;
use kinescope_sigma::{Demand, Origin, place::find};
use rsigma_parser::Detections;
use std::fmt;

/// Something in a rule that cannot have been meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Warning {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.reason)
    }
}

impl Warning {
    /// A warning at the last of some words, each of which is looked for behind the one before.
    pub(super) fn of<'w>(
        origin: &Origin,
        words: impl IntoIterator<Item = &'w str>,
        reason: String,
    ) -> Warning {
        let place = find(&origin.text, words);
        Warning {
            path: origin.path.clone(),
            line: origin.line - 1 + place.line,
            column: place.column,
            reason,
        }
    }
}

/// The members that CloudTrail gives an event, and what we add.
const CLOUDTRAIL_MEMBERS: [&str; 31] = [
    "additionalEventData",
    "addendum",
    "apiVersion",
    "awsRegion",
    "edgeDeviceDetails",
    "errorCode",
    "errorMessage",
    "eventCategory",
    "eventContext",
    "eventID",
    "eventName",
    "eventSource",
    "eventTime",
    "eventType",
    "eventVersion",
    "fact",
    "insightDetails",
    "managementEvent",
    "readOnly",
    "recipientAccountId",
    "requestID",
    "requestParameters",
    "resources",
    "responseElements",
    "serviceEventDetails",
    "sessionCredentialFromConsole",
    "sharedEventID",
    "sourceIPAddress",
    "tlsDetails",
    "userAgent",
    "userIdentity",
];

/// Members of endpoint events, whose names begin so.
const ENDPOINT_MEMBERS: &str = "vpcEndpoint";

/// How the hosts of AWS's services end; CloudTrail names the service by its host.
const SERVICE_HOSTS: [&str; 4] = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".aws.internal"];

/// What is to be said about a rule.
pub(super) fn lint(rule: &Rule, detections: &Detections) -> Vec<Warning> {
    let compiled = rule.detection.get();
    let mut linting = Linting { rule, compiled, detections, warnings: Vec::new() };
    for (name, test) in &compiled.selections {
        linting.test(name, test);
    }
    for source in rule.sources() {
        linting.condition(*source);
    }
    linting.warnings
}

struct Linting<'r> {
    rule: &'r Rule,
    compiled: &'r Compiled,
    detections: &'r Detections,
    warnings: Vec<Warning>,
}

impl Linting<'_> {
    fn warn(&mut self, words: [&str; 2], reason: String) {
        let words = ["detection"].into_iter().chain(words);
        let warning = Warning::of(&self.rule.about.origin, words, reason);
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    fn test(&mut self, selection: &str, test: &Test) {
        match test {
            Test::And(list) | Test::Or(list) => list.iter().for_each(|test| self.test(selection, test)),
            Test::Words { .. } => {}
            Test::Field { field, patterns, .. } => {
                if !self.rule.sources().iter().any(|source| is_known(field, *source)) {
                    let source = self.rule.sources().first().map_or("", |source| source.name());
                    self.warn([selection, &field.path], format!("events of {source} have no {}", field.path));
                }
                for pattern in patterns {
                    self.pattern(selection, field, pattern);
                }
            }
        }
    }

    fn pattern(&mut self, selection: &str, field: &Field, pattern: &Pattern) {
        if !self.rule.sees(Source::CloudTrail) || field.path != "eventSource" {
            return;
        }
        let Pattern::Text(text, Place::Whole) = pattern else { return };
        let text = text.text.to_lowercase();
        if !SERVICE_HOSTS.iter().any(|host| text.ends_with(host)) {
            let reason = format!("{text} is no host of a service, such as ec2.amazonaws.com");
            self.warn([selection, "eventSource"], reason);
        }
    }

    fn condition(&mut self, source: Source) {
        let compiled = self.compiled;
        for (at, (name, _)) in compiled.selections.iter().enumerate() {
            if self.never(at, source) {
                self.warn(
                    [name, ""],
                    format!("{name} can never match: two of its values exclude one another"),
                );
            }
        }
        let whole = &compiled.condition;
        let demand = Demand::of(self.detections, &has_one(source));
        if demand.never || self.truth(whole, source) == Truth::Never {
            self.warn(["condition", ""], "the condition can never hold".to_owned());
        } else if self.truth(whole, source) == Truth::Always {
            self.warn(["condition", ""], "the condition always holds".to_owned());
        }
        self.constants(whole, source);
    }

    /// Whether a selection can never hold.
    fn never(&self, at: usize, source: Source) -> bool {
        let (name, test) = &self.compiled.selections[at];
        let written = self.detections.named.get(name);
        written.is_some_and(|written| Demand::of_selection(written, &has_one(source)).never)
            || contradicts(&[test], source)
    }

    /// Negations and choices within the condition that say nothing.
    fn constants(&mut self, condition: &Condition, source: Source) {
        match condition {
            Condition::Selection(_) => {}
            Condition::Not(inner) => {
                if self.truth(inner, source) == Truth::Never {
                    self.warn(
                        ["condition", "not"],
                        "this not always holds: what it negates never does".to_owned(),
                    );
                }
                self.constants(inner, source);
            }
            Condition::And(list) => list.iter().for_each(|part| self.constants(part, source)),
            Condition::AtLeast(n, list) => {
                if *n > list.len() {
                    let reason = format!("{n} of {} selections can never hold", list.len());
                    self.warn(["condition", &n.to_string()], reason);
                } else if *n == 0 {
                    self.warn(["condition", "0"], "0 of anything always holds".to_owned());
                }
                list.iter().for_each(|part| self.constants(part, source));
            }
        }
    }

    fn truth(&self, condition: &Condition, source: Source) -> Truth {
        let truths =
            |list: &[Condition]| list.iter().map(|part| self.truth(part, source)).collect::<Vec<_>>();
        let n_of = |truths: &[Truth], wanted| truths.iter().filter(|truth| **truth == wanted).count();
        match condition {
            Condition::Selection(at) => {
                if self.never(*at, source) {
                    Truth::Never
                } else {
                    Truth::Open
                }
            }
            Condition::Not(inner) => match self.truth(inner, source) {
                Truth::Never => Truth::Always,
                Truth::Always => Truth::Never,
                Truth::Open => Truth::Open,
            },
            Condition::And(list) => {
                let truths = truths(list);
                let tests: Vec<&Test> = list.iter().filter_map(|part| self.selection(part)).collect();
                match () {
                    () if n_of(&truths, Truth::Never) > 0 || negates_itself(list) => Truth::Never,
                    () if contradicts(&tests, source) => Truth::Never,
                    () if n_of(&truths, Truth::Always) == list.len() => Truth::Always,
                    () => Truth::Open,
                }
            }
            Condition::AtLeast(n, list) => {
                let truths = truths(list);
                match () {
                    () if n_of(&truths, Truth::Always) >= *n || (*n == 1 && negates_itself(list)) => {
                        Truth::Always
                    }
                    () if list.len() - n_of(&truths, Truth::Never) < *n => Truth::Never,
                    () => Truth::Open,
                }
            }
        }
    }

    fn selection(&self, condition: &Condition) -> Option<&Test> {
        match condition {
            Condition::Selection(at) => Some(&self.compiled.selections[*at].1),
            _ => None,
        }
    }
}

/// Tells of fields, by their paths, whether events of a source have one value of them and no more.
fn has_one(source: Source) -> impl Fn(&str) -> bool {
    move |path| Field::of_event(path).has_slot(source)
}

/// What is known of a condition without an event.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Truth {
    Never,
    Always,
    Open,
}

/// Whether a list has a selection and also its negation.
fn negates_itself(list: &[Condition]) -> bool {
    let is_selection = |part: &Condition, wanted| matches!(part, Condition::Selection(at) if *at == wanted);
    list.iter().any(|part| match part {
        Condition::Not(inner) => {
            matches!(**inner, Condition::Selection(at) if list.iter().any(|part| is_selection(part, at)))
        }
        _ => false,
    })
}

/// Whether tests that must all hold leave no value of a field that has one value: each exact value that one test has
/// fails in another.
fn contradicts(tests: &[&Test], source: Source) -> bool {
    let mut lines = Vec::new();
    tests.iter().for_each(|test| flatten(test, &mut lines));
    lines.iter().any(|(field, patterns)| {
        if !field.has_slot(source) {
            return false;
        }
        let Some(values) = exact(patterns) else { return false };
        let others = || lines.iter().filter(|(other, _)| other.path == field.path);
        values
            .iter()
            .all(|value| others().any(|(_, patterns)| patterns.iter().all(|pattern| fails(pattern, value))))
    })
}

/// The lines that must all hold.
fn flatten<'t>(test: &'t Test, lines: &mut Vec<(&'t Field, &'t [Pattern])>) {
    match test {
        Test::And(list) => list.iter().for_each(|test| flatten(test, lines)),
        Test::Field { field, patterns, all: false, negated: false } => lines.push((field, patterns)),
        Test::Field { field, patterns, all: true, negated: false } => {
            lines.extend(patterns.iter().map(|pattern| (field, std::slice::from_ref(pattern))));
        }
        _ => {}
    }
}

/// The exact values of a line, `None` for missing; at most so many are compared.
fn exact<'p>(patterns: &'p [Pattern]) -> Option<Vec<Option<&'p str>>> {
    const VALUES_MAX: usize = 100;
    if patterns.is_empty() || patterns.len() > VALUES_MAX {
        return None;
    }
    let value = |pattern: &'p Pattern| match pattern {
        Pattern::Null | Pattern::Exists(false) => Some(None),
        Pattern::Text(text, Place::Whole) => Some(Some(text.text.as_str())),
        _ => None,
    };
    patterns.iter().map(value).collect()
}

/// Whether the value certainly does not pass. A value's case is not known, so cased and regular ones may pass.
fn fails(pattern: &Pattern, value: &Option<&str>) -> bool {
    match (pattern, value) {
        (Pattern::Null | Pattern::Exists(false), value) => value.is_some(),
        (Pattern::Present | Pattern::Exists(true), value) => value.is_none(),
        (_, None) => true,
        (Pattern::Text(text, place), Some(value)) => {
            let text = Text::new(&text.text, false);
            !text.is_in(value, *place)
        }
        (Pattern::OneOf(texts), Some(value)) => !texts.contains(&value.to_lowercase()),
        _ => false,
    }
}

/// Whether events of the source may have the field.
fn is_known(field: &Field, source: Source) -> bool {
    match source {
        Source::CloudTrail => {
            let first = field.path.split('.').next().unwrap_or_default();
            CLOUDTRAIL_MEMBERS.contains(&first) || first.starts_with(ENDPOINT_MEMBERS)
        }
        _ => table_of_lines(source).is_none() || field.has_slot(source) || field.path.starts_with("fact."),
    }
}
