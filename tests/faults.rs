//! What goes wrong with inputs: every broken thing has its reason in quarantine, and never costs its siblings.

#![expect(clippy::unwrap_used, reason = "a test")]

use base64::{Engine, engine::general_purpose::STANDARD};
use kinescope_tests::{
    binary::{limited, process},
    output::Results,
    payloads::{aggregate, captured, event, gzip, lines, logged, zeros},
};
use std::{fs, os::unix::fs::symlink};

const BOMB: &str = "gzip data that inflates beyond";
const BINARY: &str = "binary data of no known format";
const CUT: &str = "gzip data, which is cut short or damaged: fetch it again and redrive";
const DEEP: &str = "JSON: nested too deep at byte";

/// Processes one file with these bytes, and asserts how many events of it are accepted and why the rest is not.
#[track_caller]
fn check(bytes: &[u8], n_accepted: u64, reasons: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("input");
    fs::write(&file, bytes).unwrap();
    let out = folder.path().join("out");
    process(&[&file], &out);
    let results = Results::at(&out);
    assert_eq!(results.ledger().events.accepted, n_accepted);
    has_reasons(&results, reasons);
    for line in results.lines("quarantine.jsonl") {
        assert_eq!(line["source"].as_str().unwrap(), file.to_str().unwrap());
    }
}

#[track_caller]
fn has_reasons(results: &Results, reasons: &[&str]) {
    let found = results.reasons();
    assert_eq!(found.len(), reasons.len(), "{found:#?}");
    for (found, reason) in found.iter().zip(reasons) {
        assert!(found.contains(reason), "{found:?} does not say {reason:?}");
    }
}

fn random(n_bytes: usize) -> Vec<u8> {
    let mut chance = fastrand::Rng::with_seed(1);
    // The head is no format's magic; a line break would make two pieces of one.
    let body = std::iter::repeat_with(|| chance.u8(11..));
    [0x00, 0x9C, 0xFF, 0x00].into_iter().chain(body).take(n_bytes).collect()
}

fn deep(n: usize) -> String {
    "{\"a\":".repeat(n) + "1" + &"}".repeat(n)
}

#[test]
fn records_that_are_broken_altogether() {
    let table: [(&[u8], &str); 5] = [
        (b"", "an empty record"),
        (b" \n\t\n", "an empty record"),
        (&gzip(b""), "an empty record"),
        (&random(5_000), BINARY),
        (&gzip(&random(5_000)), BINARY),
    ];
    for (bytes, reason) in table {
        check(bytes, 0, &[reason]);
    }
}

#[test]
fn gzip_that_is_damaged() {
    let whole = gzip(&lines("x", 500));
    let n = whole.len();
    let damaged = [
        whole[..n / 2].to_vec(),
        whole[..n - 1].to_vec(),
        [&whole[..], &whole[..n - 1]].concat(),
        [&whole[..n - 8], &[0; 8]].concat(),
        [&whole[..n / 2], &[0xAA; 9], &whole[n / 2 + 9..]].concat(),
    ];
    for bytes in damaged {
        let folder = tempfile::tempdir().unwrap();
        let (file, out) = (folder.path().join("x.gz"), folder.path().join("out"));
        fs::write(&file, &bytes).unwrap();
        process(&[&file], &out);
        let results = Results::at(&out);
        // What stands before the fault may be read; what is kept for a redrive is all of it.
        let entry = results.lines("quarantine.jsonl").pop().unwrap();
        assert!(entry["reason"].as_str().unwrap().contains(CUT), "{entry}");
        assert!(STANDARD.decode(entry["data"].as_str().unwrap()).unwrap() == bytes);
        assert_eq!(results.ledger().records.quarantined, 1);
    }
}

