//! When alerts are looked at again: when their window is over, for what came in it. Those of one time lie together in an
//! item, and wait there for the [`sweep`](crate::sweep).

use super::{BATCH_MS_MAX, Fold, SeenTo};
use crate::{
    edge::Edge,
    layout,
    port::{Aws, CallError, Item},
    send::Patience,
    sinks::store::put_all,
};
use kinescope_pipeline::alert::MINUTE_MS;
use kinescope_schemas::Id;
use std::collections::BTreeMap;

/// Alerts are looked at again at every so many minutes.
const EVERY_MS: i64 = 5 * MINUTE_MS;
/// Alerts of an item; each look is a query.
const FOLDS_MAX: usize = 25;
/// The attribute that names them, 16 bytes each.
const FOLDS: &str = "folds";

/// Has alerts looked at when their windows are over, unless that is known to be planned; of which ones the table did not take
/// that.
pub(super) async fn plan_ends<'f, A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    folds: impl Iterator<Item = &'f Fold>,
    seen_to: &SeenTo,
    window_ms: i64,
    now_ms: i64,
) -> Vec<(&'f Fold, CallError)> {
    let folds = folds.map(|fold| (when(fold, window_ms, now_ms), fold));
    let untold: Vec<_> =
        folds.filter(|(due_ms, fold)| !seen_to.due.has(&(*due_ms, fold.alert.uid))).collect();
    let unplanned = plan(edge, patience, untold.iter().copied(), now_ms).await;
    let is_planned = |fold: &Fold| !unplanned.iter().any(|(not, _)| not.alert.uid == fold.alert.uid);
    let planned = untold.iter().filter(|(_, fold)| is_planned(fold));
    seen_to.due.add(planned.map(|(due_ms, fold)| (*due_ms, fold.alert.uid)));
    unplanned
}

/// When the window is over, and again for whatever comes later; never before this batch is, whose part would be missed.
fn when(fold: &Fold, window_ms: i64, now_ms: i64) -> i64 {
    let window_end = (fold.alert.first_ms.div_euclid(window_ms) + 1).saturating_mul(window_ms);
    let due_ms = window_end.min(now_ms + window_ms).max(now_ms + BATCH_MS_MAX);
    (due_ms / EVERY_MS + 1) * EVERY_MS
}

/// Has alerts looked at, each at its time; of which ones the table did not take that.
pub(super) async fn plan<'f, A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    folds: impl Iterator<Item = (i64, &'f Fold)>,
    now_ms: i64,
) -> Vec<(&'f Fold, CallError)> {
    let mut by_time = BTreeMap::<i64, Vec<&Fold>>::new();
    folds.for_each(|(due_ms, fold)| by_time.entry(due_ms).or_default().push(fold));
    let together: Vec<(i64, &[&Fold])> = by_time
        .iter()
        .flat_map(|(due_ms, folds)| folds.chunks(FOLDS_MAX).map(|folds| (*due_ms, folds)))
        .collect();
    let items: Vec<Item> = together.iter().map(|(due_ms, folds)| item(folds, *due_ms, now_ms)).collect();
    let of_item = |(at, error): (usize, CallError)| {
        together[at].1.iter().map(move |fold| (*fold, error.clone())).collect::<Vec<_>>()
    };
    put_all(edge, patience, &items).await.into_iter().flat_map(of_item).collect()
}

fn item(folds: &[&Fold], due_ms: i64, now_ms: i64) -> Item {
    let ids: Vec<u8> = folds.iter().flat_map(|fold| fold.alert.uid.0).collect();
    let name = Id::of(&[&ids]);
    let sk = format!("{}#{name}", layout::sortable(due_ms));
    let mut item = layout::item(pk(layout::bucket(name)), sk, now_ms);
    layout::put_bytes(&mut item, FOLDS, ids);
    item
}

/// The alerts that an item names.
pub fn folds(item: &Item) -> impl Iterator<Item = Id> {
    layout::bytes(item, FOLDS).as_chunks().0.iter().map(|id| Id(*id))
}

/// The partition of alerts that are to be looked at.
pub fn pk(bucket: u8) -> String {
    format!("due#{bucket:02}")
}
