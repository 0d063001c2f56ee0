//! A batch of records, from the stream to the sinks.
//!
//! 1. The lane says which records were dealt with before; those are left out.
//! 2. Records go along the road in slices, as long as there is time. What came of a slice goes to the sinks whose
//!    writes can be repeated (agents, quarantine, alerts), then, of the records that all of those have, to Firehose.
//! 3. What adds up is derived of the records that are done, and only of them, written as a part with what was found in
//!    them, and made to count by entering them in the lane.
//! 4. The part's metrics go to the lake; all its rows do, as files, where the function writes the lake itself.
//!
//! What fails on the way makes records come again; nothing of that can be seen twice. Only Firehose may hold a row
//! twice, when its answer was lost or a later step failed: such rows are alike in every column, and the lake's `_once`
//! views show one of them.

use crate::{
    edge::{Edge, Names},
    lane::{self, Known},
    port::{Aws, CallError},
    send::Patience,
    sinks::{
        alerts::{self, Fold, SeenTo},
        chunks::Chunks,
        events::{self, EVENTS},
        findings::{self, FINDINGS},
        lake, quarantine, store,
    },
    told::Told,
};
use kinescope_pipeline::{
    Answers, Config, Ledger, Output, Piece, Stages,
    config::ConfigError,
    lake::{Closed, DayRange},
    process,
    process::BATCH_BYTES,
    settle,
    sink::Open,
    window::Window,
};
use kinescope_schemas::{Fate, Id};
use kinescope_stages::{derive::Minutes, detect::Rules};
use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::time::Instant;

mod commit;
mod object;
mod records;
mod redrive;
mod stretch;
mod taken;

pub use object::NewObject;
pub use records::{Arrival, Part, Taking};
pub use redrive::Redriven;
pub use stretch::Stretch;
pub use taken::Taken;

/// Of a batch's time, the part in which records are taken.
const TAKING_TIME: f64 = 0.8;
/// The part in which slices may still be delivered; the rest is for entering what was done.
const DELIVERING_TIME: f64 = 0.9;

/// A hub: rules and clients that are made once, and what was seen lately.
pub struct Hub<A> {
    /// AWS and the hub's resources.
    pub edge: Edge<A>,
    /// The configuration.
    pub config: Config,
    stages: Arc<Stages>,
    window: Mutex<Window>,
    /// Services of days that the table has.
    services: Told<(String, String)>,
    /// Alerts that were seen to.
    seen_to: SeenTo,
}

/// A batch under way.
struct Batch<'h, A, T> {
    hub: &'h Hub<A>,
    records: &'h [T],
    open: &'h mut Open,
    now_ms: i64,
    patience: Patience,
    /// Places of records that are done.
    done: Vec<usize>,
    /// What the lane enters of them.
    entered: Vec<Id>,
    /// Of all that is done; what the lane keeps.
    done_ledger: Ledger,
    minutes: Minutes,
    events: Chunks,
    findings: Chunks,
    folds: BTreeMap<Id, Fold>,
    /// Rows of what is done, if the function writes the lake.
    rows: Vec<Closed>,
    /// Keys that were put in the window, by place.
    keys: Vec<(usize, Id)>,
    taken: Taken,
}

/// What the road needs on a hub: every record says when it arrived.
pub fn stages(rules: Rules, config: &Config) -> Result<Stages, ConfigError> {
    Ok(Stages { rules, limits: config.limits(), settings: config.settings()?, days: DayRange::until(0) })
}

impl<A: Aws> Hub<A> {
    /// A hub.
    pub fn new(aws: A, names: Names, stages: Arc<Stages>, config: Config) -> Hub<A> {
        Hub {
            edge: Edge { aws, names },
            config,
            stages,
            window: Mutex::default(),
            services: Told::default(),
            seen_to: SeenTo::default(),
        }
    }

    /// What was seen lately. A thread that died while it held the window has not harmed it.
    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a batch of one lane, its records in order, and has an answer before `until`.
    pub async fn take(&self, lane: &str, records: &[Arrival], until: Instant, now_ms: i64) -> Taken {
        self.take_open(lane, records, &mut Open::default(), until, now_ms).await
    }

