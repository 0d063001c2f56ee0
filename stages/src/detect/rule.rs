//! A rule: what its author wrote, and its compiled detection.

use super::{compile::Compiled, field::Subject, load::Origin};
use kinescope_schemas::{Severity, Source};
use serde_json::Value as Json;

/// What is known about a rule or a correlation: its page.
#[derive(Debug, Clone)]
pub struct About {
    /// Its id; of a rule without one, its name.
    pub id: String,
    /// What others call it: Sigma's `name`, or else the file's without its ending, such as `trail_stopped`.
    pub name: String,
    /// The folder, such as `defences`.
    pub family: String,
    /// What it catches.
    pub title: String,
    /// The user's page.
    pub description: String,
    /// When it is wrong.
    pub false_positives: Vec<String>,
    /// Links.
    pub references: Vec<String>,
    /// ATT&CK, CIS and other tags.
    pub tags: Vec<String>,
    /// How bad it is.
    pub severity: Severity,
    /// Inline cases.
    pub cases: Vec<Case>,
    /// Where it came from.
    pub origin: Origin,
}

/// A rule that is ready to match.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its page.
    pub about: About,
    pub(super) sources: Vec<Source>,
    pub(super) compiled: Compiled,
}

/// An inline case: events, and whether the rule must fire on them. A rule looks at one, a correlation at several.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// In short words.
    pub name: String,
    /// Whether it must fire.
    pub fires: bool,
    /// The events.
    pub events: Vec<Json>,
}

impl Rule {
    /// The sources whose events it sees.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Whether it sees events of this source.
    pub fn sees(&self, source: Source) -> bool {
        self.sources.contains(&source)
    }

    /// Whether it matches.
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        self.compiled.matches(subject)
    }
}

impl About {
    /// Whether filters and correlations mean it by this: its id, its name or its title.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.id == name || self.name == name || self.title == name
    }

    /// Its ATT&CK techniques, such as `T1685.002`.
    pub fn techniques(&self) -> impl Iterator<Item = String> + '_ {
        self.tags
            .iter()
            .filter_map(|tag| tag.strip_prefix("attack.t"))
            .filter(|number| number.starts_with(|c: char| c.is_ascii_digit()))
            .map(|number| format!("T{number}"))
    }

    /// Its ATT&CK tactics, such as `defense-impairment`.
    pub fn tactics(&self) -> impl Iterator<Item = &str> + '_ {
        self.tags.iter().filter_map(|tag| tag.strip_prefix("attack.")).filter(|name| {
            !name.starts_with(['t', 'g', 's']) || !name[1..].starts_with(|c: char| c.is_ascii_digit())
        })
    }
}
