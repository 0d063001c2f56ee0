//! A rule: what its author wrote, and its compiled detection.

use super::{
    compile::{Compiled, compile},
    field::Subject,
    finding::Told,
    load::severity,
    set::Form,
};
use crate::facts::Lists;
use kinescope_schemas::{Severity, Source};
use kinescope_sigma::{Case, Cases, Key, Origin, Packed, Page};
use std::sync::OnceLock;

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
    /// Where it came from.
    pub origin: Origin,
    cases: Cases,
    /// Told once, by the first finding.
    pub(super) told: OnceLock<Told>,
}

/// A rule that is ready to match.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its page.
    pub about: About,
    pub(super) sources: Vec<Source>,
    pub(super) key: Key,
    pub(super) detection: Detection,
}

/// What a rule looks for, ready to match: at once if it was written, and if it was packed when an event first asks for it.
#[derive(Debug, Clone)]
pub(super) struct Detection {
    packed: Option<Packed>,
    made: OnceLock<Compiled>,
}

impl Detection {
    /// One that is ready.
    pub(super) fn of(compiled: Compiled) -> Detection {
        Detection { packed: None, made: OnceLock::from(compiled) }
    }

    /// One that waits. Whoever packed it has made sure that it can be made; one that somebody forged never matches, as if he had
    /// left the rule out.
    pub(super) fn waiting(packed: Packed) -> Detection {
        Detection { packed: Some(packed), made: OnceLock::new() }
    }

    pub(super) fn get(&self) -> &Compiled {
        self.made.get_or_init(|| {
            let read = self.packed.as_ref().and_then(Packed::read);
            // What names lists does not wait.
            read.and_then(|read| compile(&read, &Lists::default(), Form::Packed).ok()).unwrap_or_default()
        })
    }

    /// Adds another's condition, so that both must hold.
    pub(super) fn join(&mut self, name: &str, other: &Compiled) {
        self.get();
        if let Some(made) = self.made.get_mut() {
            made.join(name, other);
        }
    }
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
        self.detection.get().matches(subject)
    }
}

/// The same text without what is white around it.
fn trimmed(mut text: String) -> String {
    text.truncate(text.trim_end().len());
    text.drain(..text.len() - text.trim_start().len());
    text
}

impl About {
    /// What a document says for people. It is called what it says, or else what its file is called.
    pub(super) fn new(page: Page, cases: Cases, origin: Origin) -> About {
        let mut folders = origin.path.rsplit('/');
        let file = folders.next().unwrap_or_default();
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let name = page.name.unwrap_or_else(|| stem.to_owned());
        About {
            id: page.id.unwrap_or_else(|| name.clone()),
            family: folders.next().unwrap_or_default().to_owned(),
            name,
            title: page.title,
            description: page.description.map(trimmed).unwrap_or_default(),
            false_positives: page.false_positives,
            references: page.references,
            tags: page.tags,
            severity: severity(page.level),
            cases,
            told: OnceLock::new(),
            origin,
        }
    }

    /// Its inline cases; those of our own pack are read when they are first asked for.
    pub fn cases(&self) -> &[Case] {
        self.cases.of(&self.origin)
    }

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
