//! What comes from elsewhere than files: a run publishes all that a feed handed out together with how far it is, or
//! nothing of both.

use kinescope_pipeline::{
    Config,
    local::{Input, Report, Run, RunError, Status, run},
    source::{Fed, Feed, FeedError},
};
use kinescope_schemas::Id;
use kinescope_stages::detect::Rules;
use kinescope_tests::{binary::process, output::Results, payloads::event, traffic::START_MS};
use std::{fs, io, path::Path};

/// Hands out so many events a run, and is as far as it has handed out.
#[derive(Default)]
struct Numbers {
    /// What the folder said at the run's begin.
    begun_at: Option<Vec<u8>>,
    n_handed_out: u64,
    n_left: u64,
    fails_at_begin: bool,
    fails_at_end: bool,
}

impl Feed for Numbers {
    fn begin(&mut self, checkpoint: Option<&[u8]>) -> Result<(), FeedError> {
        self.begun_at = checkpoint.map(<[u8]>::to_vec);
        if self.fails_at_begin { Err("find the place".into()) } else { Ok(()) }
    }

    fn next(&mut self, is_known: &dyn Fn(Id) -> bool) -> Option<Fed> {
        self.n_left = self.n_left.checked_sub(1)?;
        self.n_handed_out += 1;
        let source = format!("shard:{}", self.n_handed_out);
        let id = Id::of(&[source.as_bytes()]);
        assert!(!is_known(id));
        Some(Fed::Record { source, id, data: event(self.n_handed_out).into_bytes() })
    }

    fn end(&mut self) -> Result<Option<Vec<u8>>, FeedError> {
        let checkpoint = Some(self.n_handed_out.to_string().into_bytes());
        if self.fails_at_end { Err("go on reading".into()) } else { Ok(checkpoint) }
    }
}

fn feed(feed: &mut dyn Feed, out: &Path, only_findings: bool) -> Result<Report, RunError> {
    let run_of = Run {
        input: Input::Feed(feed),
        out: out.to_owned(),
        rules: Rules::default(),
        config: Config::default(),
        config_text: String::new(),
        only_findings,
        n_threads: 1,
        now_ms: START_MS,
    };
    run(run_of, &Status::default())
}

