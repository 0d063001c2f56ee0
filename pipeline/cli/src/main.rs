//! Kinescope on the command line.
//!
//! stdout carries data, stderr words and progress. Exit codes: 0 done (a closed pipe is success), 1 findings at or
//! above `--fail-on`, 2 failed, 3 with `--strict` when something was quarantined.

use clap::Parser;
use std::process::ExitCode;

/// A line of words on stderr. Nobody reading it is no failure.
macro_rules! words {
    ($($word:tt)*) => { $crate::show::words(format_args!($($word)*)) };
}

mod args;
#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "aws")]
mod chunks;
mod demo;
mod explain;
mod generate;
mod process;
mod progress;
mod redrive;
mod rules;
mod schema;
mod show;
mod summary;
#[cfg(not(feature = "aws"))]
mod without_aws;
#[cfg(not(feature = "aws"))]
use without_aws as aws;

/// How a command ended, if it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// As it should.
    Well,
    /// There are findings at or above `--fail-on`.
    Findings,
    /// With `--strict`, something was quarantined.
    Quarantined,
}

const FAILED: u8 = 2;

#[cfg(not(target_env = "msvc"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let done = match args.command {
        args::Command::Demo(args) => demo::run(&args),
        args::Command::Process(args) => process::run(&args),
        args::Command::Generate(args) => generate::run(&args),
        args::Command::Rules(args) => rules::run(&args),
        args::Command::Explain(args) => explain::run(&args),
        args::Command::Schema(args) => schema::run(&args),
        args::Command::Redrive(args) => redrive::run(&args),
        args::Command::Stream(args) => aws::stream(&args),
        args::Command::Record(args) => aws::record(&args),
        args::Command::Replay(args) => aws::replay(&args),
        args::Command::Backfill(args) => aws::backfill(&args),
        args::Command::Hub(args) => aws::hub(&args),
    };
    match done {
        Ok(Done::Well) => ExitCode::SUCCESS,
        Ok(Done::Findings) => ExitCode::from(1),
        Ok(Done::Quarantined) => ExitCode::from(3),
        Err(error) if show::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            show::error(&error);
            ExitCode::from(FAILED)
        }
    }
}
