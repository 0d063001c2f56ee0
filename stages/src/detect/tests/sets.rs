//! Collections, filters and lists: what several documents say together.

use super::super::*;
use bytes::Bytes;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const NOW_MS: i64 = 1_795_219_200_000; // 2026-11-21

fn linked(text: &str) -> Result<Linked, RuleError> {
    let custom =
        [("admins".to_owned(), vec!["alice".to_owned(), "ops-*".to_owned()]), ("nobody".to_owned(), vec![])];
    let mut set = RuleSet::new(Lists { custom: custom.into(), ..Lists::default() });
    set.read("test/set.yml", text.to_owned())?;
    set.link(NOW_MS)
}

/// The ids of the rules that match.
fn found(linked: &Linked, members: Json) -> Vec<String> {
    let mut event = json!({"eventSource": "svc.amazonaws.com", "eventName": "Call"});
    event.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let found = cases::with_event(&event, |event| {
        let mut ids = Vec::new();
        linked.rules.matching(event, |rule| ids.push(rule.about.id.clone()));
        ids.sort();
        ids
    });
    found.unwrap()
}

/// A file's text, compiled.
fn compiled(path: &str, text: &str) -> Result<Bytes, RuleError> {
    compile_files(&[(path.to_owned(), text.to_owned().into())]).map(Bytes::from)
}

fn rule(id: &str, selection: &str, condition: &str) -> String {
    format!(
        "title: {id}\nid: {id}\nlogsource: {{product: aws, service: cloudtrail}}\ndetection:\n  s: {{{selection}}}\n  condition: {condition}\n"
    )
}

#[test]
fn documents_share_what_is_global_until_a_reset() {
    let text = "action: global\nlogsource: {product: aws, service: cloudtrail}\nlevel: high\n---\n# nothing\n---\ntitle: a\nid: a\ndetection: {s: {eventName: Call}, condition: s}\n---\naction: repeat\nid: b\ndetection: {s: {userAgent: x}}\n---\naction: repeat\nid: c\nlevel: low\n---\naction: reset\n---\ntitle: d\nid: d\nlogsource: {service: cloudtrail}\ndetection: {s: {eventName: Call}, condition: s}\n";
    let linked = linked(text).unwrap();
    let all: Vec<_> = linked
        .rules
        .all()
        .iter()
        .map(|rule| (rule.about.id.as_str(), rule.about.severity, rule.about.origin.line))
        .collect();
    use kinescope_schemas::Severity::*;
    assert_eq!(all, [("a", High, 7), ("b", High, 11), ("c", Low, 15), ("d", Medium, 21)]);
    assert_eq!(found(&linked, json!({})), ["a", "d"]);
    assert_eq!(found(&linked, json!({"userAgent": "X"})), ["a", "b", "c", "d"]);
}

#[test]
fn errors_say_the_line_of_their_own_document() {
    let good = rule("a", "eventName: Call", "s");
    for (text, line, words) in [
        (format!("{good}---\n{}", rule("b", "a|re: '('", "s")), 12, "regex"),
        (format!("{good}---\n{}", rule("b", "a: b", "t")), 13, "no selection t"),
        (format!("{good}---\ntitle: [\n"), 9, "YAML"),
        (format!("action: global\nlevel: low\n---\n{}", rule("b", "a: b", "t")), 9, "no selection t"),
        (format!("{good}---\n{good}"), 9, "already used"),
        (format!("{good}---\naction: nonsense\n"), 8, "no action nonsense"),
        ("action: repeat\nid: b\n".to_owned(), 1, "no document before it"),
        (format!("{good}...\n{good}"), 8, "document start"),
    ] {
        let error = linked(&text).unwrap_err();
        assert!(error.reason.contains(words) && error.line == line, "{text}\n{error}");
    }
}

#[test]
fn lists_stand_for_their_values() {
    let text = [
        rule("one", "userAgent|expand: '%admins%'", "s"),
        rule("inside", "userAgent|expand|contains: 'by %admins%!'", "s"),
        rule("others", "eventName: Call, userAgent|expand: '%admins%'", "s"),
        rule("none", "userAgent|expand: '%nobody%'", "s"),
        rule("but none", "userAgent|expand: '%nobody%'", "not s"),
    ];
    let linked = linked(&text.join("---\n")).unwrap();
    for (agent, expected) in [
        ("Alice", &["but none", "one", "others"][..]),
        ("ops-7", &["but none", "one", "others"]),
        ("done by ops-7!", &["but none", "inside"]),
        ("mallory", &["but none"]),
    ] {
        assert_eq!(found(&linked, json!({"userAgent": agent})), expected, "{agent}");
    }
}

