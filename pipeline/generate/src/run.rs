//! One run: options in, a folder of traffic and its manifest out.

use std::io;
use std::path::Path;

use crate::clock::Span;
use crate::cloudtrail::Trail;
use crate::output::Output;
use crate::{Manifest, Shape, alb, broken, capture, flow, mixed, trail_files};

/// What to generate. The same options give the same bytes.
#[derive(Clone, Debug)]
pub struct Options {
    /// Distinct events to write, over all sources.
    pub n_events: u64,
    /// The seed of all chance.
    pub seed: u64,
    /// The form of the traffic.
    pub shape: Shape,
    /// When the first event happens, in epoch milliseconds; twenty a second follow.
    pub start_ms: i64,
    /// Whether to weave in broken pieces, for the reader to quarantine.
    pub broken: bool,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Distinct events written.
    pub n_events: u64,
    /// Bytes written, as they are in the files.
    pub n_bytes: u64,
}

/// Writes traffic files into `out/traffic/` and the manifest to `out/manifest.json`, and calls
/// `on_progress` every few thousand events and at the end.
///
/// A finished earlier run in `out` is replaced.
///
/// # Errors
/// What the file system reports; [`io::ErrorKind::AlreadyExists`] when `out/traffic` is not of a finished
/// earlier run; [`io::ErrorKind::InvalidInput`] when the traffic would leave the calendar.
pub fn generate(
    options: &Options,
    out: &Path,
    on_progress: &mut dyn FnMut(Progress),
) -> io::Result<Manifest> {
    let span = Span::new(options.start_ms, options.n_events);
    // A start that is out of the calendar fails here, before an earlier run is cleared.
    let mut trail = Trail::new(options.seed, span, trail_share(options))?;
    let mut output = Output::create(out, on_progress)?;
    match options.shape {
        Shape::Jsonl => trail_files::jsonl(&mut trail, options.broken, &mut output)?,
        Shape::Records => trail_files::records(&mut trail, options.seed, &mut output)?,
        Shape::Cwl => trail_files::cwl(&mut trail, options.seed, &mut output)?,
        Shape::Eventbridge => trail_files::eventbridge(&mut trail, options, &mut output)?,
        Shape::Capture => capture::capture(&mut trail, options, &mut output)?,
        Shape::Flow => flow::flow(options.seed, span, options.n_events, &mut output)?,
        Shape::Alb => alb::alb(options.seed, span, options.n_events, &mut output)?,
        Shape::Mixed => mixed::mixed(&mut trail, options, span, &mut output)?,
    }
    if options.broken {
        broken::write_files(options.seed, &mut output)?;
    }
    output.finish(options, trail.into_scenarios())
}

/// How many of the run's events are CloudTrail events.
fn trail_share(options: &Options) -> u64 {
    match options.shape {
        Shape::Flow | Shape::Alb => 0,
        Shape::Mixed => mixed::Shares::of(options.n_events).trail,
        _ => options.n_events,
    }
}
