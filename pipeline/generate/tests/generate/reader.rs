//! A reader of the traffic, for tests: simple, and strict where the pipeline is forgiving.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use md5::{Digest, Md5};
use serde_json::Value;

/// What was found in a folder.
#[derive(Default)]
pub(super) struct Found {
    /// Events by source, every delivery counted.
    pub(super) n_by_source: BTreeMap<&'static str, u64>,
    pub(super) n_control: u64,
    pub(super) n_broken: u64,
    pub(super) n_trail_bytes: u64,
    /// CloudTrail events by id.
    pub(super) trail: BTreeMap<String, Value>,
    pub(super) sequence_numbers: BTreeMap<String, Vec<String>>,
    pub(super) n_aggregates: u64,
    log_event_ids: HashSet<String>,
    flow_lines: HashSet<String>,
    /// Messages of application and function logs.
    pub(super) messages: Vec<String>,
}

/// All files below `folder`, in order.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

impl Found {
    /// Reads every file below `folder`.
    pub(super) fn read(folder: &Path) -> Found {
        let mut found = Found::default();
        for path in files(folder) {
            let bytes = fs::read(&path).unwrap();
            let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            match name.as_str() {
                "vpc-flow/default.log" => found.flow(&bytes, 0),
                "vpc-flow/custom.log" => found.flow(&bytes, 1),
                "alb/access.log" => {
                    found.add("alb", String::from_utf8(bytes).unwrap().lines().count() as u64);
                }
                _ if name.ends_with(".jsonl") => {
                    String::from_utf8(bytes).unwrap().lines().for_each(|line| found.bytes(line.as_bytes()));
                }
                _ => found.bytes(&bytes),
            }
        }
        found
    }

    /// Events of all deliveries.
    pub(super) fn n_deliveries(&self) -> u64 {
        self.n_by_source.values().sum()
    }

    fn add(&mut self, source: &'static str, n_events: u64) {
        *self.n_by_source.entry(source).or_default() += n_events;
    }

    fn flow(&mut self, bytes: &[u8], n_headers: usize) {
        let text = std::str::from_utf8(bytes).unwrap();
        for line in text.lines().skip(n_headers) {
            assert!(self.flow_lines.insert(line.to_owned()), "a flow line comes twice: {line}");
            self.add("vpc_flow", 1);
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if bytes.starts_with(&[0x1F, 0x8B]) {
            let mut text = Vec::new();
            match GzDecoder::new(bytes).read_to_end(&mut text) {
                Ok(_) => self.bytes(&text),
                Err(_) => self.n_broken += 1,
            }
        } else if bytes.starts_with(&[0xF3, 0x89, 0x9A, 0xC2]) {
            self.aggregate(&bytes[4..]);
        } else {
            match serde_json::from_slice(bytes) {
                Ok(value) => self.value(&value, bytes.len()),
                Err(_) => self.n_broken += 1,
            }
        }
    }

    fn aggregate(&mut self, bytes: &[u8]) {
        let (message, digest) = bytes.split_at(bytes.len() - 16);
        assert_eq!(Md5::digest(message)[..], *digest);
        self.n_aggregates += 1;
        let mut n_keys = 0;
        for (field, data) in fields(message) {
            match field {
                1 => n_keys += 1,
                3 => {
                    let record = fields(&data);
                    assert!(record.iter().any(|(field, key_idx)| *field == 1 && key_idx[0] < n_keys));
                    let (_, data) = record.iter().find(|(field, _)| *field == 3).unwrap();
                    self.bytes(data);
                }
                _ => panic!("unknown field {field}"),
            }
        }
    }

    fn value(&mut self, value: &Value, n_bytes: usize) {
        if let Some(data) = value["Data"].as_str() {
            self.stream_record(value);
            self.bytes(&STANDARD.decode(data).unwrap());
        } else if let Some(records) = value["Records"].as_array() {
            records.iter().for_each(|event| self.trail_event(event, event.to_string().len()));
        } else if value["messageType"] == "CONTROL_MESSAGE" {
            self.n_control += 1;
        } else if value["messageType"] == "DATA_MESSAGE" {
            self.payload(value);
        } else if value["detail-type"].is_string() {
            self.eventbridge_event(value);
        } else if value["metric_stream_name"].is_string() {
            self.add("metric_stream", 1);
        } else {
            self.trail_event(value, n_bytes);
        }
    }

    fn stream_record(&mut self, record: &Value) {
        assert!(record["ApproximateArrivalTimestamp"].is_f64());
        let shard = record["ShardId"].as_str().unwrap().to_owned();
        let sequence_number = record["SequenceNumber"].as_str().unwrap().to_owned();
        assert_eq!(sequence_number.len(), 56);
        self.sequence_numbers.entry(shard).or_default().push(sequence_number);
    }

    fn payload(&mut self, payload: &Value) {
        let group = payload["logGroup"].as_str().unwrap();
        for event in payload["logEvents"].as_array().unwrap() {
            let message = event["message"].as_str().unwrap();
            assert!(event["timestamp"].is_i64());
            let id = event["id"].as_str().unwrap().to_owned();
            assert_eq!(id.len(), 56);
            if group.starts_with("aws-cloudtrail-logs") {
                self.trail_event(&serde_json::from_str(message).unwrap(), message.len());
                continue;
            }
            assert!(self.log_event_ids.insert(id));
            self.messages.push(message.to_owned());
            let is_function = group.starts_with("/aws/lambda/");
            self.add(
                match is_function {
                    true if message.contains("\"_aws\"") => "emf",
                    true => "lambda",
                    false => "application_log",
                },
                1,
            );
        }
    }

    fn eventbridge_event(&mut self, event: &Value) {
        let detail = &event["detail"];
        let source = match event["detail-type"].as_str().unwrap() {
            "AWS API Call via CloudTrail"
            | "AWS Console Sign In via CloudTrail"
            | "AWS Service Event via CloudTrail" => {
                assert_eq!(event["account"], detail["recipientAccountId"]);
                return self.trail_event(detail, detail.to_string().len());
            }
            "GuardDuty Finding" => "guardduty",
            "AWS Health Event" => {
                assert_eq!(event["account"], detail["affectedAccount"]);
                "health"
            }
            "CloudWatch Alarm State Change" => "alarm",
            "Security Hub Findings - Imported" => "security_hub",
            "Agent Heartbeat" | "Agent Error" => "agent",
            other => panic!("unknown detail type {other}"),
        };
        self.add(source, 1);
    }

    fn trail_event(&mut self, event: &Value, n_bytes: usize) {
        self.add("cloudtrail", 1);
        self.n_trail_bytes += n_bytes as u64;
        let id = event["eventID"].as_str().unwrap().to_owned();
        if let Some(earlier) = self.trail.get(&id) {
            assert_eq!(earlier, event, "the same id on two events");
        }
        self.trail.insert(id, event.clone());
    }
}

/// The fields of a protobuf message of varints and byte strings; a varint gives its low byte.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let number = varint(&mut bytes);
        if tag & 7 == 0 {
            found.push((tag >> 3, vec![number as u8]));
        } else {
            let (data, rest) = bytes.split_at(number as usize);
            found.push((tag >> 3, data.to_vec()));
            bytes = rest;
        }
    }
    found
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let (first, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        number |= u64::from(first & 0x7F) << shift;
        if first & 0x80 == 0 {
            break;
        }
    }
    number
}
