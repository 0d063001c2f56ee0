//! Which events were seen lately. An event may come by several ways, and a batch may come again.
//!
//! The window is bounded: it remembers the last [`IDS_MAX`] ids. A copy that comes later than that is taken for new;
//! what is outside is stated here because nothing can be unbounded.
//!
//! Groups of messages go along the road side by side and enter their ids one after the other. When its turn has come, a
//! group is told whether what it took for new is new. If not it goes again, and [looks](Look) at what has been entered; so
//! do those that come soon after. So what is a copy does not depend on who was faster, and while there are none nobody
//! looks id by id, each time for memory that no cache has: entering looks for all ids of a group at once.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use kinescope_schemas::Id;
use std::{
    hash::BuildHasher,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

/// Ids that are remembered: as many as half fill a hash table of 2^19 slots. They take 28 bytes each.
pub const IDS_MAX: usize = 229_376;

/// Groups that look after one that had a copy: where copies are few, no more than one group in so many goes twice, and
/// where they are many, none but the first.
const LOOKING_GROUPS: u32 = 64;

/// The window.
#[derive(Debug, Default)]
pub struct Window(RwLock<Ids>);

/// What somebody saw who looked at a window while others entered ids.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Whether it looks at all, or takes everything for new.
    looks: bool,
    /// Ids that had been entered before.
    n_entered: u64,
    /// Of the ids that were found the one that is forgotten first: how many were entered before it.
    oldest: Option<u64>,
}

#[derive(Debug)]
struct Ids {
    /// Where each id is in the ring. Half full at most: a fuller table grows when what was removed is tidied up.
    places: HashTable<u32>,
    /// The ids in the order in which they came; the oldest is overwritten first. `None` is one that was forgotten.
    ring: Vec<Option<Id>>,
    /// Ids that were entered ever: the next goes to this place, once around the ring as often as that has it.
    n_entered: u64,
    /// Groups that are still to look.
    n_looking: u32,
    /// Seeded anew for every window, so that nobody can choose ids that meet in one slot.
    hasher: RandomState,
}

impl Default for Ids {
    fn default() -> Self {
        Ids {
            places: HashTable::with_capacity(2 * IDS_MAX),
            ring: Vec::with_capacity(IDS_MAX),
            n_entered: 0,
            n_looking: 0,
            hasher: RandomState::default(),
        }
    }
}

impl Ids {
    fn hash(&self, id: Id) -> u64 {
        self.hasher.hash_one(u128::from_ne_bytes(id.0))
    }

    #[inline]
    fn place(&self, id: Id) -> Option<usize> {
        let place = self.places.find(self.hash(id), |place| self.ring[*place as usize] == Some(id))?;
        Some(*place as usize)
    }

    /// How many ids were entered before the one at a place.
    fn n_before(&self, place: usize) -> u64 {
        let next = self.next();
        let n_since = if place < next { next - place } else { next + IDS_MAX - place };
        self.n_entered - n_since as u64
    }

    fn next(&self) -> usize {
        (self.n_entered % IDS_MAX as u64) as usize
    }

    fn insert(&mut self, id: Id) {
        debug_assert!(self.place(id).is_none(), "an id that is known is inserted again");
        let place = self.next();
        if place == self.ring.len() {
            self.ring.push(Some(id));
        } else {
            self.remove(self.ring[place]);
            self.ring[place] = Some(id);
        }
        self.n_entered += 1;
        let Ids { places, ring, hasher, .. } = self;
        let hash = |id: Option<Id>| hasher.hash_one(id.map_or(0, |id| u128::from_ne_bytes(id.0)));
        places.insert_unique(hash(Some(id)), place as u32, |place| hash(ring[*place as usize]));
    }

    /// Takes an id out of the table, and gives its place in the ring.
    fn remove(&mut self, id: Option<Id>) -> Option<usize> {
        let hash = self.hash(id?);
        let found = self.places.find_entry(hash, |place| self.ring[*place as usize] == id);
        found.ok().map(|entry| entry.remove().0 as usize)
    }
}

impl Window {
    fn read(&self) -> RwLockReadGuard<'_, Ids> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Ids> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an id was seen lately.
    pub fn contains(&self, id: Id) -> bool {
        self.read().place(id).is_some()
    }

    /// A look that has seen nothing yet.
    pub fn look(&self) -> Look {
        let ids = self.read();
        Look { looks: ids.n_looking > 0, n_entered: ids.n_entered, oldest: None }
    }

    /// The same as [`Window::contains`], for somebody who looks while others enter ids, if it looks.
    #[inline]
    pub fn shows(&self, id: Id, look: &mut Look) -> bool {
        if !look.looks {
            return false;
        }
        let ids = self.read();
        let Some(place) = ids.place(id) else { return false };
        let n_before = ids.n_before(place);
        look.oldest = Some(look.oldest.map_or(n_before, |oldest| oldest.min(n_before)));
        true
    }

