//! alerts.jsonl: what a topic would have been sent.
//!
//! Findings of one event are one alert, which the worst of them leads. Those of one rule, account and resource within a
//! window become one alert that counts them. A minute has a
//! number of alerts at most; what is past it goes into one digest of that minute, the least severe first. Both depend
//! on the findings and their own times only, so that order and repetition change nothing.

use super::Store;
use crate::config::Alerts;
use kinescope_schemas::{Id, Severity, ocsf::rfc3339};
use serde_json::{Value as Json, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

const MINUTE_MS: i64 = 60_000;
/// SNS takes a subject of up to 100 ASCII characters without line breaks.
const SUBJECT_CHARS_MAX: usize = 100;
/// Of the findings of one event the worst speaks for all; those of one rule, account and resource in one window are one
/// alert. Five of them are named, all counted.
const FOLDED: &str = "
SELECT min(time), max(time), max(severity), rule, min(title), account, min(region), resource, count(*),
    group_concat(uid, ' ') FILTER (WHERE nth <= 5), group_concat(actor, char(10)) FILTER (WHERE nth <= 5),
    group_concat(titles, char(10)) FILTER (WHERE nth <= 5), sum(n_of_event)
FROM (SELECT *, row_number() OVER (PARTITION BY rule, account, resource, time / ?2 ORDER BY time, uid) AS nth
    FROM (SELECT uid, time, severity, rule, title, account, region, resource, actor,
            row_number() OVER (PARTITION BY event ORDER BY severity DESC, rule) AS rank,
            group_concat(title, char(10)) OVER (PARTITION BY event) AS titles,
            count(*) OVER (PARTITION BY event) AS n_of_event
        FROM findings WHERE severity >= ?1)
    WHERE rank = 1)
GROUP BY rule, account, resource, time / ?2 ORDER BY min(time) / 60000, max(severity) DESC, rule, account, resource";

/// Writes the file; how many lines.
pub(super) fn write(store: &Store, settings: &Alerts, path: &Path) -> io::Result<u64> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut minute = Minute { settings, start_ms: i64::MIN, n_alerts: 0, folded: Vec::new() };
    let mut n_lines = 0;
    let mut put = |alert: Json| {
        n_lines += 1;
        writeln!(file, "{alert}")
    };
    let failed = |error: rusqlite::Error| io::Error::other(error.to_string());
    let mut statement = store.db.prepare(FOLDED).map_err(failed)?;
    let window_ms = i64::from(settings.window_minutes) * MINUTE_MS;
    let mut rows = statement.query([settings.severity_min.id(), window_ms]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let alert = Alert::of(row).map_err(failed)?;
        if alert.first_ms.div_euclid(MINUTE_MS) != minute.start_ms.div_euclid(MINUTE_MS) {
            minute.end().map_or(Ok(()), &mut put)?;
            minute.start_ms = alert.first_ms;
        }
        minute.take(alert).map_or(Ok(()), &mut put)?;
    }
    minute.end().map_or(Ok(()), &mut put)?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(n_lines)
}

struct Alert {
    first_ms: i64,
    last_ms: i64,
    severity: Severity,
    rule: String,
    title: String,
    account: String,
    region: String,
    resource: String,
    count: i64,
    findings: String,
    actors: String,
    /// Titles of all rules that found the same events.
    titles: String,
    /// Findings of these events, its own and those that it speaks for.
    n_findings: i64,
}

impl Alert {
    fn of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Alert> {
        Ok(Alert {
            first_ms: row.get(0)?,
            last_ms: row.get(1)?,
            severity: Severity::from_id(row.get(2)?),
            rule: row.get(3)?,
            title: row.get(4)?,
            account: row.get(5)?,
            region: row.get(6)?,
            resource: row.get(7)?,
            count: row.get(8)?,
            findings: row.get(9)?,
            actors: row.get(10)?,
            titles: row.get(11)?,
            n_findings: row.get(12)?,
        })
    }

    fn to_json(&self) -> Json {
        let actors: BTreeSet<&str> = self.actors.split('\n').filter(|actor| !actor.is_empty()).collect();
        let also: BTreeSet<&str> = self.titles.split('\n').filter(|title| *title != self.title).collect();
        let subject = format!("[{}] {} in {}", self.severity.name(), self.title, self.account);
        let times = if self.count == 1 { String::new() } else { format!(" {} times", self.count) };
        json!({
            "kind": "alert",
            "uid": Id::of(&[b"alert", self.rule.as_bytes(), self.account.as_bytes(), self.resource.as_bytes(), &self.first_ms.to_le_bytes()]),
            "severity": self.severity.name(),
            "severity_id": self.severity.id(),
            "rule": self.rule,
            "title": self.title,
            "account": self.account,
            "region": self.region,
            "resource": self.resource,
            "also": also,
            "actors": actors,
            "count": self.count,
            "n_findings": self.n_findings,
            "first_time": rfc3339(self.first_ms),
            "last_time": rfc3339(self.last_ms),
            "findings": self.findings.split(' ').collect::<Vec<_>>(),
            "subject": printable(&subject),
            "message": format!("{}{times}: {} in account {} ({})", self.title, self.resource, self.account, self.region),
        })
    }
}

/// One line of printable ASCII, as long as a subject may be.
fn printable(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    text.chars().map(plain).take(SUBJECT_CHARS_MAX).collect()
}

/// A minute's alerts: the worst come first, those past the cap are folded into a digest.
struct Minute<'s> {
    settings: &'s Alerts,
    start_ms: i64,
    n_alerts: u32,
    folded: Vec<Alert>,
}

impl Minute<'_> {
    fn take(&mut self, alert: Alert) -> Option<Json> {
        self.n_alerts += 1;
        if self.n_alerts <= self.settings.per_minute_max {
            return Some(alert.to_json());
        }
        self.folded.push(alert);
        None
    }

    /// Ends the minute with its digest, if it needs one.
    fn end(&mut self) -> Option<Json> {
        self.n_alerts = 0;
        let folded = std::mem::take(&mut self.folded);
        let worst = folded.iter().map(|alert| alert.severity).max()?;
        let mut by_rule = BTreeMap::<String, i64>::new();
        for alert in &folded {
            *by_rule.entry(alert.rule.clone()).or_default() += alert.count;
        }
        let count: i64 = by_rule.values().sum();
        let minute = rfc3339(self.start_ms.div_euclid(MINUTE_MS) * MINUTE_MS);
        Some(json!({
            "kind": "digest",
            "uid": Id::of(&[b"digest", &self.start_ms.div_euclid(MINUTE_MS).to_le_bytes()]),
            "severity": worst.name(),
            "severity_id": worst.id(),
            "count": count,
            "n_findings": folded.iter().map(|alert| alert.n_findings).sum::<i64>(),
            "alerts": folded.len(),
            "by_rule": by_rule,
            "first_time": minute,
            "subject": printable(&format!("[{}] {count} more findings in one minute", worst.name())),
            "message": format!("{} alerts of {count} findings were folded into this digest: see findings.jsonl", folded.len()),
        }))
    }
}
