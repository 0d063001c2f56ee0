use super::{
    selections::{Condition, DEPTH, Deep},
    *,
};
use crate::read;
use std::slice;

#[test]
fn what_is_unpacked_is_what_was_read() {
    let rule = "title: t\nname: n\nlogsource: {product: aws, service: cloudtrail}\nlevel: high\ntags: [a.b]\ndetection:\n";
    for detection in [
        "  s: {a: b*, 'c|re|i|m|s': 'x*\\.', 'd|windash|base64offset|contains': -e, 'f|fieldref|neq': g}\n  condition: s",
        "  s: {a: [1, 2.5, true, null, '\\*'], 'b|gte': 1, 'c|expand|wide': '%x%', 'd|utf16be|cased': e}\n  condition: not s",
        "  s: [{a: b}, {c: d, 'e[0].f|exists': false}]\n  t: ['x*', 5]\n  condition: [s, 1 of t*, 2 of them and (s or t)]",
        "  s: [[{a: b}], {'|all': [c, d]}, {'e|minute|lt': 5}]\n  timeframe: 5m\n  condition: all of them",
    ] {
        same(&format!("{rule}{detection}\ncases: {{fires: [{{name: c, event: {{a: b}}}}]}}\n"));
    }
    for filter in [
        "rules: any, selection: {a: [b, 'c*']}, condition: not selection",
        "rules: [a, b], selection: {a: b}, other: {c: 1}, condition: 1 of them",
    ] {
        same(&format!(
            "title: f\nauthor: ann\nexpires: 2030-01-01\nlogsource: {{product: aws, service: cloudtrail}}\nfilter: {{{filter}}}\n"
        ));
    }
    for correlation in [
        "type: value_count, rules: [a, b], group-by: [u], timespan: 1h, aliases: {u: {a: x, b: y}}, generate: true, condition: {gte: 3, field: [f, g]}",
        "type: temporal, rules: [a, b], timespan: 5m, condition: a and b",
        "type: value_percentile, rules: [a], timespan: 5d, condition: {gt: 1, lte: 9, field: f, percentile: 90}",
    ] {
        same(&format!("title: c\nid: i\ncorrelation: {{{correlation}}}\n"));
    }
}

fn same(text: &str) {
    let written = read("a/b.yml", &format!("# first\n---\n{text}")).unwrap();
    let (bytes, texts) = pack(&written).unwrap();
    let read = unpack("p", &bytes.clone().into(), &texts.into()).unwrap();
    let without = unpack("p", &bytes.into(), &Bytes::new()).unwrap();
    assert_eq!((&*without[0].origin.text, &without[0].body), ("", &read[0].body));
    assert_eq!((written.len(), read.len()), (1, 1), "{text}");
    let (written, read) = (&written[0], &read[0]);
    assert_eq!(written.origin, read.origin);
    assert_eq!(written.page, read.page);
    assert_eq!(&written.body, &at_once(read.body.clone()));
    assert_eq!(pack(slice::from_ref(read)).unwrap(), pack(slice::from_ref(written)).unwrap());
    assert_eq!(written.cases.of(&written.origin), read.cases.of(&read.origin));
    assert_eq!(read.cases.of(&read.origin).len(), text.matches("name: c,").count());
}

/// With what a rule looks for, which was left for later unless the rule names lists.
fn at_once(body: Body) -> Body {
    let Body::Rule(rule) = body else { return body };
    let detections = match rule.sought {
        Sought::Read(detections) => {
            assert!(names_lists(&detections));
            detections
        }
        Sought::Packed(key, packed) => {
            let detections = packed.read().unwrap();
            assert_eq!(key, Key::of(&detections));
            assert!(!names_lists(&detections));
            detections
        }
    };
    Body::Rule(Rule { sought: Sought::Read(detections), ..rule })
}

#[test]
fn what_cannot_be_packed_says_so() {
    let rule = "title: t\nlogsource: {service: cloudtrail}\ndetection: {s: {a: b}, condition: s}\n";
    let array =
        rule.replace("{s: {a: b}", "{s: {'a[any]': {b: c}}").replace("title", "sigma-version: 3\ntitle");
    for (text, reason) in [
        (format!("{rule}---\naction: repeat\nid: b\n"), "r.yml:5: collections cannot be compiled"),
        (array, "r.yml:1: array quantifiers cannot be compiled"),
    ] {
        let error = pack(&read("r.yml", &text).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), reason);
    }
}

/// What somebody wrote to do harm: no byte of it is more than an error.
#[test]
fn bytes_of_nobody_are_an_error() {
    let rule =
        "title: t\nlogsource: {service: cloudtrail}\ndetection:\n  s: [{a: b}, {c: d}]\n  condition: not s\n";
    let (bytes, texts) = pack(&read("r.yml", rule).unwrap()).unwrap();
    let texts = Bytes::from(texts);
    assert!(
        unpack("p", &bytes[..bytes.len() / 2].to_vec().into(), &texts)
            .unwrap_err()
            .reason
            .contains("compile it again")
    );
    let mut n_unreadable = 0;
    for at in 0..bytes.len() {
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] = byte;
            for document in unpack("p", &changed.into(), &texts).into_iter().flatten() {
                if let Body::Rule(Rule { sought: Sought::Packed(_, packed), .. }) = document.body {
                    n_unreadable += usize::from(packed.read().is_none());
                }
            }
        }
    }
    assert!(n_unreadable > 0, "nothing that is read later was changed");
    // Of nothing but "not".
    let nots = |n: usize| (0..n).fold(Condition::Name("s"), |inner, _| Condition::Not(Box::new(Deep(inner))));
    let conditions = |n: usize| postcard::to_allocvec(&vec![Deep(nots(n))]).unwrap();
    let read = |bytes: &[u8]| postcard::from_bytes::<Vec<Deep<Condition<'_>>>>(bytes).map(|list| list.len());
    assert_eq!(read(&conditions(NESTING_MAX - 1)), Ok(1));
    assert!(read(&conditions(NESTING_MAX)).is_err());
    assert!(read(&[[1].as_slice(), &[2; 1 << 20]].concat()).is_err());
    assert_eq!(DEPTH.get(), 0);
}
