//! Sigma rules and events made by chance, of words that often meet; and smaller ones made of those that failed.

use fastrand::Rng;
use serde_json::{Map, Value as Json, json};
use std::fmt::Write;

/// A rule before it is written down.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    /// Each selection's lines: the key with its modifiers, and the values.
    pub selections: Vec<Vec<(String, Vec<String>)>>,
    /// Over selections named `s0`, `s1` and so on.
    pub condition: String,
}

const TEXTS: [&str; 24] = [
    "Run",
    "run",
    "RunInstances",
    "StopInstances",
    "ec2.amazonaws.com",
    "iam.amazonaws.com",
    "Root",
    "AccessDenied",
    "alice",
    "Alice",
    "arn:aws:iam::1:user/alice",
    "arn:aws:sts::1:assumed-role/ops/bob",
    "10.1.2.3",
    "2001:db8::7",
    "true",
    "false",
    "5",
    "-7.5",
    "a\"b",
    "c:\\d",
    "é",
    "",
    "{\"a\":1}",
    "x y\tz",
];

const PATHS: [&str; 16] = [
    "eventName",
    "eventSource",
    "userIdentity.type",
    "userIdentity.arn",
    "errorCode",
    "sourceIPAddress",
    "userAgent",
    "awsRegion",
    "eventType",
    "requestParameters",
    "requestParameters.list",
    "requestParameters.list.name",
    "requestParameters.flag",
    "requestParameters.deep.er",
    "requestParameters.a.b",
    "nothing.at.all",
];

const CONDITIONS: [&str; 14] = [
    "s0",
    "s0",
    "s0 and s1",
    "s0 or s1",
    "s0 and not s1",
    "not s0",
    "1 of s*",
    "all of s*",
    "2 of s*",
    "1 of them",
    "all of them",
    "not (s0 and s1)",
    "s1 and (s0 or not s2)",
    "not 1 of s*",
];

/// A word, often one of those that events have.
fn text(rng: &mut Rng) -> String {
    let word = TEXTS[rng.usize(..TEXTS.len())];
    let chars: Vec<char> = word.chars().collect();
    match rng.u8(..6) {
        0 if chars.len() > 2 => {
            let (from, n) = (rng.usize(..chars.len() - 1), rng.usize(1..3));
            chars[from..chars.len().min(from + n * 3)].iter().collect()
        }
        1 => word.to_uppercase(),
        _ => word.to_owned(),
    }
}

/// As YAML's single quotes have it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace('\t', " "))
}

/// Text without wildcards and escapes.
fn literal(rng: &mut Rng) -> String {
    quoted(&text(rng).replace('\\', "\\\\").replace(['*', '?'], ""))
}

fn values(rng: &mut Rng, n_min: usize) -> Vec<String> {
    let n = if rng.u8(..12) == 0 { 10 } else { rng.usize(n_min..4) };
    (0..n).map(|_| literal(rng)).collect()
}

/// A line of a selection.
fn line(rng: &mut Rng) -> (String, Vec<String>) {
    let path = PATHS[rng.usize(..PATHS.len())];
    let key = |modifiers: &str| format!("{path}{modifiers}");
    match rng.u8(..20) {
        0 => (key(""), vec!["null".to_owned()]),
        1 => (key("|exists"), vec![rng.bool().to_string()]),
        2 => (key("|re"), vec![["'^run'", "'[a-z]+/alice$'", "'(?i)INST'"][rng.usize(..3)].to_owned()]),
        3 => (key("|cidr"), vec![["10.0.0.0/8", "'2001:db8::/32'"][rng.usize(..2)].to_owned()]),
        4 => (
            key(["|lt", "|lte", "|gt", "|gte"][rng.usize(..4)]),
            vec![["5", "-7.5", "100"][rng.usize(..3)].to_owned()],
        ),
        5 => {
            (key(["|fieldref", "|fieldref|endswith"][rng.usize(..2)]), vec![PATHS[rng.usize(..9)].to_owned()])
        }
        6 => (key("|contains|all"), values(rng, 2)),
        7 => (key("|cased"), values(rng, 1)),
        8 => (key("|neq"), values(rng, 1)),
        9 => (
            key(""),
            vec![["5", "true", "'*'", "'*inst*'", "'r?n*'", "'*/alice'"][rng.usize(..6)].to_owned()],
        ),
        10 => ("'|all'".to_owned(), values(rng, 2)),
        11..=13 => (key(["|contains", "|startswith", "|endswith"][rng.usize(..3)]), values(rng, 1)),
        _ => (key(""), values(rng, 1)),
    }
}

