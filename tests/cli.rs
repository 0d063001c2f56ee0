//! The command line: what a user types, what comes back, and with which exit code.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_generate::Shape;
use kinescope_tests::{
    binary::{Ran, kinescope, process, repository, run, run_on},
    essence::Essence,
    output::Results,
    payloads::{event, lines},
    traffic::Traffic,
};
use serde_json::{Value, json};
use std::{fs, io::Read, path::PathBuf, process::Stdio};
use tempfile::TempDir;

/// A folder with files to give to the command line.
struct Desk(TempDir);

impl Desk {
    fn new() -> Desk {
        Desk(tempfile::tempdir().unwrap())
    }

    /// The path of a name, as an argument.
    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    /// The same, with a file there.
    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn results(&self, name: &str) -> Results {
        Results::at(self.path(name))
    }
}

/// An event on which our own rules fire, gravely.
const TRAIL_STOPPED: &str = r#"{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/eve","accountId":"111122223333","userName":"eve"},"eventTime":"2026-03-02T08:00:00Z","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli","requestParameters":{"name":"trail"},"responseElements":null,"eventID":"stopped","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333"}"#;

const RULE: &str = "title: Somebody looked
id: 6b1e5a0e-7a53-4b0f-8c5e-2f0d6d3c9a10
status: test
description: Somebody described instances.
logsource: {product: aws, service: cloudtrail}
detection:
  selection: {eventSource: ec2.amazonaws.com, eventName: DescribeInstances}
  condition: selection
level: low
cases:
  fires: [{name: looked, event: {eventSource: ec2.amazonaws.com, eventName: DescribeInstances}}]
  quiet: [{name: wrote, event: {eventSource: ec2.amazonaws.com, eventName: RunInstances}}]
";

#[test]
fn exit_codes() {
    let desk = Desk::new();
    let [quiet, grave, broken] = [
        desk.file("quiet.jsonl", lines("quiet", 2)),
        desk.file("grave.jsonl", TRAIL_STOPPED),
        desk.file("broken.jsonl", "{\"cut\":"),
    ];
    let config = desk.file("bad.toml", "[limits]\nmessages = 1\n");
    let table: [(&[&str], i32, &str); 13] = [
        (&[&quiet], 0, "2 events from 1 records"),
        (&[&quiet, "--fail-on", "informational"], 0, ""),
        (&[&grave, "--fail-on", "low"], 1, ""),
        (&[&grave, "--fail-on", "critical"], 0, ""),
        (&[&grave], 0, ""),
        (&[&broken], 0, "kinescope redrive"),
        (&[&broken, "--strict"], 3, ""),
        (&[&quiet, "--strict"], 0, ""),
        (&[&broken, &grave, "--strict", "--fail-on", "high"], 1, ""),
        (&[&desk.path("nowhere")], 2, "name files or folders that exist"),
        (&[&quiet, "--config", &config], 2, "failed to read the configuration"),
        (&[&quiet, "--fail-on", "terrible"], 2, "it is one of informational, low, medium, high, critical"),
        (&[], 2, "Usage"),
    ];
    for (at, (args, code, words)) in table.into_iter().enumerate() {
        let out = desk.path(&format!("out-{at}"));
        let args = ["process"].iter().chain(args).copied().chain(["--out", &out]);
        run(args).ends_with(code).says(words);
    }
}

#[test]
fn help_is_everywhere() {
    run(["--help"]).ends_with(0).prints("Begin with: kinescope demo").prints("Exit codes: 0 done");
    run(["--version"]).ends_with(0).prints("kinescope ");
    run::<&str>([]).ends_with(2).says("Usage");
    for command in [
        "demo", "process", "generate", "rules", "explain", "schema", "redrive", "stream", "record", "replay",
        "backfill", "hub",
    ] {
        run([command, "--help"]).ends_with(0).prints("Usage: kinescope ");
    }
}

