//! The rows of the world's lake, whoever wrote them.

use super::Holdings;
use arrow_array::{ArrayRef, RecordBatch, cast::AsArray, types::TimestampMillisecondType};
use arrow_json::LineDelimitedWriter;
use kinescope_schemas::contract::EVENT_DAY;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::{collections::BTreeMap, sync::Arc};

impl Holdings {
    /// Rows by delivery stream, a line of JSON each: what Firehose took, and those of files in the lake's bucket.
    pub fn rows(&self) -> BTreeMap<String, Vec<String>> {
        let mut rows = self.lines.clone();
        for (key, bytes) in self.lake_files() {
            let place: Vec<&str> = key.split('/').collect();
            let [table, day, _] = place[..] else { panic!("{key}: not in a partition") };
            let day = day.strip_prefix(&format!("{EVENT_DAY}=")).unwrap();
            rows.entry(format!("kinescope-{table}")).or_default().extend(of_file(bytes, day));
        }
        rows
    }

    /// Files in the lake's bucket, by table, partition and name.
    pub fn lake_files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let files = self.objects.iter();
        files.filter_map(|(key, bytes)| Some((key.strip_prefix("lake-bucket/lake/")?, bytes.as_slice())))
    }
}

fn of_file(bytes: &[u8], day: &str) -> Vec<String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::copy_from_slice(bytes)).unwrap();
    let mut writer = LineDelimitedWriter::new(Vec::new());
    for batch in reader.build().unwrap() {
        writer.write(&with_offsets(&batch.unwrap())).unwrap();
    }
    writer.finish().unwrap();
    let text = String::from_utf8(writer.into_inner()).unwrap();
    // The day is in the file's path only.
    let with_day = |line: &str| {
        let members = line.strip_suffix('}').unwrap();
        format!("{members},\"{EVENT_DAY}\":\"{day}\"}}")
    };
    text.lines().map(with_day).collect()
}

/// Times that know their zone by its offset: the name UTC would need a table of zones to be written.
fn with_offsets(batch: &RecordBatch) -> RecordBatch {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        let times = column.as_primitive_opt::<TimestampMillisecondType>();
        let column = times.map_or_else(
            || column.clone(),
            |times| Arc::new(times.clone().with_timezone("+00:00")) as ArrayRef,
        );
        (field.name().clone(), column)
    });
    RecordBatch::try_from_iter(columns).unwrap()
}
