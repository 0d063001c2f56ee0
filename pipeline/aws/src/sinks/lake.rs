//! Firehose: rows of the lake as JSON lines, many to a record, because every record is billed as a multiple of 5 KB. By
//! the byte too: a column is called by its [key](kinescope_schemas::keys), and what is empty is left out.

use crate::{
    edge::{Edge, fail},
    limits::{FIREHOSE_CALL_BYTES_MAX, FIREHOSE_RECORD_BYTES_MAX, FIREHOSE_RECORDS_MAX, FIREHOSE_ROWS_MAX},
    port::{Aws, CallError, Called},
    send::{Patience, packs},
};
use arrow_array::{ArrayRef, RecordBatch, cast::AsArray, types::TimestampMillisecondType};
use arrow_json::LineDelimitedWriter;
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use kinescope_pipeline::{
    Answers,
    lake::{Closed, day_name},
};
use kinescope_schemas::{
    Table,
    contract::EVENT_DAY,
    keys::{DAY_KEY, key, keys},
};
use serde_json::{Map, Value as Json, json};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

/// Rows that are written to text at a time.
const ROWS_AT_ONCE: usize = 512;
/// Bytes that wait for one delivery stream before they are sent.
const WAITING_BYTES_MAX: usize = 2 * FIREHOSE_CALL_BYTES_MAX;

/// A Firehose record: lines, and whose they are.
#[derive(Default)]
struct Packed {
    lines: Vec<u8>,
    owners: Vec<u32>,
}

/// Writes rows.
pub async fn write<A: Aws>(edge: &Edge<A>, patience: &Patience, rows: &[Closed]) -> Answers {
    let mut answers = Answers::default();
    let mut waiting = BTreeMap::<Table, Vec<Packed>>::new();
    for closed in rows {
        answers.n_items += closed.owners.len() as u64;
        for from in (0..closed.owners.len()).step_by(ROWS_AT_ONCE) {
            let n = ROWS_AT_ONCE.min(closed.owners.len() - from);
            let records = waiting.entry(closed.table).or_default();
            pack(edge, patience, closed, from, n, records, &mut answers).await;
            if records.iter().map(|record| record.lines.len()).sum::<usize>() >= WAITING_BYTES_MAX {
                deliver(edge, patience, closed.table, std::mem::take(records), &mut answers).await;
            }
        }
    }
    for (table, records) in waiting {
        deliver(edge, patience, table, records, &mut answers).await;
    }
    answers
}

async fn deliver<A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    table: Table,
    records: Vec<Packed>,
    answers: &mut Answers,
) {
    for (at, error) in send(edge, patience, table, &records).await {
        fail(answers, records[at].owners.iter().copied(), &error);
    }
}

/// Adds rows to the last record, or begins new ones.
async fn pack<A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    closed: &Closed,
    from: usize,
    n: usize,
    records: &mut Vec<Packed>,
    answers: &mut Answers,
) {
    let (owners, record_bytes) = (&closed.owners[from..from + n], edge.names.record_bytes);
    let text = match lines(&closed.batch.slice(from, n), closed.day) {
        Ok(text) => text,
        Err(error) => {
            answers.failed.extend(owners);
            let words = format!("failed to write rows of {} as JSON: {error}", closed.table.name());
            answers.error.get_or_insert(words);
            return;
        }
    };
    for (line, owner) in text.split_inclusive(|byte| *byte == b'\n').zip(owners) {
        if line.len() <= FIREHOSE_RECORD_BYTES_MAX {
            put(records, line, *owner, record_bytes);
            continue;
        }
        match shortened(edge, patience, closed.table, line).await {
            Ok(line) => put(records, &line, *owner, record_bytes),
            Err(error) => fail(answers, [*owner], &error),
        }
    }
}

/// Rows as JSON, a line each, with the day that Firehose partitions by.
fn lines(batch: &RecordBatch, day: Option<i64>) -> Result<Vec<u8>, ArrowError> {
    let mut writer = LineDelimitedWriter::new(Vec::new());
    writer.write(&by_key(batch)?)?;
    writer.finish()?;
    let day = format!(",\"{DAY_KEY}\":\"{}\"}}\n", day_name(day));
    let text = writer.into_inner();
    let mut lines = Vec::with_capacity(text.len() + batch.num_rows() * day.len());
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        // The object goes on with its day.
        lines.extend_from_slice(line.strip_suffix(b"}").unwrap_or(line));
        lines.extend_from_slice(day.as_bytes());
    }
    Ok(lines)
}

/// The same by key, with times that know their zone by its offset: the name UTC would need a table of zones to be written.
fn by_key(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().enumerate().map(|(at, column)| {
        let times = column.as_primitive_opt::<TimestampMillisecondType>();
        let column = times.map_or_else(
            || column.clone(),
            |times| Arc::new(times.clone().with_timezone("+00:00")) as ArrayRef,
        );
        (key(at), column)
    });
    RecordBatch::try_from_iter(columns)
}