/// Commands that need AWS say so in a build without it, and how to get one.
#[test]
fn a_build_without_aws_says_how_to_build_with_it() {
    let desk = Desk::new();
    let out = desk.path("out");
    let help = run(["--help"]).ends_with(0);
    let table: [(&[&str], &str); 6] = [
        (&["stream", "--stream", "s", "--out", &out], "stream --stream s --out"),
        (&["record", "--stream", "s", "--out", &out], "record --stream s --out"),
        (&["replay", "c.jsonl", "--stream", "s"], "replay c.jsonl --stream s"),
        (&["backfill", "s3://b/p", "--out", &out], "backfill s3://b/p --out"),
        (&["redrive", "s3://b/p"], "redrive s3://b/p --out DIR"),
        (&["hub", "findings", "--table", "T"], "hub findings --table T"),
    ];
    for (args, again) in table {
        let words = format!(
            "this build knows no AWS; build one that does: cargo run --release --features aws -- {again}"
        );
        run(args).ends_with(2).says(&words);
        assert!(help.out.contains(args[0]), "{}", args[0]);
    }
    assert!(!fs::exists(&out).unwrap());
}

/// Runs a command of which nobody reads on after the first byte.
fn with_closed_pipe(args: &[&str]) -> Option<i32> {
    let mut command = kinescope();
    let mut child =
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let _ = stdout.read(&mut [0]).unwrap();
    drop(stdout);
    child.wait().unwrap().code()
}

#[test]
fn a_closed_pipe_is_success() {
    let desk = Desk::new();
    let input = desk.file("many.jsonl", TRAIL_STOPPED.repeat(20));
    let table: [&[&str]; 6] = [
        &["rules", "list"],
        &["rules", "show", "trail_stopped"],
        &["schema", "json"],
        &["schema", "ddl"],
        &["explain", &input],
        &["--help"],
    ];
    for args in table {
        assert_eq!(with_closed_pipe(args), Some(0), "{args:?}");
    }
}

#[test]
fn a_bad_rule_is_shown_before_anything_is_written() {
    let desk = Desk::new();
    let input = desk.file("input.jsonl", lines("x", 2));
    let table = [
        (RULE.replace("condition: selection", "condition: nobody"), "condition: nobody"),
        (RULE.replace("eventName: Desc", "eventName|sounds_like: Desc"), "sounds_like"),
        (RULE.replace("product: aws", "product: windows"), "product: windows"),
        (RULE.replace("selection: {", "selection: {{"), "condition: selection"),
        (RULE.replace("detection:", "correlation:"), ""),
    ];
    for (text, line) in table {
        let rule = desk.file("rule.yml", &text);
        let out = desk.path("out");
        let ran = run(["process", &input, "--out", &out, "--rules", &rule]).ends_with(2);
        let number = text.lines().position(|text| text.contains(line)).unwrap() + 1;
        let ran = if line.is_empty() { ran } else { ran.says(&format!("--> {rule}:{number}\n")) };
        ran.says("error: failed to load rules").says(&rule);
        assert!(!fs::exists(&out).unwrap(), "{line}");
        run(["rules", "check", &rule]).ends_with(2);
    }
    let [first, second] = ["one.yml", "two.yml"].map(|name| desk.file(name, RULE));
    let ran = run(["process", &input, "--out", &desk.path("out"), "--rules", &first, "--rules", &second]);
    ran.ends_with(2).says("is already used by").says("two.yml:2");
}

#[test]
fn explain_reads_files_words_and_standard_input() {
    let desk = Desk::new();
    let file = desk.file("event.json", TRAIL_STOPPED);
    let explained = |ran: Ran| ran.ends_with(0).prints("matches").prints("trail_stopped").out;
    let of_file = explained(run(["explain", &file]));
    assert_eq!(of_file, explained(run(["explain", TRAIL_STOPPED])));
    assert_eq!(of_file, explained(run_on(["explain", "-"], TRAIL_STOPPED.as_bytes())));
    run(["explain", &file, "--rule", "trail_stopped"])
        .ends_with(0)
        .prints("matches: true")
        .prints("condition: ");
    run(["explain", &event("x"), "--rule", "trail_stopped"]).ends_with(0).prints("matches: false");
    run(["explain", &file, "--rule", "nothing"]).ends_with(2).says("there is no such rule");
    run(["explain", &file]).ends_with(0).prints("fact.call.succeeded");
    let lists = desk.file("lists.toml", "[lists]\nexpected_regions = [\"mars-1\"]\n");
    run(["explain", &file, "--config", &lists]).ends_with(0).prints("fact.call.region_unexpected");
    run(["explain", &desk.path("nowhere")]).ends_with(2).says("failed to read");
    run(["explain", "{\"cut\":"]).ends_with(0).prints("Goes to quarantine: failed to decode JSON");
    run_on(["explain", "-"], b"").ends_with(0).prints("an empty record");
}

