//! Checkpoints in DynamoDB: an item a shard, so that a stream can be read on where the folder is lost.
//!
//! The folder is published first and the table follows, so the table is never ahead of what is published. Every write
//! says what it expects to find: of two who read the same stream into the same table the second is told.

use super::{Checkpoint, CheckpointError, Place, patiently};
use crate::access::{Access, Fault, Kind};
use aws_sdk_dynamodb::{Client, operation::put_item::PutItemError, types::AttributeValue};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use tokio::runtime::Runtime;

/// The sort key of the item that says where shards without a place begin.
const FROM: &str = "from";

/// Why the table cannot be used. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The service.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// An item that is no checkpoint.
    #[error("read the checkpoint of shard {shard} in {table}: it is no checkpoint; remove the item")]
    Item {
        /// The table.
        table: String,
        /// The sort key.
        shard: String,
    },
    /// What it holds.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Another reader.
    #[error(
        "save the checkpoint of {shard} in {table}: somebody else reads the same stream into it; stop one of the two"
    )]
    Contended {
        /// The table.
        table: String,
        /// The sort key.
        shard: String,
    },
}

/// A table with checkpoints.
pub struct Table {
    client: Client,
    runtime: Arc<Runtime>,
    name: String,
    /// `CHECKPOINT#` and the stream.
    key: String,
    /// What the table holds, as far as we know, by sort key.
    saved: BTreeMap<String, String>,
}

impl Table {
    /// Reads what a table has of a stream.
    pub fn open(
        access: &Access,
        name: &str,
        stream: &str,
    ) -> Result<(Table, Option<Checkpoint>), TableError> {
        let mut table = Table {
            client: Client::new(&access.config),
            runtime: access.runtime.clone(),
            name: name.to_owned(),
            key: format!("CHECKPOINT#{stream}"),
            saved: BTreeMap::new(),
        };
        table.saved = table.runtime.block_on(table.load())?;
        let broken = |shard: &str| TableError::Item { table: name.to_owned(), shard: shard.to_owned() };
        let Some(from) = table.saved.get(FROM) else { return Ok((table, None)) };
        let from = serde_json::from_str(from).map_err(|_| broken(FROM))?;
        let mut checkpoint = Checkpoint::new(stream.to_owned(), from);
        for (shard, place) in table.saved.iter().filter(|(shard, _)| *shard != FROM) {
            let place: Place = serde_json::from_str(place).map_err(|_| broken(shard))?;
            checkpoint.shards.insert(shard.clone(), place);
        }
        Ok((table, Some(checkpoint)))
    }

    async fn load(&self) -> Result<BTreeMap<String, String>, TableError> {
        let mut items = BTreeMap::new();
        let mut start: Option<HashMap<String, AttributeValue>> = None;
        loop {
            let start_now = &start;
            let answer = patiently(|| async move {
                let ask = self.client.query().table_name(&self.name).consistent_read(true);
                let ask = ask.key_condition_expression("pk = :pk").set_exclusive_start_key(start_now.clone());
                let ask = ask.expression_attribute_values(":pk", AttributeValue::S(self.key.clone()));
                ask.send()
                    .await
                    .map_err(|error| Fault::of("read checkpoints from the table", &self.name, &error))
            })
            .await?;
            for item in answer.items() {
                let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
                let shard = text("sk").unwrap_or_default();
                let place = text("place");
                let place = place
                    .ok_or_else(|| TableError::Item { table: self.name.clone(), shard: shard.clone() })?;
                items.insert(shard, place);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// Writes the places that have changed.
    pub fn save(&mut self, checkpoint: &Checkpoint) -> Result<(), TableError> {
        let json = |value: Result<String, serde_json::Error>| value.map_err(CheckpointError::from);
        let mut wanted = vec![(FROM.to_owned(), json(serde_json::to_string(&checkpoint.from))?)];
        for (shard, place) in &checkpoint.shards {
            wanted.push((shard.clone(), json(serde_json::to_string(place))?));
        }
        for (shard, place) in wanted {
            let before = self.saved.get(&shard);
            if before != Some(&place) {
                self.runtime.block_on(self.put(&shard, before, &place))?;
                self.saved.insert(shard, place);
            }
        }
        Ok(())
    }

    async fn put(&self, shard: &str, before: Option<&String>, place: &str) -> Result<(), TableError> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let put = patiently(|| async move {
            let ask = self.client.put_item().table_name(&self.name);
            let ask = ask.item("pk", text(&self.key)).item("sk", text(shard)).item("place", text(place));
            // An attempt that got no answer may have been written all the same: what we want is then there already.
            let ask = ask.expression_attribute_values(":place", text(place));
            let ask = match before {
                Some(before) => ask
                    .condition_expression("place = :before OR place = :place")
                    .expression_attribute_values(":before", text(before)),
                None => ask.condition_expression("attribute_not_exists(pk) OR place = :place"),
            };
            ask.send().await.map(drop).map_err(|error| {
                Fault::of::<PutItemError>("save a checkpoint in the table", &self.name, &error)
            })
        })
        .await;
        match put {
            Err(fault) if fault.kind == Kind::Condition => {
                Err(TableError::Contended { table: self.name.clone(), shard: shard.to_owned() })
            }
            put => Ok(put?),
        }
    }
}
