//! Rows of one table and day, in columns: filled one by one, then closed to what the writer takes.

use arrow_array::{
    ArrayRef, RecordBatch,
    builder::{
        ArrayBuilder, BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, StringBuilder,
        TimestampMillisecondBuilder,
    },
    new_null_array,
};
use arrow_schema::{ArrowError, DataType};
use kinescope_schemas::{Kind, Row, Table, Value, row::COLUMNS_MAX};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

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

impl Closed {
    /// The same with every owner so much further on.
    pub(crate) fn owned_from(mut self, base: u32) -> Closed {
        self.owners.iter_mut().for_each(|owner| *owner += base);
        self
    }
}

/// Ends them all.
pub fn close(list: Vec<Rows>) -> Vec<Closed> {
    fitting(list.into_iter().map(Rows::close))
}

/// Rows that are made from the table's own columns, so that they fit it.
pub(super) fn fitting(list: impl Iterator<Item = Result<Closed, ArrowError>>) -> Vec<Closed> {
    let closed: Result<Vec<Closed>, ArrowError> = list.collect();
    #[expect(
        clippy::expect_used,
        reason = "columns and schema come from one list, and all are as long as the rows are many"
    )]
    closed.expect("rows fit their table")
}

impl Rows {
    /// Starts with no rows.
    pub fn new(table: Table, day: Option<i64>) -> Rows {
        let spec = table.spec();
        let usual = &USUAL[table as usize];
        let n_rows = usual.n_rows.load(Relaxed) as usize;
        let column = |(column, n_bytes): (&kinescope_schemas::Column, &AtomicU32)| {
            Column::new(column.kind, n_rows, n_bytes.load(Relaxed) as usize)
        };
        let columns = spec.columns.iter().zip(&usual.n_bytes).map(column).collect();
        Rows { table, day, owners: Vec::with_capacity(n_rows), columns }
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
        let n_before = self.owners.len();
        self.owners.push(owner);
        let columns = &mut self.columns;
        row.each_filled(|column, value| {
            if let Some(column) = columns.get_mut(column) {
                column.push(value, n_before);
            }
        });
    }

    /// Ends them.
    fn close(self) -> Result<Closed, ArrowError> {
        let usual = &USUAL[self.table as usize];
        note(&usual.n_rows, self.owners.len());
        for (column, n_bytes) in self.columns.iter().zip(&usual.n_bytes) {
            note(n_bytes, column.n_bytes().min(USUAL_BYTES_MAX));
        }
        let n_rows = self.owners.len();
        let schema = &self.table.spec().schema;
        let mut empty = Empty::new(n_rows);
        let columns =
            self.columns.into_iter().zip(schema.fields()).map(|(column, field)| match column.n_rows {
                0 => empty.column(field.data_type()),
                _ => column.array(n_rows),
            });
        let batch = RecordBatch::try_new(schema.clone(), columns.collect())?;
        Ok(Closed { table: self.table, day: self.day, owners: self.owners, batch })
    }
}

/// Columns without a value. Most are; those of a type share what says so.
pub(super) struct Empty {
    n_rows: usize,
    columns: Vec<ArrayRef>,
}

impl Empty {
    /// Columns of so many rows.
    pub(super) fn new(n_rows: usize) -> Empty {
        Empty { n_rows, columns: Vec::new() }
    }

    /// The one of a type.
    pub(super) fn column(&mut self, kind: &DataType) -> ArrayRef {
        let at = self.columns.iter().position(|column| column.data_type() == kind).unwrap_or_else(|| {
            self.columns.push(new_null_array(kind, self.n_rows));
            self.columns.len() - 1
        });
        self.columns[at].clone()
    }
}

/// Bytes of one column that count as usual: one batch of giants must not make every later one large.
const USUAL_BYTES_MAX: usize = 1 << 20;

/// The next rows are seldom as many to the byte, and one byte too few costs a copy of all: a little more is usual, and
/// what was before is not forgotten at once.
fn note(usual: &AtomicU32, n: usize) {
    let before = usual.load(Relaxed);
    usual.store(((n + n / 8) as u32).max(before / 4 * 3), Relaxed);
}

/// What the last rows of a table took: the next begin with that, which saves growing to it step by step.
struct Usual {
    n_rows: AtomicU32,
    n_bytes: [AtomicU32; COLUMNS_MAX],
}

static USUAL: [Usual; Table::ALL.len()] =
    [const { Usual { n_rows: AtomicU32::new(0), n_bytes: [const { AtomicU32::new(0) }; COLUMNS_MAX] } };
        Table::ALL.len()];

/// A column under way. Most slots are empty: nulls are added when a value or the end comes, in runs.
struct Column {
    n_rows: usize,
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
    /// Room for so many rows, and of text so many bytes; none where the last rows had no value.
    fn new(kind: Kind, n_rows: usize, n_bytes: usize) -> Column {
        let n = if n_bytes == 0 { 0 } else { n_rows };
        let builder = match kind {
            Kind::Text | Kind::JsonText | Kind::Json => {
                Builder::Text(StringBuilder::with_capacity(n, n_bytes))
            }
            Kind::Int => Builder::Int(Int32Builder::with_capacity(n)),
            Kind::Long => Builder::Long(Int64Builder::with_capacity(n)),
            Kind::Double => Builder::Double(Float64Builder::with_capacity(n)),
            Kind::Bool => Builder::Bool(BooleanBuilder::with_capacity(n)),
            Kind::Time => Builder::Time(TimestampMillisecondBuilder::with_capacity(n).with_timezone("UTC")),
        };
        Column { n_rows: 0, builder }
    }

    /// Bytes of text, or values.
    fn n_bytes(&self) -> usize {
        match &self.builder {
            Builder::Text(builder) => builder.values_slice().len(),
            builder => each!(builder, builder => builder.len()),
        }
    }

    /// Adds a value behind so many rows. One that does not fit its column is null: an id beyond 32 bits, for example.
    fn push(&mut self, value: &Value<'_>, n_before: usize) {
        if self.n_rows < n_before {
            self.push_nulls(n_before);
        }
        self.n_rows += 1;
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

    /// Nulls for the rows that had nothing for it.
    fn push_nulls(&mut self, n_rows: usize) {
        let n = n_rows - self.n_rows;
        if n > 0 {
            self.n_rows = n_rows;
            each!(&mut self.builder, builder => builder.append_nulls(n));
        }
    }

    fn array(mut self, n_rows: usize) -> ArrayRef {
        self.push_nulls(n_rows);
        each!(self.builder, builder => {
            let mut builder = builder;
            Arc::new(builder.finish())
        })
    }
}
