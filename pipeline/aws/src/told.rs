//! What this environment knows that the table has, so that not every batch writes it anew.

use std::{
    collections::HashSet,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Things that are remembered. When there are more all are forgotten, and the table is told of them once more.
const TOLD_MAX: usize = 10_000;

/// Things that the table was told of.
#[derive(Debug)]
pub struct Told<K>(Mutex<HashSet<K>>);

impl<K> Default for Told<K> {
    fn default() -> Told<K> {
        Told(Mutex::default())
    }
}

impl<K: Eq + Hash> Told<K> {
    /// Whether the table is known to have a thing.
    pub fn has(&self, thing: &K) -> bool {
        self.lock().contains(thing)
    }

    /// Remembers things that the table has confirmed.
    pub fn add(&self, things: impl IntoIterator<Item = K>) {
        let mut told = self.lock();
        if told.len() > TOLD_MAX {
            told.clear();
        }
        told.extend(things);
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_not_grow_without_end() {
        let told = Told::default();
        for thing in 0..3 * TOLD_MAX {
            told.add([thing]);
            assert!(told.has(&thing));
        }
        assert!(told.lock().len() <= TOLD_MAX + 1 && !told.has(&0));
    }
}
