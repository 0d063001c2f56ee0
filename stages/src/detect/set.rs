//! Rules, filters and correlations of several files, put together: who refers to whom is known only when all are read.

use super::{
    Rules,
    correlation::Unlinked,
    documents::documents,
    filter::{self, Filter},
    lint::{Warning, lint},
    load::{Origin, RuleError, build, pack},
    rule::Rule,
};
use crate::facts::Lists;
use rsigma_parser::SigmaDocument;

/// What files of rules hold.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// The rules.
    pub rules: Vec<Rule>,
    filters: Vec<Filter>,
    correlations: Vec<Unlinked>,
    lists: Lists,
}

/// A set that is ready to match.
#[derive(Debug, Default)]
pub struct Linked {
    /// The rules, each with the filters that apply to it, and the correlations.
    pub rules: Rules,
    /// What loads but cannot have been meant.
    pub warnings: Vec<Warning>,
}

impl RuleSet {
    /// An empty set. The lists are the user's: what `expand` may name, and what facts compare events with.
    pub fn new(lists: Lists) -> RuleSet {
        RuleSet { lists, ..RuleSet::default() }
    }

    /// Adds our own pack.
    pub fn read_builtin(&mut self) -> Result<(), RuleError> {
        pack().try_for_each(|(path, text)| self.read(&path, text))
    }

    /// Adds what a file holds.
    pub fn read(&mut self, path: &str, text: &str) -> Result<(), RuleError> {
        let lists = &self.lists;
        let documents = documents(path, text)?;
        if documents.is_empty() {
            let origin = Origin { path: path.to_owned(), line: 1, text: "".into() };
            return Err(RuleError::at_line(&origin, 1, "there is no rule in this file"));
        }
        for (document, origin) in documents {
            match document {
                SigmaDocument::Rule(rule) => self.rules.push(build(&rule, &origin, lists)?),
                SigmaDocument::Filter(filter) => self.filters.push(filter::build(filter, &origin, lists)?),
                SigmaDocument::Correlation(rule) => self.correlations.push(Unlinked::new(rule, origin)?),
            }
        }
        Ok(())
    }

    /// Where something other than a rule came from, if there is any.
    pub(super) fn other(&self) -> Option<&Origin> {
        let filter = self.filters.first().map(Filter::origin);
        filter.or_else(|| self.correlations.first().map(Unlinked::origin))
    }

    /// Applies filters and resolves references. `now_ms`, milliseconds since 1970, says which filters have expired.
    pub fn link(mut self, now_ms: i64) -> Result<Linked, RuleError> {
        let mut warnings: Vec<Warning> = self.rules.iter().flat_map(lint).collect();
        for filter in &self.filters {
            warnings.extend(filter.apply(&mut self.rules, now_ms));
        }
        let mut rules = Rules::new(self.rules)?.with_lists(self.lists);
        rules.filters = self.filters.iter().map(|filter| filter.origin().text.clone()).collect();
        let linked = self.correlations.into_iter().map(|correlation| correlation.link(&rules));
        let correlations = linked.collect::<Result<_, _>>()?;
        Ok(Linked { rules: rules.with_correlations(correlations)?, warnings })
    }
}
