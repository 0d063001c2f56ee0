//! Shards that are split and merged while they are written to and read.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_pipeline::source::Captured;
use kinescope_tests::{
    binary::Ran,
    emulator::Emulator,
    payloads::event,
    streams::{Desk, comes_to_the_same, published, record, stream, wait_until},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    process::{Command, Stdio},
};

/// Puts events on a stream of which both the partition key and the number are known.
fn put_events(emulator: &Emulator, numbers: std::ops::Range<u32>) {
    use base64::{Engine, engine::general_purpose::STANDARD};
    for numbers in numbers.collect::<Vec<_>>().chunks(50) {
        let records: Vec<Value> = numbers
            .iter()
            .map(|n| json!({"PartitionKey": format!("key-{}", n % 10), "Data": STANDARD.encode(event(n))}))
            .collect();
        let answer =
            emulator.call("Kinesis_20131202.PutRecords", &json!({"StreamName": "s", "Records": records}));
        assert_eq!(answer["FailedRecordCount"], 0, "{answer}");
    }
}

fn list_shards(emulator: &Emulator) -> Vec<Value> {
    let answer = emulator.call("Kinesis_20131202.ListShards", &json!({"StreamName": "s"}));
    answer["Shards"].as_array().unwrap().clone()
}

/// The shards that are still written to, by where their keys begin.
fn open_shards(emulator: &Emulator) -> BTreeMap<u128, (u128, String)> {
    let is_open = |shard: &&Value| shard["SequenceNumberRange"]["EndingSequenceNumber"].is_null();
    let number = |shard: &Value, name: &str| -> u128 {
        shard["HashKeyRange"][name].as_str().unwrap().parse().unwrap()
    };
    let shards = list_shards(emulator);
    let open = shards.iter().filter(is_open).map(|shard| {
        let id = shard["ShardId"].as_str().unwrap().to_owned();
        (number(shard, "StartingHashKey"), (number(shard, "EndingHashKey"), id))
    });
    open.collect()
}

fn split_first(emulator: &Emulator) {
    let open = open_shards(emulator);
    let (start, (end, id)) = open.first_key_value().unwrap();
    let middle = (start / 2 + end / 2).to_string();
    let split = json!({"StreamName": "s", "ShardToSplit": id, "NewStartingHashKey": middle});
    emulator.call("Kinesis_20131202.SplitShard", &split);
    emulator.wait_for_stream("s");
}

fn merge_last_two(emulator: &Emulator) {
    let open: Vec<String> = open_shards(emulator).into_values().map(|(_, id)| id).collect();
    let [.., one, other] = open.as_slice() else { panic!("{open:?}") };
    let merge = json!({"StreamName": "s", "ShardToMerge": one, "AdjacentShardToMerge": other});
    emulator.call("Kinesis_20131202.MergeShards", &merge);
    emulator.wait_for_stream("s");
}

#[test]
fn shards_are_split_and_merged_on_the_way() {
    const N_EVENTS: u32 = 500;
    let (emulator, desk) = (Emulator::kinesis(), Desk::new());
    emulator.create_stream("s", 2);
    let out = desk.path("out");
    let args = ["--publish-every", "0.3"].map(str::to_owned);
    let mut reader = stream(&emulator, &out, &args).stderr(Stdio::piped()).spawn().unwrap();
    for (step, change) in [split_first, merge_last_two, split_first, merge_last_two].into_iter().enumerate() {
        put_events(&emulator, step as u32 * 100..step as u32 * 100 + 100);
        change(&emulator);
    }
    put_events(&emulator, 400..N_EVENTS);
    wait_until(|| {
        assert!(reader.try_wait().unwrap().is_none(), "it ended by itself");
        published(&out, "/events/accepted") == u64::from(N_EVENTS)
    });
    // Asked to stop, it publishes what it has and ends well.
    assert!(Command::new("kill").args(["-TERM", &reader.id().to_string()]).status().unwrap().success());
    Ran::of(reader.wait_with_output().unwrap()).ends_with(0).says("500 events from 500 records");
    let checkpoint: Value = serde_json::from_slice(&fs::read(out.join("checkpoint.json")).unwrap()).unwrap();
    let shards = checkpoint["shards"].as_object().unwrap();
    assert_eq!(shards.values().filter(|place| **place == "ended").count(), 6, "{checkpoint}");
    let capture = desk.path("capture.jsonl");
    let records = record(&emulator, &capture);
    comes_to_the_same(&out, &capture, &[], &desk);
    parents_come_first(&records, &list_shards(&emulator));
}

/// Every record of a shard comes before every record of its children, so that the events of a key keep their order.
fn parents_come_first(records: &[Captured], shards: &[Value]) {
    let place = |id: &str| records.iter().position(|record| record.shard == id);
    let last = |id: &str| records.iter().rposition(|record| record.shard == id);
    let mut n_children = 0;
    for shard in shards {
        for parent in
            ["ParentShardId", "AdjacentParentShardId"].iter().filter_map(|name| shard[name].as_str())
        {
            let (child, parent) = (place(shard["ShardId"].as_str().unwrap()), last(parent));
            n_children += 1;
            assert!(child.is_none() || parent.is_none() || parent < child, "{shard}");
        }
    }
    assert_eq!(n_children, 8, "2 splits have 4 children, 2 merges 4 parents");
    let mut numbers: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for record in records {
        let event: Value = serde_json::from_slice(&record.data).unwrap();
        let number = event["eventID"].as_str().unwrap().parse().unwrap();
        numbers.entry(&record.partition_key).or_default().push(number);
    }
    assert!(numbers.values().all(|numbers| numbers.is_sorted()), "{numbers:?}");
}
