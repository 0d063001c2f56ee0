//! Which events were seen lately. An event may come by several ways, and a batch may come again.
//!
//! The window is bounded: it remembers the last [`IDS_MAX`] ids. A copy that comes later than that is taken for new;
//! what is outside is stated here because nothing can be unbounded.

use foldhash::{HashSet, HashSetExt};
use kinescope_schemas::Id;
use std::collections::VecDeque;

/// Ids that are remembered: as many as half fill a hash table of 2^19 slots. They take 55 bytes each.
pub const IDS_MAX: usize = 229_376;

/// The window.
#[derive(Debug)]
pub struct Window {
    ids: HashSet<Id>,
    /// The same, the oldest first.
    order: VecDeque<Id>,
}

impl Default for Window {
    fn default() -> Self {
        // Half full at most: a fuller table grows when what was removed from it is tidied up.
        Window { ids: HashSet::with_capacity(2 * IDS_MAX), order: VecDeque::with_capacity(IDS_MAX) }
    }
}

impl Window {
    /// Whether an id was seen lately.
    pub fn contains(&self, id: Id) -> bool {
        self.ids.contains(&id)
    }

    /// Remembers an id, and forgets the oldest when there are too many.
    pub fn insert(&mut self, id: Id) {
        if !self.ids.insert(id) {
            return;
        }
        if self.order.len() == IDS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        self.order.push_back(id);
    }

    /// Forgets ids whose events were not delivered: when they come again they are new.
    pub fn forget(&mut self, ids: &[Id]) {
        let n_forgotten = ids.iter().filter(|id| self.ids.remove(id)).count();
        if n_forgotten > 0 {
            self.order.retain(|id| self.ids.contains(id));
        }
    }

    /// All ids, the oldest first, to be kept over the end of a run.
    pub fn ids(&self) -> impl Iterator<Item = &Id> {
        self.order.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> Id {
        Id::of(&[&n.to_le_bytes()])
    }

    #[test]
    fn remembers_the_last_and_no_more() {
        let mut window = Window::default();
        let n = 2 * IDS_MAX + 7;
        (0..n).for_each(|at| window.insert(id(at)));
        assert!((n - IDS_MAX..n).all(|at| window.contains(id(at))));
        assert!(!window.contains(id(n - IDS_MAX - 1)));
        assert_eq!(window.ids().count(), IDS_MAX);
    }

    #[test]
    fn what_is_forgotten_is_new_again() {
        let mut window = Window::default();
        (0..9).for_each(|at| window.insert(id(at)));
        window.forget(&[id(1), id(100)]);
        assert!(!window.contains(id(1)) && window.contains(id(2)));
        assert_eq!(window.ids().count(), 8);
    }
}
