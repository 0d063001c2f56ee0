use super::*;
use serde_json::json;

fn rules(yaml: &str) -> Rules {
    Rules::new(from_yaml("test/rule.yml", yaml).unwrap()).unwrap()
}

fn rule(detection: &str) -> Rules {
    rules(&format!(
        "title: t\nlogsource: {{product: aws, service: cloudtrail}}\ndetection:\n{detection}\nlevel: low\n"
    ))
}

#[test]
fn the_pack_loads_and_every_case_comes_out() {
    let pack = builtin().unwrap();
    assert!(pack.len() >= BUILTIN_N_FILES_MIN);
    for rule in &pack {
        assert_eq!(cases::run(rule), [], "{}", rule.origin);
        let n = |fires| rule.cases.iter().filter(|case| case.fires == fires).count();
        assert!(n(true) >= 2 && n(false) >= 2, "{}: two cases that fire, two that do not", rule.origin);
    }
    let families: std::collections::BTreeSet<_> = pack.iter().map(|rule| rule.family.as_str()).collect();
    assert_eq!(families.len(), 9);
    for family in families {
        assert!(pack.iter().filter(|rule| rule.family == family).count() >= 3, "{family}");
    }
    Rules::new(pack).unwrap();
}

#[test]
fn semantics() {
    let event = json!({"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "errorCode": null,
        "userIdentity": {"arn": "arn:aws:iam::1:user/Bob"}, "sourceIPAddress": "10.1.2.3",
        "requestParameters": {"enable": false, "n": 5, "userName": "bob", "arn": "ARN:aws:iam::1:user/bob", "list": [{"a": "x"}, {"a": "Y"}],
            "policy": {"Statement": [{"Effect": "Allow", "Principal": "*"}]}}});
    for (selection, matches) in [
        ("eventName: runinstances", true),
        ("eventName|cased: runinstances", false),
        ("eventName: Run*", true),
        ("eventName: Run?nstances", true),
        ("eventName|startswith: run", true),
        ("eventName|endswith: [x, INSTANCES]", true),
        ("eventName|contains|all: [run, inst]", true),
        ("eventName|contains|all: [run, stop]", false),
        ("eventName|re: ^Run[A-Z]", true),
        ("eventName|re|i: ^run[a-z]+S$", true),
        ("errorCode: null", true),
        ("nothing: null", true),
        ("eventName: null", false),
        ("errorCode|exists: false", true),
        ("eventName|exists: true", true),
        ("eventName: '*'", true),
        ("nothing: '*'", false),
        ("requestParameters.enable: 'false'", true),
        ("requestParameters.enable: false", true),
        ("requestParameters.n: 5", true),
        ("requestParameters.n: '5'", true),
        ("requestParameters.n|gt: 4", true),
        ("requestParameters.n|lte: 4", false),
        ("requestParameters.list.a: y", true),
        ("requestParameters.list.a: z", false),
        ("requestParameters|contains: '\"Principal\":\"\\*\"'", true),
        ("requestParameters|contains: allow", true),
        ("requestParameters|contains: deny", false),
        ("sourceIPAddress|cidr: 10.0.0.0/8", true),
        ("sourceIPAddress|cidr: fe80::/10", false),
        ("userIdentity.arn|fieldref: requestParameters.arn", true),
        ("userIdentity.arn|fieldref: requestParameters.userName", false),
        ("eventName|neq: StopInstances", true),
        ("errorMessage: ''", false),
        ("fact.call.succeeded: true", true),
        ("fact.call.denied: 'false'", true),
        ("fact.actor.kind: [root, iam_user]", true),
        ("fact.call.bulk_size|gte: 1", false),
        ("fact.call.bulk_size: null", true),
        ("fact.call.operation|fieldref: eventName", true),
        ("eventName|fieldref: fact.call.operation", true),
    ] {
        let rules = rule(&format!("  selection:\n    {selection}\n  condition: selection"));
        let (by_index, linear) = cases::with_event(&event, |event| {
            let mut by_index = false;
            rules.matching(event, |_| by_index = true);
            (by_index, !rules.linear(event).is_empty())
        })
        .unwrap();
        assert_eq!((by_index, linear), (matches, matches), "{selection}");
    }
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
        (format!("{head}  selection:\n    a|wide: x\n  condition: selection\n"), 7, "wide is not supported"),
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
            rules.matching(event, |rule| shown = Some(Finding::new(event, rule, rules.lists()).to_json()));
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
