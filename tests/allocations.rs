//! How often memory is asked for, counted: a stage that comes to allocate once more for every event is found here, on a
//! machine of any speed.

#![expect(clippy::unwrap_used, reason = "a test")]

use allocation_counter::measure;
use kinescope_generate::Shape;
use kinescope_pipeline::{Piece, Stages, process, window::Window};
use kinescope_schemas::Id;
use kinescope_stages::{
    classify::classify,
    decode::{Bad, Body, DecodeError, Envelope, Input, Limits, Message, Visitor, decode},
    detect::{Rule, Rules},
    parse::{Settings, parse},
};
use kinescope_tests::{
    records::{pieces, stages},
    traffic::Traffic,
};
use rayon::ThreadPoolBuilder;
use std::{fs, hint::black_box};

const N_EVENTS: u64 = 20_000;

/// How far an event goes.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Upto {
    Decode,
    Parse,
    Classify,
    Judge,
    /// All of `process`, with its findings, points, keys and notable events.
    Process,
    /// And rows for the lake.
    Rows,
}

/// Takes what decoding finds as far as it shall go.
struct Reading<'r> {
    upto: Upto,
    rules: &'r Rules,
    settings: Settings,
}

impl Visitor for Reading<'_> {
    fn message(&mut self, message: Message<'_, '_>) -> Result<(), DecodeError> {
        if self.upto == Upto::Decode {
            if let Body::CloudTrail(reader) = message.body {
                reader.skip()?;
            }
            return Ok(());
        }
        let mut event = parse(message, &self.settings)?;
        if self.upto >= Upto::Classify {
            classify(&mut event);
        }
        if self.upto >= Upto::Judge {
            let found = |rule: &Rule| {
                black_box(rule);
            };
            self.rules.judge(&event, found, |_, hit| drop(black_box(hit)));
        }
        black_box(event);
        Ok(())
    }

    fn control(&mut self) {}

    fn bad(&mut self, _: Bad<'_, '_>) {}
}

/// What is taken along, and by what.
struct Batch {
    files: Vec<Vec<u8>>,
    pieces: Vec<Piece>,
    stages: Stages,
}

impl Batch {
    fn of(traffic: &Traffic) -> Batch {
        const PIECES_OF_FILE: usize = 8;
        let paths = traffic.files();
        let pieces =
            (0..).zip(&paths).flat_map(|(index, path)| pieces(index, path, PIECES_OF_FILE)).collect();
        Batch { files: paths.iter().map(|path| fs::read(path).unwrap()).collect(), pieces, stages: stages() }
    }

    fn travel(&self, upto: Upto) {
        if upto >= Upto::Process {
            drop(black_box(process(&self.pieces, &self.stages, &Window::default())));
            return;
        }
        let mut reading = Reading { upto, rules: &self.stages.rules, settings: Settings::default() };
        for bytes in &self.files {
            let (record_id, envelope) = (Id::of(&[bytes]), &Envelope::default());
            decode(
                &Input { bytes, record_id, offset: 0, header: None, envelope },
                &Limits::default(),
                &mut reading,
            );
        }
    }

    /// Allocations of an event on its way, and their bytes.
    fn per_event(&mut self, upto: Upto) -> (f64, f64) {
        self.stages.settings.only_findings = upto < Upto::Rows;
        let counted = measure(|| self.travel(upto));
        let of_event = |n: u64| n as f64 / N_EVENTS as f64;
        (of_event(counted.count_total), of_event(counted.bytes_total))
    }
}

#[test]
fn no_stage_asks_for_memory_more_often_than_it_did() {
    use Upto::{Classify, Decode, Judge, Parse, Process, Rows};
    // What was measured and at most a third of an allocation: one more an event is too many. When a figure falls, this
    // falls with it; `--nocapture` prints them.
    let cases = [
        (
            Shape::Jsonl,
            [(Decode, 0.1), (Parse, 1.8), (Classify, 1.8), (Judge, 8.8), (Process, 10.3), (Rows, 11.7)],
        ),
        (
            Shape::Cwl,
            [(Decode, 0.1), (Parse, 1.8), (Classify, 1.8), (Judge, 8.8), (Process, 10.3), (Rows, 14.6)],
        ),
    ];
    // Counts are a thread's own: `process` stays on the only one of a pool.
    let pool = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut above = Vec::new();
    for (shape, bounds) in cases {
        let mut batch = Batch::of(&Traffic::new(shape, N_EVENTS, 61));
        // What is made once is made by the first that goes all the way.
        pool.install(|| batch.per_event(Rows));
        for (upto, n_max) in bounds {
            let (n, n_bytes) = pool.install(|| batch.per_event(upto));
            println!("{shape} up to {upto:?}: {n:.2} allocations of {n_bytes:.0} bytes an event");
            if n > n_max {
                above.push(format!("{shape} up to {upto:?}: {n:.2} allocations an event instead of {n_max}"));
            }
        }
    }
    assert_eq!(above, [""; 0]);
}
