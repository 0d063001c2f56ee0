//! The world's table: keys, sizes, conditions and pages as DynamoDB has them.

use super::Holdings;
use kinescope_aws::{
    layout::{self, PK, SK},
    port::{Item, Page, PutIf, Range},
};

/// Items of one page of a query, so that there are several.
const PAGE_ITEMS_MAX: usize = 10;

fn kib(item: &Item) -> u64 {
    layout::size(item).div_ceil(1_024) as u64
}

impl Holdings {
    pub(super) fn put(&mut self, item: Item, times: u64) {
        const ITEM_BYTES_MAX: usize = 400_000;
        assert!(layout::size(&item) <= ITEM_BYTES_MAX, "an item of {} bytes", layout::size(&item));
        let key = layout::key(&item);
        assert!(!key.0.is_empty() && !key.1.is_empty() && key.1.len() <= 1_024, "{key:?}");
        self.units.writes += kib(&item) * times;
        self.items.insert(key, item);
    }

    pub(super) fn holds(&self, put: &PutIf) -> bool {
        let now = self.items.get(&layout::key(&put.item));
        match &put.was {
            None => now.is_none(),
            Some(was) => now.and_then(|item| item.get(put.attribute)) == Some(was),
        }
    }

    /// A page of a range.
    pub(super) fn page(&mut self, range: &Range) -> Page {
        let from = (range.pk.clone(), range.from.clone());
        let to = (range.pk.clone(), range.to.clone());
        let mut found: Vec<Item> = self.items.range(from..=to).map(|(_, item)| item.clone()).collect();
        if range.backward {
            found.reverse();
        }
        if let Some(after) = range.after.as_ref().map(layout::key) {
            found.retain(|item| layout::key(item) != after && (layout::key(item) < after) == range.backward);
        }
        let is_cut = found.len() > PAGE_ITEMS_MAX;
        found.truncate(PAGE_ITEMS_MAX.min(range.n_max.unwrap_or(usize::MAX)));
        let next = found.last().filter(|_| is_cut).map(|last| {
            let (pk, sk) = layout::key(last);
            let mut key = Item::new();
            layout::put(&mut key, PK, pk);
            layout::put(&mut key, SK, sk);
            key
        });
        let n_bytes: usize = found.iter().map(layout::size).sum();
        self.units.half_reads += 2 * n_bytes.div_ceil(4_096).max(1) as u64;
        Page { items: found, next }
    }
}
