//! One event by many ways: on a line, spread over lines, in the envelopes of other services, in letters that nobody would
//! write. Whatever way it comes, it is the same event, and what serde_json reads of it.

#![expect(clippy::unwrap_used, reason = "a test")]

use fastrand::Rng;
use kinescope_generate::Shape;
use kinescope_schemas::{Event, Source, table::Kind};
use kinescope_stages::{
    decode::Envelope,
    detect::{Rules, builtin},
};
use kinescope_tests::{
    events::each_inside,
    mutate::mutate,
    payloads::{gzip, logged},
    reference::{self, TIMES},
    traffic::{Traffic, recorded_files, samples},
};
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use std::fs;

/// What came of a payload.
#[derive(Debug, Default, PartialEq)]
struct Came {
    /// CloudTrail events: key, columns, and the rules that match.
    events: Vec<(String, Map<String, Value>, Vec<String>)>,
    n_others: usize,
    n_bad: usize,
}

/// The account and the moment that every envelope here names, as `logged` does: what an event does not say itself.
const ACCOUNT: &str = "111122223333";
const TIME_MS: i64 = 1_772_438_400_000;

impl Came {
    fn of(payload: &[u8], rules: &Rules) -> Came {
        let mut came = Came::default();
        let around =
            Envelope { account: Some(ACCOUNT.into()), time_ms: Some(TIME_MS), ..Envelope::default() };
        came.n_bad = each_inside(&around, payload, &mut |event| {
            if event.source != Source::CloudTrail {
                came.n_others += 1;
                return;
            }
            let mut matching = Vec::new();
            rules.matching(event, |rule| matching.push(rule.about.name.clone()));
            matching.sort();
            came.events.push((event.key.to_string(), row(event), matching));
        });
        came
    }
}

/// What the envelope says, or what a row says twice where its text is written otherwise than usual: the time, and of a
/// session's issuer what repeats the identity.
const NOT_COMPARED: [&str; 2] = ["metadata_log_name", "metadata_original_time"];
const ISSUER: &str = "userIdentity.sessionContext.sessionIssuer.";

/// The columns that hold something. White space in JSON says nothing.
fn row(event: &Event<'_>) -> Map<String, Value> {
    let columns = event.table.spec().columns.iter().enumerate();
    let value = |(at, column): (usize, &kinescope_schemas::table::Column)| {
        let text = event.row[at].to_text()?;
        let value = match column.kind {
            Kind::Json | Kind::JsonText => {
                serde_json::from_str::<IgnoredAny>(&text).unwrap();
                // Half of a surrogate pair is JSON, but no value of serde_json's.
                serde_json::from_str(&text).map_or(json!(text), without_spaces)
            }
            Kind::Bool => json!(text == "true"),
            // An object where a text should be is kept as it was written.
            _ => without_spaces(json!(text)),
        };
        let is_kept = !NOT_COMPARED.contains(&&*column.name) && !is_empty(&value);
        is_kept.then(|| (column.name.clone(), value))
    };
    columns.filter_map(value).collect()
}

/// JSON as text within JSON, which is how values without a column are kept, is opened.
fn without_spaces(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(without_spaces).collect(),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, member)| (name, without_spaces(member)));
            let is_kept = |(name, member): &(String, Value)| !is_empty(member) && !name.starts_with(ISSUER);
            Value::Object(members.filter(is_kept).collect())
        }
        Value::String(text) if text.starts_with(['{', '[']) => {
            serde_json::from_str(&text).map_or(Value::String(text), without_spaces)
        }
        other => other,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        other => other.is_null(),
    }
}

/// How a string is written.
type Writer = fn(&str) -> String;

fn plainly(text: &str) -> String {
    Value::from(text).to_string()
}

/// Every character by its code.
fn by_codes(text: &str) -> String {
    let codes: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    format!("\"{codes}\"")
}

/// The same JSON with `space` behind everything that is not part of a value, and with its strings written otherwise.
fn rewritten(json: &str, space: &str, key: Writer, value: Writer) -> String {
    let mut out = String::new();
    let mut rest = json;
    while let Some(byte) = rest.bytes().next() {
        if byte == b'"' {
            let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let text = strings.next().unwrap().unwrap();
            rest = &rest[strings.byte_offset()..];
            out.push_str(&if rest.trim_start().starts_with(':') { key(&text) } else { value(&text) });
        } else {
            out.push(byte as char);
            if b"{}[],:".contains(&byte) {
                out.push_str(space);
            }
            rest = &rest[1..];
        }
    }
    out
}

