//! Why a run fails.

use crate::{
    config::ConfigError,
    lake::LakeError,
    ledger::Imbalance,
    local::{FolderError, StoreError},
    source::FeedError,
};
use std::io;

/// Why a run failed. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The output folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The hot store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lake.
    #[error("write {0}")]
    Lake(#[from] LakeError),
    /// A file of the output.
    #[error("write {0}: {1}; free some space or choose another --out, and run again")]
    File(&'static str, io::Error),
    /// The ledger does not add up.
    #[error(transparent)]
    Ledger(#[from] Imbalance),
    /// The configuration.
    #[error("read the configuration: {0}")]
    Config(#[from] ConfigError),
    /// What correlations have kept.
    #[error(
        "read the matches of correlations: {0}; free some space, also for temporary files, and run again"
    )]
    Matches(#[from] rusqlite::Error),
    /// A sink.
    #[error("deliver to {sink}: {words}; nothing was published, so run again when that is mended")]
    Sink {
        /// The sink.
        sink: &'static str,
        /// Its words.
        words: String,
    },
    /// The folder holds something else.
    #[error(
        "write to {0}: it holds a run with other rules or settings over records that are not in this input; choose another --out, or give those inputs too"
    )]
    OtherSettings(String),
    /// The feed.
    #[error(transparent)]
    Feed(FeedError),
    /// Threads.
    #[error("start threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}
