use super::*;
use kinescope_sigma::{self as sigma, Document, read};
use serde_json::json;
use std::{fs, path::Path};

mod correlations;
mod hostile;
mod semantics;
mod sets;
mod traps;
mod warnings;

fn rules(yaml: &str) -> Rules {
    Rules::new(from_yaml("test/rule.yml", yaml).unwrap()).unwrap()
}

fn rule(detection: &str) -> Rules {
    rules(&format!(
        "title: t\nlogsource: {{product: aws, service: cloudtrail}}\ndetection:\n{detection}\nlevel: low\n"
    ))
}

/// The files of the pack, path in the repository and text.
fn files_of_the_pack() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/rules");
    let list = |folder: &Path| {
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let files =
        list(Path::new(folder)).into_iter().filter(|path| path.is_dir()).flat_map(|folder| list(&folder));
    let name =
        |path: &Path| format!("stages/{}", path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display());
    files.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect()
}

#[test]
fn the_built_in_rules_are_what_their_files_say() {
    let built = load::pack().unwrap();
    let read = files_of_the_pack().into_iter().flat_map(|(path, text)| read(&path, &text).unwrap());
    let read: Vec<_> = read.collect();
    assert_eq!(built.len(), read.len());
    for (built, read) in built.iter().zip(&read) {
        let packed = |document: &Document| sigma::pack(std::slice::from_ref(document)).unwrap();
        assert_eq!(packed(built), packed(read), "{}", read.origin);
        assert_eq!(built.cases.of(&built.origin), read.cases.of(&read.origin), "{}", read.origin);
    }
}

/// Read as a user's are, all regular expressions are made, and lint looks at everything.
#[test]
fn our_own_pack_loads_like_any_other_and_nothing_is_said_of_it() {
    let mut set = RuleSet::default();
    for (path, text) in files_of_the_pack() {
        set.read(&path, text).unwrap();
    }
    assert_eq!(set.link(0).unwrap().warnings, []);
}

#[test]
fn the_pack_loads_and_every_case_comes_out() {
    let pack = builtin().unwrap();
    assert!(pack.abouts().count() >= BUILTIN_N_FILES_MIN);
    let mut n_cases = 0;
    for (about, failures) in cases::run_all(&pack) {
        assert_eq!(failures, [], "{}", about.origin);
        let n = |fires| about.cases().iter().filter(|case| case.fires == fires).count();
        // What only feeds a correlation is tried by the correlation's cases.
        assert!(
            pack.is_silent(about) || (n(true) >= 2 && n(false) >= 2),
            "{}: two cases that fire, two that do not",
            about.origin
        );
        n_cases += about.cases().len();
    }
    assert!(n_cases >= 4 * BUILTIN_N_FILES_MIN);
}

#[test]
fn conditions() {
    let event = json!({"eventSource": "a.amazonaws.com", "eventName": "B"});
    for (condition, matches) in [
        ("sel_a and sel_b", true),
        ("sel_a and not sel_b", false),
        ("1 of sel_*", true),
        ("all of sel_*", false),
        ("2 of sel_*", true),
        ("3 of sel_*", false),
        ("1 of them and not sel_c", true),
        ("(sel_c or sel_b) and sel_a", true),
    ] {
        let rules = rule(&format!(
            "  sel_a: {{eventSource: a.amazonaws.com}}\n  sel_b: [{{eventName: x}}, {{eventName: b}}]\n  sel_c: {{eventName: C}}\n  condition: {condition}"
        ));
        let found = cases::with_event(&event, |event| {
            let mut n = 0;
            rules.matching(event, |_| n += 1);
            assert_eq!(n, rules.linear(event).len());
            n
        });
        assert_eq!(found, Ok(usize::from(matches)), "{condition}");
    }
}

