//! What tests of streams and buckets share: the stream is called `s`.

use crate::{
    binary::{Ran, run},
    emulator::Emulator,
    essence::Essence,
    output::Results,
};
use kinescope_pipeline::source::Captured;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Runs a command to its end.
pub fn ran(command: &mut Command) -> Ran {
    Ran::of(command.stdin(Stdio::null()).output().unwrap())
}

/// A folder for a test's files.
pub struct Desk(TempDir);

impl Default for Desk {
    fn default() -> Self {
        Desk::new()
    }
}

impl Desk {
    /// An empty one.
    pub fn new() -> Desk {
        Desk(tempfile::tempdir().unwrap())
    }

    /// The path of a name in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Puts a capture on a stream.
pub fn replay(emulator: &Emulator, capture: &Path) {
    ran(emulator.kinescope().arg("replay").arg(capture).args(["--stream", "s"])).ends_with(0);
}

/// `kinescope stream` into a folder.
pub fn stream(emulator: &Emulator, out: &Path, args: &[String]) -> Command {
    let mut command = emulator.kinescope();
    command.args(["stream", "--stream", "s", "--out"]).arg(out).args(args);
    command
}

/// The same until all that is there was read.
pub fn until_caught_up(emulator: &Emulator, out: &Path, args: &[String]) -> Ran {
    ran(stream(emulator, out, args).arg("--until-caught-up")).ends_with(0)
}

/// What is on the stream, in a file.
pub fn record(emulator: &Emulator, to: &Path) -> Vec<Captured> {
    let args = ["record", "--stream", "s", "--until-caught-up", "--out"];
    ran(emulator.kinescope().args(args).arg(to)).ends_with(0);
    let text = fs::read(to).unwrap();
    text.split(|byte| *byte == b'\n').filter_map(Captured::parse).collect()
}

/// How long something that will come may take on a machine that is busy.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until something is so.
#[track_caller]
pub fn wait_until(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not come to be");
        thread::park_timeout(Duration::from_millis(5));
    }
}

/// A number of the ledger that a folder has by now; 0 before there is one.
pub fn published(out: &Path, pointer: &str) -> u64 {
    let Ok(json) = fs::read(out.join("ledger.json")) else { return 0 };
    let ledger: Value = serde_json::from_slice(&json).unwrap();
    ledger.pointer(pointer).unwrap().as_u64().unwrap()
}

/// What `process` makes of a capture, and what was made of the same stream, have the same items.
#[track_caller]
pub fn comes_to_the_same(out: &Path, capture: &Path, args: &[String], desk: &Desk) {
    let clean = desk.path("clean");
    let mut process = vec!["process".to_owned(), capture.display().to_string()];
    process.extend(["--out".to_owned(), clean.display().to_string()]);
    run(process.iter().chain(args)).ends_with(0);
    let (mut mine, theirs) = (Essence::of(&Results::at(out)), Essence::of(&Results::at(&clean)));
    // A capture has more bytes than its records.
    mine.ledger.bytes_in = theirs.ledger.bytes_in;
    mine.has_the_items_of(&theirs);
}
