//! What correlations have seen so far, and the findings that follow.
//!
//! Events come in any order, some twice, and a run sees them in pieces: what is kept is a set, ordered by the events'
//! own times, and findings are read off it at the end. Where the set is full, what is left out depends on what came
//! and not on when: of a group the latest events, of the groups those whose hashes are largest.

use super::correlation::{Correlation, Expr, Kind, Wanted};
use foldhash::HashMap;
use kinescope_schemas::Id;
use rsigma_parser::ConditionOperator as Operator;
use std::collections::{BTreeMap, VecDeque};

/// Events of a group that are kept.
pub const ENTRIES_PER_GROUP_MAX: usize = 1_024;

/// Events and groups of one correlation that are kept, all together: some 20 MB.
pub const ENTRIES_MAX: usize = 1 << 17;

/// Bytes of each value of a group that are kept, to be shown.
pub const GROUP_VALUE_BYTES_MAX: usize = 256;

/// Events that a finding names.
pub const EVENTS_OF_FINDING_MAX: usize = 20;

/// A match that a correlation counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Which of the correlation's rules matched, by its place in their list.
    pub step: usize,
    /// When it happened, milliseconds since 1970.
    pub time_ms: i64,
    /// The event's key.
    pub event: Id,
    /// Its id as users see it.
    pub uid: String,
    /// Its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// The values that are grouped by; "" for what is missing.
    pub group: Vec<String>,
    /// What tells its group from others: see [`group_key`].
    pub key: Id,
    /// The value that is counted or added up; "" where none is.
    pub value: String,
}

/// A correlation held.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlated {
    /// Derived from the correlation, the group, and when it began to hold.
    pub uid: Id,
    /// The correlation, by its place in the list.
    pub correlation: usize,
    /// The group's values, cut to what is kept.
    pub group: Vec<String>,
    /// The account of the group's first event.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// The first event that counted when it began to hold.
    pub first_ms: i64,
    /// When it began to hold.
    pub time_ms: i64,
    /// The last event while it held.
    pub last_ms: i64,
    /// Events from the first to the last, each once.
    pub n_events: usize,
    /// The first of them, by their ids as users see them.
    pub events: Vec<String>,
}

/// What one correlation has seen.
#[derive(Debug, Clone, Default)]
pub struct State {
    groups: BTreeMap<Id, Group>,
    /// Events and groups that are kept.
    n_kept: usize,
    /// Groups from here on have no place.
    ceiling: Option<Id>,
    n_dropped: u64,
}

#[derive(Debug, Clone, Default)]
struct Group {
    values: Vec<String>,
    /// Account and Region of the first event.
    place: Option<(Entry, String, String)>,
    entries: BTreeMap<Entry, Counted>,
}

#[derive(Debug, Clone)]
struct Counted {
    amount: Amount,
    uid: Box<str>,
}

/// Time, event, step.
type Entry = (i64, Id, usize);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Amount {
    /// Which value it is.
    Value(Id),
    /// How much.
    Number(f64),
}

/// What tells a group of these values from others.
pub fn group_key(group: &[String]) -> Id {
    Id::of(&group.iter().map(String::as_bytes).collect::<Vec<_>>())
}

