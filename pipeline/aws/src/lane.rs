//! Lanes: what batches of one shard, or one object, have done.
//!
//! A lane keeps the ids of the records that are dealt with. A batch reads it first and leaves out what it names; at its
//! end it enters its own records. That, what was found and all that adds up (metrics, counts behind alerts) become valid in one
//! transaction: the fence, which every batch moves on by one, lets only one of two batches through that began alike.
//!
//! What may only leave after that, the metrics' rows for the lake or all of its files, waits in an
//! [outbox](crate::outbox): an object whose pointer is entered in the same transaction, and which whoever comes next sends
//! if this batch dies.

use crate::{
    edge::Edge,
    layout, pages,
    port::{Aws, Called, Item, PutIf, Range},
    send::Patience,
};
use aws_sdk_dynamodb::types::AttributeValue;
use kinescope_pipeline::Ledger;
use kinescope_schemas::Id;
use std::collections::HashSet;

/// Digits that a sequence number is written with: Kinesis documents up to 128, and in the order of text it must be as long.
const ORDER_DIGITS: usize = 129;
/// Records of one batch: as many as Lambda hands over at most. Their ids, 16 bytes each, lie in one item.
pub const RECORDS_MAX: usize = 10_000;
const FENCE: &str = "fence";
const N_BATCHES: &str = "n_batches";

/// What a lane says.
#[derive(Debug)]
pub struct Known {
    /// The lane.
    lane: String,
    /// Records that are dealt with.
    pub done: HashSet<Id>,
    /// Outboxes that nobody emptied.
    pub outboxes: Vec<Outbox>,
    fence: Option<AttributeValue>,
    n_batches: i64,
    /// From where it was read.
    from: String,
}

/// Rows that wait in an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Outbox {
    /// Whose part they are.
    pub part: Id,
    /// The object's key in the quarantine bucket.
    pub key: String,
}

/// What a batch did.
#[derive(Debug)]
pub struct Done<'d> {
    /// Named after its records.
    pub part: Id,
    /// The records.
    pub records: &'d [Id],
    /// The last one's place in the lane; see [`order`].
    pub last: &'d str,
    /// What became of them.
    pub ledger: &'d Ledger,
    /// Where rows wait, if any do.
    pub outbox: Option<Outbox>,
}

/// The lane of a shard of a stream, which is named by its ARN.
pub fn of_shard(stream_arn: &str, shard: &str) -> String {
    format!("{}/{shard}", stream_arn.rsplit('/').next().unwrap_or_default())
}

/// A sequence number as text that sorts as its number does. What is longer than a sequence number can be keeps its end.
pub fn order(sequence: &str) -> String {
    let start = sequence.len().saturating_sub(ORDER_DIGITS);
    let tail = sequence.get(start..).unwrap_or_default();
    format!("{tail:0>ORDER_DIGITS$}")
}

/// The name of the part that consists of these records.
pub fn part(lane: &str, records: &[Id]) -> Id {
    let mut parts: Vec<&[u8]> = vec![b"part", lane.as_bytes()];
    parts.extend(records.iter().map(|id| id.0.as_slice()));
    Id::of(&parts)
}

/// The sort key of what a part did.
fn done_sk(last: &str, part: Id) -> String {
    format!("done#{last}#{part}")
}

/// Enters in an item which part it belongs to, so that a reader finds out whether it counts.
pub fn mark(item: &mut Item, lane: &str, last: &str, part: Id) {
    layout::put(item, "lane", layout::lane_pk(lane));
    layout::put(item, "done", done_sk(last, part));
}

/// Those of some items whose parts count.
pub async fn counting<A: Aws>(
    aws: &A,
    table: &str,
    patience: &Patience,
    items: Vec<Item>,
) -> Called<Vec<Item>> {
    let key = |item: &Item| (layout::text(item, "lane").to_owned(), layout::text(item, "done").to_owned());
    // What names no lane is nobody's part, and no key is empty.
    let keys: HashSet<(String, String)> =
        items.iter().map(key).filter(|(lane, _)| !lane.is_empty()).collect();
    let keys: Vec<_> = keys.into_iter().collect();
    let found = pages::get(aws, table, patience, "read what batches did from", &keys).await?;
    let done: HashSet<_> = found.iter().map(layout::key).collect();
    Ok(items.into_iter().filter(|item| done.contains(&key(item))).collect())
}

