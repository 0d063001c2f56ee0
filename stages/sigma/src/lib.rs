//! Sigma rules as they are written: from YAML to documents, each with its place, its page and its cases.
//!
//! What a rule means is not known here, only how it is written. It is a crate of its own because two programs need it:
//! the one that reads users' rules, and the build script that reads our own pack, once, so that no start has to.

pub mod cases;
mod demand;
mod document;
mod documents;
mod guard;
mod origin;
mod pack;
pub mod place;

pub use cases::{Case, Cases};
pub use demand::{Demand, Key, OTHER_FIELDS};
pub use document::{Body, Correlation, Document, EXPIRES, Filter, Page, Rule, Sought};
pub use documents::{REPEATS_MAX, read};
pub use guard::{
    ALIASED_BYTES_MAX, DOCUMENT_BYTES_MAX, DOCUMENTS_MAX, FILE_BYTES_MAX, NOTS_MAX, OPEN_MAX, OPERATORS_MAX,
};
pub use origin::{Origin, RuleError, Text};
pub use pack::{NESTING_MAX, Packed, names_lists, pack, unpack};
