//! What leaves for the lake only when its batch counts, and waits in an object until then: rows of the metrics table for
//! Firehose or, where the function writes the lake itself, files with all rows of the part.
//!
//! A file is named after its part and written as often as need be, so the lake holds each row once.

use crate::{
    edge::{Edge, Names},
    lane::{self, Outbox},
    port::{Aws, CallError, Called},
    send::Patience,
    sinks::lake,
};
use kinescope_pipeline::lake::{Closed, day_name, parquet};
use kinescope_schemas::{Id, Table, contract::EVENT_DAY};
use std::collections::BTreeMap;

/// How the names of outboxes with files end.
const FILES: &str = "files";

/// What leaves.
pub enum Leaving {
    /// Rows of the metrics table, a line each.
    Lines(Vec<u8>),
    /// Keys and contents.
    Files(Vec<(String, Vec<u8>)>),
}

impl Leaving {
    /// Of a part: the rows of its events and findings, which have left already if Firehose writes the lake, and those of
    /// its metrics.
    pub fn of(names: &Names, part: Id, rows: Vec<Closed>, metrics: Vec<Closed>) -> Result<Leaving, String> {
        if !names.writes_lake {
            let lines = lake::text(&metrics);
            return lines.map(Leaving::Lines).map_err(|error| format!("failed to write metrics: {error}"));
        }
        let mut places = BTreeMap::<_, Vec<Closed>>::new();
        for closed in rows.into_iter().chain(metrics) {
            places.entry((closed.table, closed.day)).or_default().push(closed);
        }
        let file = |((table, day), rows): ((Table, Option<i64>), Vec<Closed>)| {
            let key = format!("lake/{}/{EVENT_DAY}={}/{part}.parquet", table.name(), day_name(day));
            let bytes = parquet(&rows).map_err(|error| format!("failed to write {key}: {error}"))?;
            Ok(bytes.map(|bytes| (key, bytes)))
        };
        let files: Result<Vec<_>, String> =
            places.into_iter().filter_map(|place| file(place).transpose()).collect();
        files.map(Leaving::Files)
    }

    fn is_empty(&self) -> bool {
        match self {
            Leaving::Lines(lines) => lines.is_empty(),
            Leaving::Files(files) => files.is_empty(),
        }
    }

    /// How it waits: files behind a line that names them and tells their lengths.
    fn to_bytes(&self) -> Vec<u8> {
        match self {
            Leaving::Lines(lines) => lines.clone(),
            Leaving::Files(files) => {
                let names: Vec<_> = files.iter().map(|(key, bytes)| (key, bytes.len())).collect();
                let mut all = serde_json::to_vec(&names).unwrap_or_default();
                all.push(b'\n');
                files.iter().for_each(|(_, bytes)| all.extend_from_slice(bytes));
                all
            }
        }
    }

    /// What waited under a name; `None` if that is not what anybody wrote.
    fn read(key: &str, bytes: Vec<u8>) -> Option<Leaving> {
        if !key.ends_with(FILES) {
            return Some(Leaving::Lines(bytes));
        }
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let names: Vec<(String, usize)> = serde_json::from_slice(&bytes[..end]).ok()?;
        let mut rest = &bytes[end + 1..];
        let file = |(key, n_bytes)| {
            let (file, behind) = rest.split_at_checked(n_bytes)?;
            rest = behind;
            Some((key, file.to_vec()))
        };
        names.into_iter().map(file).collect::<Option<_>>().map(Leaving::Files)
    }
}

impl<A: Aws> Edge<A> {
    /// Puts what leaves where it waits; `None` if it is nothing.
    pub async fn fill(&self, patience: &Patience, part: Id, leaving: &Leaving) -> Called<Option<Outbox>> {
        if leaving.is_empty() {
            return Ok(None);
        }
        let kind = if matches!(leaving, Leaving::Files(_)) { FILES } else { "jsonl" };
        let key = format!("outbox/{part}.{kind}");
        let bytes = leaving.to_bytes();
        let put = || self.aws.put_object(&self.names.quarantine_bucket, &key, bytes.clone());
        patience.call("fill an outbox in", put).await?;
        Ok(Some(Outbox { part, key }))
    }

    /// Sends what waits.
    pub async fn empty(&self, patience: &Patience, lane: &str, outbox: &Outbox) -> Called<()> {
        let get = || self.aws.get_object(&self.names.quarantine_bucket, &outbox.key);
        let bytes = patience.call("read an outbox in", get).await?;
        let leaving = Leaving::read(&outbox.key, bytes).ok_or_else(|| CallError {
            action: "read the outbox",
            resource: format!("s3://{}/{}", self.names.quarantine_bucket, outbox.key),
            words: "it is damaged: process what its part names again".to_owned(),
            may_pass: false,
        })?;
        self.send(patience, lane, outbox, &leaving).await
    }

    /// Sends what leaves, whose batch counts, and takes its outbox away.
    pub async fn send(
        &self,
        patience: &Patience,
        lane: &str,
        outbox: &Outbox,
        leaving: &Leaving,
    ) -> Called<()> {
        match leaving {
            Leaving::Lines(lines) => lake::write_text(self, patience, Table::Metrics, lines).await?,
            Leaving::Files(files) => {
                let bucket = &self.names.lake_bucket;
                for (key, bytes) in files {
                    let put = || self.aws.put_object(bucket, key, bytes.clone());
                    patience.call("put a file into the lake", put).await?;
                }
            }
        }
        lane::emptied(self, patience, lane, outbox).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_wait_as_they_are() {
        let files = vec![("lake/a".to_owned(), b"PAR1\n".to_vec()), ("lake/b".to_owned(), Vec::new())];
        let bytes = Leaving::Files(files.clone()).to_bytes();
        assert!(
            matches!(Leaving::read("outbox/x.files", bytes.clone()), Some(Leaving::Files(read)) if read == files)
        );
        for damaged in [&bytes[..bytes.len() - 1], b"", b"\n", b"[[\"a\",99]]\nx"] {
            assert!(Leaving::read("outbox/x.files", damaged.to_vec()).is_none());
        }
        assert!(matches!(Leaving::read("outbox/x.jsonl", b"{}\n".to_vec()), Some(Leaving::Lines(_))));
    }
}
