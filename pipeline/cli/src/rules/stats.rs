//! `kinescope rules stats` and `rules diff`: what rules do on recorded traffic.

use super::load::from_paths;
use crate::{
    Done,
    show::{number, on_stdout, out, severity, table},
};
use anyhow::{Result, anyhow, bail};
use kinescope_pipeline::{Config, scan, source::Files};
use kinescope_schemas::Event;
use kinescope_stages::{
    detect::{About, Rule, Rules, correlate::State},
    facts::Lists,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Findings that a line of `diff` names.
const NAMED_MAX: usize = 3;

/// What one rule did.
#[derive(Default)]
struct Work {
    n_tried: u64,
    n_matches: u64,
    time: Duration,
}

/// Matches and time of every rule that was tried, the noisy first.
pub fn stats(rules: &Rules, config: &Config, inputs: &[PathBuf]) -> Result<Done> {
    let mut work: BTreeMap<&str, Work> = BTreeMap::new();
    let files = files(inputs)?;
    let scanned = scan::scan(&files, config, |event| {
        let mut last = Instant::now();
        rules.trying(event, |rule, matches| {
            let now = Instant::now();
            let work = work.entry(&rule.about.id).or_default();
            work.n_tried += 1;
            work.n_matches += u64::from(matches);
            work.time += now - last;
            last = Instant::now();
        });
    })?;
    let mut rows: Vec<(&Rule, Work)> =
        work.into_iter().filter_map(|(id, work)| Some((rules.get(id)?, work))).collect();
    rows.sort_by(|(a, work_a), (b, work_b)| {
        (work_b.n_matches, work_b.n_tried, &a.about.name).cmp(&(
            work_a.n_matches,
            work_a.n_tried,
            &b.about.name,
        ))
    });
    let colour = on_stdout();
    let n_matches: u64 = rows.iter().map(|(_, work)| work.n_matches).sum();
    let lines = rows.iter().map(|(rule, work)| {
        let per_event = work.time.as_nanos() as f64 / work.n_tried.max(1) as f64;
        vec![
            number(work.n_matches),
            share(work.n_matches, scanned.n_events),
            number(work.n_tried),
            format!("{per_event:.0} ns"),
            severity(rule.about.severity, colour),
            rule.about.family.clone(),
            rule.about.name.clone(),
        ]
    });
    out(&table(&["matches", "per 1,000", "tried", "each", "level", "family", "rule"], lines))?;
    words!(
        "{} events, {} matches by {} of {} rules, {} unreadable messages",
        number(scanned.n_events),
        number(n_matches),
        number(rows.iter().filter(|(_, work)| work.n_matches > 0).count() as u64),
        number(rules.all().len() as u64),
        number(scanned.n_bad)
    );
    Ok(Done::Well)
}

fn files(inputs: &[PathBuf]) -> Result<Files> {
    Files::list(inputs).map_err(|error| anyhow!("read {error}"))
}

/// So many of a thousand events.
fn share(n: u64, n_events: u64) -> String {
    format!("{:.1}", n as f64 * 1_000.0 / n_events.max(1) as f64)
}

/// Events by the rule that finds them; of correlations the findings themselves.
type Found = BTreeMap<String, BTreeSet<String>>;

/// A set of rules at work, with what its correlations have seen.
struct Judge {
    rules: Rules,
    states: Vec<State>,
}

impl Judge {
    fn new(path: &Path, lists: &Lists) -> Result<Judge> {
        let rules = from_paths(&[path.into()], lists)?.rules;
        let states = vec![State::default(); rules.correlations().len()];
        Ok(Judge { rules, states })
    }

    /// The rules that find this event.
    fn event(&mut self, event: &Event<'_>) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let (rules, states) = (&self.rules, &mut self.states);
        rules.judge(
            event,
            |rule| {
                names.insert(name(&rule.about));
            },
            |at, hit| states[at].add(&rules.correlations()[at], &hit),
        );
        names
    }

    /// What the correlations found in all that came.
    fn correlated(&self) -> BTreeSet<(String, String)> {
        let correlations = self.rules.correlations().iter().zip(&self.states).enumerate();
        let found = correlations.flat_map(|(at, (correlation, state))| {
            let found = state.findings(at, correlation);
            found.into_iter().map(|found| (name(&correlation.about), found.uid.to_string()))
        });
        found.collect()
    }
}

fn name(about: &About) -> String {
    format!("{}/{}", about.family, about.name)
}

/// Which findings appear and vanish when rules change.
pub fn diff(old: &Path, new: &Path, config: &Config, inputs: &[PathBuf]) -> Result<Done> {
    let (mut old, mut new) = (Judge::new(old, &config.lists)?, Judge::new(new, &config.lists)?);
    let (mut gone, mut come) = (Found::new(), Found::new());
    let mut n_same = 0;
    let scanned = scan::scan(&files(inputs)?, config, |event| {
        let (before, after) = (old.event(event), new.event(event));
        n_same += before.intersection(&after).count();
        for (rules, into) in [(&before - &after, &mut gone), (&after - &before, &mut come)] {
            for rule in rules {
                into.entry(rule).or_default().insert(event.uid().to_owned());
            }
        }
    })?;
    let (before, after) = (old.correlated(), new.correlated());
    n_same += before.intersection(&after).count();
    for (found, into) in [(&before - &after, &mut gone), (&after - &before, &mut come)] {
        for (rule, uid) in found {
            into.entry(rule).or_default().insert(uid);
        }
    }
    let rows = [("- gone", &gone), ("+ new", &come)].into_iter().flat_map(|(what, found)| {
        found.iter().map(move |(rule, events)| {
            let named: Vec<_> = events.iter().take(NAMED_MAX).cloned().collect();
            vec![what.to_owned(), number(events.len() as u64), rule.clone(), named.join(" ")]
        })
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        out(&table(&["", "findings", "rule", "such as"], rows))?;
    }
    let n = |found: &Found| number(found.values().map(|events| events.len() as u64).sum());
    words!(
        "{} events: {} findings stay, {} vanish, {} appear",
        number(scanned.n_events),
        number(n_same as u64),
        n(&gone),
        n(&come)
    );
    if scanned.n_events == 0 {
        bail!("compare rules: there is no event in the input");
    }
    Ok(Done::Well)
}
