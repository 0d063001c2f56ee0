//! The points of a run, minute by minute.

use super::{
    DIMENSION_SETS_MAX, DIMENSION_SETS_TOTAL_MAX, Key, OPEN_POINTS_KEPT, OPEN_POINTS_MAX, Point, Points,
    derived,
    set::{Set, Sets},
};
use foldhash::HashMap;
use std::sync::Arc;

/// Series that may have a set of their own for what is past the cap; what is past this too has one in common.
const SERIES_MAX: usize = 1_000;

/// Sets that are known by where they lie; past it all are forgotten, and found by their text.
const PLACES_MAX: usize = 2 * DIMENSION_SETS_TOTAL_MAX;

/// What points are sorted by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    minute_ms: i64,
    series: u32,
    set: u32,
}

/// The points of a run: what batches derived, merged, with dimensions capped and old minutes closed.
#[derive(Default)]
pub struct Minutes {
    /// The first of them are merged and in order; behind them is what came since.
    open: Vec<(Place, Point)>,
    n_merged: usize,
    sets: Sets,
    /// The numbers of sets by where they lie in memory, which threads hand over again and again; held here, no other
    /// set comes to lie there.
    by_place: HashMap<usize, (Arc<Set>, u32)>,
    /// How many sets each series has, and where it stands among the series.
    series: HashMap<Box<str>, (u32, usize)>,
    /// The series of each set.
    series_of: Vec<u32>,
    /// Samples whose dimensions fell into `other`.
    pub n_samples_other: u64,
}

impl Minutes {
    /// Adds a batch's points.
    pub fn add(&mut self, points: Points) {
        let numbers: Vec<(u32, bool)> = points.sets.iter().map(|(set, _)| self.number(set)).collect();
        for (set, minute_ms, point) in points.points {
            let (set, is_other) = numbers[set as usize];
            self.n_samples_other += if is_other { point.samples as u64 } else { 0 };
            self.open.push((Place { minute_ms, series: self.series_of[set as usize], set }, point));
        }
        if self.open.len() > self.n_merged + OPEN_POINTS_MAX {
            self.merge();
        }
    }

    /// Puts the parts of each point together.
    fn merge(&mut self) {
        // Stable, so that the parts of a point are added up in the order in which they came.
        self.open.sort_by_key(|(place, _)| *place);
        self.open.dedup_by(|(place, part), (before, point)| {
            let is_same = place == before;
            if is_same {
                point.merge(std::mem::take(part));
            }
            is_same
        });
        self.n_merged = self.open.len();
    }

    /// A set's number here, and whether it is the one for what is past the cap.
    fn number(&mut self, set: &Arc<Set>) -> (u32, bool) {
        let place = Arc::as_ptr(set) as usize;
        if let Some((_, number)) = self.by_place.get(&place) {
            return (*number, false);
        }
        if let Some(number) = self.sets.get(set) {
            if self.by_place.len() == PLACES_MAX {
                self.by_place.clear();
            }
            self.by_place.insert(place, (set.clone(), number));
            return (number, false);
        }
        let n_of_series = self.series.get(set.series()).map_or(0, |(_, n)| *n);
        if n_of_series < DIMENSION_SETS_MAX && self.sets.list.len() < DIMENSION_SETS_TOTAL_MAX {
            return (self.insert(set.clone()), false);
        }
        let other = set.other();
        if let Some(number) = self.sets.get(&other) {
            return (number, true);
        }
        if self.series.len() < SERIES_MAX || n_of_series > 0 {
            return (self.insert(Arc::new(other)), true);
        }
        let other = Set::new(derived("other", "None"), &[]).other();
        (self.sets.get(&other).unwrap_or_else(|| self.insert(Arc::new(other))), true)
    }

    fn insert(&mut self, set: Arc<Set>) -> u32 {
        let next = self.series.len() as u32;
        let series = self.series.entry(set.series().into()).or_insert((next, 0));
        series.1 += 1;
        self.series_of.push(series.0);
        self.sets.add(set)
    }

    /// Takes the oldest minutes until few enough points are open; all of them at the end. Points of a minute and
    /// series follow one another.
    pub fn close(&mut self, all: bool) -> Vec<(Key, Point)> {
        if all || self.open.len() > self.n_merged.max(OPEN_POINTS_KEPT) + OPEN_POINTS_KEPT {
            self.merge();
        }
        let n_open = self.n_merged;
        let n_closed = match n_open.checked_sub(OPEN_POINTS_KEPT + 1) {
            _ if all => n_open,
            Some(last) if n_open > OPEN_POINTS_MAX => {
                let last_ms = self.open[last].0.minute_ms;
                self.open[..n_open].partition_point(|(place, _)| place.minute_ms <= last_ms)
            }
            _ => return Vec::new(),
        };
        self.n_merged -= n_closed;
        let key = |place: Place| Key {
            minute_ms: place.minute_ms,
            number: place.set,
            set: self.sets.list[place.set as usize].clone(),
        };
        self.open.drain(..n_closed).map(|(place, point)| (key(place), point)).collect()
    }
}