impl State {
    /// Adds a match; the same again changes nothing.
    pub fn add(&mut self, correlation: &Correlation, hit: &Hit) {
        let amount = match correlation.kind {
            Kind::Sum | Kind::Average | Kind::Percentile(_) => match hit.value.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Amount::Number(number),
                _ => return,
            },
            // Most count none.
            _ if hit.value.is_empty() => Amount::Value(Id([0; 16])),
            _ => Amount::Value(Id::of(&[hit.value.as_bytes()])),
        };
        let key = hit.key;
        if self.ceiling.is_some_and(|ceiling| key >= ceiling) {
            self.n_dropped += 1;
            return;
        }
        let n_kept = &mut self.n_kept;
        let group = self.groups.entry(key).or_insert_with(|| {
            *n_kept += 1;
            Group { values: hit.group.iter().map(|value| cut(value)).collect(), ..Group::default() }
        });
        let entry = (hit.time_ms, hit.event, hit.step);
        let counted = Counted { amount, uid: cut(&hit.uid).into() };
        if group.entries.insert(entry, counted).is_some() {
            return;
        }
        if group.place.as_ref().is_none_or(|(first, ..)| entry < *first) {
            group.place = Some((entry, cut(&hit.account), cut(&hit.region)));
        }
        if group.entries.len() > ENTRIES_PER_GROUP_MAX {
            group.entries.pop_last();
            self.n_dropped += 1;
        } else {
            self.n_kept += 1;
        }
        while self.n_kept > ENTRIES_MAX {
            let Some((key, group)) = self.groups.pop_last() else { break };
            self.n_kept -= group.entries.len() + 1;
            self.n_dropped += group.entries.len() as u64;
            self.ceiling = Some(key);
        }
    }

    /// Matches that found no place; redelivered ones among them count again.
    pub fn n_dropped(&self) -> u64 {
        self.n_dropped
    }

    /// The findings of what has come so far, by group and time. `at` is the correlation's place in the list.
    pub fn findings(&self, at: usize, correlation: &Correlation) -> Vec<Correlated> {
        let of_group = |(key, group): (&Id, &Group)| {
            let episodes = episodes(correlation, &group.entries);
            episodes
                .into_iter()
                .map(|episode| finding(at, correlation, key, group, episode))
                .collect::<Vec<_>>()
        };
        self.groups.iter().flat_map(of_group).collect()
    }
}

fn cut(value: &str) -> String {
    value[..value.floor_char_boundary(GROUP_VALUE_BYTES_MAX)].to_owned()
}

fn finding(at: usize, correlation: &Correlation, key: &Id, group: &Group, episode: Episode) -> Correlated {
    let from = (episode.first_ms, Id([0; 16]), 0);
    let to = (episode.last_ms, Id([u8::MAX; 16]), usize::MAX);
    let mut events: Vec<(Id, &str)> =
        group.entries.range(from..=to).map(|((_, event, _), counted)| (*event, &*counted.uid)).collect();
    events.dedup_by_key(|(event, _)| *event);
    let (account, region) = match &group.place {
        Some((_, account, region)) => (account.clone(), region.clone()),
        None => Default::default(),
    };
    Correlated {
        uid: Id::of(&[
            b"correlation",
            correlation.about.id.as_bytes(),
            &key.0,
            &episode.time_ms.to_le_bytes(),
        ]),
        correlation: at,
        group: group.values.clone(),
        account,
        region,
        first_ms: episode.first_ms,
        time_ms: episode.time_ms,
        last_ms: episode.last_ms,
        n_events: events.len(),
        events: events.iter().take(EVENTS_OF_FINDING_MAX).map(|(_, uid)| (*uid).to_owned()).collect(),
    }
}

/// A time in which the condition held without a break.
#[derive(Debug, Clone, Copy)]
struct Episode {
    first_ms: i64,
    time_ms: i64,
    last_ms: i64,
}

/// Slides over the entries. Those of one moment come at once, as their order is not known.
fn episodes(correlation: &Correlation, entries: &BTreeMap<Entry, Counted>) -> Vec<Episode> {
    let mut episodes: Vec<Episode> = Vec::new();
    let (mut window, mut tally, mut held) = (VecDeque::new(), Tally::default(), false);
    let mut rest = entries.iter().peekable();
    while let Some(&(&(now, _, _), _)) = rest.peek() {
        let mut moment = Vec::new();
        while let Some((entry, counted)) = rest.next_if(|((time, _, _), _)| *time == now) {
            window.push_back((*entry, counted.amount));
            tally.add(entry, &counted.amount);
            moment.push(entry.2);
        }
        tally.advance(correlation, now, &moment);
        let start = now.saturating_sub(correlation.timespan_ms);
        while let Some((entry, amount)) = window.pop_front_if(|(entry, _)| entry.0 < start) {
            tally.remove(&entry, &amount);
        }
        let holds = tally.holds(correlation, start);
        match (holds, held, episodes.last_mut()) {
            (true, true, Some(episode)) => episode.last_ms = now,
            (true, ..) => {
                let first_ms = window.front().map_or(now, |(entry, _)| entry.0);
                episodes.push(Episode { first_ms, time_ms: now, last_ms: now });
            }
            _ => {}
        }
        held = holds;
    }
    episodes
}

