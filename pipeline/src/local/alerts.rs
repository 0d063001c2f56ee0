//! alerts.jsonl: what a topic would have been sent.
//!
//! A minute has a number of alerts at most; what is past it goes into one digest of that minute, the least severe first.
//! All depends on the findings and their own times only, so that order and repetition change nothing.

use super::findings::failed;
use crate::{
    alert::{Alert, MINUTE_MS, NAMED_MAX, digest},
    config::Alerts as Settings,
};
use kinescope_schemas::{Id, Severity};
use rusqlite::Row;
use serde_json::Value as Json;
use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

/// Alerts that are told apart in one window, some 15 MB of them. What comes past it is one alert a rule and account.
const ALERTS_MAX: usize = 20_000;

/// A finding, as far as alerts tell of it.
struct Found {
    uid: String,
    event: Id,
    time_ms: i64,
    severity: Severity,
    rule: String,
    title: String,
    account: String,
    region: String,
    resource: String,
    actor: String,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Found> {
    Ok(Found {
        uid: row.get(0)?,
        event: Id(row.get(1)?),
        time_ms: row.get(2)?,
        severity: Severity::from_id(row.get(3)?),
        rule: row.get(4)?,
        title: row.get(5)?,
        account: row.get(6)?,
        region: row.get(7)?,
        resource: row.get(8)?,
        actor: row.get(9)?,
    })
}

/// The file, and what is folded meanwhile.
pub(super) struct Alerts<'s> {
    file: BufWriter<File>,
    window: Window<'s>,
    of_event: Vec<Found>,
    n_lines: u64,
}

impl<'s> Alerts<'s> {
    /// An empty file.
    pub(super) fn create(path: &Path, settings: &'s Settings) -> io::Result<Alerts<'s>> {
        let (file, window) = (BufWriter::new(File::create(path)?), Window::new(settings));
        Ok(Alerts { file, window, of_event: Vec::new(), n_lines: 0 })
    }

    /// Adds a finding of the store. They come in the order of time, those of one event together.
    pub(super) fn add(&mut self, row: &Row<'_>) -> io::Result<()> {
        let severity = row.get(3).map_err(failed)?;
        if Severity::from_id(severity) < self.window.settings.severity_min {
            return Ok(());
        }
        let found = read(row).map_err(failed)?;
        if self.of_event.first().is_some_and(|first| first.event != found.event) {
            self.fold()?;
        }
        self.of_event.push(found);
        Ok(())
    }

    /// Ends the file, to be synced when it is published; how many lines.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.fold()?;
        self.window.end(put(&mut self.file, &mut self.n_lines))?;
        self.file.flush()?;
        Ok(self.n_lines)
    }

    fn fold(&mut self) -> io::Result<()> {
        let findings = std::mem::take(&mut self.of_event);
        self.window.add(findings, put(&mut self.file, &mut self.n_lines))
    }
}

fn put<'f>(file: &'f mut BufWriter<File>, n_lines: &'f mut u64) -> impl FnMut(Json) -> io::Result<()> {
    |alert| {
        *n_lines += 1;
        writeln!(file, "{alert}")
    }
}

/// The alerts of one window.
struct Window<'s> {
    settings: &'s Settings,
    n_ms: i64,
    /// Counted from 1970, as windows begin at multiples of their length.
    number: i64,
    alerts: HashMap<Id, Alert>,
}

