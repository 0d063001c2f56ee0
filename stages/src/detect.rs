//! detect: Sigma rules, read with rsigma-parser and matched by an index.
//!
//! Nearly every rule pins the service and the operation, so an event is looked up by these; the others are found by
//! another exact value or by words in the event's text. Only the rules that could match are evaluated: the cost of an
//! event hardly grows with the number of rules. A plain evaluation of all rules ([`Rules::linear`]) is kept beside it
//! as the oracle that tests compare with.
//!
//! A [`RuleSet`] reads files and links what refers to one another: filters, lists, correlations. What we cannot honour
//! is an error with its line; what loads but cannot have been meant is a [`Warning`].

use kinescope_schemas::Event;

pub mod cases;
mod compile;
pub mod correlate;
mod correlation;
mod deep;
mod demand;
mod documents;
mod encode;
pub mod explain;
mod field;
mod filter;
mod finding;
mod guard;
mod index;
mod item;
mod lint;
mod load;
mod moment;
mod pattern;
mod place;
mod rule;
mod set;
mod text;
mod words;

pub use correlation::{Correlation, GROUP_FIELDS_MAX, Kind, RULES_MAX, TIMESPAN_MS_MAX};
pub use encode::{Lists, VARIANTS_MAX};
pub use field::Subject;
pub use filter::{EXPIRES, Filter};
pub use finding::{Finding, PRODUCT};
pub use item::{REGEXES_MAX, VALUES_MAX};
pub use lint::Warning;
pub use load::{BUILTIN_N_FILES_MIN, Origin, RuleError, builtin, from_yaml};
pub use rule::{Case, Rule};
pub use set::{Linked, RuleSet};

/// A set of rules, ready to match.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    index: index::Index,
}

impl Rules {
    /// Compiles a set. Two rules of one id are an error: findings could not tell them apart.
    pub fn new(rules: Vec<Rule>) -> Result<Rules, RuleError> {
        let mut seen = std::collections::HashMap::new();
        for rule in &rules {
            if let Some(first) = seen.insert(&rule.id, &rule.origin) {
                return Err(RuleError::of(
                    &rule.origin,
                    ["id:"],
                    format!("rule id {} is already used by {first}", rule.id),
                ));
            }
        }
        let index = index::Index::new(&rules);
        Ok(Rules { rules, index })
    }

    /// The rules, in the order of loading.
    pub fn all(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule with this id, or with this name.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id || rule.name == id)
    }

    /// Calls `each` for every rule that matches the event.
    pub fn matching<'r>(&'r self, event: &Event<'_>, mut each: impl FnMut(&'r Rule)) {
        let subject = Subject::new(event);
        self.index.candidates(&subject, |at| {
            let rule = &self.rules[at];
            if rule.matches(&subject) {
                each(rule);
            }
        });
    }

    /// The same by evaluating every rule: slow, plain, and what the index is tested against.
    pub fn linear<'r>(&'r self, event: &Event<'_>) -> Vec<&'r Rule> {
        let subject = Subject::new(event);
        self.rules.iter().filter(|rule| rule.sees(event.source) && rule.matches(&subject)).collect()
    }

    /// Whether the index would evaluate a rule for this event.
    pub fn is_candidate(&self, event: &Event<'_>, rule: &Rule) -> bool {
        let mut found = false;
        self.index.candidates(&Subject::new(event), |at| found |= self.rules[at].id == rule.id);
        found
    }
}

#[cfg(test)]
mod tests;