/// What the window holds.
#[derive(Default)]
struct Tally {
    events: HashMap<Id, usize>,
    values: HashMap<Id, usize>,
    steps: HashMap<usize, usize>,
    /// In order.
    numbers: Vec<f64>,
    /// For each step, the latest start of a sequence that has come so far.
    starts: Vec<Option<i64>>,
}

fn less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: K) {
    if let Some(n) = counts.get_mut(&key) {
        *n -= 1;
        if *n == 0 {
            counts.remove(&key);
        }
    }
}

impl Tally {
    fn add(&mut self, (_, event, step): &Entry, amount: &Amount) {
        *self.events.entry(*event).or_default() += 1;
        *self.steps.entry(*step).or_default() += 1;
        match amount {
            Amount::Value(value) => *self.values.entry(*value).or_default() += 1,
            Amount::Number(number) => {
                let at = self.numbers.partition_point(|other| other < number);
                self.numbers.insert(at, *number);
            }
        }
    }

    fn remove(&mut self, (_, event, step): &Entry, amount: &Amount) {
        less(&mut self.events, *event);
        less(&mut self.steps, *step);
        match amount {
            Amount::Value(value) => less(&mut self.values, *value),
            Amount::Number(number) => {
                let at = self.numbers.partition_point(|other| other < number);
                self.numbers.remove(at.min(self.numbers.len().saturating_sub(1)));
            }
        }
    }

    /// Carries sequences on: a step begins where the latest sequence up to the step before it began.
    fn advance(&mut self, correlation: &Correlation, now: i64, moment: &[usize]) {
        if correlation.kind != Kind::TemporalOrdered {
            return;
        }
        self.starts.resize(correlation.rules.len(), None);
        for step in 0..self.starts.len() {
            if moment.contains(&step) {
                let start = if step == 0 { Some(now) } else { self.starts[step - 1] };
                self.starts[step] = self.starts[step].max(start);
            }
        }
    }

    fn holds(&self, correlation: &Correlation, start: i64) -> bool {
        match (&correlation.wanted, self.number(correlation.kind)) {
            (Wanted::Rules(_), _) if correlation.kind == Kind::TemporalOrdered => {
                self.starts.last().copied().flatten().is_some_and(|began| began >= start)
            }
            (Wanted::Rules(expr), _) => self.has(expr),
            (Wanted::Number(bounds), Some(number)) => bounds.iter().all(|(operator, bound)| match operator {
                Operator::Lt => number < *bound,
                Operator::Lte => number <= *bound,
                Operator::Gt => number > *bound,
                Operator::Gte => number >= *bound,
                Operator::Eq => number == *bound,
                Operator::Neq => number != *bound,
            }),
            (Wanted::Number(_), None) => false,
        }
    }

    fn number(&self, kind: Kind) -> Option<f64> {
        let n = self.numbers.len();
        let sum = || self.numbers.iter().sum::<f64>();
        match kind {
            Kind::EventCount => Some(self.events.len() as f64),
            Kind::ValueCount => Some(self.values.len() as f64),
            Kind::Sum => Some(sum()),
            Kind::Average if n > 0 => Some(sum() / n as f64),
            Kind::Percentile(percent) => {
                let rank = (percent as usize * n).div_ceil(100).max(1);
                self.numbers.get(rank - 1).copied()
            }
            Kind::Average | Kind::Temporal | Kind::TemporalOrdered => None,
        }
    }

    fn has(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Rule(step) => self.steps.contains_key(step),
            Expr::And(list) => list.iter().all(|part| self.has(part)),
            Expr::Or(list) => list.iter().any(|part| self.has(part)),
        }
    }
}
