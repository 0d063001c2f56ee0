//! The sinks, one file a service, and for the table one a kind of what lies there. Each packs to the service's limits, reads
//! the answer for every item, sends again what failed and says what was not confirmed.

pub mod alerts;
pub mod chunks;
pub mod events;
pub mod findings;
pub mod lake;
pub mod metrics;
pub mod ocsf;
pub mod quarantine;
pub mod store;
