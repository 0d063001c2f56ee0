//! Kinescope's edges on AWS. This is the only crate that names the SDK.
//!
//! [`Hub`] takes a batch of records along the road and gives what came of it to the sinks. It begins no call that it
//! cannot end in time, and says which records have to come again. Where a service cannot tell a second write from a
//! first, [`lane`] keeps what a batch did, so that nothing counts twice.

pub mod access;
pub mod agent;
pub mod edge;
pub mod hub;
pub mod lane;
pub mod layout;
pub mod limits;
pub mod objects;
pub mod outbox;
pub mod pages;
pub mod port;
pub mod read;
pub mod sdk;
pub mod send;
pub mod sinks;
pub mod stream;
pub mod sweep;
mod told;

pub use edge::{Edge, Names};
pub use hub::Hub;
pub use port::Aws;
pub use sdk::Sdk;
pub use send::Patience;
