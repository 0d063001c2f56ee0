//! What a user may type.

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use kinescope_generate::Shape;
use kinescope_schemas::Severity;
use std::path::PathBuf;

mod aws;

pub use aws::{Backfill, Hub, Record, Replay, Stream};
#[cfg(feature = "aws")]
pub use aws::{Begin, Reading, Road, What};

/// AWS traffic in; a Parquet lake, findings, alerts, metrics and a ledger out.
#[derive(Debug, Parser)]
#[command(
    name = "kinescope",
    version,
    arg_required_else_help = true,
    after_help = "Begin with: kinescope demo\nExit codes: 0 done, 1 findings at or above --fail-on, 2 failed, 3 --strict and something quarantined."
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Generate traffic with attacks in it, run everything, and say what was found
    Demo(Demo),
    /// Take files, folders or standard input (-) along the whole road into a folder
    Process(Process),
    /// Write realistic traffic, the same for the same seed
    Generate(Generate),
    /// List, show, check and test detection rules
    Rules(Rules),
    /// Say how an event is read, and why rules match it or do not
    Explain(Explain),
    /// Print the contracts of the lake's tables
    Schema(Schema),
    /// Try again what lies in the quarantine of an output folder or of a bucket
    Redrive(Redrive),
    /// Read a Kinesis stream along the whole road into a folder (needs a build with --features aws)
    Stream(Stream),
    /// Write what is on a Kinesis stream to a capture, which process and replay read (needs --features aws)
    Record(Record),
    /// Put the records of a capture on a Kinesis stream (needs --features aws)
    Replay(Replay),
    /// Take the objects of a bucket along the whole road into a folder (needs --features aws)
    Backfill(Backfill),
    /// Show what the table of a hub has: findings, notable events, agents, metrics (needs --features aws)
    Hub(Hub),
}

/// `demo`.
#[derive(Debug, ClapArgs)]
pub struct Demo {
    /// Where traffic and results go
    #[arg(long, value_name = "DIR", default_value = "kinescope-demo")]
    pub out: PathBuf,
    /// How many events to generate
    #[arg(long, value_name = "N", default_value_t = 120_000)]
    pub events: u64,
    /// The seed of the traffic
    #[arg(long, value_name = "S", default_value_t = 7)]
    pub seed: u64,
}

/// Which rules to use.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct RuleArgs {
    /// Sigma rules besides our own: a file, or a folder of .yml and compiled .pack files; may be given several times
    #[arg(long = "rules", value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// Leave out our own pack
    #[arg(long)]
    pub no_builtin_rules: bool,
}

/// `process`.
#[derive(Debug, ClapArgs)]
pub struct Process {
    /// Files, folders, or - for standard input; any shape, mixed, gzip or not
    #[arg(required = true, value_name = "INPUT")]
    pub inputs: Vec<PathBuf>,
    /// The folder that results go to; what is there already is added to, never counted twice
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Which rules.
    #[command(flatten)]
    pub rules: RuleArgs,
    /// Settings, in TOML
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Leave out the lake, metrics and notable events
    #[arg(long, value_enum, value_name = "WHAT")]
    pub only: Option<Only>,
    /// Threads that process; all cores if not given
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub threads: usize,
    /// Exit with 1 if there is a finding of this severity or a worse one
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub fail_on: Option<Severity>,
    /// Exit with 3 if something was quarantined
    #[arg(long)]
    pub strict: bool,
    /// Write the ledger to this file too
    #[arg(long, value_name = "FILE")]
    pub summary: Option<PathBuf>,
}

/// What to keep to.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Only {
    /// Findings, alerts and the hot store; no Parquet.
    Findings,
}

fn severity(name: &str) -> Result<Severity, String> {
    let names = || Severity::ALL.map(Severity::name)[1..6].join(", ");
    Severity::from_name(name).ok_or_else(|| format!("it is one of {}", names()))
}

