//! Rules, filters and correlations of several files, put together: who refers to whom is known only when all are read.

use super::{
    Rules,
    correlation::Unlinked,
    filter::{self, Filter},
    lint::Warning,
    load::{build, documents, pack, pack_without_texts},
    rule::{About, Rule},
};
use crate::facts::Lists;
use bytes::Bytes;
use kinescope_sigma::{Body, Document, Origin, RuleError};

/// What files of rules hold.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// The rules.
    pub rules: Vec<Rule>,
    filters: Vec<Filter>,
    correlations: Vec<Unlinked>,
    warnings: Vec<Warning>,
    lists: Lists,
}

/// How a rule came. What was looked at when it was packed is not looked at again at each start: that its regular
/// expressions can be made, and what is to be said of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Form {
    Packed,
    Written,
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
        self.add_all(pack()?, Form::Packed)
    }

    /// The same for a program that only matches: without the texts of the files, which are most of the pack.
    pub fn read_builtin_without_texts(&mut self) -> Result<(), RuleError> {
        self.add_all(pack_without_texts()?, Form::Packed)
    }

    /// Adds what a file holds, written or compiled.
    pub fn read(&mut self, path: &str, bytes: impl Into<Bytes>) -> Result<(), RuleError> {
        let (documents, form) = documents(path, &bytes.into())?;
        if documents.is_empty() {
            let origin = Origin { path: path.to_owned(), line: 1, text: "".into() };
            return Err(RuleError::at_line(&origin, 1, "there is no rule in this file"));
        }
        self.add_all(documents, form)
    }

    fn add_all(&mut self, documents: Vec<Document>, form: Form) -> Result<(), RuleError> {
        self.rules.reserve(documents.len());
        documents.into_iter().try_for_each(|document| self.add(document, form))
    }

    fn add(&mut self, document: Document, form: Form) -> Result<(), RuleError> {
        let lists = &self.lists;
        match document.body {
            Body::Rule(rule) => {
                let about = About::new(document.page, document.cases, document.origin);
                let (rule, warnings) = build(rule, about, lists, form)?;
                self.warnings.extend(warnings);
                self.rules.push(rule);
            }
            Body::Filter(filter) => {
                self.filters.push(filter::build(filter, document.page, document.origin, lists, form)?);
            }
            Body::Correlation(rule) => {
                let about = About::new(document.page, document.cases, document.origin);
                self.correlations.push(Unlinked::new(rule, about)?);
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
        let mut warnings = self.warnings;
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
