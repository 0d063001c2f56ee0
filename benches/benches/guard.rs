//! guard: one batch through one stage, for `tests/guard`, which counts its instructions under callgrind.
//!
//! `guard STAGE` sets the stage up, runs it once so that what is made at the first use is made, and once more in
//! [`guard_counted`], whose instructions alone are counted. It prints how many events went through. `guard --list`
//! names the stages; anything else runs all of them, as CI does with every bench, which makes the corpora too.

#![expect(clippy::unwrap_used, reason = "benches fail loudly")]

use kinescope_benches::{Corpus, START_MS, events, load, one_thread, visit};
use kinescope_generate::Shape;
use kinescope_pipeline::{
    Config, Output, Piece, Stages,
    lake::{DayRange, Lake, Rows},
    process,
    window::Window,
};
use kinescope_schemas::{Event, Severity};
use kinescope_stages::{
    classify::classify,
    decode::Body,
    derive::{Minutes, Points},
    detect::{Rule, Rules, builtin},
    parse::{Settings, parse},
};
use std::{env, hint::black_box};
use tempfile::TempDir;

/// Events of a corpus: some 4 MiB, which is the batch that the road takes. Callgrind is fifty times as slow as a core.
const N_EVENTS: u64 = 2_000;
const DAY_MS: i64 = 86_400_000;
const NOW_MS: i64 = START_MS + DAY_MS;

/// One batch through one stage. What it makes is dropped in it, as it is on the road.
type Work = Box<dyn FnMut() + Send>;

/// A stage, and how it is set up: the events of its batch, and the work.
type Stage = (&'static str, fn() -> (u64, Work));

const STAGES: [Stage; 10] = [
    ("decode_cwl_gzip", || decode(Shape::Cwl)),
    ("parse_cloudtrail", || parsed(Shape::Jsonl)),
    ("classify_cloudtrail", classified),
    ("detect_builtin", detected),
    ("derive_cloudtrail", derived),
    ("lake_rows", lake_rows),
    ("lake_parquet", lake_parquet),
    ("process_cwl", || processed(Shape::Cwl)),
    ("process_jsonl", || processed(Shape::Jsonl)),
    ("process_mixed", || processed(Shape::Mixed)),
];

fn main() {
    let name = env::args().nth(1).unwrap_or_default();
    if name == "--list" {
        STAGES.iter().for_each(|(name, _)| println!("{name}"));
        return;
    }
    match STAGES.iter().find(|(stage, _)| *stage == name) {
        Some((_, set_up)) => count(*set_up),
        None => STAGES.iter().for_each(|(_, set_up)| count(*set_up)),
    }
}

fn count(set_up: fn() -> (u64, Work)) {
    let (n_events, mut work) = set_up();
    // A thread of the pool's own is where `process` stays, instead of handing the batch to another.
    one_thread().install(|| {
        work();
        guard_counted(&mut *work);
    });
    println!("{n_events}");
}

/// What callgrind counts: it is told this name, which must be that of one function in the program.
#[inline(never)]
fn guard_counted(work: &mut dyn FnMut()) {
    work();
}

fn pieces(shape: Shape) -> (u64, Vec<Piece>) {
    let pieces = Corpus::sized(shape, N_EVENTS).pieces();
    (load(&pieces).n_events, pieces)
}

fn cloudtrail() -> (u64, Vec<Event<'static>>) {
    let (n_events, pieces) = pieces(Shape::Jsonl);
    (n_events, events(&pieces))
}

/// Messages are passed over, which is the least that anybody does with them.
fn decode(shape: Shape) -> (u64, Work) {
    let (n_events, pieces) = pieces(shape);
    let work = move || {
        let n_bad = visit(&pieces, |message| {
            if let Body::CloudTrail(reader) = message.body {
                reader.skip()?;
            }
            Ok(())
        });
        black_box(n_bad);
    };
    (n_events, Box::new(work))
}

fn parsed(shape: Shape) -> (u64, Work) {
    let (n_events, pieces) = pieces(shape);
    let settings = Settings::default();
    let work = move || {
        let n_bad = visit(&pieces, |message| {
            black_box(parse(message, &settings)?);
            Ok(())
        });
        black_box(n_bad);
    };
    (n_events, Box::new(work))
}

fn classified() -> (u64, Work) {
    let (n_events, mut events) = cloudtrail();
    let work = move || {
        for event in &mut events {
            black_box(classify(event));
        }
    };
    (n_events, Box::new(work))
}

fn detected() -> (u64, Work) {
    let (n_events, mut events) = cloudtrail();
    // Rules may ask for the severity.
    for event in &mut events {
        classify(event);
    }
    let rules = builtin().unwrap();
    let work = move || {
        for event in &events {
            let found = |rule: &Rule| {
                black_box(rule);
            };
            rules.judge(event, found, |_, hit| drop(black_box(hit)));
        }
    };
    (n_events, Box::new(work))
}

/// Points, and the minutes that they add up to.
fn derived() -> (u64, Work) {
    let (n_events, mut events) = cloudtrail();
    let severities: Vec<Severity> = events.iter_mut().map(classify).collect();
    let work = move || {
        let mut points = Points::default();
        for (event, severity) in events.iter().zip(&severities) {
            points.add_event(event, *severity);
        }
        let mut minutes = Minutes::default();
        minutes.add(points);
        black_box(minutes.close(true));
    };
    (n_events, Box::new(work))
}

fn lake_rows() -> (u64, Work) {
    let (n_events, mut events) = cloudtrail();
    for event in &mut events {
        classify(event);
    }
    let days = DayRange::until(NOW_MS);
    let work = move || {
        let mut rows = Vec::new();
        for event in &events {
            Rows::of(&mut rows, event.table, days.day_of(event.time_ms())).push(&event.row, 0);
        }
        black_box(rows);
    };
    (n_events, Box::new(work))
}

fn lake_parquet() -> (u64, Work) {
    let (n_events, pieces) = pieces(Shape::Jsonl);
    let outputs = batch(&pieces, &stages(Rules::default()));
    let work = move || {
        let folder = TempDir::new().unwrap();
        let mut lake = Lake::new(folder.path(), "guard".to_owned());
        outputs.iter().flat_map(|output| &output.rows).for_each(|rows| lake.write(rows).unwrap());
        lake.finish().unwrap();
    };
    (n_events, Box::new(work))
}

fn processed(shape: Shape) -> (u64, Work) {
    let (n_events, pieces) = pieces(shape);
    let stages = stages(builtin().unwrap());
    (n_events, Box::new(move || drop(black_box(batch(&pieces, &stages)))))
}

fn stages(rules: Rules) -> Stages {
    Stages {
        rules,
        limits: Config::default().limits(),
        settings: Config::default().settings().unwrap(),
        days: DayRange::until(NOW_MS),
    }
}

/// With the last round's window everything would be seen already.
fn batch(pieces: &[Piece], stages: &Stages) -> Vec<Output> {
    process(pieces, stages, &Window::default())
}