/// Rules that ask a field for a value are looked up by its lower case, and passed over by its length.
#[test]
fn a_value_finds_its_rules_in_any_case_alphabet_and_length() {
    let long = "Agent/".repeat(40);
    let rules = [("a", "kelvin"), ("b", "straße"), ("c", &long), ("d", "x")]
        .map(|(id, value)| rule(id, &format!("userAgent: '{value}'"), "s"));
    let linked = linked(&rules.join("---\n")).unwrap();
    let (upper, longer) = (long.to_uppercase(), format!("{long}x"));
    for (value, expected) in [
        ("KELVIN", Some("a")),
        ("\u{212A}elvin", Some("a")),
        ("STRAßE", Some("b")),
        ("STRASSE", None),
        (&upper, Some("c")),
        (&longer, None),
        ("X", Some("d")),
        ("y", None),
        ("", None),
    ] {
        assert_eq!(found(&linked, json!({"userAgent": value})), Vec::from_iter(expected), "{value}");
    }
}

/// Rules that say how an operation begins are tried, once, of those that do.
#[test]
fn an_operation_finds_the_rules_that_say_how_it_begins() {
    let rules = [
        ("dated", "eventSource: svc.amazonaws.com, eventName|startswith: UpdateThing"),
        ("any service", "eventName: 'update*'"),
        ("twice", "eventSource: [SVC.amazonaws.com, x], eventName|startswith: [Up, Update]"),
        ("or", "eventName: [UpdateThing2015, 'Del*']"),
        ("both", "eventName|startswith: Update, eventName|contains|all: [thing, '2015']"),
        ("other service", "eventSource: x, eventName|startswith: Up"),
        ("never", "eventName: Delete, eventName|startswith: Up"),
        ("kelvin", "eventName|startswith: '\u{212A}el'"),
    ];
    let linked = linked(&rules.map(|(id, selection)| rule(id, selection, "s")).join("---\n")).unwrap();
    for (operation, tried) in [
        ("UpdateThing2015v2", &["any service", "both", "dated", "or", "twice"][..]),
        ("UPDATEthing2015", &["any service", "both", "dated", "or", "twice"]),
        ("UpdatE", &["any service", "both", "twice"]),
        ("Up", &["twice"]),
        ("DeleteThing", &["or"]),
        ("Delete", &["or"]),
        ("Kelvin", &["kelvin"]),
        ("\u{212A}elvin", &["kelvin"]),
        ("Get", &[]),
    ] {
        let event = json!({"eventSource": "svc.amazonaws.com", "eventName": operation});
        let each = cases::with_event(&event, |event| {
            let mut ids = Vec::new();
            linked.rules.trying(event, |rule, _| ids.push(rule.about.id.clone()));
            ids.sort();
            let linear = linked.rules.linear(event).iter().map(|rule| rule.about.id.clone()).collect();
            (ids, linear)
        });
        let (ids, linear): (Vec<String>, BTreeSet<String>) = each.unwrap();
        assert_eq!(ids, tried, "{operation}");
        assert!(linear.iter().all(|id| ids.contains(id)), "{operation}: {linear:?}");
    }
}

fn filter(rules: &str, condition: &str, more: &str) -> String {
    format!(
        "title: f\nid: f\nauthor: the team of the backups\ndescription: the nightly job\nlogsource: {{product: aws, service: cloudtrail}}\n{more}filter:\n  rules: {rules}\n  selection: {{userAgent: backup}}\n  condition: {condition}\n"
    )
}

#[test]
fn a_filter_removes_what_its_owner_has_explained() {
    let rules = format!("{}---\n{}", rule("a", "eventName: Call", "s"), rule("b", "eventName: Call", "s"));
    let backup = || json!({"userAgent": "backup"});
    let kept = "expires: 2026-12-31\n";
    for (rules_of_filter, condition, more, expected, warning) in [
        ("[a]", "not selection", kept, &["b"][..], None),
        ("[a, b]", "not selection", kept, &[], None),
        ("any", "not selection", kept, &[], None),
        ("[a]", "not selection", "", &["b"], Some((20, "for ever"))),
        ("[a]", "not selection", "expires: 2026-11-21\n", &["b"], None),
        ("[a]", "not selection", "expires: 2026-11-20\n", &["a", "b"], Some((21, "has expired"))),
        ("[a]", "selection", kept, &["a", "b"], Some((24, "keeps only"))),
        ("[a, z]", "not selection", kept, &["b"], Some((22, "no rule is called z"))),
    ] {
        let linked = linked(&format!("{rules}---\n{}", filter(rules_of_filter, condition, more))).unwrap();
        assert_eq!(found(&linked, backup()), expected, "{rules_of_filter} {condition} {more}");
        let warnings: Vec<_> = linked.warnings.iter().map(|w| (w.line, w.reason.as_str())).collect();
        match (&warnings[..], warning) {
            ([], None) => {}
            ([(line, reason)], Some((at, words))) => {
                assert!(reason.contains(words) && *line == at, "{warnings:?}")
            }
            _ => panic!("{warnings:?}, not {warning:?}"),
        }
        if condition.starts_with("not") {
            assert_eq!(found(&linked, json!({"userAgent": "other"})), ["a", "b"]);
        }
    }
    let elsewhere = filter("any", "not selection", kept).replace("cloudtrail", "guardduty");
    assert_eq!(found(&linked(&format!("{rules}---\n{elsewhere}")).unwrap(), backup()), ["a", "b"]);
    let never = filter("any", "not selection", "expires: soon\n");
    assert!(linked(&format!("{rules}---\n{never}")).unwrap_err().reason.contains("a day such as"));
}

