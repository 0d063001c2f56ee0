//! Which events were seen lately. An event may come by several ways, and a batch may come again.
//!
//! The window is bounded: it remembers the last [`IDS_MAX`] ids. A copy that comes later than that is taken for new;
//! what is outside is stated here because nothing can be unbounded.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use kinescope_schemas::Id;
use std::hash::BuildHasher;

/// Ids that are remembered: as many as half fill a hash table of 2^19 slots. They take 28 bytes each.
pub const IDS_MAX: usize = 229_376;

/// The window.
#[derive(Debug)]
pub struct Window {
    /// Where each id is in the ring. Half full at most: a fuller table grows when what was removed is tidied up.
    places: HashTable<u32>,
    /// The ids in the order in which they came; the oldest is overwritten first. `None` is one that was forgotten.
    ring: Vec<Option<Id>>,
    /// Where the next id goes once the ring is full.
    next: usize,
    /// Seeded anew for every window, so that nobody can choose ids that meet in one slot.
    hasher: RandomState,
}

impl Default for Window {
    fn default() -> Self {
        Window {
            places: HashTable::with_capacity(2 * IDS_MAX),
            ring: Vec::with_capacity(IDS_MAX),
            next: 0,
            hasher: RandomState::default(),
        }
    }
}

impl Window {
    fn hash(&self, id: Id) -> u64 {
        self.hasher.hash_one(u128::from_ne_bytes(id.0))
    }

    /// Whether an id was seen lately.
    #[inline]
    pub fn contains(&self, id: Id) -> bool {
        self.places.find(self.hash(id), |place| self.ring[*place as usize] == Some(id)).is_some()
    }

    /// Remembers an id that it does not know yet, and forgets the oldest when there are too many.
    pub fn insert(&mut self, id: Id) {
        debug_assert!(!self.contains(id), "an id that is known is inserted again");
        let place = if self.ring.len() < IDS_MAX { self.ring.len() } else { self.next };
        if place == self.ring.len() {
            self.ring.push(Some(id));
        } else {
            self.remove(self.ring[place]);
            self.ring[place] = Some(id);
        }
        self.next = (place + 1) % IDS_MAX;
        let Window { places, ring, hasher, .. } = self;
        let hash = |id: Option<Id>| hasher.hash_one(id.map_or(0, |id| u128::from_ne_bytes(id.0)));
        places.insert_unique(hash(Some(id)), place as u32, |place| hash(ring[*place as usize]));
    }

    /// Takes an id out of the table, and gives its place in the ring.
    fn remove(&mut self, id: Option<Id>) -> Option<usize> {
        let hash = self.hash(id?);
        let found = self.places.find_entry(hash, |place| self.ring[*place as usize] == id);
        found.ok().map(|entry| entry.remove().0 as usize)
    }

    /// Forgets ids whose events were not delivered: when they come again they are new.
    pub fn forget(&mut self, ids: &[Id]) {
        for id in ids {
            if let Some(place) = self.remove(Some(*id)) {
                self.ring[place] = None;
            }
        }
    }

    /// Ids that were kept, the oldest first. They come from a file, which anybody may have changed: one that stands there
    /// twice is one.
    pub fn of(ids: impl IntoIterator<Item = Id>) -> Window {
        let mut window = Window::default();
        for id in ids {
            if !window.contains(id) {
                window.insert(id);
            }
        }
        window
    }

    /// All ids, the oldest first, to be kept over the end of a run.
    pub fn ids(&self) -> impl Iterator<Item = &Id> {
        let (newer, older) = self.ring.split_at(if self.ring.len() < IDS_MAX { 0 } else { self.next });
        older.iter().chain(newer).flatten()
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
        assert!(window.ids().copied().eq((n - IDS_MAX..n).map(id)));
    }

    #[test]
    fn what_was_kept_twice_is_there_once() {
        let window = Window::of([1, 2, 1, 3, 2].map(id));
        assert!(window.ids().copied().eq([1, 2, 3].map(id)));
    }

    #[test]
    fn what_is_forgotten_is_new_again() {
        let mut window = Window::default();
        (0..9).for_each(|at| window.insert(id(at)));
        window.forget(&[id(1), id(100)]);
        assert!(!window.contains(id(1)) && window.contains(id(2)));
        assert!(window.ids().copied().eq([0, 2, 3, 4, 5, 6, 7, 8].map(id)));
        window.insert(id(1));
        assert!(window.contains(id(1)));
        assert_eq!(window.ids().last(), Some(&id(1)));
    }
}
