//! The words of the data: what an event, a position and a fate are, and which columns each table of the lake has.
//!
//! One source per table (`tables/`) gives its Arrow schema, its Glue table, its Athena DDL, its OCSF form and its
//! page of documentation, so that what the writer emits and what Athena reads cannot drift apart.
//!
//! This crate deliberately knows no input format, no rule, no file and no clock.

pub mod contract;
pub mod event;
pub mod id;
pub mod keys;
pub mod ocsf;
pub mod position;
pub mod row;
pub mod table;
pub mod tables;

pub use event::{Event, Source};
pub use id::Id;
pub use ocsf::{Class, Severity};
pub use position::{Fate, Position};
pub use row::{Row, Value};
pub use table::{Column, Kind, Table};
