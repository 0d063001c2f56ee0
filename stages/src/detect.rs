//! detect: Sigma rules, read with rsigma-parser and matched by an index.
//!
//! Nearly every rule pins the service and the operation, so an event is looked up by these; the others are found by
//! another exact value or by words in the event's text. Only the rules that could match are evaluated: the cost of an
//! event hardly grows with the number of rules. A plain evaluation of all rules ([`Rules::linear`]) is kept beside it
//! as the oracle that tests compare with.
//!
//! A [`RuleSet`] reads files and links what refers to one another: filters, lists, correlations. What we cannot honour
//! is an error with its line; what loads but cannot have been meant is a [`Warning`].

use crate::facts::Lists;
use kinescope_schemas::Event;
use std::sync::Arc;

pub mod cases;
mod compile;
pub mod correlate;
mod correlation;
mod deep;
mod encode;
pub mod explain;
mod field;
mod filter;
mod finding;
mod index;
mod item;
mod late;
mod lint;
mod load;
mod moment;
mod needs;
mod pattern;
mod rule;
mod set;
mod text;
mod words;

pub use correlation::{Correlation, GROUP_FIELDS_MAX, Kind, RULES_MAX, TIMESPAN_MS_MAX};
pub use encode::VARIANTS_MAX;
pub use field::Subject;
pub use filter::Filter;
pub use finding::{Finding, PRODUCT};
pub use item::{REGEXES_MAX, VALUES_MAX};
pub use kinescope_sigma::{Case, EXPIRES, Origin, RuleError, Text};
pub use lint::Warning;
pub use load::{BUILTIN_N_FILES_MIN, builtin, compile_files, from_yaml};
pub use rule::{About, Rule};
pub use set::{Linked, RuleSet};

/// A set of rules, ready to match.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    index: index::Index,
    lists: Arc<Lists>,
    correlations: Vec<Correlation>,
    /// The texts of the filters that were joined to rules.
    filters: Vec<Text>,
    /// By rule: whether it only feeds correlations, and makes no findings of its own.
    silent: Vec<bool>,
}

impl Rules {
    /// Compiles a set. Two rules of one id are an error: findings could not tell them apart.
    pub fn new(rules: Vec<Rule>) -> Result<Rules, RuleError> {
        unique(rules.iter().map(|rule| &rule.about))?;
        let index = index::Index::new(&rules);
        let silent = vec![false; rules.len()];
        Ok(Rules { rules, index, silent, ..Rules::default() })
    }

    /// The same rules with the user's lists instead of the default ones.
    pub fn with_lists(self, lists: Lists) -> Rules {
        Rules { lists: Arc::new(lists), ..self }
    }

    /// The same rules with correlations of their matches.
    fn with_correlations(mut self, correlations: Vec<Correlation>) -> Result<Rules, RuleError> {
        self.correlations = correlations;
        unique(self.abouts())?;
        for correlation in self.correlations.iter().filter(|correlation| !correlation.generate) {
            correlation.rules.iter().for_each(|at| self.silent[*at] = true);
        }
        Ok(self)
    }

    /// What all rules, correlations and filters say: sets that differ in these find different things.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.abouts().map(|about| &*about.origin.text).chain(self.filters.iter().map(|text| &**text))
    }

    /// The lists that facts compare events with.
    pub fn lists(&self) -> &Lists {
        &self.lists
    }

    /// The rules, in the order of loading.
    pub fn all(&self) -> &[Rule] {
        &self.rules
    }

    /// The correlations, in the order of loading.
    pub fn correlations(&self) -> &[Correlation] {
        &self.correlations
    }

    /// The pages of all rules and correlations.
    pub fn abouts(&self) -> impl Iterator<Item = &About> {
        let correlations = self.correlations.iter().map(|correlation| &correlation.about);
        self.rules.iter().map(|rule| &rule.about).chain(correlations)
    }

    /// Whether a rule only feeds correlations, and makes no findings of its own.
    pub fn is_silent(&self, about: &About) -> bool {
        self.rules.iter().zip(&self.silent).any(|(rule, silent)| *silent && rule.about.id == about.id)
    }

    /// The page of the rule or correlation with this id, or with this name.
    pub fn about(&self, id: &str) -> Option<&About> {
        self.abouts().find(|about| about.id == id || about.name == id)
    }

    /// The rule with this id, or with this name.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.about.id == id || rule.about.name == id)
    }

    /// The correlation with this id, or with this name.
    pub fn correlation(&self, id: &str) -> Option<&Correlation> {
        self.correlations.iter().find(|rule| rule.about.id == id || rule.about.name == id)
    }

    /// What an event leads to: `find` is called for every rule that makes a finding of it, `count` for every match that
    /// a correlation counts, with the correlation's place in [`Rules::correlations`].
    pub fn judge<'r>(
        &'r self,
        event: &Event<'_>,
        mut find: impl FnMut(&'r Rule),
        mut count: impl FnMut(usize, correlate::Hit),
    ) {
        let subject = Subject::new(event, &self.lists);
        self.index.candidates(&subject, |at| {
            if !self.rules[at].matches(&subject) {
                return;
            }
            if !self.silent[at] {
                find(&self.rules[at]);
            }
            for (place, correlation) in self.correlations.iter().enumerate() {
                correlation.hits(at, &subject).into_iter().for_each(|hit| count(place, hit));
            }
        });
    }

    /// Calls `each` for every rule that matches the event.
    pub fn matching<'r>(&'r self, event: &Event<'_>, mut each: impl FnMut(&'r Rule)) {
        self.trying(event, |rule, matches| {
            if matches {
                each(rule);
            }
        });
    }

    /// Calls `each` for every rule that is tried, with whether it matches: what it costs to look at each.
    pub fn trying<'r>(&'r self, event: &Event<'_>, mut each: impl FnMut(&'r Rule, bool)) {
        let subject = Subject::new(event, &self.lists);
        self.index.candidates(&subject, |at| each(&self.rules[at], self.rules[at].matches(&subject)));
    }

    /// The same by evaluating every rule: slow, plain, and what the index is tested against.
    pub fn linear<'r>(&'r self, event: &Event<'_>) -> Vec<&'r Rule> {
        let subject = Subject::new(event, &self.lists);
        self.rules.iter().filter(|rule| rule.sees(event.source) && rule.matches(&subject)).collect()
    }

    /// Whether the index would evaluate a rule for this event.
    pub fn is_candidate(&self, event: &Event<'_>, rule: &Rule) -> bool {
        let mut found = false;
        self.index.candidates(&Subject::new(event, &self.lists), |at| {
            found |= self.rules[at].about.id == rule.about.id;
        });
        found
    }
}

fn unique<'a>(abouts: impl Iterator<Item = &'a About>) -> Result<(), RuleError> {
    let mut seen = std::collections::HashMap::new();
    for about in abouts {
        if let Some(first) = seen.insert(&about.id, &about.origin) {
            let reason = format!("rule id {} is already used by {first}", about.id);
            return Err(RuleError::of(&about.origin, ["id:"], reason));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
