//! The end of a batch: what is done of it is entered in the lane, and counts from then on.

use super::{Batch, Taking};
use crate::{
    lane::{self, Done, Known},
    layout,
    outbox::Leaving,
    port::{Aws, CallError},
    send::Patience,
    sinks::{metrics, store},
};
use kinescope_pipeline::{
    Ledger,
    lake::{DayRange, of_points},
};
use kinescope_schemas::Id;
use tokio::time::Instant;

impl<A: Aws, T: Taking> Batch<'_, A, T> {
    /// Enters what is done, so that it counts.
    pub(super) async fn commit(&mut self, lane: &str, known: Known, patience: &Patience) {
        let began = Instant::now();
        let result = self.try_commit(lane, known, patience).await;
        self.spent("commit", began);
        let failed = match result {
            Ok(()) => return,
            Err(words) => words,
        };
        // Nothing of it counts: all has to come again, also where that changes the sums.
        self.taken.errors.push(failed);
        let ledger = &mut self.taken.ledger;
        let (bytes_in, sinks) = (ledger.bytes_in, std::mem::take(&mut ledger.sinks));
        *ledger = Ledger { bytes_in, sinks, ..Ledger::default() };
        self.done.clear();
        self.taken.again.clear();
        self.taken.bad.clear();
        self.come_again(0..self.records.len());
    }

    async fn try_commit(&mut self, lane: &str, known: Known, patience: &Patience) -> Result<(), String> {
        let (edge, now_ms) = (&self.hub.edge, self.now_ms);
        let failed = |error: CallError| format!("lane: failed to {error}");
        let ids: Vec<Id> = self.entered.iter().copied().filter(|id| !known.done.contains(id)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let last = self.done.iter().map(|at| self.records[*at].order()).max().unwrap_or_default();
        let part = lane::part(lane, &ids);
        let points = self.minutes.close(true);
        let mut items = metrics::items(&points, lane, last, part, now_ms);
        let services = metrics::services(&points, &self.hub.services, now_ms);
        items.extend(services.iter().cloned());
        items.extend(self.events.items(lane, last, part, now_ms));
        items.extend(self.findings.items(lane, last, part, now_ms));
        items.extend(self.folds.values().map(|fold| {
            let mut item = fold.part(part, now_ms);
            lane::mark(&mut item, lane, last, part);
            item
        }));
        if let Some((_, error)) = store::put_all(edge, patience, &items).await.into_iter().next() {
            return Err(failed(error));
        }
        self.hub.services.add(services.iter().map(layout::key));
        let arrival_ms = self.records.first().map_or(now_ms, Taking::arrival_ms);
        let metrics = of_points(&points, DayRange::around(arrival_ms), Some(part));
        let rows = std::mem::take(&mut self.rows);
        let n_rows = rows.iter().map(|closed| closed.owners.len() as u64).sum();
        let leaving =
            Leaving::of(&edge.names, part, rows, metrics).map_err(|words| format!("lake: {words}"))?;
        let outbox = edge.fill(patience, part, &leaving).await.map_err(failed)?;
        let done = Done { part, records: &ids, last, ledger: &self.done_ledger, outbox: outbox.clone() };
        if !lane::commit(edge, patience, known, &done, now_ms).await.map_err(failed)? {
            return Err("lane: another batch has done some of these records meanwhile".to_owned());
        }
        self.taken.ledger.sink("dynamodb", self.done_ledger.findings.total, 0);
        if edge.names.writes_lake {
            // Whoever sends them, they are in the lake by then.
            self.taken.ledger.sink("lake", n_rows, 0);
        }
        let Some(outbox) = outbox else { return Ok(()) };
        // It counts from here on. What fails now is sent by whoever comes next in this lane.
        if let Err(error) = edge.send(patience, lane, &outbox, &leaving).await {
            self.taken.errors.push(format!("lake: failed to {error}"));
            self.taken.again.push(0);
        }
        Ok(())
    }
}