/// `generate`.
#[derive(Debug, ClapArgs)]
pub struct Generate {
    /// How many events
    #[arg(long, value_name = "N")]
    pub events: u64,
    /// The seed: the same seed gives the same bytes
    #[arg(long, value_name = "S", default_value_t = 7)]
    pub seed: u64,
    /// The form: cwl, records, jsonl, eventbridge, flow, alb, capture or mixed
    #[arg(long, default_value = "mixed")]
    pub shape: Shape,
    /// When the first event happens, such as 2026-11-20T08:00:00Z
    #[arg(long, value_name = "TIME", default_value = generate::START)]
    pub start: String,
    /// Weave in broken records too
    #[arg(long)]
    pub broken: bool,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

use crate::generate;

/// `rules`.
#[derive(Debug, ClapArgs)]
pub struct Rules {
    /// What to do with rules.
    #[command(subcommand)]
    pub command: RulesCommand,
    /// Settings, in TOML: the lists that facts and expand compare with
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `rules …`.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List the rules, all or some
    List(ListArgs),
    /// Show a rule's page, by id or name
    Show {
        /// Its id, or its file's name without .yml
        id: String,
        /// Which rules.
        #[command(flatten)]
        rules: RuleArgs,
    },
    /// Check that rules load, that ids are unique, that each can match, has its cases and its page
    Check {
        /// Files or folders; our own pack if not given
        paths: Vec<PathBuf>,
        /// Fail if there is a warning
        #[arg(long)]
        strict: bool,
    },
    /// List the facts that rules can ask for as fields: fact.<name>
    Facts,
    /// Run the inline cases of rules
    Test {
        /// Files or folders; our own pack if not given
        paths: Vec<PathBuf>,
        /// Write the results as JUnit XML too
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
    },
    /// Make one file of rules, for which --rules takes a tenth of the time
    Compile {
        /// Files or folders
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// The file to write
        #[arg(long, value_name = "FILE", default_value = "rules.pack")]
        out: PathBuf,
    },
    /// Say which ATT&CK techniques and CIS controls the rules cover
    Coverage {
        /// Which rules.
        #[command(flatten)]
        rules: RuleArgs,
        /// Write a layer for the ATT&CK Navigator (JSON)
        #[arg(long, value_name = "FILE")]
        navigator: Option<PathBuf>,
    },
    /// Count matches and time of every rule on recorded traffic, the noisy first
    Stats {
        /// Files, folders, or - for standard input
        #[arg(required = true, value_name = "INPUT")]
        inputs: Vec<PathBuf>,
        /// Which rules.
        #[command(flatten)]
        rules: RuleArgs,
    },
    /// Say which findings appear and vanish on recorded traffic when rules change
    Diff {
        /// The rules as they were: a file or folder
        old: PathBuf,
        /// The rules as they are
        new: PathBuf,
        /// Files, folders, or - for standard input
        #[arg(required = true, value_name = "INPUT")]
        inputs: Vec<PathBuf>,
    },
}

/// `rules list`.
#[derive(Debug, ClapArgs)]
pub struct ListArgs {
    /// Which rules.
    #[command(flatten)]
    pub rules: RuleArgs,
    /// Those of this family only
    #[arg(long, value_name = "NAME")]
    pub family: Option<String>,
    /// Those of this level only
    #[arg(long, value_name = "LEVEL", value_parser = severity)]
    pub level: Option<Severity>,
    /// Those that are tagged with this ATT&CK technique or one of its sub-techniques, such as T1562
    #[arg(long, value_name = "ID")]
    pub technique: Option<String>,
    /// Those that look at events of this source, such as cloudtrail or vpcflow
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
}

/// `explain`.
#[derive(Debug, ClapArgs)]
pub struct Explain {
    /// A file that holds the event in any shape, - for standard input, or the event itself as JSON
    pub event: String,
    /// The rule to explain, by id or name; all that come near it if not given
    #[arg(long, value_name = "ID")]
    pub rule: Option<String>,
    /// Which rules.
    #[command(flatten)]
    pub rules: RuleArgs,
    /// Settings, in TOML: the lists that facts compare with
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `schema`.
#[derive(Debug, ClapArgs)]
pub struct Schema {
    /// In which form
    pub form: Form,
    /// Of which table; of all if not given
    pub table: Option<String>,
    /// The lake's root
    #[arg(long, value_name = "URL", default_value = "s3://YOUR-LAKE/lake")]
    pub location: String,
}

/// The forms of a contract.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Form {
    /// CREATE EXTERNAL TABLE for Athena.
    Ddl,
    /// Glue's TableInput.
    Glue,
    /// The contract.
    Json,
    /// A page of documentation.
    Docs,
}

/// `redrive`.
#[derive(Debug, ClapArgs)]
pub struct Redrive {
    /// An output folder; what can be read now is added to it and leaves its quarantine. Or s3://BUCKET/PREFIX, whose
    /// objects hold quarantine entries and stay as they are (needs a build with --features aws)
    #[arg(value_name = "DIR|s3://BUCKET/PREFIX")]
    pub folder: PathBuf,
    /// Of s3://…: the folder that results go to
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Which rules.
    #[command(flatten)]
    pub rules: RuleArgs,
    /// Settings, in TOML: raised limits, for example
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
