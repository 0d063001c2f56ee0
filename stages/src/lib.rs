//! The stages of the road, in order: bytes are decoded to messages, messages parsed to events, events classified,
//! rules find what is wrong with the help of facts, and metrics are derived.
//!
//! Everything here is a function of its arguments. Nothing knows a clock, a network, a file or an environment.

pub mod json;

pub mod decode;
pub mod parse;

pub mod classify;

pub mod facts;

pub mod detect;

pub mod derive;
