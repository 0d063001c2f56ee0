//! The road of a record, end to end.
//!
//! [`process`] is the whole of it on one screen: pure stages over a batch of records. Around it lie the sources that
//! read records, the sinks that take what came of them, and the ledger in which every record and event is accounted
//! for. `local` puts these together for one machine; nothing in this crate knows AWS.

pub mod alert;
pub mod batch;
pub mod config;
pub mod ledger;
pub mod output;
pub mod process;
pub mod rules;
pub mod scan;
pub mod sink;
pub mod window;

pub mod lake;
pub mod source;

pub mod local;

pub use batch::{Content, Piece, Record};
pub use config::Config;
pub use ledger::Ledger;
pub use output::Output;
pub use process::{Stages, process, quarantined_id};
pub use sink::{Answers, Sink, deliver, settle};
