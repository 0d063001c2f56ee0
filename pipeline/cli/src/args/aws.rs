//! What a user may type to streams and buckets.

use super::{Only, RuleArgs, severity};
use clap::{Args as ClapArgs, ValueEnum};
use kinescope_schemas::Severity;
use std::{path::PathBuf, time::Duration};

/// What the road is told by commands that publish chunk by chunk.
#[derive(Debug, ClapArgs)]
pub struct Road {
    /// The folder that results go to; what is there already is added to, never counted twice
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Which rules.
    #[command(flatten)]
    pub rules: RuleArgs,
    /// Settings, in TOML
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Leave out the lake
    #[arg(long, value_enum, value_name = "WHAT")]
    pub only: Option<Only>,
    /// Threads that process; all cores if not given
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub threads: usize,
    /// Publish what has come so often, all of it or nothing; what is killed on the way is read again
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub publish_every: Duration,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| *seconds > 0.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "it is a number of seconds above 0, such as 10 or 0.5".to_owned())
}

/// Where reading a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// With what comes from now on.
    Latest,
    /// With the oldest that is there.
    TrimHorizon,
    /// With what came at this time or later, milliseconds since 1970.
    AtMs(i64),
}

fn begin(text: &str) -> Result<Begin, String> {
    match text {
        "latest" => Ok(Begin::Latest),
        "trim-horizon" => Ok(Begin::TrimHorizon),
        _ => time(text).map(Begin::AtMs).map_err(|words| format!("it is latest, trim-horizon, or {words}")),
    }
}

fn time(text: &str) -> Result<i64, String> {
    let ms = kinescope_stages::parse::time::epoch_ms(text);
    ms.ok_or_else(|| "a time such as 2026-11-20T08:00:00Z".to_owned())
}

/// Which stream, from where, until when.
#[derive(Debug, ClapArgs)]
pub struct Reading {
    /// The stream: its name, or its ARN
    #[arg(long, value_name = "NAME|ARN")]
    pub stream: String,
    /// Where to begin on a stream that was not read before: latest, trim-horizon, or a time
    #[arg(long, value_name = "WHERE", default_value = "trim-horizon", value_parser = begin)]
    pub from: Begin,
    /// End when every shard was read to its newest record, and not only when asked to stop
    #[arg(long)]
    pub until_caught_up: bool,
}

/// `stream`.
#[derive(Debug, ClapArgs)]
pub struct Stream {
    /// What to read.
    #[command(flatten)]
    pub reading: Reading,
    /// What to do with it.
    #[command(flatten)]
    pub road: Road,
    /// Keep the checkpoint in a DynamoDB table too (keys pk and sk), and go on from there where OUT is lost; without it
    /// the checkpoint lies in OUT/checkpoint.json, and is published together with the results
    #[arg(long, value_name = "dynamodb://TABLE", value_parser = table)]
    pub checkpoint: Option<String>,
}

fn table(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("dynamodb://").filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or_else(|| {
        "it is dynamodb://TABLE; the file is always OUT/checkpoint.json, for it has to be published with the results"
            .to_owned()
    })
}

/// `record`.
#[derive(Debug, ClapArgs)]
pub struct Record {
    /// What to read.
    #[command(flatten)]
    pub reading: Reading,
    /// The capture: a file, compressed if its name ends in .gz, or - for standard output
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// End after so many records
    #[arg(long, value_name = "N")]
    pub records: Option<u64>,
    /// End after so many seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub seconds: Option<Duration>,
}

/// `replay`.
#[derive(Debug, ClapArgs)]
pub struct Replay {
    /// The capture: a file, gzip or not, or - for standard input
    pub capture: PathBuf,
    /// The stream: its name, or its ARN
    #[arg(long, value_name = "NAME|ARN")]
    pub stream: String,
    /// Write so many records a second; as fast as the stream takes them if not given
    #[arg(long, value_name = "RECORDS/S", value_parser = factor, conflicts_with = "speed")]
    pub rate: Option<f64>,
    /// Keep the pace of the recording, so many times as fast
    #[arg(long, value_name = "X", value_parser = factor)]
    pub speed: Option<f64>,
}

fn factor(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| "it is a number above 0".to_owned())
}

/// `backfill`.
#[derive(Debug, ClapArgs)]
pub struct Backfill {
    /// The objects: s3://BUCKET/PREFIX
    #[arg(value_name = "s3://BUCKET/PREFIX")]
    pub url: String,
    /// What to do with them.
    #[command(flatten)]
    pub road: Road,
}

/// `hub`.
#[derive(Debug, ClapArgs)]
pub struct Hub {
    /// What to show
    #[arg(value_enum)]
    pub what: What,
    /// The hub's table, which its stack calls TableName
    #[arg(long, value_name = "NAME")]
    pub table: String,
    /// Findings and events of this account
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// Findings and events of this severity or a worse one
    #[arg(long, value_name = "SEVERITY", default_value = "medium", value_parser = severity)]
    pub severity: Severity,
    /// From this time on; for a day if not given
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<i64>,
    /// Up to this time; now if not given
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<i64>,
    /// A line of JSON each: findings in their OCSF form, unless --account is given, under which it is not kept
    #[arg(long)]
    pub json: bool,
}

/// What a hub's table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// What rules found.
    Findings,
    /// Events of medium severity or worse, and changes.
    Events,
    /// Who sends.
    Agents,
    /// Points of each minute.
    Metrics,
}

impl What {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            What::Findings => "findings",
            What::Events => "events",
            What::Agents => "agents",
            What::Metrics => "metrics",
        }
    }
}
