//! The points of a run, minute by minute.

use super::{
    DIMENSION_SETS_MAX, DIMENSION_SETS_TOTAL_MAX, Key, OPEN_POINTS_MAX, Point, Points, derived,
    set::{Set, Sets},
};
use foldhash::HashMap;
use std::{collections::BTreeMap, sync::Arc};

/// Series that may have a set of their own for what is past the cap; what is past this too has one in common.
const SERIES_MAX: usize = 1_000;

/// The points of a run: what batches derived, merged, with dimensions capped and old minutes closed.
#[derive(Default)]
pub struct Minutes {
    open: BTreeMap<i64, HashMap<u32, Point>>,
    n_open: usize,
    sets: Sets,
    /// How many sets each series has, and where it stands among the series.
    series: HashMap<Box<str>, (u32, usize)>,
    /// The series of each set.
    series_of: Vec<u32>,
    /// Samples whose dimensions fell into `other`.
    pub n_samples_other: u64,
}

impl Minutes {
    /// Merges a batch's points.
    pub fn add(&mut self, points: Points) {
        let numbers: Vec<(u32, bool)> = points.sets.list.iter().map(|set| self.number(set)).collect();
        for ((set, minute_ms), point) in points.points {
            let (number, is_other) = numbers[set as usize];
            self.n_samples_other += if is_other { point.samples as u64 } else { 0 };
            let minute = self.open.entry(minute_ms).or_default();
            let n_before = minute.len();
            minute.entry(number).or_default().merge(point);
            self.n_open += minute.len() - n_before;
        }
    }

    /// A set's number here, and whether it is the one for what is past the cap.
    fn number(&mut self, set: &Arc<Set>) -> (u32, bool) {
        if let Some(number) = self.sets.get(set) {
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
        let mut common = Sets::default();
        common.of(derived("other", "None"), &[]);
        let other = common.list[0].other();
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
        let mut closed = Vec::new();
        while all || self.n_open > OPEN_POINTS_MAX {
            let Some((minute_ms, points)) = self.open.pop_first() else { break };
            self.n_open -= points.len();
            let mut points: Vec<_> = points.into_iter().collect();
            points.sort_unstable_by_key(|(number, _)| (self.series_of[*number as usize], *number));
            closed.extend(points.into_iter().map(|(number, point)| {
                (Key { minute_ms, set: self.sets.list[number as usize].clone() }, point)
            }));
        }
        closed
    }
}
