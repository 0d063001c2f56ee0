//! What a run wrote, and what its reader must find.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Shape;

/// The account of a run: written to `manifest.json` beside the folder `traffic/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this form. By this member a reader of the folder knows that the file is no traffic.
    pub kinescope_manifest: u32,
    /// The seed of the run.
    pub seed: u64,
    /// The shape of the traffic.
    pub shape: Shape,
    /// Distinct events written.
    pub n_events: u64,
    /// Events that were written once more, by another road or in a repeated record. They count in
    /// `n_events` once.
    pub n_duplicates: u64,
    /// CloudWatch Logs control messages, which carry no event.
    pub n_control: u64,
    /// Broken pieces woven in. Each must end in quarantine exactly once; none carries a counted event.
    pub n_broken: u64,
    /// Files below `traffic/`.
    pub n_files: u64,
    /// Bytes of those files.
    pub n_bytes: u64,
    /// Distinct events by source; the values add up to `n_events`.
    pub by_source: BTreeMap<String, u64>,
    /// The attacks in the traffic; empty where the shape cannot carry them or there is too little of it.
    pub scenarios: Vec<Scenario>,
}

/// One attack: a short story of CloudTrail events by one actor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    /// The name in code, e.g. `trail_tampering`.
    pub name: String,
    /// What happens, in a few words.
    pub title: String,
    /// The account in which it happens.
    pub account: String,
    /// The events on which a rule must fire.
    pub expects: Vec<Expected>,
}

/// A rule that must fire on an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The rule's file stem, e.g. `trail_stopped`.
    pub rule: String,
    /// The CloudTrail `eventID`.
    pub event_uid: String,
}