/// Reads a lane from a place on.
pub async fn read<A: Aws>(edge: &Edge<A>, patience: &Patience, lane: &str, first: &str) -> Called<Known> {
    let range = Range {
        pk: layout::lane_pk(lane),
        from: format!("done#{first}"),
        to: "outbox#~".to_owned(),
        ..Range::default()
    };
    let items = pages::query(&edge.aws, &edge.names.table, patience, "read a lane from", range).await?;
    let mut known = Known {
        lane: lane.to_owned(),
        done: HashSet::new(),
        outboxes: Vec::new(),
        fence: None,
        n_batches: 0,
        from: first.to_owned(),
    };
    for item in &items {
        let sk = layout::text(item, layout::SK);
        if sk == FENCE {
            known.fence = item.get(N_BATCHES).cloned();
            known.n_batches = layout::number(item, N_BATCHES);
        } else if let Some(part) = sk.strip_prefix("outbox#").and_then(|part| part.parse().ok()) {
            known.outboxes.push(Outbox { part, key: layout::text(item, "key").to_owned() });
        } else {
            known.done.extend(layout::bytes(item, "records").as_chunks().0.iter().map(|id| Id(*id)));
        }
    }
    Ok(known)
}

/// Enters what a batch did; false if another batch has done some of it meanwhile, so that nothing of this one counts.
pub async fn commit<A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    mut known: Known,
    done: &Done<'_>,
    now_ms: i64,
) -> Called<bool> {
    let pk = layout::lane_pk(&known.lane);
    let sk = done_sk(done.last, done.part);
    let mut receipt = layout::item(&pk, &sk, now_ms);
    layout::put_bytes(&mut receipt, "records", done.records.iter().flat_map(|id| id.0).collect());
    let ledger = serde_json::to_string(done.ledger).unwrap_or_default();
    layout::put(&mut receipt, "ledger", ledger);
    loop {
        let mut fence = layout::item(&pk, FENCE, now_ms);
        layout::put_number(&mut fence, N_BATCHES, known.n_batches + 1);
        let mut puts = vec![
            PutIf { item: fence, attribute: N_BATCHES, was: known.fence.clone() },
            PutIf { item: receipt.clone(), attribute: layout::PK, was: None },
        ];
        if let Some(outbox) = &done.outbox {
            let mut item = layout::item(&pk, format!("outbox#{}", outbox.part), now_ms);
            layout::put(&mut item, "key", &outbox.key);
            puts.push(PutIf { item, attribute: layout::PK, was: None });
        }
        let put = || edge.aws.put_if(&edge.names.table, puts.clone());
        if patience.call("enter what a batch did in", put).await? {
            return Ok(true);
        }
        // Someone moved the fence: another batch, or this one, whose answer was lost.
        known = read(edge, patience, &known.lane, &known.from).await?;
        let n_known = done.records.iter().filter(|id| known.done.contains(id)).count();
        if n_known > 0 {
            let range = Range { pk, from: sk.clone(), to: sk, ..Range::default() };
            let action = "read what a batch did from";
            let mine = pages::query(&edge.aws, &edge.names.table, patience, action, range).await?;
            return Ok(!mine.is_empty());
        }
    }
}

/// Takes an outbox that was sent out of the lane.
pub async fn emptied<A: Aws>(edge: &Edge<A>, patience: &Patience, lane: &str, outbox: &Outbox) -> Called<()> {
    let (table, bucket) = (&edge.names.table, &edge.names.quarantine_bucket);
    let (pk, sk) = (layout::lane_pk(lane), format!("outbox#{}", outbox.part));
    patience.call("empty an outbox of", || edge.aws.delete_item(table, &pk, &sk)).await?;
    patience.call("empty an outbox of", || edge.aws.delete_object(bucket, &outbox.key)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_sort_as_sequence_numbers_do() {
        let numbers =
            ["9", "10", "49590338271490256608559692538361571095921575989136588898", &"9".repeat(129)];
        let orders = numbers.map(order);
        assert!(orders.is_sorted());
        assert!(orders.iter().all(|order| order.len() == ORDER_DIGITS));
    }

    #[test]
    fn a_part_is_its_records_and_its_lane() {
        let ids = [Id::of(&[b"1"]), Id::of(&[b"2"])];
        assert_eq!(part("a", &ids), part("a", &ids));
        assert_ne!(part("a", &ids), part("b", &ids));
        assert_ne!(part("a", &ids), part("a", &ids[..1]));
    }
}
