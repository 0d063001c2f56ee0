//! Correlations: what loads, what is found, and that neither order nor repetition matters.

use super::super::{
    correlate::{Correlated, ENTRIES_PER_GROUP_MAX, Hit, State},
    *,
};
use kinescope_schemas::Id;
use serde_json::json;

const RULES: &str = "title: a\nid: a\nlogsource: {product: aws, service: cloudtrail}\ndetection: {s: {eventName: A}, condition: s}\n---\ntitle: b\nname: second\nlogsource: {product: aws, service: cloudtrail}\ndetection: {s: {eventName: B}, condition: s}\n---\n";

fn linked(body: &str) -> Result<Linked, RuleError> {
    let mut set = RuleSet::default();
    set.read("test/set.yml", format!("{RULES}title: c\nid: c\ncorrelation:\n{body}"))?;
    set.link(0)
}

fn correlation(body: &str) -> Correlation {
    linked(body).unwrap().rules.correlations()[0].clone()
}

/// A match of a step, at a second, of an event, in a group, with a value.
fn hit(step: usize, second: i64, event: u8, group: &str, value: &str) -> Hit {
    let group = vec![group.to_owned()];
    let (uid, account, region) = (event.to_string(), "1".to_owned(), "r".to_owned());
    Hit {
        step,
        time_ms: second * 1_000,
        event: Id([event; 16]),
        uid,
        account,
        region,
        key: correlate::group_key(&group),
        group,
        value: value.to_owned(),
    }
}

fn findings(correlation: &Correlation, hits: &[Hit]) -> Vec<Correlated> {
    let mut state = State::default();
    hits.iter().for_each(|hit| state.add(correlation, hit));
    state.findings(0, correlation)
}

/// The seconds at which it begins to hold, and the number of events.
fn times(correlation: &Correlation, hits: &[Hit]) -> Vec<(i64, usize)> {
    findings(correlation, hits).iter().map(|found| (found.time_ms / 1_000, found.n_events)).collect()
}

fn seconds(list: &[i64]) -> Vec<Hit> {
    (0..).zip(list).map(|(event, second)| hit(0, *second, event, "g", "")).collect()
}

#[test]
fn counts_of_events() {
    let three = correlation(
        "  type: event_count\n  rules: [a]\n  group-by: [userAgent]\n  timespan: 10s\n  condition: {gte: 3}\n",
    );
    for (list, expected) in [
        (&[0, 5, 10][..], &[(10, 3)][..]),
        (&[0, 5, 11], &[]),
        (&[0, 5, 6, 7, 8], &[(6, 5)]),
        (&[0, 1, 2, 100, 101, 102], &[(2, 3), (102, 3)]),
        (&[0, 0, 0], &[(0, 3)]),
        (&[0, 1], &[]),
    ] {
        assert_eq!(times(&three, &seconds(list)), expected, "{list:?}");
    }
    let apart = [hit(0, 0, 1, "g", ""), hit(0, 1, 2, "h", ""), hit(0, 2, 3, "g", "")];
    assert_eq!(times(&three, &apart), []);
    let same = [hit(0, 0, 1, "g", ""), hit(0, 0, 1, "g", ""), hit(0, 1, 2, "g", "")];
    assert_eq!(times(&three, &same), []);
}

#[test]
fn an_event_that_two_rules_match_is_one() {
    let two =
        correlation("  type: event_count\n  rules: [a, second]\n  timespan: 10s\n  condition: {gt: 1}\n");
    assert_eq!(times(&two, &[hit(0, 0, 1, "g", ""), hit(1, 0, 1, "g", "")]), []);
    assert_eq!(times(&two, &[hit(0, 0, 1, "g", ""), hit(1, 0, 2, "g", "")]), [(0, 2)]);
}