    /// Takes a batch that may begin or end in the middle of a record; `open` is what its batches so far came to.
    pub async fn take_open<T: Taking>(
        &self,
        lane: &str,
        records: &[T],
        open: &mut Open,
        until: Instant,
        now_ms: i64,
    ) -> Taken {
        let began = Instant::now();
        let time = until.saturating_duration_since(began);
        let batch = Batch {
            hub: self,
            records,
            open,
            now_ms,
            patience: Patience::until(began + time.mul_f64(DELIVERING_TIME)),
            done: Vec::new(),
            entered: Vec::new(),
            done_ledger: Ledger::default(),
            minutes: Minutes::default(),
            events: Chunks::new(&EVENTS),
            findings: Chunks::new(&FINDINGS),
            folds: BTreeMap::new(),
            rows: Vec::new(),
            keys: Vec::new(),
            taken: Taken::default(),
        };
        batch.take(lane, began + time.mul_f64(TAKING_TIME), Patience::until(until)).await
    }
}

impl<A: Aws, T: Taking> Batch<'_, A, T> {
    async fn take(mut self, lane: &str, take_until: Instant, patience: Patience) -> Taken {
        self.taken.ledger.bytes_in = self.records.iter().map(Taking::n_bytes).sum();
        let Some(first) = self.records.first() else { return self.taken };
        let known = match lane::read(&self.hub.edge, &self.patience, lane, first.order()).await {
            Ok(known) => known,
            Err(error) => return self.give_up("lane", error, 0),
        };
        for outbox in &known.outboxes {
            if let Err(error) = self.hub.edge.empty(&self.patience, lane, outbox).await {
                return self.give_up("lane", error, 0);
            }
        }
        let mut at = 0;
        while at < self.records.len() && Instant::now() < take_until {
            let end = self.slice_end(at);
            self.slice(at..end, &known).await;
            at = end;
        }
        if at < self.records.len() {
            let words = format!("{} records were left for another time", self.records.len() - at);
            self.taken.errors.push(words);
            self.come_again(at..self.records.len());
        }
        self.taken.retries = self.patience.retries();
        if !self.done.is_empty() {
            self.commit(lane, known, &patience).await;
        }
        self.forget();
        self.taken.retried(&patience);
        self.taken.again.sort_unstable();
        self.taken
    }

    /// Records from here on come again.
    fn give_up(mut self, what: &'static str, error: CallError, from: usize) -> Taken {
        self.taken.errors.push(format!("{what}: failed to {error}"));
        self.come_again(from..self.records.len());
        self.taken
    }

    fn come_again(&mut self, places: impl IntoIterator<Item = usize>) {
        for at in places {
            if self.records[at].whole().is_some() {
                self.taken.ledger.record(Fate::Redeliver);
            }
            self.taken.again.push(at);
        }
    }

    /// Where a slice of about [`BATCH_BYTES`] of text ends.
    fn slice_end(&self, from: usize) -> usize {
        let mut n_bytes = 0;
        let sizes = self.records[from..].iter().map(Taking::n_bytes_estimated);
        let n = sizes.take_while(|size| {
            let fits = n_bytes == 0 || n_bytes + size <= BATCH_BYTES;
            n_bytes += size;
            fits
        });
        from + n.count().max(1)
    }

    /// Takes some records along the road and gives what came of them to the sinks.
    async fn slice(&mut self, places: std::ops::Range<usize>, known: &Known) {
        let began = Instant::now();
        let pieces: Vec<Piece> = places
            .clone()
            .map(|at| self.records[at].piece(at, known.done.contains(&self.records[at].id())))
            .collect();
        let mut outputs = process(&pieces, &self.hub.stages, &self.hub.window());
        let points: Vec<_> = outputs.iter_mut().map(|output| std::mem::take(&mut output.points)).collect();
        let mut output = Output::joined(outputs);
        self.keys.extend(output.keys.iter().map(|(owner, key)| (places.start + *owner as usize, *key)));
        let began = self.spent("process", began);
        let answers = self.deliver(&output).await;
        self.spent("deliver", began);
        let again: HashSet<u32> =
            answers.iter().flat_map(|(_, answers)| answers.failed.iter().copied()).collect();
        for (sink, answers) in &answers {
            let words = answers.error.as_ref().map(|words| format!("{sink}: {words}"));
            self.taken.errors.extend(words);
        }
        let fates = settle(&output, answers, &mut self.taken.ledger, self.open).fates;
        self.enter(places.start, &output, &again, fates.into_iter().map(|(_, fate)| fate), known);
        alerts::fold(&mut self.folds, &output, &self.hub.config.alerts, &again);
        let of_done = output.notable.iter().filter(|(owner, _)| !again.contains(owner));
        of_done.for_each(|(_, event)| events::add(&mut self.events, event));
        let of_done = output.findings.iter().filter(|(owner, _)| !again.contains(owner));
        for (_, found) in of_done {
            self.done_ledger.finding(found.severity.name(), &found.rule);
            findings::add(&mut self.findings, &self.hub.edge.names, found);
        }
        if again.is_empty() {
            points.into_iter().for_each(|points| self.minutes.add(points));
        } else {
            self.minutes_of_done(&pieces, &again, places.start);
        }
        if self.hub.edge.names.writes_lake {
            let rows = std::mem::take(&mut output.rows);
            self.rows.extend(if again.is_empty() { rows } else { lake::without(&rows, &again).0 });
        }
    }

    /// Notes what is done and what comes again. `fates` are those of the records that ended, in order.
    fn enter(
        &mut self,
        start: usize,
        output: &Output,
        again: &HashSet<u32>,
        mut fates: impl Iterator<Item = Fate>,
        known: &Known,
    ) {
        for (owner, (at, tally)) in (0..).zip((start..).zip(&output.records)) {
            let fate = if tally.last { fates.next() } else { None };
            if tally.n_bad > 0 {
                self.taken.bad.push((at, tally.events.quarantined == tally.n_bad));
            }
            if again.contains(&owner) {
                self.taken.again.push(at);
                continue;
            }
            self.done.push(at);
            // What was entered before is in the lane's sums already.
            if !tally.known {
                self.done_ledger.events += tally.events;
            }
            let record = &self.records[at];
            if record.is_settled(tally) {
                self.entered.push(record.id());
            }
            if let (Some(fate), Some(whole)) = (fate, record.whole())
                && fate != Fate::Redeliver
                && !known.done.contains(&whole)
            {
                self.done_ledger.record(fate);
                if record.is_settled(tally) && whole != record.id() {
                    self.entered.push(whole);
                }
            }
        }
    }

    /// Derives once more, of the done records only. What a record that has to come again was the first to have stays its
    /// own, so each event counts for the record that it counted for.
    fn minutes_of_done(&mut self, pieces: &[Piece], again: &HashSet<u32>, start: usize) {
        let of_slice = self.keys.iter().filter(|(at, _)| *at >= start);
        let is_done = |at: &usize| !again.contains(&((at - start) as u32));
        let of_done: Vec<Id> = of_slice.filter(|(at, _)| is_done(at)).map(|(_, key)| *key).collect();
        let window = self.hub.window();
        window.forget(&of_done);
        let done = (0..).zip(pieces).filter(|(owner, _)| !again.contains(owner));
        let done: Vec<Piece> = done.map(|(_, piece)| records::again(piece)).collect();
        for output in process(&done, &self.hub.stages, &window) {
            self.minutes.add(output.points);
        }
    }

    /// Gives an output to the sinks whose writes can be repeated, and what all of those took to Firehose, if it writes the
    /// lake.
    async fn deliver(&self, output: &Output) -> Vec<(&'static str, Answers)> {
        let (edge, patience, now_ms) = (&self.hub.edge, &self.patience, self.now_ms);
        let settings = &self.hub.config.alerts;
        let mut folds = BTreeMap::new();
        alerts::fold(&mut folds, output, settings, &HashSet::new());
        let (store, quarantine, large, alerts) = tokio::join!(
            store::write(edge, patience, output, now_ms),
            quarantine::write(edge, patience, output),
            findings::keep_large(edge, patience, output),
            alerts::announce(edge, patience, settings, &folds, &self.hub.seen_to, now_ms),
        );
        let mut answers = vec![("dynamodb", store), ("s3", quarantine), ("s3", large), ("sns", alerts)];
        if edge.names.writes_lake {
            return answers;
        }
        let failed: HashSet<u32> =
            answers.iter().flat_map(|(_, answers)| answers.failed.iter().copied()).collect();
        let firehose = if failed.is_empty() {
            lake::write(edge, patience, &output.rows).await
        } else {
            let (rows, withheld) = lake::without(&output.rows, &failed);
            let mut answers = lake::write(edge, patience, &rows).await;
            answers.n_items += withheld.len() as u64;
            answers.failed.extend(withheld);
            answers
        };
        answers.push(("firehose", firehose));
        answers
    }

    /// Events of records that come again are new when they do.
    fn forget(&self) {
        let done: HashSet<usize> = self.done.iter().copied().collect();
        let keys: Vec<Id> =
            self.keys.iter().filter(|(at, _)| !done.contains(at)).map(|(_, key)| *key).collect();
        if !keys.is_empty() {
            self.hub.window().forget(&keys);
        }
    }

    fn spent(&mut self, stage: &'static str, since: Instant) -> Instant {
        let now = Instant::now();
        *self.taken.times.entry(stage).or_default() += now - since;
        now
    }
}
