//! S3: what could not be read, with its bytes and the reason, an object a record.

use crate::{
    edge::{Edge, fail},
    layout,
    port::Aws,
    send::Patience,
};
use kinescope_pipeline::{Answers, Output, output::Quarantined};
use kinescope_schemas::{Id, Position};
use std::collections::BTreeMap;

/// What keys begin with.
pub const PREFIX: &str = "quarantine/";

/// Where the entries of a record lie, or those of the part of it that begins at an offset. What came from quarantine is
/// named after the entry that it was: others of its record may stay, and must not be written over.
pub fn key(arrival_ms: i64, id: Id, offset: u64) -> String {
    let part = if offset == 0 { String::new() } else { format!("-{offset}") };
    format!("{PREFIX}{}/{id}{part}.jsonl", layout::day(arrival_ms))
}

/// Writes the entries of each record as one object of JSON lines, as `quarantine.jsonl` has them. Its key is derived, so
/// that a record that comes again replaces its own.
pub async fn write<A: Aws>(edge: &Edge<A>, patience: &Patience, output: &Output) -> Answers {
    let mut answers = Answers { n_items: output.quarantined.len() as u64, ..Answers::default() };
    let mut objects = BTreeMap::<String, (Vec<u8>, Vec<u32>)>::new();
    for (owner, entry) in &output.quarantined {
        let Some(tally) = output.records.get(*owner as usize) else { continue };
        let record = &tally.record;
        let key = key(
            record.arrival_ms.unwrap_or(0),
            record.file_id.get().copied().unwrap_or(record.id),
            tally.offset,
        );
        let (lines, owners) = objects.entry(key).or_default();
        // Its number within a batch would be another whenever it comes again.
        let position = Position { record: 0, ..entry.position.clone() };
        let entry = Quarantined { position, ..entry.clone() };
        // An entry is text and numbers: it can be written.
        if serde_json::to_writer(&mut *lines, &entry).is_ok() {
            lines.push(b'\n');
        }
        owners.push(*owner);
    }
    let bucket = &edge.names.quarantine_bucket;
    let packs = objects.keys().map(|key| vec![key.clone()]).collect();
    let put = |pack: Vec<String>| {
        let lines = pack.first().and_then(|key| Some((key.clone(), objects.get(key)?.0.clone())));
        async move {
            if let Some((key, lines)) = lines {
                edge.aws.put_object(bucket, &key, lines).await?;
            }
            Ok(Vec::new())
        }
    };
    for (key, error) in patience.send("quarantine", packs, put).await {
        let owners = objects.get(&key).into_iter().flat_map(|(_, owners)| owners.iter().copied());
        fail(&mut answers, owners, &error);
    }
    answers
}
