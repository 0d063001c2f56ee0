//! Which events were seen lately. An event may come by several ways, and a batch may come again.
//!
//! The window is bounded: it remembers at least the last [`IDS_MIN`] ids and at most twice as many. A copy that comes
//! later than that is taken for new; what is outside is stated here because nothing can be unbounded.

use foldhash::{HashSet, HashSetExt};
use kinescope_schemas::Id;

/// Ids that are remembered at least: as many as a hash table of 2^18 slots takes. They take 20 bytes each.
pub const IDS_MIN: usize = 229_376;

/// The window. When the young generation is full, it becomes the old one, and the old one is forgotten.
#[derive(Debug, Default)]
pub struct Window {
    young: HashSet<Id>,
    old: HashSet<Id>,
}

impl Window {
    /// Whether an id was seen lately.
    pub fn contains(&self, id: Id) -> bool {
        self.young.contains(&id) || self.old.contains(&id)
    }

    /// Remembers an id.
    pub fn insert(&mut self, id: Id) {
        if !self.old.contains(&id) && self.young.insert(id) && self.young.len() == IDS_MIN {
            self.old = std::mem::replace(&mut self.young, HashSet::with_capacity(IDS_MIN));
        }
    }

    /// Forgets an id whose event was not delivered: when it comes again it is new.
    pub fn forget(&mut self, id: Id) {
        self.young.remove(&id);
        self.old.remove(&id);
    }

    /// All ids, the older generation first, to be kept over the end of a run.
    pub fn ids(&self) -> Vec<Id> {
        let mut ids = Vec::with_capacity(self.old.len() + self.young.len());
        for generation in [&self.old, &self.young] {
            let from = ids.len();
            ids.extend(generation);
            ids[from..].sort_unstable();
        }
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> Id {
        Id::of(&[&n.to_le_bytes()])
    }

    #[test]
    fn remembers_what_it_promises_and_no_more_than_twice() {
        let mut window = Window::default();
        let n = 4 * IDS_MIN + 7;
        (0..n).for_each(|at| window.insert(id(at)));
        assert!((n - IDS_MIN..n).all(|at| window.contains(id(at))));
        assert!(!window.contains(id(0)));
        assert!(window.ids().len() <= 2 * IDS_MIN);
    }

    #[test]
    fn what_is_forgotten_is_new_again() {
        let mut window = Window::default();
        window.insert(id(1));
        assert!(window.contains(id(1)));
        window.forget(id(1));
        assert!(!window.contains(id(1)));
    }
}