#[test]
fn rules_are_listed_shown_checked_and_tested() {
    let desk = Desk::new();
    let list = run(["rules", "list"]).ends_with(0).prints("trail_stopped").out;
    let n_rules = list.lines().count() - 1;
    run(["rules", "check", "--strict"]).ends_with(0).says(" load with ").says("; 0 warnings");
    run(["rules", "test"]).ends_with(0).says(&format!("{n_rules} rules, ")).says(", 0 failed");
    let page = run(["rules", "show", "trail_stopped"]).ends_with(0).prints("The rule").out;
    let id = page.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    assert_eq!(run(["rules", "show", id]).ends_with(0).out, page);
    run(["rules", "facts"]).ends_with(0).prints("fact.network.open_ports").says(" facts");
    run(["rules", "show", "nothing"]).ends_with(2).says("there is no such rule");
    let rule = desk.file("looked.yml", RULE);
    run(["rules", "list", "--rules", &rule]).ends_with(0).says(&format!("{} rules", n_rules + 1));
    run(["rules", "list", "--rules", &rule, "--no-builtin-rules"]).ends_with(0).says("1 rules");
    run(["rules", "check", &rule])
        .ends_with(0)
        .says("1 rules and 0 correlations load with 2 cases; 1 warnings");
    run(["rules", "check", "--strict", &rule]).ends_with(2).says("without a warning");
    run(["rules", "test", &rule]).ends_with(0).says("2 cases, 0 failed");
    let wrong = desk.file("wrong.yml", RULE.replace("RunInstances", "DescribeInstances"));
    let junit = desk.path("junit.xml");
    run(["rules", "test", &wrong, "--junit", &junit])
        .ends_with(2)
        .says("wrote: should be quiet, but the rule fires")
        .says("eventName is true: saw DescribeInstances");
    assert!(fs::read_to_string(&junit).unwrap().contains("<testsuites tests=\"2\" failures=\"1\">"));
    run(["rules", "list", "--technique", "T1685", "--level", "high"]).ends_with(0).prints("trail_stopped");
    run(["rules", "list", "--family", "nothing"]).ends_with(0).says("0 rules");
    let compiled = desk.path("compiled.pack");
    run(["rules", "compile", &rule, "--out", &compiled])
        .ends_with(0)
        .says("1 rules and 0 correlations in ")
        .says("--rules reads it");
    run(["rules", "test", &compiled]).ends_with(0).says("2 cases, 0 failed");
    let cut = desk.file("cut.pack", &fs::read(&compiled).unwrap()[..30]);
    run(["rules", "check", &cut])
        .ends_with(2)
        .says("cut.pack:1: these rules are not whole: compile them again");
    run(["rules", "compile", &wrong, &desk.path("nowhere"), "--out", &compiled]).ends_with(2).says("nowhere");
    let empty = desk.path("empty");
    fs::create_dir(&empty).unwrap();
    run(["rules", "test", &empty]).ends_with(2).says("there is no .yml file");
}

/// Lists of the configuration reach rules wherever rules are read.
#[test]
fn rules_know_the_lists() {
    let desk = Desk::new();
    let rule = RULE.replacen("eventName: DescribeInstances", "eventName|expand: '%looks%'", 1);
    let rule = desk.file("listed.yml", rule);
    run(["rules", "test", &rule]).ends_with(2).says("there is no list looks");
    let config = desk.file("lists.toml", "[lists.custom]\nlooks = [\"Describe*\"]\n");
    run(["rules", "test", &rule, "--config", &config]).ends_with(0).says("2 cases, 0 failed");
    let input = desk.file("input.jsonl", TRAIL_STOPPED);
    let out = desk.path("out");
    run(["process", &input, "--rules", &rule, "--config", &config, "--out", &out]).ends_with(0);
}