#[test]
fn broken_lines_among_good_ones() {
    let long = |n_bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(n_bytes)).into_bytes();
    let deep = deep(100_000);
    let (in_event, long) = (event("deep").replace("null", &deep), long(40 << 20));
    let table: [(&[u8], &str); 9] = [
        (b"{\"level\":\"info\",\"message\":\"caf\xE9\"}", "text that is not UTF-8 at byte 30"),
        (b"\xFF\xFE", "text that is not UTF-8 at byte 0"),
        (deep.as_bytes(), DEEP),
        (in_event.as_bytes(), DEEP),
        (b"{\"eventVersion\":\"1.08\",\"eventSource\":\"sts.amaz", "JSON: "),
        (b"{\"eventVersion\":\"1.08\",\"eventID\":\"1\"}", "a CloudTrail event without eventSource"),
        (b"{\"SequenceNumber\":\"1\",\"Data\":\"?\"}", "base64 data"),
        (b"{\"detail-type\":\"x\",\"detail\":\"text\"}", "an envelope without a detail that is an object"),
        (&long, "a message of 41943048 bytes, more than 8388608"),
    ];
    for (piece, reason) in table {
        let (before, after) = (lines("before", 3), lines("after", 2));
        let folder = tempfile::tempdir().unwrap();
        let (file, out) = (folder.path().join("lines.jsonl"), folder.path().join("out"));
        fs::write(&file, [&before, piece, b"\n", &after].concat()).unwrap();
        process(&[&file], &out);
        let results = Results::at(&out);
        assert_eq!(results.ledger().events.accepted, 5, "{reason}");
        has_reasons(&results, &[reason]);
        // All that is needed to find it, and to try it again.
        let entry = results.lines("quarantine.jsonl").remove(0);
        assert_eq!(entry["offset"].as_u64(), Some(before.len() as u64));
        assert!(STANDARD.decode(entry["data"].as_str().unwrap()).unwrap() == piece, "{reason}");
    }
}

#[test]
fn broken_parts_of_envelopes() {
    let good = event("good");
    let deep = deep(100_000);
    let nested = "{\"Records\":[".repeat(20) + &good + &"]}".repeat(20);
    let table: [(Vec<u8>, u64, &[&str]); 6] = [
        (
            aggregate(&[(0, good.as_bytes()), (7, event("lost").as_bytes()), (0, event("too").as_bytes())]),
            2,
            &["a KPL sub-record: its partition key index 7 lies outside a table of 1"],
        ),
        (aggregate(&[(0, &random(50)), (0, good.as_bytes()), (0, b"")]), 1, &[BINARY, "an empty record"]),
        (logged(&[&good, &deep, "a line"]), 2, &[DEEP]),
        (
            format!("{{\"Records\":[{good},17,{{\"eventVersion\":\"1.08\"}},null]}}").into_bytes(),
            1,
            &[
                "a list item that is no object",
                "a CloudTrail event without eventSource",
                "a list item that is no object",
            ],
        ),
        (nested.into_bytes(), 0, &["envelopes nested more than 8 deep"]),
        (format!("{good}{{\"cut\":").into_bytes(), 1, &["JSON: "]),
    ];
    for (bytes, n_accepted, reasons) in table {
        check(&bytes, n_accepted, reasons);
    }
}

