//! Payloads made by hand: what producers send, well or badly.

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use md5::{Digest, Md5};
use std::io::Write;

/// A CloudTrail event on which no rule fires.
pub fn event(id: impl std::fmt::Display) -> String {
    format!(
        r#"{{"eventVersion":"1.08","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ann","accountId":"111122223333","userName":"ann"}},"eventTime":"2026-03-02T08:00:00Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli","requestParameters":null,"responseElements":null,"eventID":"{id}","readOnly":true,"eventType":"AwsApiCall","recipientAccountId":"111122223333"}}"#
    )
}

/// So many of them, one a line.
pub fn lines(name: &str, n_events: usize) -> Vec<u8> {
    (0..n_events).map(|at| event(format!("{name}-{at}")) + "\n").collect::<String>().into_bytes()
}

/// One gzip member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// gzip members of zeros: each inflates to 4 MiB, which is a thousand times its size.
pub fn zeros(n_members: usize) -> Vec<u8> {
    gzip(&vec![0; 4 << 20]).repeat(n_members)
}

/// An aggregate of the Kinesis Producer Library with one partition key; each record names its key by index.
pub fn aggregate(records: &[(u8, &[u8])]) -> Vec<u8> {
    let mut message = vec![0x0a, 1, b'k'];
    for (key_index, data) in records {
        let mut record = vec![0x08, *key_index, 0x1a];
        varint(data.len(), &mut record);
        record.extend_from_slice(data);
        message.push(0x1a);
        varint(record.len(), &mut message);
        message.extend_from_slice(&record);
    }
    let digest = Md5::digest(&message);
    [&[0xF3, 0x89, 0x9A, 0xC2][..], &message, &digest[..]].concat()
}

fn varint(mut number: usize, out: &mut Vec<u8>) {
    while number > 0x7F {
        out.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// A line of a capture.
pub fn captured(sequence_number: u32, data: &[u8]) -> String {
    format!(
        "{{\"SequenceNumber\":\"{sequence_number:056}\",\"PartitionKey\":\"k\",\"ApproximateArrivalTimestamp\":1772438400.5,\"Data\":\"{}\",\"ShardId\":\"shardId-000000000000\"}}\n",
        STANDARD.encode(data)
    )
}

/// A CloudWatch Logs payload of these messages.
pub fn logged(messages: &[&str]) -> Vec<u8> {
    let events: Vec<_> = (0..)
        .zip(messages)
        .map(|(at, message)| {
            serde_json::json!({"id": format!("{at:056}"), "timestamp": 1_772_438_400_000_i64 + at, "message": message})
        })
        .collect();
    let payload = serde_json::json!({
        "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "g", "logStream": "s",
        "subscriptionFilters": ["f"], "logEvents": events,
    });
    payload.to_string().into_bytes()
}
