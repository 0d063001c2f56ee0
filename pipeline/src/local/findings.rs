//! findings.jsonl: every finding of the store, in the order of time. Alerts are folded of the same rows as they pass, so that
//! each page of the store is read once.

use super::{Store, StoreError, alerts::Alerts, joined};
use std::{
    fs::File,
    io::{self, Write},
    mem,
    path::Path,
    sync::mpsc::sync_channel,
    thread,
};

/// Those of one event, whose time they have, follow one another.
const FINDINGS: &str =
    "SELECT uid, event, time, severity, rule, title, account, region, resource, actor, ocsf
    FROM findings ORDER BY time, event, uid";
/// The place of `ocsf` in it.
const OCSF: usize = 10;
/// Text that is handed to the disk at a time; a line has some 5 KB.
const CHUNK_BYTES: usize = 256 << 10;
/// Chunks that wait for the disk.
const CHUNKS_WAITING: usize = 2;

/// Writes and syncs the file, beside reading the store, and gives every finding to the alerts; how many lines.
pub(super) fn write(store: &Store, path: &Path, alerts: &mut Alerts<'_>) -> io::Result<u64> {
    let mut file = File::create(path)?;
    let (send, chunks) = sync_channel::<Vec<u8>>(CHUNKS_WAITING);
    thread::scope(|scope| {
        let writing = scope.spawn(move || {
            chunks.into_iter().try_for_each(|chunk| file.write_all(&chunk))?;
            file.sync_all()
        });
        let (mut n_lines, mut chunk) = (0, Vec::with_capacity(CHUNK_BYTES));
        let read = each(store, |row| {
            alerts.add(row)?;
            chunk.extend_from_slice(row.get_ref(OCSF).and_then(|ocsf| Ok(ocsf.as_bytes()?)).map_err(failed)?);
            chunk.push(b'\n');
            n_lines += 1;
            if chunk.len() >= CHUNK_BYTES {
                let full = mem::replace(&mut chunk, Vec::with_capacity(CHUNK_BYTES));
                // Nobody takes it when writing failed; why is said by who wrote.
                send.send(full).map_err(|_| io::ErrorKind::BrokenPipe)?;
            }
            Ok(())
        });
        let _ = send.send(chunk);
        drop(send);
        joined(writing)?;
        read.map(|()| n_lines)
    })
}

fn each(store: &Store, mut take: impl FnMut(&rusqlite::Row<'_>) -> io::Result<()>) -> io::Result<()> {
    let mut statement = store.db.prepare(FINDINGS).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        take(row)?;
    }
    Ok(())
}

/// Why the store could not be read.
pub(super) fn failed(source: rusqlite::Error) -> io::Error {
    io::Error::other(StoreError { what: "read", source }.to_string())
}