#[test]
fn what_does_not_load_says_where_and_why() {
    let head = "title: t\nlogsource:\n  product: aws\n  service: cloudtrail\ndetection:\n";
    for (yaml, line, words) in [
        (format!("{head}  selection:\n    a|wide: é\n  condition: selection\n"), 7, "base64 should follow"),
        (
            format!("{head}  selection:\n    a|re|contains: x\n  condition: selection\n"),
            7,
            "exclude one another",
        ),
        (format!("{head}  selection:\n    a|i: x\n  condition: selection\n"), 7, "follow re"),
        (format!("{head}  selection:\n    a|fieldref: x*\n  condition: selection\n"), 7, "wildcards"),
        (format!("{head}  selection:\n    a|fieldref|re: x\n  condition: selection\n"), 7, "fieldref goes"),
        (format!("{head}  selection:\n    a|gt: x\n  condition: selection\n"), 7, "no number"),
        (format!("{head}  selection:\n    a|gt: nan\n  condition: selection\n"), 7, "no number"),
        (format!("{head}  selection:\n    a|exists: 1\n  condition: selection\n"), 7, "true or false"),
        (format!("{head}  selection:\n    a|contains: null\n  condition: selection\n"), 7, "null takes"),
        (format!("{head}  selection:\n    a|base64: x*\n  condition: selection\n"), 7, "wildcard"),
        (format!("{head}  selection:\n    a|expand: '%x%'\n  condition: selection\n"), 7, "no list x"),
        (format!("{head}  selection:\n    a: {{b: c}}\n  condition: selection\n"), 7, "a value is text"),
        (format!("{head}  selection:\n    a: [[b]]\n  condition: selection\n"), 7, "a value is text"),
        (format!("{head}  selection:\n    a: []\n  condition: selection\n"), 7, "no value"),
        (format!("{head}  selection:\n    5: x\n  condition: selection\n"), 6, "must be text"),
        (format!("{head}  selection:\n    '|cidr': x\n  condition: selection\n"), 7, "words without a field"),
        (
            format!("{head}  selection:\n    a|re: '(a{{999}}){{999}}'\n  condition: selection\n"),
            7,
            "compiled",
        ),
        (format!("{head}  selection:\n    a: x\n  timeframe: 5m\n  condition: selection\n"), 8, "timeframe"),
        (format!("{head}  selection:\n    a: x\n"), 5, "condition"),
        (format!("{head}  selection:\n    a|nonsense: x\n  condition: selection\n"), 7, "nonsense"),
        (format!("{head}  selection:\n    a: x\n  condition: other\n"), 8, "no selection other"),
        (format!("{head}  selection:\n    a: x\n  condition: selection and\n"), 8, "ondition"),
        (format!("{head}  selection:\n    a|re: '('\n  condition: selection\n"), 7, "regex"),
        (format!("{head}  selection:\n    a|cidr: 10.0\n  condition: selection\n"), 7, "no network"),
        (
            format!("{head}  selection:\n    fact.call.lucky: true\n  condition: selection\n"),
            7,
            "no fact.call.lucky",
        ),
        ("title: t\ndetection: [a, b\nlevel: low\n".to_owned(), 3, "YAML"),
        (
            "title: t\nlogsource: {product: windows}\ndetection:\n  s: {a: b}\n  condition: s\n".to_owned(),
            2,
            "product windows",
        ),
    ] {
        let error = from_yaml("bad.yml", &yaml).unwrap_err();
        assert!(error.reason.contains(words) && error.line == line, "{yaml}\n{error}");
    }
}

#[test]
fn facts_follow_the_lists_and_findings_show_them() {
    let event = json!({"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "awsRegion": "eu-west-3",
        "requestParameters": {"instancesSet": {"items": [{"maxCount": 40}]}}});
    let detection = "  selection:\n    fact.call.region_unexpected: true\n    fact.call.bulk_size|gte: 10\n  condition: selection";
    for (region, expected) in [("eu-west-3", None), ("eu-west-1", Some(("true", "40")))] {
        let lists = Lists { expected_regions: vec![region.to_owned()], ..Lists::default() };
        let rules = rule(detection).with_lists(lists);
        let shown = cases::with_event(&event, |event| {
            let mut shown = None;
            rules.matching(event, |rule| shown = Some(json_of(&Finding::new(event, rule, rules.lists()).0)));
            shown
        });
        let shown = shown.unwrap().map(|finding| finding["unmapped"].clone());
        let expected = expected.map(
            |(unexpected, n)| json!({"fact.call.region_unexpected": unexpected, "fact.call.bulk_size": n}),
        );
        let is_shown = match (&shown, &expected) {
            (Some(shown), Some(expected)) => {
                expected.as_object().unwrap().iter().all(|(name, value)| shown[name] == *value)
            }
            (shown, expected) => shown.is_none() && expected.is_none(),
        };
        assert!(is_shown, "{region}: {shown:?}");
    }
}