/// Names and values of text, which are fewer in a tree when a name comes twice.
fn n_strings(json: &str) -> usize {
    let mark = |_: &str| "\0".to_owned();
    rewritten(json, "", mark, mark).matches('\0').count()
}

/// The ways that an event may come by.
fn ways(event: &str) -> Vec<(&'static str, Vec<u8>)> {
    let spread = rewritten(event, "\n\t ", plainly, plainly);
    let in_codes = rewritten(event, "", plainly, by_codes);
    let in_log = String::from_utf8(logged(&[event])).unwrap();
    let on_bus = |detail: &str| {
        format!(
            r#"{{"version":"0","id":"6a7e8feb","detail-type":"AWS API Call via CloudTrail","source":"aws.any","account":"{ACCOUNT}","time":"2026-03-02T08:00:00Z","detail":{detail}}}"#
        )
    };
    let notice = json!({"Type": "Notification", "MessageId": "m", "Message": event}).to_string();
    let ways = [
        ("spread over lines", spread.clone()),
        ("in codes", in_codes.clone()),
        ("its names in codes", rewritten(event, "", by_codes, plainly)),
        ("in CloudTrail's file", format!(r#"{{"Records":[{event}]}}"#)),
        ("in CloudTrail's file, spread over lines", format!("{{ \"Records\" : [ {spread} ] }}")),
        ("on a bus", on_bus(event)),
        ("on a bus, in codes", on_bus(&in_codes)),
        ("in a notice", notice),
        ("in a log, spread over lines", String::from_utf8(logged(&[&spread])).unwrap()),
        ("in a log, in codes", String::from_utf8(logged(&[&in_codes])).unwrap()),
        ("in a log that is in codes", rewritten(&in_log, "", plainly, by_codes)),
        ("in a log that is spread over lines", rewritten(&in_log, "\r\n ", plainly, plainly)),
        ("in a log", in_log),
    ];
    let zipped = ("in a log, zipped", gzip(&logged(&[event])));
    ways.map(|(name, text)| (name, text.into_bytes())).into_iter().chain([zipped]).collect()
}

/// Columns that the reference knows, as the reference has them.
fn is_the_reference(row: &Map<String, Value>, event: &Value) {
    for (name, expected) in reference::columns(event) {
        if TIMES.iter().any(|(time, _)| *time == name) {
            continue;
        }
        let ours = row.get(&name).cloned().unwrap_or_default();
        let expected = without_spaces(expected);
        let expected = match expected {
            none if is_empty(&none) && name == "cloud_account_uid" => json!(ACCOUNT),
            // An event without an id has one from its content.
            none if is_empty(&none) && name == "metadata_uid" => ours.clone(),
            none if is_empty(&none) => Value::Null,
            some => some,
        };
        assert_eq!(ours, expected, "{name} of {event}");
    }
}

/// By every way it is the event that it is on a line, and that is the reference's.
fn check(event: &str, rules: &Rules) {
    let came = Came::of(event.as_bytes(), rules);
    assert_eq!((came.events.len(), came.n_others, came.n_bad), (1, 0, 0), "{event}");
    is_the_reference(&came.events[0].1, &serde_json::from_str(event).unwrap());
    for (way, payload) in ways(event) {
        assert_eq!(Came::of(&payload, rules), came, "{way}: {event}");
    }
}

/// Events on a line each: generated, by hand, and recorded.
fn lines() -> Vec<String> {
    const RECORDED_MAX: usize = 300;
    let traffic = Traffic::new(Shape::Jsonl, 200, 71);
    let mut paths = traffic.files();
    paths.push(samples().join("cloudtrail.jsonl"));
    // Among what is generated are lines that are broken, which are left out below.
    let text = |path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    let texts: Vec<String> = paths.iter().map(text).collect();
    let mut lines: Vec<String> = texts.iter().flat_map(|text| text.lines()).map(str::to_owned).collect();
    lines.retain(|line| reference::events(line.as_bytes()).len() == 1);
    let mut recorded: Vec<_> =
        recorded_files().iter().flat_map(|path| reference::events(&fs::read(path).unwrap())).collect();
    Rng::with_seed(5).shuffle(&mut recorded);
    lines.extend(recorded.iter().take(RECORDED_MAX).map(Value::to_string));
    assert!(lines.len() >= 250, "{} events", lines.len());
    lines
}

#[test]
fn whatever_way_an_event_comes_it_is_the_same() {
    let rules = builtin().unwrap();
    lines().iter().for_each(|line| check(line, &rules));
}

/// Values that a member may have instead of its own.
fn odd(chance: &mut Rng) -> Value {
    let text: String = (0..chance.usize(..70))
        .map(|_| {
            ["a", "\"", "\\", "\\\"", "\n", "\u{1}", "é", "日", "😀", "{", "]", ",", ":", "/"]
                [chance.usize(..14)]
        })
        .collect();
    let values = [
        Value::Null,
        json!(""),
        json!("-"),
        json!(0),
        json!(-12.5e-3),
        json!(u64::MAX),
        json!(true),
        json!("TRUE"),
        json!({}),
        json!([]),
        json!([null, {"a": [text]}, text]),
        json!({"eventName": text, "sessionToken": text, "": {}}),
        json!(text),
    ];
    values[chance.usize(..values.len())].clone()
}

/// Puts something odd in the place of some member, or beside it.
fn spoil(value: &mut Value, chance: &mut Rng) {
    let Value::Object(members) = value else {
        *value = odd(chance);
        return;
    };
    if members.is_empty() || chance.u8(..8) == 0 {
        members.insert(
            ["odd", "eventVersion", "Records", "detail", "日\"\\"][chance.usize(..5)].to_owned(),
            odd(chance),
        );
        return;
    }
    let at = chance.usize(..members.len());
    let (_, member) = members.iter_mut().nth(at).unwrap();
    if member.is_object() && chance.u8(..4) > 0 { spoil(member, chance) } else { *member = odd(chance) }
}

#[test]
fn odd_events_are_the_same_too() {
    const N_ROUNDS: usize = 1_000;
    let rules = Rules::default();
    let lines = lines();
    let mut chance = Rng::with_seed(73);
    let mut n_checked = 0;
    for _ in 0..N_ROUNDS {
        let mut event: Value = serde_json::from_str(&lines[chance.usize(..lines.len())]).unwrap();
        for _ in 0..chance.usize(1..4) {
            spoil(&mut event, &mut chance);
        }
        // Without these it is no event, and without an id it is another wherever it lies.
        let has = |name: &str| event[name].as_str().is_some_and(|text| text.len() > 1);
        if has("eventSource") && has("eventName") && has("eventID") && event.get("Records").is_none() {
            check(&event.to_string(), &rules);
            n_checked += 1;
        }
    }
    assert!(n_checked > N_ROUNDS / 2, "{n_checked}");
}

#[test]
fn broken_events_are_broken_by_every_way() {
    const N_ROUNDS: usize = 8_000;
    let rules = Rules::default();
    let lines = lines();
    let mut chance = Rng::with_seed(79);
    let (mut n_good, mut n_bad) = (0, 0);
    for _ in 0..N_ROUNDS {
        let [one, other] = [(); 2].map(|()| lines[chance.usize(..lines.len())].as_bytes());
        let Ok(text) = String::from_utf8(mutate(one, other, &mut chance)) else { continue };
        // On a line the next line is another message.
        let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
        if !is_json && text.contains('\n') || text.trim().is_empty() {
            continue;
        }
        let (on_line, in_log) = (Came::of(text.as_bytes(), &rules), Came::of(&logged(&[&text]), &rules));
        if !is_json {
            n_bad += 1;
            // Events are the same. What follows one, such as a comma and half of another, is a line of text in a log.
            assert_eq!(on_line.events, in_log.events, "{text}");
            assert!([on_line, in_log].iter().all(|came| *came != Came::default()), "{text}");
            continue;
        }
        if let Ok(event) = serde_json::from_str::<Value>(&text) {
            assert_eq!(on_line.n_bad + on_line.events.len() + on_line.n_others, 1, "{text}");
            // Of two members of one name serde_json keeps the last; two identities make one here.
            if n_strings(&text) == n_strings(&event.to_string()) {
                on_line.events.iter().for_each(|(_, row, _)| is_the_reference(row, &event));
            }
            n_good += 1;
        }
        assert_eq!(on_line, in_log, "{text}");
    }
    assert!(n_good > 300 && n_bad > 1_000, "{n_good} good, {n_bad} bad");
}