impl<'s> Window<'s> {
    fn new(settings: &'s Settings) -> Window<'s> {
        let n_ms = i64::from(settings.window_minutes) * MINUTE_MS;
        Window { settings, n_ms, number: 0, alerts: HashMap::new() }
    }

    /// Adds the findings of one event: the worst speaks for all.
    fn add(&mut self, mut findings: Vec<Found>, put: impl FnMut(Json) -> io::Result<()>) -> io::Result<()> {
        findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.rule.cmp(&b.rule)));
        let Some(worst) = findings.first() else { return Ok(()) };
        let number = worst.time_ms.div_euclid(self.n_ms);
        if number != self.number {
            self.end(put)?;
            self.number = number;
        }
        let uid_of =
            |resource: &str| Alert::uid_of(&worst.rule, &worst.account, resource, worst.time_ms, self.n_ms);
        let (mut uid, mut resource) = (uid_of(&worst.resource), worst.resource.as_str());
        if self.alerts.len() >= ALERTS_MAX && !self.alerts.contains_key(&uid) {
            (uid, resource) = (uid_of(""), "");
        }
        let alert = self.alerts.entry(uid).or_insert_with(|| Alert {
            uid,
            first_ms: worst.time_ms,
            last_ms: worst.time_ms,
            severity: worst.severity,
            rule: worst.rule.clone(),
            family: String::new(),
            title: worst.title.clone(),
            account: worst.account.clone(),
            region: worst.region.clone(),
            resource: resource.to_owned(),
            count: 0,
            findings: Vec::new(),
            actors: BTreeSet::new(),
            titles: BTreeSet::new(),
            n_findings: 0,
        });
        alert.last_ms = worst.time_ms;
        alert.count += 1;
        alert.n_findings += findings.len() as u64;
        if alert.findings.len() < NAMED_MAX {
            alert.findings.push(worst.uid.clone());
            alert.actors.extend((!worst.actor.is_empty()).then(|| worst.actor.clone()));
            alert.titles.extend(findings.into_iter().map(|found| found.title));
        }
        Ok(())
    }

    /// Hands them out, minute by minute: the worst first, those past the cap in a digest.
    fn end(&mut self, mut put: impl FnMut(Json) -> io::Result<()>) -> io::Result<()> {
        fn names(alert: &Alert) -> [&str; 3] {
            [&alert.rule, &alert.account, &alert.resource]
        }
        let minute = |alert: &Alert| alert.first_ms.div_euclid(MINUTE_MS);
        let mut alerts: Vec<Alert> = self.alerts.drain().map(|(_, alert)| alert).collect();
        alerts.sort_by(|a, b| {
            let place = |alert: &Alert| (minute(alert), Reverse(alert.severity));
            place(a).cmp(&place(b)).then_with(|| names(a).cmp(&names(b)))
        });
        for alerts in alerts.chunk_by(|a, b| minute(a) == minute(b)) {
            let (first, rest) = alerts.split_at(alerts.len().min(self.settings.per_minute_max as usize));
            first.iter().try_for_each(|alert| put(alert.to_json()))?;
            digest(alerts[0].first_ms, rest).map_or(Ok(()), &mut put)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Store, findings};
    use super::*;

    const SECOND_MS: i64 = 1_000;

    /// The alerts of findings, each given as event, time, severity, rule and resource: severity, rule and resource (or
    /// "digest"), events, findings, of which so many are named.
    fn alerts(findings: &[(u8, i64, Severity, &str, &str)], settings: &Settings) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let store = Store::create(&path("kinescope.db"), String::new()).unwrap();
        for (at, (event, time_ms, severity, rule, resource)) in findings.iter().enumerate() {
            store
                .db
                .execute(
                    "INSERT INTO findings VALUES (?, ?, ?, ?, ?, upper(?5), '1', 'eu', ?, 'me', '{}')",
                    rusqlite::params![at.to_string(), [*event; 16], time_ms, severity.id(), rule, resource],
                )
                .unwrap();
        }
        let mut alerts = Alerts::create(&path("alerts.jsonl"), settings).unwrap();
        let n_findings = findings::write(&store, &path("findings.jsonl"), &mut alerts).unwrap();
        let n_alerts = alerts.finish().unwrap();
        let lines = |name| std::fs::read_to_string(path(name)).unwrap();
        assert_eq!(lines("findings.jsonl"), "{}\n".repeat(findings.len()));
        assert_eq!(n_findings, findings.len() as u64);
        let lines = lines("alerts.jsonl");
        assert_eq!(n_alerts, lines.lines().count() as u64);
        let told = |line: &str| {
            let alert: Json = serde_json::from_str(line).unwrap();
            let text = |name: &str| alert[name].as_str().unwrap_or("digest").to_owned();
            let about = ["severity", "rule", "resource"].map(text).join(" ");
            let n_named = alert["findings"].as_array().map_or(0, Vec::len);
            format!("{about} {} {} {n_named}", alert["count"], alert["n_findings"])
        };
        lines.lines().map(told).collect()
    }

    #[test]
    fn findings_are_folded_by_event_then_by_window_then_by_minute() {
        use Severity::{High, Low, Medium};
        let settings = Settings { window_minutes: 2, per_minute_max: 2, severity_min: Low };
        let minute = MINUTE_MS;
        for (what, findings, expected) in [
            ("nothing", vec![], vec![]),
            ("too mild", vec![(1, 0, Severity::Informational, "a", "x")], vec![]),
            (
                "the worst of an event speaks, of two as bad the first by name",
                vec![(1, 0, Low, "a", "x"), (1, 0, High, "c", "x"), (1, 0, High, "b", "x")],
                vec!["high b x 1 3 1"],
            ),
            (
                "events of one second are told apart",
                vec![(1, 0, Low, "a", "x"), (2, 0, Low, "a", "y"), (1, 0, Low, "b", "x")],
                vec!["low a x 1 2 1", "low a y 1 1 1"],
            ),
            (
                "a window ends where the next begins, also before 1970",
                vec![
                    (1, -1, Low, "a", "x"),
                    (2, 0, Low, "a", "x"),
                    (3, 2 * minute - 1, Low, "a", "x"),
                    (4, 2 * minute, Low, "a", "x"),
                ],
                vec!["low a x 1 1 1", "low a x 2 2 2", "low a x 1 1 1"],
            ),
            (
                "the first minute of an alert counts, the mildest of a minute are a digest",
                vec![
                    (1, 0, Low, "a", "x"),
                    (2, SECOND_MS, Medium, "b", "x"),
                    (3, 2 * SECOND_MS, High, "c", "x"),
                    (4, 3 * SECOND_MS, Low, "a", "y"),
                    (5, minute, Low, "a", "x"),
                    (6, minute, Low, "a", "z"),
                ],
                vec!["high c x 1 1 1", "medium b x 1 1 1", "low digest digest 3 3 0", "low a z 1 1 1"],
            ),
        ] {
            assert_eq!(alerts(&findings, &settings), expected, "{what}");
            let backwards: Vec<_> = findings.into_iter().rev().collect();
            assert_eq!(alerts(&backwards, &settings), expected, "{what}, backwards");
        }
    }

    #[test]
    fn past_the_cap_resources_are_one_and_all_are_counted() {
        let settings = Settings { per_minute_max: u32::MAX, ..Settings::default() };
        let mut window = Window::new(&settings);
        let found = |resource: usize| Found {
            uid: String::new(),
            event: Id([0; 16]),
            time_ms: 0,
            severity: Severity::High,
            rule: "a".to_owned(),
            title: "A".to_owned(),
            account: "1".to_owned(),
            region: String::new(),
            resource: resource.to_string(),
            actor: String::new(),
        };
        let mut told = Vec::new();
        for resource in (0..ALERTS_MAX + 9).chain([0]) {
            window.add(vec![found(resource)], |_| unreachable!("the window has not ended")).unwrap();
        }
        let put = |alert: Json| {
            told.push((alert["resource"].as_str().unwrap().to_owned(), alert["count"].as_u64().unwrap()));
            Ok(())
        };
        window.end(put).unwrap();
        assert_eq!(told.len(), ALERTS_MAX + 1);
        assert_eq!(told[0], (String::new(), 9));
        assert_eq!(told[1], ("0".to_owned(), 2));
        assert!(told[2..].iter().all(|(_, count)| *count == 1));
    }

    #[test]
    fn an_alert_names_a_few_and_counts_all() {
        let findings: Vec<_> = (0..9).map(|n| (n, i64::from(n), Severity::High, "a", "x")).collect();
        assert_eq!(alerts(&findings, &Settings::default()), ["high a x 9 9 5"]);
    }
}
