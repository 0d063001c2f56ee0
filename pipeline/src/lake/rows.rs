//! Rows of one table and day, in columns.

use arrow_array::{
    ArrayRef, RecordBatch,
    builder::{
        BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, StringBuilder,
        TimestampMillisecondBuilder,
    },
};
use arrow_schema::ArrowError;
use kinescope_schemas::{Kind, Row, Table, Value};
use std::sync::Arc;

/// Rows under way.
pub struct Rows {
    /// The table.
    pub table: Table,
    /// Days since 1970; `None` out of range.
    pub day: Option<i64>,
    /// The owner of each row: a place in the output's records.
    pub owners: Vec<u32>,
    columns: Vec<Builder>,
}

enum Builder {
    Text(StringBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Double(Float64Builder),
    Bool(BooleanBuilder),
    Time(TimestampMillisecondBuilder),
}

impl Rows {
    /// Starts with no rows.
    pub fn new(table: Table, day: Option<i64>) -> Rows {
        let columns = table.spec().columns.iter().map(|column| Builder::new(column.kind)).collect();
        Rows { table, day, owners: Vec::new(), columns }
    }

    /// The rows of this table and day in a list of a few.
    pub fn of(list: &mut Vec<Rows>, table: Table, day: Option<i64>) -> &mut Rows {
        let at = list.iter().position(|rows| rows.table == table && rows.day == day).unwrap_or_else(|| {
            list.push(Rows::new(table, day));
            list.len() - 1
        });
        &mut list[at]
    }

    /// Adds a row.
    pub fn push(&mut self, row: &Row<'_>, owner: u32) {
        self.owners.push(owner);
        for (at, column) in self.columns.iter_mut().enumerate() {
            column.push(&row[at]);
        }
    }

    /// The rows as Arrow has them.
    pub fn batch(&self) -> Result<RecordBatch, ArrowError> {
        let columns = self.columns.iter().map(Builder::array).collect();
        RecordBatch::try_new(self.table.spec().schema.clone(), columns)
    }
}

impl Builder {
    fn new(kind: Kind) -> Builder {
        match kind {
            Kind::Text | Kind::JsonText | Kind::Json => Builder::Text(StringBuilder::new()),
            Kind::Int => Builder::Int(Int32Builder::new()),
            Kind::Long => Builder::Long(Int64Builder::new()),
            Kind::Double => Builder::Double(Float64Builder::new()),
            Kind::Bool => Builder::Bool(BooleanBuilder::new()),
            Kind::Time => Builder::Time(TimestampMillisecondBuilder::new().with_timezone("UTC")),
        }
    }

    fn push(&mut self, value: &Value<'_>) {
        match self {
            Builder::Text(builder) => match value {
                Value::Text(text) => builder.append_value(text),
                Value::Null => builder.append_null(),
                other => builder.append_option(other.to_text()),
            },
            Builder::Int(builder) => {
                builder.append_option(value.as_int().and_then(|n| i32::try_from(n).ok()))
            }
            Builder::Long(builder) => builder.append_option(value.as_int()),
            Builder::Double(builder) => builder.append_option(value.as_f64()),
            Builder::Bool(builder) => builder.append_option(match value {
                Value::Bool(b) => Some(*b),
                _ => None,
            }),
            Builder::Time(builder) => builder.append_option(value.as_int()),
        }
    }

    fn array(&self) -> ArrayRef {
        match self {
            Builder::Text(builder) => Arc::new(builder.finish_cloned()),
            Builder::Int(builder) => Arc::new(builder.finish_cloned()),
            Builder::Long(builder) => Arc::new(builder.finish_cloned()),
            Builder::Double(builder) => Arc::new(builder.finish_cloned()),
            Builder::Bool(builder) => Arc::new(builder.finish_cloned()),
            Builder::Time(builder) => Arc::new(builder.finish_cloned()),
        }
    }
}
