//! Runs a rule's inline cases: through decode and parse, as traffic comes.

use super::{About, Correlation, Rule, Rules, Subject, correlate::State};
use crate::{
    decode::{Bad, DecodeError, Envelope, Input, Limits, Message, Visitor, decode},
    facts::Lists,
    parse::{Settings, parse},
};
use kinescope_schemas::{Event, Id};
use serde_json::Value as Json;

/// A case that did not come out as its author says.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The case.
    pub case: String,
    /// What was expected and what came.
    pub reason: String,
}

/// Runs the cases of a rule, with the lists as they are when the user sets none.
pub fn run(rule: &Rule) -> Vec<Failure> {
    run_with(rule, &Lists::default())
}

fn run_with(rule: &Rule, lists: &Lists) -> Vec<Failure> {
    run_each(&rule.about, |events| {
        events.iter().try_fold(false, |fired, event| {
            let fires =
                |event: &Event<'_>| rule.sees(event.source) && rule.matches(&Subject::new(event, lists));
            Ok(fired | with_event(event, fires)?)
        })
    })
}

/// Runs the cases of a correlation of these rules.
pub fn run_correlation(rules: &Rules, correlation: &Correlation) -> Vec<Failure> {
    let place = rules.correlations().iter().position(|other| other.about.id == correlation.about.id);
    run_each(&correlation.about, |events| {
        let mut state = State::default();
        for event in events {
            with_event(event, |event| {
                rules.judge(
                    event,
                    |_| {},
                    |at, hit| {
                        if Some(at) == place {
                            state.add(correlation, &hit);
                        }
                    },
                );
            })?;
        }
        Ok(!state.findings(0, correlation).is_empty())
    })
}

/// Runs the cases of every rule and correlation, with the lists of the set; each with its failures.
pub fn run_all(rules: &Rules) -> impl Iterator<Item = (&About, Vec<Failure>)> {
    let of_rules = rules.all().iter().map(|rule| (&rule.about, run_with(rule, rules.lists())));
    let of_correlations = rules.correlations().iter().map(|one| (&one.about, run_correlation(rules, one)));
    of_rules.chain(of_correlations)
}

fn run_each(about: &About, fires: impl Fn(&[Json]) -> Result<bool, String>) -> Vec<Failure> {
    about
        .cases()
        .iter()
        .filter_map(|case| {
            let reason = match fires(&case.events) {
                Ok(fired) if fired == case.fires => return None,
                Ok(true) => "should be quiet, but the rule fires".to_owned(),
                Ok(false) => "should fire, but the rule is quiet".to_owned(),
                Err(error) => format!("its event cannot be read: {error}"),
            };
            Some(Failure { case: case.name.clone(), reason })
        })
        .collect()
}

/// Reads one event and looks at it.
pub fn with_event<T>(event: &Json, look: impl FnMut(&Event<'_>) -> T) -> Result<T, String> {
    with_text(&event.to_string(), look)
}

/// Reads the first event of a text and looks at it.
pub(crate) fn with_text<T>(text: &str, look: impl FnMut(&Event<'_>) -> T) -> Result<T, String> {
    let mut reading = Reading { look, seen: None };
    let input = Input {
        bytes: text.as_bytes(),
        record_id: Id::of(&[text.as_bytes()]),
        offset: 0,
        header: None,
        envelope: &Envelope::default(),
    };
    decode(&input, &Limits::default(), &mut reading);
    reading.seen.unwrap_or_else(|| Err("there is no event in it".to_owned()))
}

struct Reading<F, T> {
    look: F,
    seen: Option<Result<T, String>>,
}

impl<T, F: FnMut(&Event<'_>) -> T> Visitor for Reading<F, T> {
    fn message(&mut self, message: Message<'_, '_>) -> Result<(), DecodeError> {
        let mut event = parse(message, &Settings::default())?;
        crate::classify::classify(&mut event);
        let seen = (self.look)(&event);
        self.seen.get_or_insert(Ok(seen));
        Ok(())
    }
    fn control(&mut self) {}
    fn bad(&mut self, bad: Bad<'_, '_>) {
        self.seen.get_or_insert(Err(bad.error.to_string()));
    }
}
