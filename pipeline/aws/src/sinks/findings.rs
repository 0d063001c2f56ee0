//! Findings, in [chunks](super::chunks): by severity and hour with their OCSF form, by account and day without it, for it is
//! most of what a finding takes.

use super::{
    chunks::{Chunks, Kind},
    ocsf,
};
use crate::{
    edge::{Edge, Names, fail},
    layout,
    port::{Aws, Item},
    send::Patience,
};
use kinescope_pipeline::{Answers, Output};
use kinescope_schemas::{Id, Severity};
use kinescope_stages::detect::Finding;
use serde_json::json;
use std::{borrow::Cow, collections::HashSet};

/// How they lie.
pub static FINDINGS: Kind =
    Kind { name: "finding", attribute: "findings", squeeze: ocsf::squeezed, unsqueeze: ocsf::unsqueezed };

/// Bytes of a form that the table keeps, so that one which nothing makes smaller fits an item with all else. A longer one
/// lies in the quarantine bucket, and the table has where.
const FORM_BYTES_MAX: usize = 256 << 10;

/// A finding as the table has it: a list of its members, in this order; behind it, where it lies by severity, a tab and its
/// form.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
pub struct Stored {
    /// Of the event, milliseconds since 1970.
    pub time_ms: i64,
    /// Derived from the event and the rule.
    pub uid: String,
    /// Of the rule.
    #[serde(rename = "severity_id", with = "layout::severity_id")]
    pub severity: Severity,
    /// The rule's id.
    pub rule: String,
    /// What it says.
    pub title: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// What it was done to, or who did it.
    pub resource: String,
    /// Who did it.
    pub actor: String,
    /// OCSF's detection finding, as JSON, or `{"whole": place, "bytes": n}` if it was too large; empty where it was found by
    /// account.
    #[serde(skip)]
    pub ocsf: String,
}

/// Keeps the forms that are too large for the table.
pub async fn keep_large<A: Aws>(edge: &Edge<A>, patience: &Patience, output: &Output) -> Answers {
    let mut answers = Answers::default();
    for (owner, finding) in output.findings.iter().filter(|(_, finding)| is_large(finding)) {
        answers.n_items += 1;
        let bytes = finding.ocsf.clone().into_bytes();
        if let Err(error) = edge.keep_whole(patience, &key(finding.uid), bytes).await {
            fail(&mut answers, [*owner], &error);
        }
    }
    answers
}

fn is_large(finding: &Finding) -> bool {
    finding.ocsf.len() > FORM_BYTES_MAX
}

/// Where a large form is kept.
fn key(uid: Id) -> String {
    format!("whole/finding/{uid}.json")
}

/// Adds a finding, whose form is kept if it is large.
pub fn add(chunks: &mut Chunks, names: &Names, finding: &Finding) {
    let line = json!([
        finding.time_ms,
        finding.uid,
        finding.severity.id(),
        layout::cut(&finding.rule),
        layout::cut(&finding.title),
        layout::cut(&finding.account),
        layout::cut(&finding.region),
        layout::cut(&finding.resource),
        layout::cut(&finding.actor),
    ])
    .to_string();
    let form = if is_large(finding) {
        let whole = names.whole(&key(finding.uid));
        Cow::from(json!({"whole": whole, "bytes": finding.ocsf.len()}).to_string())
    } else {
        Cow::from(&finding.ocsf)
    };
    let timed = format!("{line}\t{form}");
    chunks.add(finding.severity, finding.time_ms, &finding.account, &timed, &line);
}

