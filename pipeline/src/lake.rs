//! The lake: rows of the tables in columns, and Parquet files by day.
//!
//! Rows are filled where events are parsed, on many threads, and written by one. A file under way lies outside the
//! lake, so nothing unfinished ever looks finished.

mod days;
mod encoding;
mod pages;
mod points;
mod rows;
mod syncer;
mod writer;

pub use days::{DayRange, day_name};
pub use encoding::parquet;
pub use points::of_points;
pub use rows::{Closed, Rows, close};
pub use writer::{Lake, LakeError};
