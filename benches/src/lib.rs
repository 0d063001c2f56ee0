//! What the benches share: corpora, what a stage is given, and how a bench is measured.
//!
//! Corpora are made by the generator, the same on every machine, and kept beside the bench's own executable. A bench
//! that cannot be set up panics: a figure for half the input would be worse than none.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "this crate is benches all through")]

mod corpus;
mod given;
mod measure;
mod rules;

pub use corpus::{Corpus, N_EVENTS, SEED, START_MS, recorded};
pub use given::{Each, Load, events, kpl_pieces, lines, load, visit};
pub use measure::{batched, group, one_thread};
pub use rules::{n_findings, rule_sets};
