//! What a table is: a name, a page of documentation and columns, each with its place in OCSF.

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::sync::{Arc, LazyLock};

/// The type of a column, in Arrow, in Glue and in OCSF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// JSON as text, in OCSF too (`json_t`).
    JsonText,
    /// JSON as text, an object or array in OCSF.
    Json,
    /// 32-bit integer.
    Int,
    /// 64-bit integer; times are milliseconds since 1970.
    Long,
    /// 64-bit float.
    Double,
    /// Flag.
    Bool,
    /// A moment, milliseconds, UTC; RFC 3339 text in OCSF.
    Time,
}

impl Kind {
    /// The Arrow type that the Parquet writer uses.
    pub fn arrow(self) -> DataType {
        match self {
            Kind::Text | Kind::JsonText | Kind::Json => DataType::Utf8,
            Kind::Int => DataType::Int32,
            Kind::Long => DataType::Int64,
            Kind::Double => DataType::Float64,
            Kind::Bool => DataType::Boolean,
            Kind::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        }
    }

    /// The Hive type that Glue and Athena read.
    pub fn hive(self) -> &'static str {
        match self {
            Kind::Text | Kind::JsonText | Kind::Json => "string",
            Kind::Int => "int",
            Kind::Long => "bigint",
            Kind::Double => "double",
            Kind::Bool => "boolean",
            Kind::Time => "timestamp",
        }
    }
}

/// One column.
#[derive(Clone, Debug)]
pub struct Column {
    /// The name in Parquet, Glue and SQL: the OCSF path with `_` for `.`.
    pub name: String,
    /// The OCSF path. `unmapped.x` is what OCSF has no place for.
    pub path: &'static str,
    /// Its type.
    pub kind: Kind,
    /// What it holds.
    pub doc: &'static str,
}

impl Column {
    /// A column from its path: `unmapped.` is not part of the name.
    pub fn new(path: &'static str, kind: Kind, doc: &'static str) -> Self {
        let name = path.strip_prefix("unmapped.").unwrap_or(path).replace('.', "_");
        Column { name, path, kind, doc: doc.trim() }
    }
}

/// The tables of the lake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Every CloudTrail event, whatever its OCSF class.
    ApiActivity,
    /// VPC flow logs and network load balancers.
    NetworkActivity,
    /// Application load balancers and S3 server access.
    HttpActivity,
    /// Our findings and those that arrive.
    Findings,
    /// AWS Health, alarm state changes, agents' own events.
    Operations,
    /// Log lines.
    Logs,
    /// Derived numbers.
    Metrics,
}

/// Everything that is fixed about a table.
pub struct Spec {
    /// The folder and Glue name.
    pub name: &'static str,
    /// What a reader of the documentation should know.
    pub doc: &'static str,
    /// The columns, base columns first.
    pub columns: Vec<Column>,
    /// The same for the writer.
    pub schema: SchemaRef,
}

impl Spec {
    pub(crate) fn new(name: &'static str, doc: &'static str, own: Vec<Column>) -> Spec {
        let columns: Vec<Column> = crate::tables::base::columns().into_iter().chain(own).collect();
        let fields: Vec<Field> = columns.iter().map(|c| Field::new(&c.name, c.kind.arrow(), true)).collect();
        Spec { name, doc, columns, schema: Arc::new(Schema::new(fields)) }
    }
}

impl Table {
    /// Every table, in the order of the documentation.
    pub const ALL: [Table; 7] = [
        Table::ApiActivity,
        Table::NetworkActivity,
        Table::HttpActivity,
        Table::Findings,
        Table::Operations,
        Table::Logs,
        Table::Metrics,
    ];

    /// Its fixed part.
    pub fn spec(self) -> &'static Spec {
        static SPECS: LazyLock<[Spec; 7]> = LazyLock::new(|| Table::ALL.map(crate::tables::spec));
        &SPECS[self as usize]
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// The position of the column with this OCSF path.
    pub fn column(self, path: &str) -> Option<usize> {
        self.spec().columns.iter().position(|column| column.path == path)
    }
}
