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
fn undisturbed(n_events: u64) -> (Traffic, Essence) {
    let traffic = Traffic::new(Shape::Mixed, n_events, 13);
    let out = tempfile::tempdir().unwrap();
    process(&[traffic.path()], out.path());
    let essence = Essence::of(&Results::at(out.path()));
    (traffic, essence)
}

#[test]
fn a_full_disk() {
    let (traffic, whole) = undisturbed(3_000);
    // Blocks of 512 bytes: too few for the store, for the lake, and for what is written last.
    for n_blocks in [1, 40, 300, 700] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let ran = limited(&format!("ulimit -f {n_blocks}"), &[traffic.path()], &out).ends_with(2);
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
    let (traffic, whole) = undisturbed(6_000);
    for (at, must_be_killed) in [
        ("", true),
        ("kinescope.db", true),
        ("lake/api_activity", true),
        ("findings.jsonl", false),
        ("complete", false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
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
    assert!(killed(second.path(), &out, "lake/api_activity"));
    assert!(results.bytes() == before);
    process(&[second.path()], &out);
    let clean = folder.path().join("clean");
    process(&[first.path()], &clean);
    process(&[second.path()], &clean);
    Essence::of(&results).is(&Essence::of(&Results::at(&clean)));
    assert!(fs::exists(out.join(".kinescope/lock")).unwrap());
}