impl Sketch {
    /// A rule.
    pub fn new(rng: &mut Rng) -> Sketch {
        let mut selections: Vec<Vec<_>> =
            (0..3).map(|_| (0..rng.usize(1..4)).map(|_| line(rng)).collect()).collect();
        for selection in &mut selections {
            // A key stands once in a selection.
            let mut seen = Vec::new();
            selection.retain(|(key, _): &(String, _)| {
                !seen.contains(key) && {
                    seen.push(key.clone());
                    true
                }
            });
        }
        Sketch { selections, condition: CONDITIONS[rng.usize(..CONDITIONS.len())].to_owned() }
    }

    /// As YAML, a document of a collection.
    pub fn yaml(&self, id: usize) -> String {
        let mut yaml = format!(
            "title: r{id}\nid: r{id}\nlogsource: {{product: aws, service: cloudtrail}}\ndetection:\n"
        );
        for (at, selection) in self.selections.iter().enumerate() {
            let _ = writeln!(yaml, "  s{at}:");
            for (key, values) in selection {
                let _ = writeln!(yaml, "    {key}: [{}]", values.join(", "));
            }
        }
        let _ = writeln!(yaml, "  condition: {}", self.condition);
        yaml
    }

    /// The same with one thing less, each in turn.
    pub fn smaller(&self) -> Vec<Sketch> {
        let mut smaller = Vec::new();
        let mut add = |change: &dyn Fn(&mut Sketch)| {
            let mut sketch = self.clone();
            change(&mut sketch);
            smaller.push(sketch);
        };
        for condition in
            ["s0", "s1", "s2", "not s0", "s0 and s1"].iter().filter(|c| c.len() < self.condition.len())
        {
            add(&|sketch| sketch.condition = (*condition).to_owned());
        }
        for (at, selection) in self.selections.iter().enumerate() {
            for (line, (_, values)) in selection.iter().enumerate() {
                if selection.len() > 1 {
                    add(&|sketch| {
                        sketch.selections[at].remove(line);
                    });
                }
                for value in 0..if values.len() > 1 { values.len() } else { 0 } {
                    add(&|sketch| {
                        sketch.selections[at][line].1.remove(value);
                    });
                }
            }
        }
        smaller
    }
}

/// A CloudTrail event.
pub fn event(rng: &mut Rng) -> Json {
    let mut request = Map::new();
    for (name, value) in [
        ("flag", json!(rng.bool())),
        ("list", json!([{"name": text(rng)}, {"name": text(rng), "n": 5}, null])),
        ("deep", json!({"er": text(rng), "n": [1, 5, -7.5]})),
        ("a.b", json!(text(rng))),
        ("n", json!(5)),
    ] {
        if rng.bool() {
            request.insert(name.to_owned(), value);
        }
    }
    let pick = |rng: &mut Rng, list: &[&str]| list[rng.usize(..list.len())].to_owned();
    let source = pick(rng, &["ec2.amazonaws.com", "iam.amazonaws.com", "EC2.amazonaws.com"]);
    let name = pick(rng, &["RunInstances", "StopInstances", "runinstances", "Run"]);
    let kind = pick(rng, &["Root", "IAMUser"]);
    let mut event = json!({
        "eventSource": source,
        "eventName": name,
        "userIdentity": {"type": kind, "arn": text(rng)},
        "requestParameters": request,
    });
    for name in ["errorCode", "sourceIPAddress", "userAgent", "awsRegion", "eventType"] {
        match rng.u8(..4) {
            0 => event[name] = Json::Null,
            1 => {}
            _ => event[name] = text(rng).into(),
        }
    }
    event
}

/// The event's text, sometimes as a writer of few habits would write it.
pub fn written(event: &Json, rng: &mut Rng) -> String {
    let text = event.to_string();
    match rng.u8(..4) {
        // Lines are what separates events.
        0 => serde_json::to_string_pretty(event).unwrap().replace('\n', " "),
        1 => text.replace("alice", "\\u0061lice").replace("/", "\\/"),
        _ => text,
    }
}

/// The event with one member less, each in turn.
pub fn smaller_event(event: &Json) -> Vec<Json> {
    let Json::Object(members) = event else { return Vec::new() };
    let mut smaller = Vec::new();
    for (name, member) in members {
        if !matches!(name.as_str(), "eventSource" | "eventName") {
            let mut less = members.clone();
            less.remove(name);
            smaller.push(Json::Object(less));
        }
        for inner in smaller_event(member) {
            let mut less = members.clone();
            less.insert(name.clone(), inner);
            smaller.push(Json::Object(less));
        }
    }
    smaller
}
