//! findings.jsonl: every finding of the store, in the order of time.

use super::Store;
use super::store::StoreError;
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

/// Written at a time: a line has some 5 KB, so the usual 8 KiB would be nearly a write each.
const WRITE_BYTES: usize = 256 << 10;

/// Writes the file, to be synced when it is published; how many lines.
pub(super) fn write(store: &Store, path: &Path) -> Result<u64, io::Error> {
    let mut file = BufWriter::with_capacity(WRITE_BYTES, File::create(path)?);
    let mut n_lines = 0;
    each(store, |json| {
        n_lines += 1;
        file.write_all(json.as_bytes())?;
        file.write_all(b"\n")
    })?;
    file.flush()?;
    Ok(n_lines)
}

fn each(store: &Store, mut line: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    let failed = |source| io::Error::other(StoreError { what: "read", source }.to_string());
    let mut statement =
        store.db.prepare("SELECT ocsf FROM findings ORDER BY time, event, uid").map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        line(row.get_ref(0).and_then(|value| Ok(value.as_str()?)).map_err(failed)?)?;
    }
    Ok(())
}
