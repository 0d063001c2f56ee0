//! Reading the table: what it is laid out for.
//!
//! What lies in buckets is read from all of them at once and put in order again. How many queries a look takes is said
//! with each.

use crate::{
    lane,
    layout::{self, BUCKETS},
    limits::CALLS_AT_ONCE_MAX,
    pages,
    port::{Aws, Called, Item, Range},
    send::Patience,
    sinks::{
        events, findings,
        metrics::{self, Stored},
    },
};
use futures_util::{StreamExt, TryStreamExt, stream};
use kinescope_schemas::Severity;
use std::collections::BTreeSet;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// From when to when, milliseconds since 1970, both inclusive.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The first moment.
    pub from_ms: i64,
    /// The last.
    pub to_ms: i64,
}

impl Span {
    fn steps(self, step_ms: i64) -> impl Iterator<Item = i64> {
        let (from, to) = (layout::clamped(self.from_ms), layout::clamped(self.to_ms));
        (from.div_euclid(step_ms)..=to.div_euclid(step_ms)).map(move |at| at * step_ms)
    }

    /// Partitions of severities, hours and buckets.
    fn timed(self, what: &str, severities: &[Severity]) -> impl Iterator<Item = String> {
        self.steps(HOUR_MS).flat_map(move |hour_ms| {
            severities.iter().flat_map(move |severity| {
                (0..BUCKETS).map(move |bucket| layout::timed_pk(what, *severity, hour_ms, bucket))
            })
        })
    }

    fn days(self, what: &str, account: &str) -> impl Iterator<Item = String> {
        self.steps(DAY_MS).map(move |day| layout::account_pk(what, account, day))
    }

    fn has(self, time_ms: i64) -> bool {
        (self.from_ms..=self.to_ms).contains(&layout::clamped(time_ms))
    }
}

/// A hub's table, to be read.
pub struct Hot<'h, A> {
    /// AWS.
    pub aws: &'h A,
    /// The table's name.
    pub table: &'h str,
    /// Until when to try.
    pub patience: &'h Patience,
}

impl<A: Aws> Hot<'_, A> {
    /// Findings of some severities, the oldest first: a query a severity, hour and bucket, and one in a hundred batches to
    /// see what counts.
    pub async fn findings(&self, severities: &[Severity], span: Span) -> Called<Vec<findings::Stored>> {
        self.findings_in(span.timed("finding", severities), span).await
    }

    /// Findings of an account, without their OCSF form, the oldest first: a query a day, and one in a hundred batches.
    pub async fn findings_of(&self, account: &str, span: Span) -> Called<Vec<findings::Stored>> {
        self.findings_in(span.days("finding", account), span).await
    }

    async fn findings_in(
        &self,
        pks: impl Iterator<Item = String>,
        span: Span,
    ) -> Called<Vec<findings::Stored>> {
        let mut found = findings::read(&self.counting(pks).await?);
        found.retain(|finding| span.has(finding.time_ms));
        Ok(found)
    }

    /// Notable events of some severities, the oldest first: a query a severity, hour and bucket, and one in a hundred
    /// batches to see what counts.
    pub async fn events(&self, severities: &[Severity], span: Span) -> Called<Vec<events::Stored>> {
        self.events_in(span.timed("event", severities), span).await
    }

    /// Notable events of an account, the oldest first: a query a day, and one in a hundred batches.
    pub async fn events_of(&self, account: &str, span: Span) -> Called<Vec<events::Stored>> {
        self.events_in(span.days("event", account), span).await
    }

    async fn events_in(&self, pks: impl Iterator<Item = String>, span: Span) -> Called<Vec<events::Stored>> {
        let mut found = events::read(&self.counting(pks).await?);
        found.retain(|event| span.has(event.time_ms));
        Ok(found)
    }

    /// An agent, in all its accounts and Regions: one query.
    pub async fn agent(&self, id: &str) -> Called<Vec<Item>> {
        let name = layout::name(id);
        let (from, to) = (format!("{name}#"), format!("{name}#~"));
        self.query(vec![Range { pk: layout::agents_pk(id), from, to, ..Range::default() }]).await
    }

    /// All agents: a query a bucket.
    pub async fn agents(&self) -> Called<Vec<Item>> {
        self.query((0..BUCKETS).map(|bucket| whole(format!("agents#{bucket:02}"))).collect()).await
    }

    /// The services that had metrics: a query a day.
    pub async fn services(&self, span: Span) -> Called<BTreeSet<String>> {
        let days = span.steps(DAY_MS).map(|day| whole(layout::services_pk(day)));
        let items = self.query(days.collect()).await?;
        Ok(items.iter().map(|item| layout::text(item, layout::SK).to_owned()).collect())
    }

    /// The metrics of some services, by minute: a query an hour and group of services, and one in a hundred batches to see
    /// what counts.
    pub async fn metrics(&self, services: &BTreeSet<String>, span: Span) -> Called<Vec<Stored>> {
        let of_hour = |hour_ms| services.iter().map(move |service| layout::metric_pk(service, hour_ms));
        let pks: BTreeSet<String> = span.steps(HOUR_MS).flat_map(of_hour).collect();
        let mut points = metrics::merged(&self.counting(pks.into_iter()).await?);
        points.retain(|point| {
            let service = layout::name(&metrics::service(&point.dimensions));
            (span.from_ms..=span.to_ms).contains(&point.minute_ms) && services.contains(&service)
        });
        Ok(points)
    }

    /// Those items of some partitions that count.
    async fn counting(&self, pks: impl Iterator<Item = String>) -> Called<Vec<Item>> {
        let items = self.query(pks.map(whole).collect()).await?;
        lane::counting(self.aws, self.table, self.patience, items).await
    }

    async fn query(&self, ranges: Vec<Range>) -> Called<Vec<Item>> {
        let one = |range| pages::query(self.aws, self.table, self.patience, "read from", range);
        stream::iter(ranges.into_iter().map(one)).buffered(CALLS_AT_ONCE_MAX).try_concat().await
    }
}

/// All of a partition.
fn whole(pk: String) -> Range {
    Range { pk, to: "~".into(), ..Range::default() }
}
