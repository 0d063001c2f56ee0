//! Kinescope's edges on AWS.
//!
//! This is the only crate that names the SDK.

pub mod access;
pub mod objects;
pub mod stream;