#[test]
fn results_and_checkpoint_are_published_together() {
    let folder = tempfile::tempdir().unwrap();
    let (out, results) = (folder.path(), Results::at(folder.path()));
    let checkpoint = || fs::read_to_string(results.path("checkpoint.json")).unwrap();
    let mut numbers = Numbers::default();
    // Nothing came: where reading begins is published all the same, and once.
    assert!(!feed(&mut numbers, out, false).unwrap().unchanged);
    assert_eq!((numbers.begun_at.take(), checkpoint().as_str()), (None, "0"));
    assert!(feed(&mut numbers, out, false).unwrap().unchanged);
    for (n_left, n_after) in [(3, 3), (1, 4), (0, 4), (250, 254)] {
        let before = checkpoint();
        numbers.n_left = n_left;
        feed(&mut numbers, out, false).unwrap();
        assert_eq!(numbers.begun_at.take(), Some(before.into_bytes()));
        assert_eq!(checkpoint(), n_after.to_string());
        let ledger = results.ledger();
        assert_eq!((ledger.records.r#in, ledger.events.accepted), (n_after, n_after));
    }
}

#[test]
fn a_feed_that_fails_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (out, results) = (folder.path(), Results::at(folder.path()));
    feed(&mut Numbers { n_left: 2, ..Numbers::default() }, out, false).unwrap();
    let before = results.bytes();
    let failing = || Numbers { n_handed_out: 2, n_left: 5, ..Numbers::default() };
    let at_begin = &mut Numbers { fails_at_begin: true, ..failing() };
    let at_end = &mut Numbers { fails_at_end: true, ..failing() };
    for (failing, words) in [(at_begin, "find the place"), (at_end, "go on reading")] {
        let error = feed(failing, out, false).unwrap_err();
        assert_eq!(error.to_string(), words);
        assert!(results.bytes() == before);
    }
    // So do other settings, for what a stream brought does not come again; and files are added.
    let error = feed(&mut failing(), out, true).unwrap_err().to_string();
    assert!(error.contains("other rules or settings"), "{error}");
    let file = out.join("input.jsonl");
    fs::write(&file, event("x")).unwrap();
    let ran =
        kinescope_tests::binary::run(["process", file.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    ran.ends_with(2).says("other rules or settings");
    fs::remove_file(file).unwrap();
    assert!(results.bytes() == before);
}

/// Hands out one object of each kind, once.
struct Objects(Vec<(&'static str, Result<Vec<u8>, &'static str>)>);

impl Feed for Objects {
    fn begin(&mut self, _: Option<&[u8]>) -> Result<(), FeedError> {
        Ok(())
    }

    fn next(&mut self, is_known: &dyn Fn(Id) -> bool) -> Option<Fed> {
        while let Some((name, content)) = self.0.pop() {
            let (source, id) = (format!("s3://b/{name}"), Id::of(&[name.as_bytes()]));
            match content {
                _ if is_known(id) => {}
                Ok(bytes) => {
                    return Some(Fed::Object { source, id, content: Box::new(io::Cursor::new(bytes)) });
                }
                Err(reason) => {
                    return Some(Fed::Refused { source, id, done_id: id, reason: reason.to_owned() });
                }
            }
        }
        None
    }

    fn end(&mut self) -> Result<Option<Vec<u8>>, FeedError> {
        Ok(None)
    }
}

#[test]
fn objects_are_known_once_they_are_done() {
    use kinescope_tests::payloads::{captured, gzip, lines};
    const N_LONG: usize = 2_000;
    let capture: String = (0..7).map(|at| captured(at, event(format!("c-{at}")).as_bytes())).collect();
    let objects = || {
        Objects(vec![
            ("plain", Ok(lines("plain", 3))),
            ("long", Ok(lines("long", N_LONG))),
            ("long.gz", Ok(gzip(&lines("gzip", N_LONG)))),
            // Each line of a capture is a record of its own, compressed or not.
            ("capture", Ok(capture.clone().into_bytes())),
            ("capture.gz", Ok(gzip(capture.replace("shardId-", "shard-").as_bytes()))),
            ("gone", Err("failed to read s3://b/gone")),
        ])
    };
    let folder = tempfile::tempdir().unwrap();
    let results = Results::at(folder.path());
    feed(&mut objects(), folder.path(), false).unwrap();
    let ledger = results.ledger();
    assert_eq!(ledger.records.r#in, 3 + 7 + 7 + 1);
    assert_eq!(ledger.events.accepted, 3 + 2 * N_LONG as u64 + 7);
    assert_eq!((ledger.events.duplicate, ledger.records.quarantined), (7, 1));
    assert_eq!(results.reasons(), ["failed to read s3://b/gone"]);
    let before = results.bytes();
    assert!(feed(&mut objects(), folder.path(), false).unwrap().unchanged);
    assert!(results.bytes() == before);
}

/// A capture that is compressed is read as one that is not, however small.
#[test]
fn a_compressed_capture_is_a_capture() {
    use kinescope_tests::payloads::{captured, gzip};
    let folder = tempfile::tempdir().unwrap();
    let text: String = (0..5).map(|at| captured(at, event(at).as_bytes())).collect();
    for (name, bytes) in [("plain", text.clone().into_bytes()), ("gzip", gzip(text.as_bytes()))] {
        let (file, out) = (folder.path().join(name), folder.path().join(format!("{name}-out")));
        fs::write(&file, bytes).unwrap();
        process(&[&file], &out);
        let ledger = Results::at(out).ledger();
        assert_eq!((ledger.records.r#in, ledger.events.accepted), (5, 5), "{name}");
    }
}
