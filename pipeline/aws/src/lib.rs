//! Kinescope's edges on AWS.
//!
//! This is the only crate that names the SDK.
