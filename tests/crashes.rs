//! A run that does not end well leaves nothing behind, and the next one makes up for it: a full disk, and kill -9.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_generate::Shape;
use kinescope_tests::{
    binary::{kinescope, limited, process, process_args},
    essence::Essence,
    output::Results,
    traffic::Traffic,
};
use std::{
    fs,
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

/// Traffic, and what a run comes to that nothing disturbs.
fn undisturbed(n_events: u64, out: &Path) -> (Traffic, Essence) {
    let traffic = Traffic::new(Shape::Mixed, n_events, 13);
    process(&[traffic.path()], out);
    let essence = Essence::of(&Results::at(out));
    (traffic, essence)
}

#[test]
fn a_full_disk() {
    const BLOCK_BYTES: usize = 512;
    let folder = tempfile::tempdir().unwrap();
    let clean = folder.path().join("clean");
    let (traffic, whole) = undisturbed(3_000, &clean);
    let largest = Results::at(clean).bytes().values().map(Vec::len).max().unwrap();
    // At the first byte, on the way, and close to the end.
    for (at, n_bytes) in [BLOCK_BYTES, largest / 20, largest / 3, largest * 9 / 10].into_iter().enumerate() {
        let out = folder.path().join(format!("out-{at}"));
        let limit = format!("ulimit -f {}", n_bytes / BLOCK_BYTES);
        let ran = limited(&limit, &[traffic.path()], &out).ends_with(2);
        let words = ran.err.lines().last().unwrap();
        assert!(words.starts_with("error: failed to "), "{words}");
        let names = ["hot store", "kinescope.db", ".parquet", ".jsonl"];
        assert!(names.iter().any(|name| words.contains(name)), "{words}");
        let results = Results::at(&out);
        assert!(!results.is_published() && results.bytes().is_empty());
        process(&[traffic.path()], &out);
        Essence::of(&results).is(&whole);
    }
}

/// Kills a run as soon as a file has appeared in its staging folder; whether it was killed before it ended.
fn killed(input: &Path, out: &Path, at: &str) -> bool {
    let file = out.join(".kinescope/run").join(at);
    let mut command = kinescope();
    command.args(process_args(&[input], out)).stdin(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while !file.exists() && child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "{at} did not come");
        thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

#[test]
fn kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let (traffic, whole) = undisturbed(6_000, &folder.path().join("clean"));
    // A fast run may have ended before it is killed at one of the later ones.
    let moments = ["", "kinescope.db", "lake/api_activity", "findings.jsonl", "ledger.json", "complete"];
    for (nth, at) in moments.into_iter().enumerate() {
        let must_be_killed = nth < 2;
        let out = folder.path().join(format!("out-{nth}"));
        let was_killed = killed(traffic.path(), &out, at);
        assert!(was_killed || !must_be_killed, "{at}");
        let results = Results::at(&out);
        assert!(!must_be_killed || results.bytes().is_empty(), "{at}: something was published");
        process(&[traffic.path()], &out);
        Essence::of(&results).is(&whole);
        assert!(!out.join(".kinescope/run").exists());
    }
}

#[test]
fn kill_9_of_a_second_run_leaves_the_first_as_it_was() {
    let [first, second] = [3, 4].map(|seed| Traffic::new(Shape::Jsonl, 1_500, seed));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    process(&[first.path()], &out);
    let results = Results::at(&out);
    let before = results.bytes();
    assert!(killed(second.path(), &out, "kinescope.db"));
    assert!(results.bytes() == before);
    process(&[second.path()], &out);
    let clean = folder.path().join("clean");
    process(&[first.path()], &clean);
    process(&[second.path()], &clean);
    Essence::of(&results).is(&Essence::of(&Results::at(&clean)));
    assert!(fs::exists(out.join(".kinescope/lock")).unwrap());
}
