//! Seeded AWS traffic, with attacks woven in, for the demo, the tests and the benches.
//!
//! [`generate`] writes what a fleet of accounts would put on the stream, in one of the [`Shape`]s that real
//! services use, and a [`Manifest`] that says what a reader must find in it: how many events, how many of
//! them twice, how many broken pieces, and which rule has to fire on which event.
//!
//! * The same [`Options`] give the same bytes: all chance comes from one seed, and no clock is read.
//! * Memory does not grow with the number of events: every event is written as soon as it is made, and what
//!   has to be gathered first (a payload, an aggregate) is bounded.
//! * Nothing here is real: account ids and addresses are those reserved for documentation, and every access
//!   key ends in `EXAMPLE`.
//!
//! This crate does not know the stages, the rules or the pipeline: a generator that shared code with the
//! reader would share its mistakes.

mod alb;
mod broken;
mod capture;
mod clock;
mod cloudtrail;
mod cloudwatch;
mod eventbridge;
mod flow;
mod json;
mod kpl;
mod logs;
mod manifest;
mod metric_stream;
mod mixed;
mod output;
mod random;
mod run;
mod scenarios;
mod service_events;
mod shape;
mod template;
mod trail_files;
mod world;

pub use manifest::{Expected, Manifest, Scenario};
pub use run::{Options, Progress, generate};
pub use shape::{ParseShapeError, Shape};