/// The findings of items, the oldest first; one that came by two ways is there once.
pub fn read(items: &[Item]) -> Vec<Stored> {
    let lines = FINDINGS.lines(items);
    let finding = |line: &String| {
        // JSON has no tab but an escaped one.
        let (members, form) = line.split_once('\t').unwrap_or((line, ""));
        let stored: Stored = serde_json::from_str(members).ok()?;
        Some(Stored { ocsf: form.to_owned(), ..stored })
    };
    let mut findings: Vec<Stored> = lines.iter().filter_map(finding).collect();
    findings.sort_by(|a, b| (a.time_ms, &a.uid).cmp(&(b.time_ms, &b.uid)));
    let mut seen = HashSet::new();
    findings.retain(|finding| seen.insert(finding.uid.clone()));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::DYNAMODB_ITEM_BYTES_MAX;

    const TIME_MS: i64 = 1_795_161_600_123; // 2026-11-20T08:00:00.123Z

    fn found(n: u64, ocsf: String) -> Finding {
        let text = |text: &str| text.to_owned();
        Finding {
            uid: Id::of(&[&n.to_le_bytes()]),
            event: Id::of(&[b"event"]),
            severity: Severity::High,
            time_ms: TIME_MS + n as i64,
            rule: text("trail_stopped"),
            family: text("cloudtrail"),
            account: text("111122223333"),
            region: text("eu-west-1"),
            resource: text("a\tb\nc"),
            actor: text("ann"),
            title: text("A trail was stopped"),
            ocsf,
        }
    }

    fn names() -> Names {
        Names::read(|name| Some(name.to_owned())).unwrap()
    }

    /// The items of findings, those by severity and those by account.
    fn items(findings: &[Finding]) -> (Vec<Item>, Vec<Item>) {
        let mut chunks = Chunks::new(&FINDINGS);
        findings.iter().for_each(|finding| add(&mut chunks, &names(), finding));
        let items = chunks.items("lane", "last", Id::of(&[b"part"]), TIME_MS);
        assert!(items.iter().all(|item| layout::size(item) <= DYNAMODB_ITEM_BYTES_MAX));
        items
            .into_iter()
            .partition(|item| layout::text(item, layout::PK).starts_with("finding#4#2026-11-20T08#"))
    }

    #[test]
    fn what_was_found_is_read_by_severity_and_by_account() {
        let forms = [r#"{"class_uid":2004}"#.to_owned(), format!(r#"{{"a":"{}"}}"#, "x".repeat(200_000))];
        let findings: Vec<Finding> = (0..).zip(forms).map(|(n, form)| found(n, form)).collect();
        let (timed, of_account) = items(&[findings.as_slice(), &findings[..1]].concat());
        // The second form is longer than a chunk.
        assert_eq!((timed.len(), of_account.len()), (3, 1));
        assert_eq!(layout::text(&of_account[0], layout::PK), "finding#111122223333#2026-11-20");
        let read_of = |items: &[Item]| {
            let of = |stored: Stored| (stored.uid, stored.severity, stored.resource, stored.ocsf);
            read(items).into_iter().map(of).collect::<Vec<_>>()
        };
        let expected = |with_form: bool| {
            let of = |finding: &Finding| {
                let form = if with_form { finding.ocsf.clone() } else { String::new() };
                (finding.uid.to_string(), finding.severity, finding.resource.clone(), form)
            };
            findings.iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(read_of(&timed), expected(true));
        assert_eq!(read_of(&of_account), expected(false));
    }

    #[test]
    fn a_form_that_no_item_holds_is_told_by_its_place() {
        let large = found(1, "x".repeat(FORM_BYTES_MAX + 1));
        let (timed, _) = items(std::slice::from_ref(&large));
        let form: serde_json::Value = serde_json::from_str(&read(&timed)[0].ocsf).unwrap();
        let place = format!("s3://KINESCOPE_QUARANTINE_BUCKET/whole/finding/{}.json", large.uid);
        assert_eq!(form, json!({"whole": place, "bytes": FORM_BYTES_MAX + 1}));
    }

    #[test]
    fn what_nothing_makes_smaller_fits_an_item() {
        let mut state = 1u64;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'0' + (state >> 58) as u8)
        });
        let mut finding = found(1, noise.take(FORM_BYTES_MAX).collect());
        finding.actor = "é".repeat(9_999);
        items(&[finding]);
    }
}