#[test]
fn counts_of_values_and_sums() {
    let of = |kind: &str, condition: &str| {
        correlation(&format!(
            "  type: {kind}\n  rules: [a]\n  timespan: 1m\n  condition: {{{condition}, field: userAgent}}\n"
        ))
    };
    let hits = |values: &[&str]| -> Vec<Hit> {
        (0..).zip(values).map(|(at, value)| hit(0, i64::from(at), at, "g", value)).collect()
    };
    for (kind, condition, values, expected) in [
        ("value_count", "gte: 2", &["x", "x", "y"][..], &[(2, 3)][..]),
        ("value_count", "gte: 2", &["x", "x", "x"], &[]),
        ("value_sum", "gt: 10", &["4", "7", "no number", "nan"], &[(1, 2)]),
        ("value_sum", "gt: 10", &["4", "-7", "8"], &[]),
        ("value_avg", "gte: 5", &["1", "9", "5"], &[(1, 2)]),
        ("value_avg", "lt: 2", &["1", "9", "1"], &[(0, 1)]),
        ("value_median", "gte: 5", &["1", "2", "9", "9", "9"], &[(4, 5)]),
        ("value_percentile", "gte: 9, percentile: 100", &["1", "2", "9"], &[(2, 3)]),
    ] {
        let times: Vec<_> = times(&of(kind, condition), &hits(values));
        // A condition that holds from the first event on holds for all that follow.
        assert_eq!(
            times.iter().map(|t| t.0).collect::<Vec<_>>(),
            expected.iter().map(|t| t.0).collect::<Vec<_>>(),
            "{kind} {condition} {values:?}"
        );
    }
}

#[test]
fn rules_in_time_and_in_order() {
    let of = |kind: &str, more: &str| {
        correlation(&format!("  type: {kind}\n  rules: [a, second]\n  timespan: 10s\n{more}"))
    };
    let (together, ordered, either) =
        (of("temporal", ""), of("temporal_ordered", ""), of("temporal", "  condition: a or second\n"));
    for (hits, in_time, in_order, one) in [
        (&[(0, 0), (1, 5)][..], true, true, true),
        (&[(1, 0), (0, 5)], true, false, true),
        (&[(1, 0), (0, 0)], true, true, true),
        (&[(0, 0), (1, 11)], false, false, true),
        (&[(0, 0), (0, 5), (1, 12)], true, true, true),
        (&[(0, 0), (1, 20), (0, 25)], true, false, true),
        (&[(0, 0), (0, 1)], false, false, true),
        (&[], false, false, false),
    ] {
        let hits: Vec<Hit> =
            (0..).zip(hits).map(|(at, (step, second))| hit(*step, *second, at, "g", "")).collect();
        let holds = |correlation| !times(correlation, &hits).is_empty();
        assert_eq!((holds(&together), holds(&ordered), holds(&either)), (in_time, in_order, one), "{hits:?}");
    }
}

/// A small generator of chance: what is drawn depends on the seed only.
fn chance(seed: &mut u64, n: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % n
}

#[test]
fn order_and_repetition_change_nothing() {
    let kinds = [
        "  type: event_count\n  rules: [a, second]\n  timespan: 5s\n  condition: {gte: 4}\n",
        "  type: value_count\n  rules: [a, second]\n  timespan: 5s\n  condition: {gte: 3, field: userAgent}\n",
        "  type: value_avg\n  rules: [a, second]\n  timespan: 5s\n  condition: {gte: 3, field: userAgent}\n",
        "  type: temporal\n  rules: [a, second]\n  timespan: 2s\n",
        "  type: temporal_ordered\n  rules: [a, second]\n  timespan: 2s\n",
    ];
    let mut n_found = 0;
    for (seed, body) in (0..200u64).zip(kinds.iter().cycle()) {
        let (correlation, mut seed) = (correlation(body), seed + 1);
        let mut draw = |n| chance(&mut seed, n);
        let mut hits: Vec<Hit> = (0..60)
            .map(|event| {
                let (step, second, group) = (draw(2) as usize, draw(40) as i64, ["g", "h"][draw(2) as usize]);
                hit(step, second, event, group, &draw(6).to_string())
            })
            .collect();
        let before = findings(&correlation, &hits);
        n_found += before.len();
        for at in (1..hits.len()).rev() {
            hits.swap(at, draw(at as u64 + 1) as usize);
        }
        hits.extend_from_within(..20);
        assert_eq!(findings(&correlation, &hits), before);
    }
    assert!(n_found > 200, "{n_found}");
}

#[test]
fn a_group_that_is_full_keeps_its_first_events_in_any_order() {
    let correlation =
        correlation("  type: event_count\n  rules: [a]\n  timespan: 1h\n  condition: {gte: 1000}\n");
    let n = ENTRIES_PER_GROUP_MAX as u32 + 500;
    let event = |at: u32| Hit { event: Id::of(&[&at.to_le_bytes()]), ..hit(0, i64::from(at), 0, "g", "") };
    let run = |hits: Vec<Hit>| {
        let mut state = State::default();
        hits.iter().for_each(|hit| state.add(&correlation, hit));
        (state.findings(0, &correlation), state.n_dropped())
    };
    let (forwards, n_dropped) = run((0..n).map(event).collect());
    assert_eq!(run((0..n).rev().map(event).collect()), (forwards.clone(), n_dropped));
    assert_eq!((forwards.len(), forwards[0].time_ms, n_dropped), (1, 999_000, 500));
}