#[test]
fn rules_are_measured() {
    let desk = Desk::new();
    let layer = desk.path("layer.json");
    run(["rules", "coverage", "--navigator", &layer])
        .ends_with(0)
        .prints("T1685")
        .prints("4.15 / 5.15")
        .says("15 of 15 controls");
    let layer: Value = serde_json::from_slice(&fs::read(&layer).unwrap()).unwrap();
    let scored = layer["techniques"].as_array().unwrap();
    assert!(scored.iter().any(|one| one["techniqueID"] == "T1685.002" && one["score"].as_u64() > Some(3)));
    let input = desk.file("input.jsonl", [TRAIL_STOPPED, &event("x")].join("\n"));
    run(["rules", "stats", &input]).ends_with(0).prints("trail_stopped").says("2 events, ");
    let (old, new) = (desk.path("old"), desk.path("new"));
    for (folder, operation) in [(&old, "StopLogging"), (&new, "Nothing")] {
        fs::create_dir(folder).unwrap();
        let rule = RULE.replace("DescribeInstances", operation).replace("ec2.", "cloudtrail.");
        fs::write(std::path::Path::new(folder).join("looked.yml"), rule).unwrap();
    }
    run(["rules", "diff", &old, &new, &input]).ends_with(0).says("0 findings stay, 1 vanish, 0 appear");
    run(["rules", "diff", &old, &old, &input]).ends_with(0).says("1 findings stay, 0 vanish, 0 appear");
}

/// Of an event that several rules find, one alert speaks; the worst leads it.
#[test]
fn findings_of_one_event_are_one_alert() {
    let desk = Desk::new();
    let input = desk.file("input.jsonl", TRAIL_STOPPED);
    let rule = |name: &str, level: &str| {
        let text = RULE.replace("ec2.", "cloudtrail.").replace("DescribeInstances", "StopLogging");
        let text = text.replace("level: low", &format!("level: {level}")).replace("Somebody looked", name);
        text.replace("6b1e5a0e-7a53-4b0f-8c5e-2f0d6d3c9a10", name)
    };
    let rules = desk.file("rules.yml", [rule("mild", "low"), rule("grave", "high")].join("---\n"));
    let out = desk.path("out");
    run(["process", &input, "--rules", &rules, "--no-builtin-rules", "--out", &out]).ends_with(0);
    let results = desk.results("out");
    assert_eq!(results.lines("findings.jsonl").len(), 2);
    let alerts = results.lines("alerts.jsonl");
    assert_eq!(alerts.len(), 1);
    assert_eq!((&alerts[0]["title"], &alerts[0]["severity"]), (&json!("grave"), &json!("high")));
    assert_eq!((&alerts[0]["also"], &alerts[0]["n_findings"]), (&json!(["mild"]), &json!(2)));
}

/// The README shows what `rules coverage` prints.
#[test]
fn the_readme_shows_what_is_covered() {
    let path = repository().join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once("<!-- coverage").unwrap();
    let (mark, rest) = rest.split_once("-->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end of coverage").unwrap();
    let table = run(["rules", "coverage"]).ends_with(0).out;
    let new = format!("{before}<!-- coverage{mark}-->\n```\n{table}```\n<!-- end of coverage{after}");
    if std::env::var_os("KINESCOPE_BLESS").is_some() {
        fs::write(&path, &new).unwrap();
    } else {
        assert!(readme == new, "the tables in README.md are old: KINESCOPE_BLESS=1 writes them anew");
    }
}

#[test]
fn schemas_are_printed_in_every_form() {
    let names = |json: &str, pointer: &str| -> Vec<String> {
        let tables: Vec<Value> = serde_json::from_str(json).unwrap();
        tables.iter().map(|table| table.pointer(pointer).unwrap().as_str().unwrap().to_owned()).collect()
    };
    let contract = run(["schema", "json"]).ends_with(0).out;
    let tables = names(&contract, "/table");
    assert_eq!(tables.len(), 7);
    let glue =
        run(["schema", "glue", "--location", "s3://mine/lake/"]).ends_with(0).prints("s3://mine/lake/logs/");
    assert_eq!(names(&glue.out, "/Name"), tables);
    let (ddl, docs) = (run(["schema", "ddl"]).ends_with(0).out, run(["schema", "docs"]).ends_with(0).out);
    for table in &tables {
        assert!(ddl.contains(&format!("CREATE EXTERNAL TABLE IF NOT EXISTS `{table}`")));
        assert!(docs.contains(&format!("# {table}\n")));
        assert_eq!(
            names(&run(["schema", "json", table]).ends_with(0).out, "/table"),
            std::slice::from_ref(table)
        );
    }
    run(["schema", "json", "nothing"]).ends_with(2).says("a table is one of api_activity");
    run(["schema", "xml"]).ends_with(2);
}

