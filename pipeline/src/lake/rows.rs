//! Rows of one table and day, in columns: filled one by one, then closed to what the writer takes.

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
    table: Table,
    day: Option<i64>,
    owners: Vec<u32>,
    columns: Vec<Column>,
}

/// Rows that are complete.
pub struct Closed {
    /// The table.
    pub table: Table,
    /// Days since 1970; `None` out of range.
    pub day: Option<i64>,
    /// The owner of each row: a place in the output's records.
    pub owners: Vec<u32>,
    /// The rows.
    pub batch: RecordBatch,
}

/// Ends them all. Rows are made from the table's own columns, so they fit it.
pub fn close(list: Vec<Rows>) -> Vec<Closed> {
    let closed: Result<Vec<Closed>, ArrowError> = list.into_iter().map(Rows::close).collect();
    #[expect(
        clippy::expect_used,
        reason = "builders and schema come from one list, and every push fills each builder"
    )]
    closed.expect("rows fit their table")
}

impl Rows {
    /// Starts with no rows.
    pub fn new(table: Table, day: Option<i64>) -> Rows {
        let columns = table.spec().columns.iter().map(|column| Column::new(column.kind)).collect();
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
        for (column, value) in self.columns.iter_mut().zip(row.values()) {
            column.push(value);
        }
    }

    /// Ends them.
    fn close(self) -> Result<Closed, ArrowError> {
        let columns = self.columns.into_iter().map(Column::array).collect();
        let batch = RecordBatch::try_new(self.table.spec().schema.clone(), columns)?;
        Ok(Closed { table: self.table, day: self.day, owners: self.owners, batch })
    }
}

/// A column under way. Most slots are empty, so nulls are counted and added in runs.
struct Column {
    n_nulls: usize,
    builder: Builder,
}

enum Builder {
    Text(StringBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Double(Float64Builder),
    Bool(BooleanBuilder),
    Time(TimestampMillisecondBuilder),
}

/// Calls a method of whatever builder it is.
macro_rules! each {
    ($builder:expr, $name:ident => $call:expr) => {
        match $builder {
            Builder::Text($name) => $call,
            Builder::Int($name) => $call,
            Builder::Long($name) => $call,
            Builder::Double($name) => $call,
            Builder::Bool($name) => $call,
            Builder::Time($name) => $call,
        }
    };
}

impl Column {
    fn new(kind: Kind) -> Column {
        let builder = match kind {
            Kind::Text | Kind::JsonText | Kind::Json => Builder::Text(StringBuilder::with_capacity(0, 0)),
            Kind::Int => Builder::Int(Int32Builder::with_capacity(0)),
            Kind::Long => Builder::Long(Int64Builder::with_capacity(0)),
            Kind::Double => Builder::Double(Float64Builder::with_capacity(0)),
            Kind::Bool => Builder::Bool(BooleanBuilder::with_capacity(0)),
            Kind::Time => Builder::Time(TimestampMillisecondBuilder::with_capacity(0).with_timezone("UTC")),
        };
        Column { n_nulls: 0, builder }
    }

    #[inline]
    fn push(&mut self, value: &Value<'_>) {
        if value.is_null() {
            self.n_nulls += 1;
        } else {
            self.push_some(value);
        }
    }

    /// A value that does not fit its column is null: an id beyond 32 bits, for example.
    fn push_some(&mut self, value: &Value<'_>) {
        self.push_nulls();
        match &mut self.builder {
            Builder::Text(builder) => match value {
                Value::Text(text) => builder.append_value(text),
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

    fn push_nulls(&mut self) {
        if self.n_nulls > 0 {
            let n = std::mem::take(&mut self.n_nulls);
            each!(&mut self.builder, builder => builder.append_nulls(n));
        }
    }

    fn array(mut self) -> ArrayRef {
        self.push_nulls();
        each!(self.builder, builder => {
            let mut builder = builder;
            Arc::new(builder.finish())
        })
    }
}