/// A rule of every kind that may be compiled: what is frozen is how it lies in a file.
const COMPILED: &str = "title: a\nid: a\nlevel: high\nlogsource: {product: aws, service: cloudtrail}\ntags: [attack.t1562]\ndetection:\n  s: [{eventName: Call, 'u|expand': '%admins%'}, {'u|re|i': 'al.+'}]\n  t: {n: [1, 2.5, true, 'x*']}\n  condition: 1 of s* and not t\n---\ntitle: c\nid: c\nlogsource: {service: cloudtrail}\ndetection: {s: {eventName: [Other, More], u: al*}, condition: s}\n---\ntitle: b\nid: b\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 5m, condition: {gte: 2}, generate: true}\n---\ntitle: f\nid: f\nauthor: ann\nexpires: 2030-01-01\nfilter: {rules: [a], s: {u: alice}, condition: not s}\n";

#[test]
fn compiled_rules_are_those_that_were_written() {
    let bytes = compiled("a/set.yml", COMPILED).unwrap();
    let read = |bytes: Bytes| {
        let custom = [("admins".to_owned(), vec!["alice".to_owned(), "ops-*".to_owned()])];
        let mut set = RuleSet::new(Lists { custom: custom.into(), ..Lists::default() });
        set.read("set.pack", bytes)?;
        set.link(NOW_MS)
    };
    let (written, compiled) = (linked(COMPILED).unwrap(), read(bytes.clone()).unwrap());
    assert_eq!(written.rules.correlations().len(), compiled.rules.correlations().len());
    assert_eq!(written.rules.texts().collect::<Vec<_>>(), compiled.rules.texts().collect::<Vec<_>>());
    let origin = &compiled.rules.all()[0].about.origin;
    assert_eq!((origin.path.as_str(), origin.line), ("a/set.yml", 1));
    for (members, fires) in [
        (json!({"u": "ops-1"}), true),
        (json!({"u": "alice"}), false),
        (json!({"u": "albert"}), true),
        (json!({"u": "bob"}), false),
    ] {
        let ids = found(&compiled, members.clone());
        assert_eq!(ids, found(&written, members.clone()), "{members}");
        assert_eq!(!ids.is_empty(), fires, "{members}");
    }
    // Compiled again, they are the same file.
    assert_eq!(compile_files(&[("set.pack".to_owned(), bytes.clone())]).unwrap(), bytes);
    for (changed, words) in [
        (bytes[..20].to_vec(), "not whole"),
        (bytes[..bytes.len() - 1].to_vec(), "not as they were compiled"),
        ([b"kinescope rules 0\n", &bytes[18..]].concat(), "for another version"),
    ] {
        let error = read(changed.into()).unwrap_err();
        assert!(error.reason.contains(words) && error.reason.contains("compile them again"), "{error}");
    }
}

/// A start does not look at what a rule looks for: what is wrong with it has to be said before.
#[test]
fn what_cannot_be_matched_is_not_compiled() {
    for (line, reason) in
        [("'u|re': '('", "regex: error: unclosed group"), ("'u|cidr': home", "home is no network")]
    {
        let text = rule("a", line, "s");
        let error = compiled("r.yml", &text).unwrap_err();
        assert!(error.line == 5 && error.reason.contains(reason), "{error}");
    }
}

/// What compiled rules are written as: when this fails, the number in the head of such files goes up.
#[test]
fn the_form_of_compiled_rules_is_known() {
    let bytes = compiled("a/set.yml", COMPILED).unwrap();
    assert_eq!(kinescope_schemas::Id::of(&[&bytes]).to_string(), "49c604b34e3a2e0ca7b0bc8a08affe36");
}
