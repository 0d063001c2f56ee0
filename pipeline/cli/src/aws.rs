//! The commands that talk to AWS.

use crate::{
    args::{Begin, Reading},
    process::now_ms,
};
use kinescope_aws::stream::{From, Lag, Until};
use std::sync::atomic::Ordering;

mod hub;
mod objects;
mod record;
mod replay;
mod stream;

pub use hub::hub;
pub use objects::{backfill, redrive};
pub use record::record;
pub use replay::replay;
pub use stream::stream;

/// "Latest" is a little before now: the service refuses a time that is still to come by its own clock, and an hour in
/// the checkpoint, unlike a place at the end, is the same after a stop.
const LATEST_MS: i64 = 2_000;

fn from(reading: &Reading) -> From {
    match reading.from {
        Begin::TrimHorizon => From::TrimHorizon,
        Begin::AtMs(ms) => From::AtMs(ms),
        Begin::Latest => From::AtMs(now_ms() - LATEST_MS),
    }
}

fn until(reading: &Reading) -> Until {
    if reading.until_caught_up { Until::CaughtUp } else { Until::Stopped }
}

/// How far behind reading is, in words.
fn behind(lag: &Lag) -> String {
    let n_shards = lag.n_shards.load(Ordering::Relaxed);
    let seconds = lag.behind_ms.load(Ordering::Relaxed) / 1_000;
    format!("{n_shards} shards, {seconds} s behind")
}
