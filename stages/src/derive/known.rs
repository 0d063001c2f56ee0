//! Sets of dimensions that a thread has met: nearly every sample is of a set that was there before, and to find it by
//! its values costs a quarter of writing its name again.

use super::{
    Dimensions, Points,
    set::{Series, Set, cut},
};
use foldhash::HashMap;
use std::{cell::RefCell, sync::Arc};

/// Sets that a thread remembers; past it all are forgotten, and met anew. They take some 300 bytes each.
const SETS_MAX: usize = 8_192;
/// Between the parts of a key: no byte of UTF-8.
const SEPARATOR: u8 = 0xff;

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
}

#[derive(Default)]
struct Known {
    entries: HashMap<Box<[u8]>, Entry>,
    /// Kept for its capacity.
    key: Vec<u8>,
}

struct Entry {
    set: Arc<Set>,
    /// The points that last had a sample of it.
    points_id: u64,
    /// Its number there.
    number: u32,
}

/// The number of a set among those of `points`, to which it is added if it is new there.
pub(super) fn number_in(points: &mut Points, series: Series<'_>, dimensions: Dimensions<'_>) -> u32 {
    KNOWN.with_borrow_mut(|known| known.number_in(points, series, dimensions))
}

impl Known {
    fn number_in(&mut self, points: &mut Points, series: Series<'_>, dimensions: Dimensions<'_>) -> u32 {
        let Known { entries, key } = self;
        write_key(key, series, dimensions);
        if let Some(entry) = entries.get_mut(key.as_slice()) {
            if entry.points_id != points.id {
                (entry.points_id, entry.number) = (points.id, points.add_set(entry.set.clone()));
            }
            return entry.number;
        }
        if entries.len() == SETS_MAX {
            // With what they were for: points under way begin their sets again, and parts of a point add up.
            entries.clear();
        }
        let set = Arc::new(Set::new(series, dimensions));
        let number = points.add_set(set.clone());
        entries.insert(key.as_slice().into(), Entry { set, points_id: points.id, number });
        number
    }
}

/// Whatever tells sets apart: whose they are, and of our own metrics, whose namespace, unit and names of dimensions
/// follow from their name, only that and the values.
fn write_key(key: &mut Vec<u8>, series: Series<'_>, dimensions: Dimensions<'_>) {
    key.clear();
    key.push(u8::from(series.is_emf));
    let mut push = |text: &str| {
        key.extend_from_slice(text.as_bytes());
        key.push(SEPARATOR);
    };
    push(cut(series.metric));
    if series.is_emf {
        push(cut(series.namespace));
        push(cut(series.unit));
    }
    for (name, value) in dimensions {
        if series.is_emf {
            push(cut(name));
        }
        push(cut(value));
    }
}