#[test]
fn groups_by_fields_of_the_event() {
    let linked = linked("  type: event_count\n  rules: [a, second]\n  group-by: [who, awsRegion]\n  aliases: {who: {a: userIdentity.arn, second: requestParameters.user}}\n  timespan: 1m\n  condition: {gte: 2}\n").unwrap();
    let group = |name: &str, more: serde_json::Value| {
        let mut event = json!({"eventSource": "svc.amazonaws.com", "eventName": name});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let hits = cases::with_event(&event, |event| {
            let mut hits = Vec::new();
            linked.rules.matching(event, |rule| {
                let at = linked.rules.all().iter().position(|other| other.about.id == rule.about.id).unwrap();
                hits.extend(
                    linked.rules.correlations()[0].hits(at, &Subject::new(event, linked.rules.lists())),
                );
            });
            hits
        });
        hits.unwrap().into_iter().map(|hit| (hit.step, hit.group)).collect::<Vec<_>>()
    };
    let is = |step: usize, who: &str, region: &str| vec![(step, vec![who.to_owned(), region.to_owned()])];
    assert_eq!(group("A", json!({"userIdentity": {"arn": "x"}, "awsRegion": "r"})), is(0, "x", "r"));
    assert_eq!(group("B", json!({"requestParameters": {"user": ["y", "z"]}})), is(1, "y", ""));
    assert_eq!(group("C", json!({})), []);
}

#[test]
fn what_does_not_load() {
    for (body, line, words) in [
        (
            "  type: event_count\n  rules: [x]\n  timespan: 1m\n  condition: {gte: 2}\n",
            15,
            "no rule is called x",
        ),
        (
            "  type: event_count\n  rules: []\n  timespan: 1m\n  condition: {gte: 2}\n",
            15,
            "from 1 to 64 rules",
        ),
        ("  type: event_count\n  rules: [a]\n  timespan: 1m\n", 13, "requires a condition"),
        ("  type: event_count\n  rules: [a]\n  timespan: 1m\n  condition: {lt: 2}\n", 17, "a lower bound"),
        ("  type: event_count\n  rules: [a]\n  timespan: 1m\n  condition: {gte: 5000}\n", 17, "at most 1024"),
        (
            "  type: event_count\n  rules: [a]\n  timespan: 1m\n  condition: {gte: 2, field: x}\n",
            17,
            "counts 0 field",
        ),
        ("  type: value_count\n  rules: [a]\n  timespan: 1m\n  condition: {gte: 2}\n", 17, "counts 1 field"),
        (
            "  type: value_percentile\n  rules: [a]\n  timespan: 1m\n  condition: {gte: 2, field: x}\n",
            17,
            "percentile",
        ),
        (
            "  type: event_count\n  rules: [a]\n  timespan: 1y\n  condition: {gte: 2}\n",
            16,
            "between 1s and 31d",
        ),
        ("  type: event_count\n  rules: [a]\n  timespan: soon\n  condition: {gte: 2}\n", 16, "timespan"),
        ("  type: nonsense\n  rules: [a]\n  timespan: 1m\n  condition: {gte: 2}\n", 13, "nonsense"),
        (
            "  type: temporal\n  rules: [a, second]\n  timespan: 1m\n  condition: {gte: 2}\n",
            17,
            "not a number",
        ),
        (
            "  type: temporal\n  rules: [a, second]\n  timespan: 1m\n  condition: a and not second\n",
            17,
            "may yet",
        ),
        ("  type: temporal\n  rules: [a]\n  timespan: 1m\n  condition: a or second\n", 17, "none of the"),
        (
            "  type: event_count\n  rules: [a]\n  window: tumbling\n  timespan: 1m\n  condition: {gte: 2}\n",
            16,
            "sliding",
        ),
        (
            "  type: event_count\n  rules: [a]\n  aliases: {x: {z: y}}\n  timespan: 1m\n  condition: {gte: 2}\n",
            16,
            "z is none",
        ),
    ] {
        let error = linked(body).unwrap_err();
        assert!(error.reason.contains(words) && error.line == line, "{body}\n{error}");
    }
}
