//! What the tests share: traffic, runs of the binary, what a run leaves behind, and events as the stages make them.
//!
//! Everything here fails loudly: a test that lacks something says what to do about it, and never passes for that.

#![expect(clippy::unwrap_used, reason = "this crate is tests all through")]

pub mod binary;
pub mod emulator;
pub mod essence;
pub mod events;
pub mod function;
pub mod http;
pub mod mapping;
pub mod mutate;
pub mod output;
pub mod payloads;
pub mod proxy;
pub mod python;
pub mod records;
pub mod reference;
pub mod runtime;
pub mod sketch;
pub mod streams;
pub mod traffic;
pub mod world;