/// Adds a line to the last record, if there is room.
fn put(records: &mut Vec<Packed>, line: &[u8], owner: u32, record_bytes: usize) {
    let fits = |record: &&mut Packed| {
        record.lines.len() < record_bytes
            && record.lines.len() + line.len() <= FIREHOSE_RECORD_BYTES_MAX
            && record.owners.len() < FIREHOSE_ROWS_MAX
    };
    let record = match records.last_mut().filter(fits) {
        Some(record) => record,
        None => records.push_mut(Packed::default()),
    };
    record.lines.extend_from_slice(line);
    record.owners.push(owner);
}

/// Rows as text, to be sent by [`write_text`]. Those of metrics are short, so each fits a record.
pub fn text(rows: &[Closed]) -> Result<Vec<u8>, ArrowError> {
    let texts: Result<Vec<_>, _> = rows.iter().map(|closed| lines(&closed.batch, closed.day)).collect();
    Ok(texts?.concat())
}

/// Sends rows that are text already.
pub async fn write_text<A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    table: Table,
    text: &[u8],
) -> Called<()> {
    let mut records = Vec::new();
    text.split_inclusive(|byte| *byte == b'\n')
        .for_each(|line| put(&mut records, line, 0, edge.names.record_bytes));
    let failed = send(edge, patience, table, &records).await;
    failed.into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
}

/// A row that no record holds: its longest texts give way to where the whole row is kept, by the columns' names.
async fn shortened<A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    table: Table,
    line: &[u8],
) -> Result<Vec<u8>, CallError> {
    let mut row: Map<String, Json> = serde_json::from_slice(line).map_err(|error| CallError {
        action: "shorten a row of",
        resource: table.name().to_owned(),
        words: error.to_string(),
        may_pass: false,
    })?;
    let named = by_name(table, &row);
    let uid = named.get("metadata_uid").and_then(Json::as_str).unwrap_or("no-uid");
    let key = format!("whole/{}/{}.json", table.name(), crate::layout::name(uid));
    let whole = edge.keep_whole(patience, &key, format!("{}\n", Json::from(named)).into_bytes()).await?;
    let length = |value: &Json| value.as_str().map_or(0, str::len);
    let mut n_bytes = line.len();
    while n_bytes >= FIREHOSE_RECORD_BYTES_MAX {
        let Some((_, longest)) = row.iter_mut().max_by_key(|(_, value)| length(value)) else { break };
        let n = length(longest);
        *longest = json!(json!({"whole": whole, "bytes": n}).to_string());
        n_bytes = serde_json::to_vec(&row).map_or(0, |text| text.len());
        if n <= whole.len() {
            break;
        }
    }
    Ok(format!("{}\n", Json::from(row)).into_bytes())
}

/// A row by the names of its columns: what Firehose makes of it.
fn by_name(table: Table, row: &Map<String, Json>) -> Map<String, Json> {
    let mut names: HashMap<String, &str> = keys(table).map(|(name, key)| (key, name)).collect();
    names.insert(DAY_KEY.to_owned(), EVENT_DAY);
    row.iter().filter_map(|(key, value)| Some(((*names.get(key)?).to_owned(), value.clone()))).collect()
}

/// Sends records; the places of those that were not taken.
async fn send<A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    table: Table,
    records: &[Packed],
) -> Vec<(usize, CallError)> {
    let stream = edge.names.delivery_stream(table);
    let packs =
        packs(0..records.len(), FIREHOSE_RECORDS_MAX, FIREHOSE_CALL_BYTES_MAX, |at| records[*at].lines.len());
    let put = |pack: Vec<usize>| {
        let call = edge.aws.put_records(&stream, pack.iter().map(|at| records[*at].lines.clone()).collect());
        async move {
            let answers = call.await?;
            Ok(answers.into_iter().enumerate().filter_map(|(at, error)| Some((at, error?))).collect())
        }
    };
    patience.send("put records to Firehose", packs, put).await
}

/// Rows without those of some owners, and these owners, one entry a row.
pub fn without(rows: &[Closed], owners: &HashSet<u32>) -> (Vec<Closed>, Vec<u32>) {
    let (mut kept, mut withheld) = (Vec::new(), Vec::new());
    for closed in rows {
        let keep: Vec<bool> = closed.owners.iter().map(|owner| !owners.contains(owner)).collect();
        let (of_kept, of_others): (Vec<u32>, Vec<u32>) =
            closed.owners.iter().partition(|owner| !owners.contains(owner));
        // The filter is as long as the rows are many, so it fits.
        match filter_record_batch(&closed.batch, &keep.into()) {
            Ok(batch) if !of_kept.is_empty() => {
                kept.push(Closed { table: closed.table, day: closed.day, owners: of_kept, batch });
                withheld.extend(of_others);
            }
            _ => withheld.extend(&closed.owners),
        }
    }
    (kept, withheld)
}
