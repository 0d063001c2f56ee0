//! Objects of a bucket, against an emulator: history that is taken into a folder, and a quarantine that is tried again.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_generate::Shape;
use kinescope_tests::{
    binary::{process, run},
    emulator::Emulator,
    essence::Essence,
    http::Message,
    output::Results,
    payloads::{event, gzip, lines},
    proxy::{Deed, proxy},
    streams::{Desk, PATIENCE, published, ran, wait_until},
    traffic::Traffic,
};
use std::{
    fmt::Write,
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

/// A key as it stands in a URL.
fn encoded(key: &str) -> String {
    let mut url = String::new();
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => url.push(byte.into()),
            _ => write!(url, "%{byte:02X}").unwrap(),
        }
    }
    url
}

fn put(emulator: &Emulator, key: &str, body: &[u8]) {
    emulator.put(&format!("/history/{}", encoded(key)), body);
}

fn backfill(mut command: Command, url: &str, out: &Path) -> Command {
    command.args(["backfill", url, "--out"]).arg(out);
    command
}

/// Keys such as people make them.
const FOLDERS: [&str; 4] = ["AWSLogs/a b", "AWSLogs/é/ü", "AWSLogs/+%&=?#", "AWSLogs/2026/03/01"];

/// Objects of history.
const N_OBJECTS: usize = 40;

/// The keys of the objects of history, in the order of their content.
fn keys() -> impl Iterator<Item = String> {
    (0..N_OBJECTS).map(|at| format!("{}/{at}.json.gz", FOLDERS[at % FOLDERS.len()]))
}

/// A bucket with history; what its objects hold, one after the other.
fn history(emulator: &Emulator, n_events: u64) -> Vec<u8> {
    emulator.create_bucket("history");
    let traffic = Traffic::new(Shape::Jsonl, n_events, 41);
    let text = fs::read(traffic.path().join("traffic/events.jsonl")).unwrap();
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    for (key, lines) in keys().zip(lines.chunks(lines.len().div_ceil(N_OBJECTS))) {
        put(emulator, &key, &gzip(&lines.concat()));
    }
    // What is no history: a folder that a console made, and a digest.
    put(emulator, "AWSLogs/", b"");
    put(
        emulator,
        "AWSLogs/1/CloudTrail-Digest/eu-west-1/d.json.gz",
        &gzip(b"{\"digestS3Bucket\":\"history\"}"),
    );
    text
}