#[test]
fn a_case_is_the_base_with_its_own_members() {
    let yaml = "title: t\nlogsource: {product: aws, service: cloudtrail}\ndetection: {s: {eventName: A}, condition: s}\n\
        cases:\n  base: {eventSource: s, eventName: A, requestParameters: {a: 1, b: {c: 2}}}\n  fires:\n    - {name: as it is, event: {}}\n  \
        quiet:\n    - {name: other, event: {eventName: B, requestParameters: {a: null, b: {d: [3]}}}}\n";
    let rule = from_yaml("t.yml", yaml).unwrap().remove(0);
    let events: Vec<_> = rule.about.cases().iter().map(|case| case.events[0].clone()).collect();
    let expected = [
        json!({"eventSource": "s", "eventName": "A", "requestParameters": {"a": 1, "b": {"c": 2}}}),
        json!({"eventSource": "s", "eventName": "B", "requestParameters": {"b": {"c": 2, "d": [3]}}}),
    ];
    assert_eq!(events, expected);
    assert_eq!(cases::run(&rule), []);
}

fn json_of(finding: &Finding) -> serde_json::Value {
    serde_json::from_str(&finding.ocsf).unwrap()
}

#[test]
fn a_finding_says_what_to_do_and_where_to_read_on() {
    let yaml = "title: t\ndescription: |\n  It happened. Look who it\n  was. Undo it with\n  UndoIt.\nreferences: [https://example.com/a]\nlogsource: {product: aws, service: cloudtrail}\n\
        detection: {s: {eventName: A}, condition: s}\n";
    let rules = rules(yaml);
    let finding = cases::with_event(&json!({"eventSource": "s.amazonaws.com", "eventName": "A"}), |event| {
        json_of(&Finding::new(event, &rules.all()[0], rules.lists()).0)
    });
    let remediation = finding.unwrap()["remediation"].clone();
    assert_eq!(remediation, json!({"desc": "Undo it with UndoIt.", "references": ["https://example.com/a"]}));
}

/// What YAML takes for a mapping is no text any more, and would be missing on the page.
#[test]
fn no_line_of_the_pack_s_pages_is_lost() {
    for about in builtin().unwrap().abouts() {
        let text = &about.origin.text;
        for (key, n) in [
            ("falsepositives:", about.false_positives.len()),
            ("references:", about.references.len()),
            ("tags:", about.tags.len()),
        ] {
            let lines = text.lines().skip_while(|line| !line.starts_with(key)).skip(1);
            let written = lines
                .take_while(|line| line.starts_with(' '))
                .filter(|line| line.trim_start().starts_with("- "));
            let written = written.count();
            assert!(
                written == 0 || written == n,
                "{}: {key} has {written} lines, of which {n} are read",
                about.origin
            );
        }
    }
}

/// Of a field with several values a rule would be looked for by one of them only.
#[test]
fn fields_that_rules_are_found_by_have_one_value() {
    for path in sigma::OTHER_FIELDS {
        assert!(field::Field::of_event(path).has_slot(kinescope_schemas::Source::CloudTrail), "{path}");
    }
}

/// The function has no texts: what they are not needed for must be there without them.
#[test]
fn our_own_pack_is_the_same_without_texts() {
    let mut set = RuleSet::default();
    set.read_builtin_without_texts().unwrap();
    let (without, with) = (set.link(0).unwrap().rules, builtin().unwrap());
    let found_by = |rules: &Rules| -> Vec<_> {
        rules.all().iter().map(|rule| (rule.about.id.clone(), rule.key.clone())).collect()
    };
    assert_eq!(found_by(&without), found_by(&with));
    assert_eq!(without.correlations().len(), with.correlations().len());
    assert!(without.texts().all(str::is_empty) && with.texts().all(|text| !text.is_empty()));
}