    /// Enters ids that a look did not find, unless it would find one by now, or no more find one that it found: then none
    /// is entered, and the next look looks.
    pub fn enter(&self, new: impl Iterator<Item = Id> + Clone, look: Look) -> bool {
        let mut ids = self.write();
        let n_forgotten = ids.n_entered.saturating_sub(IDS_MAX as u64);
        let is_so_still = look.looks && ids.n_entered == look.n_entered
            || look.oldest.is_none_or(|oldest| oldest >= n_forgotten)
                && new.clone().all(|id| ids.place(id).is_none());
        let has_copies = !is_so_still || look.oldest.is_some();
        ids.n_looking = if has_copies { LOOKING_GROUPS } else { ids.n_looking.saturating_sub(1) };
        if is_so_still {
            new.for_each(|id| ids.insert(id));
        }
        is_so_still
    }

    /// Remembers an id that it does not know yet, and forgets the oldest when there are too many.
    pub fn insert(&self, id: Id) {
        self.write().insert(id);
    }

    /// Forgets ids whose events were not delivered: when they come again they are new.
    pub fn forget(&self, forgotten: &[Id]) {
        let mut ids = self.write();
        for id in forgotten {
            if let Some(place) = ids.remove(Some(*id)) {
                ids.ring[place] = None;
            }
        }
    }

    /// Ids that were kept, the oldest first. They come from a file, which anybody may have changed: one that stands there
    /// twice is one.
    pub fn of(ids: impl IntoIterator<Item = Id>) -> Window {
        let window = Window::default();
        for id in ids {
            if !window.contains(id) {
                window.insert(id);
            }
        }
        window
    }

    /// All ids, the oldest first, to be kept over the end of a run.
    pub fn ids(&self) -> Vec<Id> {
        let ids = self.read();
        let (newer, older) = ids.ring.split_at(if ids.ring.len() < IDS_MAX { 0 } else { ids.next() });
        older.iter().chain(newer).flatten().copied().collect()
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
        let window = Window::default();
        let n = 2 * IDS_MAX + 7;
        (0..n).for_each(|at| window.insert(id(at)));
        assert!((n - IDS_MAX..n).all(|at| window.contains(id(at))));
        assert!(!window.contains(id(n - IDS_MAX - 1)));
        assert!(window.ids().into_iter().eq((n - IDS_MAX..n).map(id)));
    }

    #[test]
    fn what_was_kept_twice_is_there_once() {
        let window = Window::of([1, 2, 1, 3, 2].map(id));
        assert!(window.ids().into_iter().eq([1, 2, 3].map(id)));
    }

    #[test]
    fn what_is_forgotten_is_new_again() {
        let window = Window::default();
        (0..9).for_each(|at| window.insert(id(at)));
        window.forget(&[id(1), id(100)]);
        assert!(!window.contains(id(1)) && window.contains(id(2)));
        assert!(window.ids().into_iter().eq([0, 2, 3, 4, 5, 6, 7, 8].map(id)));
        window.insert(id(1));
        assert!(window.contains(id(1)));
        assert_eq!(window.ids().last(), Some(&id(1)));
    }

    /// As many as it remembers, and a little more, so that the ring has gone around.
    fn full() -> Window {
        Window::of((0..IDS_MAX + 10).map(id))
    }

    /// One whose looks look.
    fn looking(window: Window) -> Window {
        assert!(!window.enter([id(20)].into_iter(), window.look()));
        window
    }

    #[test]
    fn a_look_is_right_as_long_as_it_would_see_the_same() {
        let last = IDS_MAX + 9;
        for (name, found, entered, new, is_right) in [
            ("nobody entered anything", 10, 0, 1_000_000, true),
            ("others", last, 5, 1_000_000, true),
            ("the same", last, 5, 2_000_003, false),
            ("what was found is there still", 15, 5, 1_000_000, true),
            ("what was found is forgotten", 14, 5, 1_000_000, false),
        ] {
            let window = looking(full());
            let mut look = window.look();
            assert!(window.shows(id(found), &mut look) && window.shows(id(last), &mut look), "{name}");
            assert!(!window.shows(id(new), &mut look), "{name}");
            let others = window.look();
            assert!(window.enter((2_000_000..2_000_000 + entered).map(id), others), "{name}");
            assert_eq!(window.enter([id(new)].into_iter(), look), is_right, "{name}");
            assert_eq!(window.contains(id(new)), is_right || new >= 2_000_000, "{name}");
        }
    }

    /// Enters one id as a group does, and says whether it goes again, and is a copy.
    fn enter_one(window: &Window, id: Id) -> (bool, bool) {
        let mut goes_again = false;
        loop {
            let mut look = window.look();
            let is_copy = window.shows(id, &mut look);
            if window.enter([id].into_iter().filter(|_| !is_copy), look) {
                return (goes_again, is_copy);
            }
            assert!(!goes_again, "it went twice and was not right");
            goes_again = true;
        }
    }

    #[test]
    fn nobody_looks_until_there_is_a_copy_and_then_for_a_while() {
        let window = Window::of((0..9).map(id));
        assert_eq!(enter_one(&window, id(10)), (false, false));
        for goes_again in [true, false, false] {
            assert_eq!(enter_one(&window, id(10)), (goes_again, true));
        }
        (0..LOOKING_GROUPS as usize).for_each(|at| {
            assert_eq!(enter_one(&window, id(20 + at)), (false, false));
        });
        assert_eq!(enter_one(&window, id(3)), (true, true));
    }
}