#[test]
fn history_is_taken_once_whatever_happens() {
    let (emulator, desk) = (Emulator::ministack(), Desk::new());
    let text = history(&emulator, 3_000);
    let (clean, killed) = (desk.path("clean"), desk.path("killed"));
    let url = "s3://history/AWSLogs/";
    let in_one = ["--publish-every", "600"];
    ran(backfill(emulator.kinescope(), url, &clean).args(in_one))
        .ends_with(0)
        .says(&format!("{N_OBJECTS} objects read, 0 done before, 0 refused"));
    let whole = Results::at(&clean);
    assert_eq!(whole.ledger().records.r#in, N_OBJECTS as u64);
    // The same as of files.
    let files = desk.path("files");
    let file = desk.path("history.jsonl");
    fs::write(&file, text).unwrap();
    process(&[&file], &files);
    let (of_bucket, of_files) = (Essence::of(&whole), Essence::of(&Results::at(&files)));
    assert_eq!(of_bucket.ledger.events, of_files.ledger.events);
    assert_eq!(of_bucket.ledger.findings, of_files.ledger.findings);
    assert_eq!((of_bucket.lake, of_bucket.store), (of_files.lake, of_files.store));
    // Again there is nothing to do.
    let bytes = whole.bytes();
    ran(backfill(emulator.kinescope(), url, &clean).args(in_one))
        .ends_with(0)
        .says(&format!("0 objects read, {N_OBJECTS} done before"));
    assert!(whole.bytes() == bytes);
    kills(&emulator, url, &killed);
    let (mine, theirs) = (Results::at(&killed).ledger(), whole.ledger());
    assert_eq!((mine.records.r#in, mine.events), (theirs.records.r#in, theirs.events));
}

/// Backfills that are killed, each somewhere on its way to objects that do not come, and one that is not.
fn kills(emulator: &Emulator, url: &str, out: &Path) {
    const N_KILLS: usize = 8;
    // As a bucket lists them: by the bytes of their keys.
    let mut order: Vec<String> = keys().collect();
    order.sort();
    let order: Arc<[String]> = order.iter().map(|key| format!("/history/{}", encoded(key))).collect();
    let mut random = fastrand::Rng::with_seed(42);
    let mut n_come = 0;
    for nth in 0..N_KILLS {
        n_come += random.usize(1..N_OBJECTS / N_KILLS);
        let (held, holds) = mpsc::channel();
        let order = order.clone();
        let port = proxy(emulator.port, move |request| {
            let path = request.first.split([' ', '?']).nth(1).unwrap();
            if !order[n_come..].iter().any(|held| held == path) {
                return Deed::Pass;
            }
            // Only the first is waited for.
            let _ = held.send(());
            Deed::Hang
        });
        let mut command = backfill(emulator.kinescope_at(port), url, out);
        command.args(["--publish-every", "0.000001"]).stdin(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        holds.recv_timeout(PATIENCE).unwrap();
        if nth % 2 == 0 {
            wait_until(|| published(out, "/records/in") == n_come as u64);
        }
        thread::park_timeout(Duration::from_millis(random.u64(0..80)));
        assert!(child.try_wait().unwrap().is_none(), "it did not wait for what does not come");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    ran(backfill(emulator.kinescope(), url, out).args(["--publish-every", "0.2"])).ends_with(0);
}

/// Objects that are gone or forbidden when they are read, and lines that break; each only once, if it is to pass.
fn in_trouble(emulator: &Emulator) -> u16 {
    let n_cuts = AtomicU32::new(0);
    let error = |status: u16, code: &str| {
        let body = format!("<Error><Code>{code}</Code><Message>by the test</Message></Error>");
        let headers = vec![("content-type".to_owned(), "application/xml".to_owned())];
        let first = format!("HTTP/1.1 {status} -");
        Deed::Answer(Message { first, headers, body: body.into_bytes() })
    };
    proxy(emulator.port, move |request| match request.first.split(' ').nth(1).unwrap() {
        path if path.contains("gone") => error(404, "NoSuchKey"),
        path if path.contains("forbidden") => error(403, "AccessDenied"),
        path if path.contains("large") => match n_cuts.fetch_add(1, Ordering::Relaxed) {
            // At the begin, in the head, and on the way.
            0 => error(503, "SlowDown"),
            1 => Deed::Cut(40),
            2 | 3 => Deed::Cut(3 << 20),
            _ => Deed::Pass,
        },
        path if path.contains("small") && n_cuts.load(Ordering::Relaxed) == 0 => Deed::Cut(300),
        _ => Deed::Pass,
    })
}

#[test]
fn one_bad_object_costs_its_neighbours_nothing() {
    const N_LARGE: usize = 14_000;
    let (emulator, desk) = (Emulator::ministack(), Desk::new());
    emulator.create_bucket("history");
    let port = in_trouble(&emulator);
    for (key, body) in [
        ("a gone one", lines("gone", 2)),
        ("b forbidden", lines("forbidden", 3)),
        ("c large.jsonl", lines("large", N_LARGE)),
        ("d broken.gz", gzip(&lines("broken", 50))[..200].to_vec()),
        ("e small", lines("small", 4)),
        ("f ümlaut & more", gzip(event("ümlaut").as_bytes())),
    ] {
        put(&emulator, key, &body);
    }
    let out = desk.path("out");
    let results = Results::at(&out);
    ran(&mut backfill(emulator.kinescope_at(port), "s3://history", &out))
        .ends_with(0)
        .says("4 objects read, 0 done before, 2 refused");
    let ledger = results.ledger();
    assert_eq!(ledger.records.r#in, 6);
    assert_eq!(ledger.records.quarantined, 3);
    assert_eq!(ledger.events.accepted, N_LARGE as u64 + 4 + 1);
    let reasons = results.reasons().join("\n");
    for words in [
        "failed to read s3://history/a gone one: NoSuchKey: by the test; check the name",
        "failed to read s3://history/b forbidden: AccessDenied: by the test; give AWS_PROFILE",
        "gzip data",
    ] {
        assert!(reasons.contains(words), "{reasons}");
    }
    // Still refused they change nothing; once they can be read they are.
    let before = results.bytes();
    ran(&mut backfill(emulator.kinescope_at(port), "s3://history", &out)).ends_with(0).says("2 refused");
    assert!(results.bytes() == before);
    ran(&mut backfill(emulator.kinescope(), "s3://history", &out))
        .ends_with(0)
        .says("2 objects read, 4 done before");
    assert_eq!(results.ledger().events.accepted, ledger.events.accepted + 5);
}

#[test]
fn what_cannot_be_listed_is_named() {
    let (emulator, desk) = (Emulator::ministack(), Desk::new());
    emulator.create_bucket("history");
    let forbidding = proxy(emulator.port, |_| {
        let body = b"<Error><Code>AccessDenied</Code><Message>no s3:ListBucket</Message></Error>".to_vec();
        Deed::Answer(Message { first: "HTTP/1.1 403 -".to_owned(), headers: Vec::new(), body })
    });
    for (port, url, words) in [
        (emulator.port, "s3://nowhere/x", "failed to list s3://nowhere/x: NoSuchBucket"),
        (forbidding, "s3://history/x", "failed to list s3://history/x: AccessDenied: no s3:ListBucket"),
        (emulator.port, "history/x", "write it as s3://BUCKET/PREFIX"),
        // The first address of a machine that lets nobody in.
        (1, "s3://history/x", "run it again when the network and the service are well"),
    ] {
        let out = desk.path("out");
        ran(&mut backfill(emulator.kinescope_at(port), url, &out)).ends_with(2).says(words);
        assert!(!Results::at(&out).is_published());
    }
    // A prefix with nothing in it is no mistake: a day may have had no events.
    let out = desk.path("empty");
    ran(&mut backfill(emulator.kinescope(), "s3://history/none", &out)).ends_with(0).says("0 objects read");
    assert_eq!(Results::at(&out).ledger().records.r#in, 0);
}

#[test]
fn a_quarantine_in_a_bucket_is_tried_again() {
    let (emulator, desk) = (Emulator::ministack(), Desk::new());
    emulator.create_bucket("history");
    let traffic = Traffic::new(Shape::Jsonl, 1_200, 5);
    let config = |n: u32| {
        let path = desk.path(&format!("{n}.toml"));
        fs::write(&path, format!("[limits]\nmessage_bytes_max = {n}\n")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let first = desk.path("first");
    let input = traffic.path().to_str().unwrap();
    run(["process", input, "--out", first.to_str().unwrap(), "--config", &config(1_000)]).ends_with(0);
    let before = Results::at(&first).ledger().events;
    let text = fs::read_to_string(first.join("quarantine.jsonl")).unwrap();
    let entries: Vec<&str> = text.lines().collect();
    let (one, other) = entries.split_at(entries.len() / 2);
    put(&emulator, "bad/one day.jsonl", one.join("\n").as_bytes());
    put(&emulator, "bad/other.jsonl.gz", &gzip(other.join("\n").as_bytes()));
    put(&emulator, "bad/strange", b"{\"no\":\"entry\"}\n");
    let out = desk.path("out");
    let redrive = |args: &[&str]| ran(emulator.kinescope().args(["redrive", "s3://history/bad/"]).args(args));
    redrive(&[]).ends_with(2).says("say with --out which folder the results go to");
    let args = ["--out", out.to_str().unwrap(), "--config", &config(1 << 20)];
    redrive(&args).ends_with(0).says("3 objects read");
    let results = Results::at(&out);
    let after = results.ledger().events;
    assert_eq!(after.accepted + before.accepted, 1_200);
    assert_eq!(after.quarantined, traffic.manifest.n_broken + 1);
    assert!(results.reasons().iter().any(|reason| reason.contains("read a quarantine entry")));
    assert!(results.members("quarantine.jsonl", "/source").contains("s3://history/bad/strange:1"));
    // Those that could not be read lie in this folder's quarantine now, and the objects are done.
    let bytes = results.bytes();
    redrive(&args).ends_with(0).says("0 objects read, 3 done before");
    assert!(results.bytes() == bytes);
}
