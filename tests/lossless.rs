//! Nothing that CloudTrail said is lost: every value of an event is in a column of its row, or inside one.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_generate::Shape;
use kinescope_schemas::{Event, Source, table::Kind};
use kinescope_stages::detect::{Finding, Rules, from_yaml};
use kinescope_stages::parse::time::epoch_ms;
use kinescope_tests::{
    events::{each, each_of_file},
    traffic::{Traffic, files, recorded_files, samples},
};
use serde_json::Value;
use std::{collections::HashSet, path::PathBuf};

/// Members that can be derived from the identity around them, when they say the same.
const ISSUER: &str = "userIdentity.sessionContext.sessionIssuer.";

/// Calls `each` with the path and the text of every value that is neither an object, a list, null nor empty.
fn leaves(path: &str, value: &Value, each: &mut dyn FnMut(&str, String)) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.iter().for_each(|item| leaves(path, item, each)),
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            leaves(&path, member, each);
        }),
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => each(path, text.clone()),
        other => each(path, other.to_string()),
    }
}

/// Every text that a row holds: of its columns, of the JSON in them, and of the JSON in what is unmapped.
fn texts(event: &Event<'_>) -> HashSet<String> {
    let mut texts = HashSet::new();
    for (at, column) in event.table.spec().columns.iter().enumerate() {
        let Some(text) = event.row[at].to_text() else { continue };
        if matches!(column.kind, Kind::Json | Kind::JsonText) {
            let value: Value = serde_json::from_str(&text).unwrap();
            leaves("", &value, &mut |_, text| {
                if let Ok(inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(&text) {
                    leaves("", &inner, &mut |_, text| texts.extend([text]));
                }
                texts.insert(text);
            });
        }
        texts.insert(text.into_owned());
    }
    texts
}

/// Whether a value may be missing because the row tells it in another way.
fn is_told_otherwise(path: &str, text: &str, event: &Value, texts: &HashSet<String>) -> bool {
    let identity = &event["userIdentity"];
    let issuer_is = |expected: Option<&str>| expected == Some(text);
    match path {
        "eventTime" | "userIdentity.sessionContext.attributes.creationDate" => {
            epoch_ms(text).is_some_and(|ms| texts.contains(&ms.to_string()))
        }
        "responseElements.credentials.sessionToken" => texts.contains("[redacted]"),
        _ => match path.strip_prefix(ISSUER) {
            Some("type") => text == "Role",
            Some("principalId") => {
                issuer_is(identity["principalId"].as_str().and_then(|id| id.split(':').next()))
            }
            Some("accountId") => issuer_is(identity["accountId"].as_str()),
            Some("userName") => {
                let arn = identity["sessionContext"]["sessionIssuer"]["arn"].as_str();
                issuer_is(arn.and_then(|arn| arn.rsplit('/').next()))
            }
            _ => false,
        },
    }
}

/// Checks every CloudTrail event of the files; how many there were.
fn check(paths: &[PathBuf]) -> usize {
    let mut n_events = 0;
    for path in paths {
        each_of_file(path, &mut |event| {
            if event.source != Source::CloudTrail {
                return;
            }
            n_events += 1;
            let original: Value = serde_json::from_str(event.raw).unwrap();
            let texts = texts(event);
            leaves("", &original, &mut |path, text| {
                assert!(
                    texts.contains(&text) || is_told_otherwise(path, &text, &original, &texts),
                    "{path}: {text:?} is lost of {}",
                    event.raw
                );
            });
        });
    }
    n_events
}

#[test]
fn samples_of_every_identity() {
    assert!(check(&files(&samples())) > 50);
}

#[test]
fn generated() {
    let traffic = Traffic::new(Shape::Jsonl, 4_000, 53);
    assert_eq!(check(&traffic.files()), 4_000);
}

#[test]
fn recordings() {
    let paths = recorded_files();
    assert!(paths.is_empty() || check(&paths) > 0);
}

/// The only thing that is lost on purpose: credentials that are still good.
#[test]
fn session_tokens_are_nowhere() {
    let rule = "title: t\nid: any\nlogsource: {service: cloudtrail}\ndetection: {s: {eventSource: sts.amazonaws.com}, condition: s}\n";
    let rules = Rules::new(from_yaml("any.yml", rule).unwrap()).unwrap();
    let compact = r#"{"eventVersion":"1.08","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","responseElements":{"credentials":{"accessKeyId":"ASIA","sessionToken":"SECRET+/\u003d\\SECRET"},"more":[{"sessionToken":"SECRET"}]},"eventID":"1"}"#;
    let value: Value = serde_json::from_str(compact).unwrap();
    let forms = [
        compact.to_owned(),
        compact.replace("\":", "\" : "),
        format!("{value:#}"),
        value.to_string(),
        serde_json::json!({"detail-type": "AWS API Call via CloudTrail", "source": "aws.sts", "detail": value})
            .to_string(),
    ];
    for form in forms {
        let mut n_findings = 0;
        let n_bad = each(form.as_bytes(), &mut |event| {
            let kept = format!("{:?}", texts(event));
            assert!(!kept.contains("SECRET") && kept.contains("[redacted]"), "{kept}");
            rules.matching(event, |rule| {
                n_findings += 1;
                let finding = Finding::new(event, rule, rules.lists()).0.ocsf;
                assert!(!finding.contains("SECRET"), "{finding}");
            });
        });
        assert_eq!((n_bad, n_findings), (0, 1), "{form}");
    }
}