#[test]
fn captured_records_do_not_cost_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("capture.jsonl"), folder.path().join("out"));
    let good = [event("a"), event("b")];
    let pieces: [&[u8]; 4] = [good[0].as_bytes(), &random(500), &zeros(1), good[1].as_bytes()];
    let text: String = (1..).zip(pieces).map(|(number, data)| captured(number, data)).collect();
    fs::write(&file, text).unwrap();
    process(&[&file], &out);
    let results = Results::at(&out);
    let ledger = results.ledger();
    assert_eq!((ledger.records.r#in, ledger.records.processed, ledger.records.quarantined), (4, 2, 2));
    has_reasons(&results, &[BINARY, BOMB]);
    let sources = results.members("quarantine.jsonl", "/source").into_iter();
    assert!(sources.eq([2, 3].map(|number| format!("shardId-000000000000:{number:056}"))));
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let (inputs, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir(&inputs).unwrap();
    fs::write(inputs.join("a.jsonl"), lines("a", 3)).unwrap();
    symlink(folder.path().join("later"), inputs.join("b.jsonl")).unwrap();
    fs::write(inputs.join("c.jsonl"), lines("c", 3)).unwrap();
    process(&[&inputs], &out);
    let results = Results::at(&out);
    assert_eq!(results.ledger().events.accepted, 6);
    has_reasons(&results, &["failed to read the file: No such file or directory"]);
    // Once it is there, nothing stands in its way.
    fs::write(folder.path().join("later"), lines("b", 3)).unwrap();
    process(&[&inputs], &out);
    assert_eq!(results.ledger().events.accepted, 9);
}

/// Of a file that is read in pieces, the pieces before the fault are good.
#[test]
fn a_large_file_is_good_up_to_its_fault() {
    let mut chance = fastrand::Rng::with_seed(2);
    let mut noise = || (0..100_000).map(|_| chance.alphanumeric()).collect::<String>();
    let text: String = (0..40).map(|at| event(at).replace("aws-cli", &noise()) + "\n").collect();
    let bytes = gzip(text.as_bytes());
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("large.gz"), folder.path().join("out"));
    fs::write(&file, &bytes[..bytes.len() * 9 / 10]).unwrap();
    process(&[&file], &out);
    let results = Results::at(&out);
    assert!((20..40).contains(&results.ledger().events.accepted));
    has_reasons(&results, &[CUT]);
}

/// A list of records that is too long to be held, as CloudTrail's large files are: its records are taken as they come.
#[test]
fn a_long_list_is_good_up_to_its_fault() {
    const SHORT: &str = "a list of records, which is cut short";
    const BROKEN: &str = "the rest of a list of records, which goes on with something else than a record";
    let records =
        |name: &str| (0..3_000).map(|at| event(format!("{name}-{at}"))).collect::<Vec<_>>().join(",");
    let (a, b) = (records("a"), records("b"));
    let whole = format!("{{\"Records\":[{a}]}}");
    assert!(whole.len() > 1 << 20);
    let table: [(&str, u64, &[&str]); 11] = [
        (&whole, 3_000, &[]),
        (&format!("{{\n \"Records\" : [\n{}\n ]\n}}\n\n", a.replace("},{", "} ,\n  {")), 3_000, &[]),
        (&format!("{{\"Records\":[\n{}\n]}}\n", a.replace("},{", "},\n{")), 3_000, &[]),
        (&format!("{{\"Records\":[{a}],\"next\":[{{\"Records\":\"]}}\"}}]}}"), 3_000, &[]),
        (&format!("{{\"Records\":[{a}]}}{{\"Records\":[{b}]}}\n{}", event("c")), 6_001, &[]),
        (&whole[..whole.len() - 2], 3_000, &[SHORT]),
        (&whole[..whole.len() - 1], 3_000, &[SHORT]),
        (&whole[..whole.len() - 9], 2_999, &["JSON: string without an end", SHORT]),
        (&format!("{{\"Records\":[{a},7,{b}]}}\n{}", event("c")), 3_001, &[BROKEN]),
        (&format!("{{\"Records\":[{a}}},{b}]}}\n{}", event("c")), 3_000, &[BROKEN]),
        (
            &format!("{{\"Records\":[{a},{{\"x\":tru}},{b}]}}\n{}", event("c")),
            6_001,
            &["JSON: expected true"],
        ),
    ];
    for (text, n_accepted, reasons) in table {
        check(text.as_bytes(), n_accepted, reasons);
        check(&gzip(text.as_bytes()), n_accepted, reasons);
    }
}

/// Ten gibibytes of zeros in ten mebibytes, and fewer where all must be held: never more memory than the limits say.
#[test]
fn bombs() {
    let (large, small) = (zeros(2_560), zeros(100));
    assert!(large.len() < 12 << 20);
    let table: [(Vec<u8>, u64); 3] = [
        (gzip(&gzip(&small)), 0),
        (aggregate(&[(0, event("a").as_bytes()), (0, &small), (0, event("b").as_bytes())]), 2),
        (large, 0),
    ];
    for (bytes, n_accepted) in table {
        let folder = tempfile::tempdir().unwrap();
        let (file, out) = (folder.path().join("bomb"), folder.path().join("out"));
        fs::write(&file, bytes).unwrap();
        limited("ulimit -v 2000000", &[&file], &out).ends_with(0);
        let results = Results::at(&out);
        assert_eq!(results.ledger().events.accepted, n_accepted);
        assert!(results.reasons().last().unwrap().contains(BOMB), "{:#?}", results.reasons());
    }
}
