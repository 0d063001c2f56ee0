//! S3: what could not be read, with its bytes and the reason, an object a record.

use crate::{
    edge::{Edge, fail},
    layout,
    port::Aws,
    send::Patience,
};
use kinescope_pipeline::{Answers, Output, output::Quarantined};
use kinescope_schemas::Position;
use std::collections::BTreeMap;

/// Writes the entries of each record as one object of JSON lines, as `quarantine.jsonl` has them. Its key is derived, so
/// that a record that comes again replaces its own.
pub async fn write<A: Aws>(edge: &Edge<A>, patience: &Patience, output: &Output) -> Answers {
    let mut answers = Answers { n_items: output.quarantined.len() as u64, ..Answers::default() };
    let mut objects = BTreeMap::<u32, (Vec<u8>, Vec<u32>)>::new();
    for (owner, entry) in &output.quarantined {
        let (lines, owners) = objects.entry(*owner).or_default();
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
    let packs = objects.keys().map(|owner| vec![*owner]).collect();
    let put = |pack: Vec<u32>| {
        let call = pack.first().and_then(|owner| {
            let record = &output.records.get(*owner as usize)?.record;
            let day = layout::day(record.arrival_ms.unwrap_or(0));
            let lines = objects.get(owner)?.0.clone();
            Some((format!("quarantine/{day}/{}.jsonl", record.id), lines))
        });
        async move {
            if let Some((key, lines)) = call {
                edge.aws.put_object(bucket, &key, lines).await?;
            }
            Ok(Vec::new())
        }
    };
    for (owner, error) in patience.send("quarantine", packs, put).await {
        fail(
            &mut answers,
            objects.get(&owner).into_iter().flat_map(|(_, owners)| owners.iter().copied()),
            &error,
        );
    }
    answers
}
