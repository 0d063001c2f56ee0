//! The tables, one file each. A line there is a column: its constant, its OCSF path, its type and what it holds.

use crate::table::{Spec, Table};

/// Declares the columns of a table: a constant for each slot of the row, and the list that everything is made from.
macro_rules! columns {
    ($first:expr; $($(#[doc = $doc:literal])+ $name:ident $path:literal $kind:ident;)+) => {
        columns!(@number $first; $($(#[doc = $doc])+ $name)+);
        pub(crate) fn columns() -> Vec<crate::table::Column> {
            vec![$(crate::table::Column::new($path, crate::table::Kind::$kind, concat!($($doc),+))),+]
        }
    };
    (@number $at:expr; $(#[doc = $doc:literal])+ $name:ident $($rest:tt)*) => {
        $(#[doc = $doc])+
        pub const $name: usize = $at;
        columns!(@number $name + 1; $($rest)*);
    };
    (@number $at:expr;) => {
        /// How many slots a row has so far.
        pub const END: usize = $at;
    };
}

pub mod api_activity;
pub mod base;
pub mod findings;
pub mod http_activity;
pub mod logs;
pub mod metrics;
pub mod network_activity;
pub mod operations;

pub(crate) fn spec(table: Table) -> Spec {
    match table {
        Table::ApiActivity => Spec::new("api_activity", api_activity::DOC, api_activity::columns()),
        Table::NetworkActivity => {
            Spec::new("network_activity", network_activity::DOC, network_activity::columns())
        }
        Table::HttpActivity => Spec::new("http_activity", http_activity::DOC, http_activity::columns()),
        Table::Findings => Spec::new("findings", findings::DOC, findings::columns()),
        Table::Operations => Spec::new("operations", operations::DOC, operations::columns()),
        Table::Logs => Spec::new("logs", logs::DOC, logs::columns()),
        Table::Metrics => Spec::new("metrics", metrics::DOC, metrics::columns()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn rows_have_a_slot_for_every_column_and_names_are_unique() {
        for table in Table::ALL {
            let spec = table.spec();
            assert!(spec.columns.len() <= crate::row::COLUMNS_MAX, "{}", spec.name);
            let names: HashSet<_> = spec.columns.iter().map(|column| &column.name).collect();
            assert_eq!(names.len(), spec.columns.len(), "{}", spec.name);
        }
        assert_eq!(api_activity::END, Table::ApiActivity.spec().columns.len());
    }
}
