//! `kinescope hub`: what a hub's table has, day by day, as a table or as JSON.

use crate::{
    Done,
    args::{self, What},
    process::now_ms,
    show::{number, on_stdout, out, plain, severity, table},
};
use anyhow::{Result, bail};
use kinescope_aws::{
    Patience, Sdk,
    access::Access,
    layout::{self, DAYS_KEPT},
    port::{Called, Item},
    read::{Hot, Span},
};
use kinescope_schemas::{Severity, ocsf::rfc3339};
use serde::Serialize;
use serde_json::json;
use std::{
    iter,
    time::{Duration, Instant},
};

const DAY_MS: i64 = 86_400_000;
/// How long all may take.
const LOOK_TIME_MAX: Duration = Duration::from_secs(900);
/// How often it is said how far it is: a day is some thousand queries.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// What is shown.
struct Shown {
    header: &'static [&'static str],
    rows: Vec<Vec<String>>,
    /// The same as JSON.
    lines: Vec<String>,
}

/// Runs the command.
pub fn hub(args: &args::Hub) -> Result<Done> {
    let to_ms = args.to.unwrap_or_else(now_ms);
    let span = Span { from_ms: args.from.unwrap_or(to_ms - DAY_MS), to_ms };
    if !(0..=DAYS_KEPT * DAY_MS).contains(&to_ms.saturating_sub(span.from_ms)) {
        bail!(
            "look at the table: --from is at most {DAYS_KEPT} days before --to, which it keeps; what is older is in the lake"
        );
    }
    let access = Access::find()?;
    let sdk = access.sdk();
    let patience = Patience::until((Instant::now() + LOOK_TIME_MAX).into());
    let hot = Hot { aws: &sdk, table: &args.table, patience: &patience };
    let spans = if args.what == What::Agents { vec![span] } else { days(span) };
    let (mut header, mut rows, mut n, mut said) = (&[][..], Vec::new(), 0, Instant::now());
    for (at, span) in (1..).zip(&spans) {
        let shown = access.wait(look(&hot, args, *span))?;
        header = shown.header;
        n += shown.rows.len() as u64;
        if !args.json {
            rows.extend(shown.rows);
        } else if !shown.lines.is_empty() {
            out(&shown.lines.join("\n"))?;
        }
        if said.elapsed() >= SAY_EVERY {
            said = Instant::now();
            words!("{at} of {} days, {} {}", spans.len(), number(n), args.what.name());
        }
    }
    if !args.json {
        out(&table(header, rows))?;
    }
    words!("{} {}", number(n), args.what.name());
    if n == 0 {
        words!("try: --from TIME, for a day is looked at without it, and --severity low");
    }
    Ok(Done::Well)
}

/// The days of a span, or what of them is in it.
fn days(span: Span) -> Vec<Span> {
    let next = |from_ms: i64| (from_ms.div_euclid(DAY_MS) + 1) * DAY_MS;
    let starts = iter::successors(Some(span.from_ms), |from_ms| Some(next(*from_ms)));
    let starts = starts.take_while(|from_ms| *from_ms <= span.to_ms);
    starts.map(|from_ms| Span { from_ms, to_ms: span.to_ms.min(next(from_ms) - 1) }).collect()
}

async fn look(hot: &Hot<'_, Sdk>, args: &args::Hub, span: Span) -> Called<Shown> {
    match args.what {
        What::Findings => findings(hot, args, span).await,
        What::Events => events(hot, args, span).await,
        What::Agents => hot.agents().await.map(agents),
        What::Metrics => metrics(hot, span).await,
    }
}

fn at_least(least: Severity) -> Vec<Severity> {
    Severity::ALL.into_iter().filter(|severity| *severity >= least).collect()
}

fn time(ms: i64) -> String {
    rfc3339(ms).unwrap_or_default()
}

fn row(time_ms: i64, of: Severity, texts: [&String; 5]) -> Vec<String> {
    let head = [time(time_ms), severity(of, on_stdout())];
    head.into_iter().chain(texts.map(|text| plain(text))).collect()
}

