//! Quarantine once more: entries that a newer version, or other settings, may read. Those that can be read leave it.
//!
//! An object of quarantine is deleted only when every entry of it was delivered, or was written to a place of its own.

use super::{Hub, Part, Taken};
use crate::{
    lane, layout,
    objects::lines::Lines,
    port::{Aws, Called, ListedObject, Sources},
    send::Patience,
    sinks::quarantine,
};
use kinescope_pipeline::{Content, Piece, Record, local, quarantined_id, sink::Open};
use kinescope_schemas::Id;
use kinescope_stages::parse::time::epoch_ms;
use std::{collections::HashSet, io::Cursor, sync::Arc};
use tokio::time::Instant;

/// Bytes of an object that is held: one message of the largest size, in base64, and some.
const OBJECT_BYTES_MAX: u64 = 100 << 20;

/// What a redrive did.
#[derive(Debug, Default)]
pub struct Redriven {
    /// Objects that were looked at.
    pub n_objects: u64,
    /// Objects that are no longer in quarantine.
    pub n_left: u64,
    /// Entries that were tried.
    pub n_entries: u64,
    /// Entries that stay.
    pub n_stuck: u64,
    /// The sums of all of it.
    pub taken: Taken,
}

/// An object's entries on their way.
struct Entries {
    lane: String,
    parts: Vec<Part>,
    /// Where each lies if it goes back.
    keys: Vec<String>,
    /// Lines that stay as they are: they are no entries, or hold no bytes to try.
    n_kept: u64,
}

impl<A: Aws + Sources> Hub<A> {
    /// Tries what lies under a prefix of the quarantine bucket.
    pub async fn redrive(&self, prefix: &str, until: Instant, now_ms: i64) -> Redriven {
        let mut redriven = Redriven::default();
        let patience = Patience::until(until);
        if let Err(error) = self.redrive_all(prefix, &patience, &mut redriven, now_ms).await {
            redriven.taken.errors.push(format!("failed to {error}; invoke it again to go on"));
        }
        redriven.taken.retried(&patience);
        redriven
    }

    async fn redrive_all(
        &self,
        prefix: &str,
        patience: &Patience,
        redriven: &mut Redriven,
        now_ms: i64,
    ) -> Called<()> {
        let bucket = &self.edge.names.quarantine_bucket;
        let (mut after, mut written) = (String::new(), HashSet::new());
        loop {
            let list = || self.edge.aws.list_objects(bucket, prefix, &after);
            let listed = patience.call("list quarantine", list).await?;
            let Some(last) = listed.last() else { return Ok(()) };
            let next = last.key.clone();
            for object in listed.iter().filter(|object| !written.contains(&object.key)).collect::<Vec<_>>() {
                self.redrive_object(object, patience, redriven, &mut written, now_ms).await?;
            }
            after = next;
        }
    }

    async fn redrive_object(
        &self,
        object: &ListedObject,
        patience: &Patience,
        redriven: &mut Redriven,
        written: &mut HashSet<String>,
        now_ms: i64,
    ) -> Called<()> {
        let (bucket, key) = (&self.edge.names.quarantine_bucket, &object.key);
        redriven.n_objects += 1;
        if object.n_bytes > OBJECT_BYTES_MAX {
            redriven.taken.errors.push(format!(
                "s3://{bucket}/{key} has {} bytes, more than a function holds: take it with `kinescope redrive`",
                object.n_bytes
            ));
            return Ok(());
        }
        let get = || self.edge.aws.get_object(bucket, key);
        let bytes = patience.call("read quarantine", get).await?;
        let entries = entries(object, bytes, now_ms);
        redriven.n_entries += entries.parts.len() as u64 + entries.n_kept;
        redriven.n_stuck += entries.n_kept;
        self.forget_quarantined(&entries.parts);
        let mut is_kept = entries.n_kept > 0;
        let batches = entries.parts.chunks(lane::RECORDS_MAX).zip(entries.keys.chunks(lane::RECORDS_MAX));
        for (parts, keys) in batches {
            let open = &mut Open::default();
            let taken = self.take_open(&entries.lane, parts, open, patience.until, now_ms).await;
            is_kept |= !taken.again.is_empty();
            for (at, is_written) in &taken.bad {
                redriven.n_stuck += 1;
                // Written over in its own place, or known to lie somewhere else: better twice than not at all.
                is_kept |= !is_written || keys[*at] == *key;
                written.insert(keys[*at].clone());
            }
            redriven.taken.add(taken);
        }
        if !is_kept {
            let delete = || self.edge.aws.delete_object(bucket, key);
            patience.call("take out of quarantine", delete).await?;
            redriven.n_left += 1;
        }
        Ok(())
    }

    /// What this environment put into quarantine would be a copy of itself.
    fn forget_quarantined(&self, parts: &[Part]) {
        let id = |part: &Part| match &part.piece.content {
            Content::Bytes(bytes) => Some(quarantined_id(part.piece.record.id, part.piece.offset, bytes)),
            _ => None,
        };
        let ids: Vec<Id> = parts.iter().filter_map(id).collect();
        self.window().forget(&ids);
    }
}

/// Reads an object of quarantine. Its lane is of this very content: what stays is tried anew, what was done is not.
fn entries(object: &ListedObject, bytes: Vec<u8>, now_ms: i64) -> Entries {
    let id = Id::of(&[b"redrive", object.key.as_bytes(), object.etag.as_bytes()]);
    let mut entries =
        Entries { lane: format!("redrive/{id}"), parts: Vec::new(), keys: Vec::new(), n_kept: 0 };
    let arrival_ms = arrival_ms(&object.key).unwrap_or(now_ms);
    let mut lines = Lines::new(Box::new(Cursor::new(bytes)));
    while let Some(line) = lines.next() {
        match line {
            Ok(entry) if !entry.bytes.is_empty() => {
                let part = part(entry, entries.parts.len() as u64, arrival_ms);
                entries.keys.push(quarantine::key(arrival_ms, part.id, part.piece.offset));
                entries.parts.push(part);
            }
            _ => entries.n_kept += 1,
        }
    }
    entries
}

fn part(entry: local::Redriven, number: u64, arrival_ms: i64) -> Part {
    let local::Redriven { source, offset, envelope, id, bytes } = entry;
    let of_entry = quarantined_id(id, offset, &bytes);
    let record = Record {
        index: number,
        source,
        id,
        file_id: of_entry.into(),
        arrival_ms: Some(arrival_ms),
        envelope,
    };
    Part {
        id: of_entry,
        whole: Some(of_entry),
        order: lane::order(&number.to_string()),
        piece: Piece {
            record: Arc::new(record),
            offset,
            header: None,
            last: true,
            content: Content::Bytes(bytes),
        },
        is_redriven: true,
    }
}

/// The day of a key, at noon: what goes back goes to the same day.
fn arrival_ms(key: &str) -> Option<i64> {
    let day = key.strip_prefix(quarantine::PREFIX)?.split('/').next()?;
    let noon = epoch_ms(&format!("{day}T12:00:00Z"))?;
    (layout::day(noon) == day).then_some(noon)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_its_day() {
        for (key, ms) in [
            ("quarantine/2026-11-20/4985701bf87e4180111b7512065f412c.jsonl", Some(1_795_176_000_000)),
            ("quarantine/soon/a.jsonl", None),
            ("outbox/a.jsonl", None),
        ] {
            assert_eq!(arrival_ms(key), ms, "{key}");
        }
    }
}
