//! The points of a run, minute by minute.

use super::{
    DIMENSION_SETS_MAX, DIMENSION_SETS_TOTAL_MAX, Key, OPEN_POINTS_KEPT, OPEN_POINTS_MAX, Point, Points,
    derived,
    set::{Set, Sets},
};
use foldhash::HashMap;
use std::{collections::BTreeMap, sync::Arc};

/// Series that may have a set of their own for what is past the cap; what is past this too has one in common.
const SERIES_MAX: usize = 1_000;

/// Sets that are known by where they lie; past it all are forgotten, and found by their text.
const PLACES_MAX: usize = 2 * DIMENSION_SETS_TOTAL_MAX;

/// The points of a minute, each with the numbers of its series and its set.
#[derive(Default)]
struct Minute {
    /// The first of them are merged and in order; behind them is what came since.
    points: Vec<((u32, u32), Point)>,
    n_merged: usize,
}

impl Minute {
    /// Puts the parts of each point together; how many points are left.
    fn merge(&mut self) -> usize {
        if self.n_merged < self.points.len() {
            // Stable, so that the parts of a point are added up in the order in which they came.
            self.points.sort_by_key(|(place, _)| *place);
            self.points.dedup_by(|(place, part), (before, point)| {
                let is_same = place == before;
                if is_same {
                    point.merge(std::mem::take(part));
                }
                is_same
            });
            self.n_merged = self.points.len();
        }
        self.n_merged
    }
}

/// The points of a run: what batches derived, merged, with dimensions capped and old minutes closed.
#[derive(Default)]
pub struct Minutes {
    /// By milliseconds since 1970 of their start.
    open: BTreeMap<i64, Minute>,
    /// Points of all of them, and how many there were when all were merged.
    n_open: usize,
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
        self.n_open += points.points.len();
        let mut points = points.points.into_iter().peekable();
        // Those of a minute usually follow one another, so it is looked up once for many.
        while let Some((_, minute_ms, _)) = points.peek() {
            let minute_ms = *minute_ms;
            let minute = self.open.entry(minute_ms).or_default();
            while let Some((set, _, point)) = points.next_if(|(_, other_ms, _)| *other_ms == minute_ms) {
                let (set, is_other) = numbers[set as usize];
                self.n_samples_other += if is_other { point.samples as u64 } else { 0 };
                minute.points.push(((self.series_of[set as usize], set), point));
            }
        }
        if self.n_open > self.n_merged + OPEN_POINTS_MAX {
            self.merge();
        }
    }

    fn merge(&mut self) {
        self.n_open = self.open.values_mut().map(Minute::merge).sum();
        self.n_merged = self.n_open;
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
        let n_kept = if all { 0 } else { OPEN_POINTS_KEPT };
        if all || self.n_open > self.n_merged.max(OPEN_POINTS_KEPT) + OPEN_POINTS_KEPT {
            self.merge();
        }
        if !all && self.n_open <= OPEN_POINTS_MAX {
            return Vec::new();
        }
        let mut closed = Vec::with_capacity(self.n_open.saturating_sub(n_kept));
        while self.n_open > n_kept
            && let Some((minute_ms, mut minute)) = self.open.pop_first()
        {
            self.n_open -= minute.points.len();
            minute.merge();
            let key = |number: u32| Key { minute_ms, number, set: self.sets.list[number as usize].clone() };
            closed.extend(minute.points.into_iter().map(|((_, number), point)| (key(number), point)));
        }
        self.n_merged = self.n_merged.min(self.n_open);
        closed
    }
}
