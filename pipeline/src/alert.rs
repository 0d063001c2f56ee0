//! An alert: findings that one notice speaks for, in the form that `alerts.jsonl` and topics have.
//!
//! Findings of one event are one alert, which the worst of them leads. Those of one rule, account and resource within a
//! window become one alert that counts them. What is past a minute's measure goes into one digest.

use kinescope_schemas::{Id, Severity, ocsf::rfc3339};
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// Milliseconds of a minute.
pub const MINUTE_MS: i64 = 60_000;
/// Findings and actors that an alert names.
pub const NAMED_MAX: usize = 5;
/// SNS takes a subject of up to 100 ASCII characters without line breaks.
const SUBJECT_CHARS_MAX: usize = 100;

/// Findings of one rule, account and resource in one window.
#[derive(Clone, Debug)]
pub struct Alert {
    /// Derived from rule, account, resource and window.
    pub uid: Id,
    /// The first event, milliseconds since 1970.
    pub first_ms: i64,
    /// The last.
    pub last_ms: i64,
    /// Of the rule.
    pub severity: Severity,
    /// The rule's id.
    pub rule: String,
    /// The rule's family; empty where it is not known.
    pub family: String,
    /// The rule's title.
    pub title: String,
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// What it was done to.
    pub resource: String,
    /// Events.
    pub count: u64,
    /// Ids of some of the findings.
    pub findings: Vec<String>,
    /// Some of those who did it.
    pub actors: BTreeSet<String>,
    /// Titles of all rules that found the same events.
    pub titles: BTreeSet<String>,
    /// Findings of these events, its own and those that it speaks for.
    pub n_findings: u64,
}

impl Alert {
    /// The id of what is folded into one alert; windows begin at multiples of their length.
    pub fn uid_of(rule: &str, account: &str, resource: &str, time_ms: i64, window_ms: i64) -> Id {
        let window = time_ms.div_euclid(window_ms);
        Id::of(&[b"alert", rule.as_bytes(), account.as_bytes(), resource.as_bytes(), &window.to_le_bytes()])
    }

    /// One line of printable ASCII, as long as a subject may be.
    pub fn subject(&self) -> String {
        printable(&format!("[{}] {} in {}", self.severity.name(), self.title, self.account))
    }

    /// A sentence.
    pub fn message(&self) -> String {
        let times = if self.count == 1 { String::new() } else { format!(" {} times", self.count) };
        format!("{}{times}: {} in account {} ({})", self.title, self.resource, self.account, self.region)
    }

    /// The alert as programs read it.
    pub fn to_json(&self) -> Json {
        let also: BTreeSet<&String> = self.titles.iter().filter(|title| **title != self.title).collect();
        json!({
            "kind": "alert",
            "uid": self.uid,
            "severity": self.severity.name(),
            "severity_id": self.severity.id(),
            "rule": self.rule,
            "title": self.title,
            "account": self.account,
            "region": self.region,
            "resource": self.resource,
            "also": also,
            "actors": self.actors,
            "count": self.count,
            "n_findings": self.n_findings,
            "first_time": rfc3339(self.first_ms),
            "last_time": rfc3339(self.last_ms),
            "findings": self.findings,
            "subject": self.subject(),
            "message": self.message(),
        })
    }
}

/// One line of printable ASCII, as long as a subject may be.
pub fn printable(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    text.chars().map(plain).take(SUBJECT_CHARS_MAX).collect()
}

/// What a minute had no room for, in one; `None` if there is nothing.
pub fn digest(minute_ms: i64, folded: &[Alert]) -> Option<Json> {
    let worst = folded.iter().map(|alert| alert.severity).max()?;
    let mut by_rule = BTreeMap::<&str, u64>::new();
    for alert in folded {
        *by_rule.entry(&alert.rule).or_default() += alert.count;
    }
    let count: u64 = by_rule.values().sum();
    let minute = minute_ms.div_euclid(MINUTE_MS);
    Some(json!({
        "kind": "digest",
        "uid": Id::of(&[b"digest", &minute.to_le_bytes()]),
        "severity": worst.name(),
        "severity_id": worst.id(),
        "count": count,
        "n_findings": folded.iter().map(|alert| alert.n_findings).sum::<u64>(),
        "alerts": folded.len(),
        "by_rule": by_rule,
        "first_time": rfc3339(minute * MINUTE_MS),
        "subject": printable(&format!("[{}] {count} more findings in one minute", worst.name())),
        "message": format!("{} alerts of {count} findings were folded into this digest", folded.len()),
    }))
}