#[test]
fn only_findings_and_the_summary() {
    let desk = Desk::new();
    let input = desk.file("input.jsonl", [TRAIL_STOPPED, &event("x")].join("\n"));
    let (out, summary) = (desk.path("out"), desk.path("summary.json"));
    run(["process", &input, "--out", &out, "--only", "findings", "--summary", &summary]).ends_with(0);
    let results = desk.results("out");
    assert!(!results.path("lake").read_dir().is_ok_and(|mut files| files.next().is_some()));
    let ledger = results.ledger();
    assert!(ledger.findings.total > 0 && !ledger.sinks.contains_key("lake"));
    assert_eq!(results.delivered("store"), ledger.findings.total);
    assert_eq!(
        results.query::<i64>("SELECT count(*) FROM events")
            + results.query::<i64>("SELECT count(*) FROM metrics"),
        0
    );
    let read = |path: PathBuf| serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap();
    assert_eq!(read(PathBuf::from(summary)), read(results.path("ledger.json")));
    // Standard input is an input like any other.
    let streamed = desk.path("streamed");
    run_on(["process", "-", "--out", &streamed], &fs::read(&input).unwrap()).ends_with(0);
    assert_eq!(desk.results("streamed").ledger().events, ledger.events);
}

#[test]
fn redrive_adds_what_can_be_read_now() {
    let desk = Desk::new();
    let traffic = Traffic::new(Shape::Jsonl, 1_200, 5);
    let (out, whole) = (desk.path("out"), desk.path("whole"));
    let config = |n: u32| desk.file(&format!("{n}.toml"), format!("[limits]\nmessage_bytes_max = {n}\n"));
    let input = traffic.path().to_str().unwrap();
    run(["process", input, "--out", &out, "--config", &config(1_000)]).ends_with(0);
    let results = desk.results("out");
    let before = results.ledger().events;
    assert!(before.accepted > 0 && before.quarantined > 100, "{before:?}");
    run(["redrive", &out, "--config", &config(1_000)]).ends_with(0).says("0 of ");
    assert_eq!(results.ledger().events.accepted, before.accepted);
    run(["redrive", &out, "--config", &config(1 << 20)]).ends_with(0);
    assert_eq!(results.ledger().events.accepted, 1_200);
    assert_eq!(results.reasons().len() as u64, traffic.manifest.n_broken);
    process(&[traffic.path()], whole.as_ref());
    let (redriven, whole) = (Essence::of(&results), Essence::of(&desk.results("whole")));
    assert_eq!(redriven.store, whole.store);
    assert_eq!(redriven.lake, whole.lake);
    assert_eq!(redriven.alerts, whole.alerts);
    // A second time there is nothing to do.
    run(["redrive", &out]).ends_with(0).says(&format!("0 of {} entries", traffic.manifest.n_broken));
    run(["redrive", &desk.path("nowhere")]).ends_with(2).says("failed to read");
}

#[test]
fn other_rules_over_other_inputs_are_refused_and_over_the_same_replace() {
    let desk = Desk::new();
    let [one, two] = ["one", "two"].map(|name| desk.file(&format!("{name}.jsonl"), lines(name, 3)));
    let (rule, out) = (desk.file("looked.yml", RULE), desk.path("out"));
    run(["process", &one, "--out", &out]).ends_with(0);
    let results = desk.results("out");
    let before = results.bytes();
    let other = run(["process", &two, "--out", &out, "--rules", &rule]).ends_with(2);
    other.says("it holds a run with other rules or settings");
    assert!(results.bytes() == before);
    run(["process", &one, &two, "--out", &out, "--rules", &rule]).ends_with(0);
    let ledger = results.ledger();
    assert_eq!((ledger.records.r#in, ledger.events.accepted, ledger.findings.total), (2, 6, 6));
    let clean = desk.path("clean");
    run(["process", &one, &two, "--out", &clean, "--rules", &rule]).ends_with(0);
    Essence::of(&results).is(&Essence::of(&desk.results("clean")));
}

#[test]
fn generate_and_demo() {
    let desk = Desk::new();
    let generated = |name: &str| {
        let out = desk.path(name);
        run(["generate", "--events", "500", "--seed", "3", "--shape", "mixed", "--out", &out]).ends_with(0);
        Results::at(out).bytes()
    };
    assert!(generated("a") == generated("b"));
    run(["generate", "--events", "5", "--shape", "xml", "--out", &desk.path("c")])
        .ends_with(2)
        .says("unknown shape");
    let demo = desk.path("demo");
    run(["demo", "--events", "4000", "--out", &demo]).ends_with(0).says("What to try next");
    assert!(Results::at(format!("{demo}/results")).ledger().findings.total > 0);
}