fn line(shown: &impl Serialize) -> String {
    // Texts and numbers can be written.
    serde_json::to_string(shown).unwrap_or_default()
}

async fn findings(hot: &Hot<'_, Sdk>, args: &args::Hub, span: Span) -> Called<Shown> {
    let mut found = match &args.account {
        Some(account) => hot.findings_of(account, span).await?,
        None => hot.findings(&at_least(args.severity), span).await?,
    };
    found.retain(|finding| finding.severity >= args.severity);
    let rows = found.iter().map(|finding| {
        let texts = [&finding.account, &finding.region, &finding.title, &finding.resource, &finding.actor];
        row(finding.time_ms, finding.severity, texts)
    });
    let form = found
        .iter()
        .map(|finding| if finding.ocsf.is_empty() { line(finding) } else { finding.ocsf.clone() });
    Ok(Shown {
        header: &["time", "severity", "account", "region", "finding", "resource", "actor"],
        rows: rows.collect(),
        lines: form.collect(),
    })
}

async fn events(hot: &Hot<'_, Sdk>, args: &args::Hub, span: Span) -> Called<Shown> {
    let mut events = match &args.account {
        Some(account) => hot.events_of(account, span).await?,
        None => hot.events(&at_least(args.severity), span).await?,
    };
    events.retain(|event| event.severity >= args.severity);
    let rows = events.iter().map(|event| {
        let texts = [&event.account, &event.region, &event.service, &event.operation, &event.actor];
        row(event.time_ms, event.severity, texts)
    });
    Ok(Shown {
        header: &["time", "severity", "account", "region", "service", "operation", "actor"],
        rows: rows.collect(),
        lines: events.iter().map(line).collect(),
    })
}

fn agents(items: Vec<Item>) -> Shown {
    let row = |item: &Item| {
        let text = |name| plain(layout::text(item, name));
        let seen = |name| time(layout::number(item, name));
        vec![
            text("id"),
            text("account"),
            text("region"),
            text("state"),
            text("version"),
            seen("first_seen"),
            seen("last_seen"),
        ]
    };
    let header = &["id", "account", "region", "state", "version", "first seen", "last seen"];
    let rows: Vec<Vec<String>> = items.iter().map(row).collect();
    let of_item = |item: &Item| {
        let text = |name| layout::text(item, name);
        line(&json!({
            "id": text("id"), "account": text("account"), "region": text("region"), "state": text("state"),
            "version": text("version"), "first_seen": layout::number(item, "first_seen"),
            "last_seen": layout::number(item, "last_seen"),
        }))
    };
    Shown { header, rows, lines: items.iter().map(of_item).collect() }
}

async fn metrics(hot: &Hot<'_, Sdk>, span: Span) -> Called<Shown> {
    let services = hot.services(span).await?;
    let points = hot.metrics(&services, span).await?;
    let rows = points.iter().map(|point| {
        vec![
            time(point.minute_ms),
            plain(&point.namespace),
            plain(&point.metric),
            plain(&point.dimensions),
            point.samples.to_string(),
            point.sum.to_string(),
            point.min.to_string(),
            point.max.to_string(),
        ]
    });
    Ok(Shown {
        header: &["minute", "namespace", "metric", "dimensions", "samples", "sum", "least", "most"],
        rows: rows.collect(),
        lines: points.iter().map(line).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_all_of_a_span_and_no_more() {
        let of = |from_ms, to_ms| {
            days(Span { from_ms, to_ms }).iter().map(|span| (span.from_ms, span.to_ms)).collect::<Vec<_>>()
        };
        assert_eq!(of(5, 5), [(5, 5)]);
        assert_eq!(of(5, DAY_MS), [(5, DAY_MS - 1), (DAY_MS, DAY_MS)]);
        assert_eq!(of(0, 2 * DAY_MS - 1), [(0, DAY_MS - 1), (DAY_MS, 2 * DAY_MS - 1)]);
        assert_eq!(of(-1, 0), [(-1, -1), (0, 0)]);
    }
}
