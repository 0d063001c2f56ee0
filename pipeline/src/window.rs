//! Which events were seen lately. An event may come by several ways, and a batch may come again.
//!
//! The window is bounded: it remembers at least the last [`IDS_MIN`] ids and at most twice as many. A copy that comes
//! later than that is taken for new; what is outside is stated here because nothing can be unbounded.

use foldhash::{HashSet, HashSetExt};
use kinescope_schemas::Id;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Ids that are remembered at least. They take 20 bytes each.
pub const IDS_MIN: usize = SHARDS * IDS_OF_SHARD;
/// Ids come hashed, so they spread evenly; shards keep threads out of each other's way.
const SHARDS: usize = 16;
/// A hash table of 2^14 slots is full with so many.
const IDS_OF_SHARD: usize = 14_336;

/// The window.
#[derive(Debug)]
pub struct Window {
    shards: Vec<Mutex<Generations>>,
}

/// When the young generation is full, it becomes the old one, and the old one is forgotten.
#[derive(Debug, Default)]
struct Generations {
    young: HashSet<Id>,
    old: HashSet<Id>,
}

impl Default for Window {
    fn default() -> Self {
        Window { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl Window {
    /// Remembers an id; whether it is new.
    pub fn insert(&self, id: Id) -> bool {
        let mut shard = self.shard(id);
        if shard.old.contains(&id) || !shard.young.insert(id) {
            return false;
        }
        if shard.young.len() == IDS_OF_SHARD {
            shard.old = std::mem::replace(&mut shard.young, HashSet::with_capacity(IDS_OF_SHARD));
        }
        true
    }

    /// Forgets an id whose event was not delivered: when it comes again it is new.
    pub fn forget(&self, id: Id) {
        let mut shard = self.shard(id);
        shard.young.remove(&id);
        shard.old.remove(&id);
    }

    /// All ids, the older first, to be kept over the end of a run.
    pub fn ids(&self) -> Vec<Id> {
        let mut ids = Vec::new();
        for of_generation in
            [|shard: &Generations| shard.old.clone(), |shard: &Generations| shard.young.clone()]
        {
            for at in 0..SHARDS {
                let mut sorted: Vec<Id> = of_generation(&self.lock(at)).into_iter().collect();
                sorted.sort_unstable();
                ids.extend(sorted);
            }
        }
        ids
    }

    fn shard(&self, id: Id) -> MutexGuard<'_, Generations> {
        self.lock(usize::from(id.0[15]) % SHARDS)
    }

    fn lock(&self, at: usize) -> MutexGuard<'_, Generations> {
        // A thread that panicked left a set that is still a set.
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
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
        let window = Window::default();
        let n = 4 * IDS_MIN;
        assert!((0..n).all(|at| window.insert(id(at))));
        // Hashes spread over the shards within a per cent.
        let kept = (n - IDS_MIN * 95 / 100..n).filter(|at| !window.insert(id(*at))).count();
        assert_eq!(kept, IDS_MIN * 95 / 100);
        assert!(window.ids().len() <= 2 * IDS_MIN);
    }

    #[test]
    fn what_is_forgotten_is_new_again() {
        let window = Window::default();
        assert!(window.insert(id(1)));
        assert!(!window.insert(id(1)));
        window.forget(id(1));
        assert!(window.insert(id(1)));
    }
}
