//! alerts.jsonl: what a topic would have been sent.
//!
//! A minute has a number of alerts at most; what is past it goes into one digest of that minute, the least severe first.
//! All depends on the findings and their own times only, so that order and repetition change nothing.

use super::Store;
use crate::{
    alert::{Alert, MINUTE_MS, digest},
    config::Alerts,
};
use kinescope_schemas::Severity;
use serde_json::Value as Json;
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

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
        let alert = read(row, window_ms).map_err(failed)?;
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

fn read(row: &rusqlite::Row<'_>, window_ms: i64) -> rusqlite::Result<Alert> {
    let lines = |at: usize| {
        Ok::<_, rusqlite::Error>(
            row.get::<_, String>(at)?.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect(),
        )
    };
    let (first_ms, rule, account, resource) =
        (row.get(0)?, row.get::<_, String>(3)?, row.get::<_, String>(5)?, row.get::<_, String>(7)?);
    Ok(Alert {
        uid: Alert::uid_of(&rule, &account, &resource, first_ms, window_ms),
        first_ms,
        last_ms: row.get(1)?,
        severity: Severity::from_id(row.get(2)?),
        rule,
        family: String::new(),
        title: row.get(4)?,
        account,
        region: row.get(6)?,
        resource,
        count: row.get::<_, i64>(8)?.unsigned_abs(),
        findings: row.get::<_, String>(9)?.split(' ').map(str::to_owned).collect(),
        actors: lines(10)?,
        titles: lines(11)?,
        n_findings: row.get::<_, i64>(12)?.unsigned_abs(),
    })
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
        digest(self.start_ms, &std::mem::take(&mut self.folded))
    }
}
