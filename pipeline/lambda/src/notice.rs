//! What a message tells of: new objects, or a batch that was given up. It may lie in an envelope of SNS.

use kinescope_aws::{
    hub::{NewObject, Stretch},
    port::ObjectAt,
};
use kinescope_stages::parse::time::epoch_ms;
use serde::Deserialize;

/// What a message tells of.
#[derive(Debug, PartialEq, Eq)]
pub enum Notice {
    /// Objects of buckets; none, if it tells of nothing that is to be read.
    Objects(Vec<NewObject>),
    /// Records of a stream that Lambda gave up.
    GivenUp(Stretch),
}

/// Why a message is understood by nobody. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// It is no JSON, or not what its shape promised.
    #[error("read the message: {0}")]
    Json(#[from] serde_json::Error),
    /// It has no shape that we know.
    #[error(
        "read the message: it tells of no object and of no batch that was given up; point notifications of buckets at \
         this queue and nothing else"
    )]
    Unknown,
}

/// A part of keys: CloudTrail's digests stand beside its logs and hold no event.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html>
const DIGEST: &str = "/CloudTrail-Digest/";

/// As much of a message as says what it tells of.
#[derive(Deserialize)]
struct Shape {
    #[serde(default, rename = "Records")]
    records: Option<Vec<Record>>,
    /// Of an envelope of SNS.
    #[serde(default, rename = "Message")]
    message: Option<String>,
    #[serde(default, rename = "Event")]
    event: Option<String>,
    #[serde(default, rename = "detail-type")]
    detail_type: Option<String>,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    detail: Option<Place>,
    #[serde(default, rename = "KinesisBatchInfo")]
    given_up: Option<GivenUp>,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
#[derive(Deserialize)]
struct Record {
    #[serde(default, rename = "eventName")]
    name: String,
    #[serde(default, rename = "eventTime")]
    time: Option<String>,
    s3: Option<Place>,
}

/// The same in a notification and in an event of EventBridge, but for how the object's members are written.
#[derive(Deserialize)]
struct Place {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default, alias = "eTag")]
    etag: Option<String>,
    #[serde(default, rename = "versionId", alias = "version-id")]
    version: Option<String>,
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GivenUp {
    shard_id: String,
    start_sequence_number: String,
    end_sequence_number: String,
    stream_arn: String,
}

impl Notice {
    /// Reads a message.
    pub fn read(text: &str, now_ms: i64) -> Result<Notice, NoticeError> {
        let shape: Shape = serde_json::from_str(text)?;
        let time_ms = |time: Option<&str>| time.and_then(epoch_ms).unwrap_or(now_ms);
        if let Some(given_up) = shape.given_up {
            return Ok(Notice::GivenUp(Stretch {
                stream_arn: given_up.stream_arn,
                shard: given_up.shard_id,
                first: given_up.start_sequence_number,
                last: given_up.end_sequence_number,
            }));
        }
        if let Some(message) = shape.message {
            // SNS wraps once; what is wrapped again is nobody's.
            return match serde_json::from_str::<Shape>(&message)?.message {
                None => Notice::read(&message, now_ms),
                Some(_) => Err(NoticeError::Unknown),
            };
        }
        if shape.event.as_deref() == Some("s3:TestEvent") {
            return Ok(Notice::Objects(Vec::new()));
        }
        if let (Some("Object Created"), Some(place)) = (shape.detail_type.as_deref(), shape.detail) {
            let key = place.object.key.clone();
            let object = object(place, key, time_ms(shape.time.as_deref()));
            return Ok(Notice::Objects(object.into_iter().collect()));
        }
        let records = shape.records.ok_or(NoticeError::Unknown)?;
        let mut objects = Vec::new();
        for record in records {
            let place = record.s3.ok_or(NoticeError::Unknown)?;
            if record.name.starts_with("ObjectCreated:") {
                // A notification of S3 itself URL-encodes keys, one that came over EventBridge does not.
                let key = url_decoded(&place.object.key);
                objects.extend(object(place, key, time_ms(record.time.as_deref())));
            }
        }
        Ok(Notice::Objects(objects))
    }
}

/// The object, if it is one to be read.
fn object(place: Place, key: String, time_ms: i64) -> Option<NewObject> {
    let Object { size, etag, version, .. } = place.object;
    if size == Some(0) || key.contains(DIGEST) {
        return None;
    }
    let etag = etag.map(|etag| etag.trim_matches('"').to_owned()).filter(|etag| !etag.is_empty());
    let version = version.filter(|version| !version.is_empty());
    Some(NewObject { at: ObjectAt { bucket: place.bucket.name, key, version, etag }, time_ms })
}

/// `+` and `%XX` undone; what is no UTF-8 then becomes U+FFFD.
fn url_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        rest = if byte.is_some() { &after[2..] } else { after };
        bytes.push(byte.unwrap_or(if *first == b'+' { b' ' } else { *first }));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    const NOW_MS: i64 = 1_772_442_000_000;
    const TIME_MS: i64 = 1_772_438_400_000;

    fn new(key: &str, etag: Option<&str>, version: Option<&str>, time_ms: i64) -> Notice {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let at =
            ObjectAt { bucket: "b".to_owned(), key: key.to_owned(), version: own(version), etag: own(etag) };
        Notice::Objects(vec![NewObject { at, time_ms }])
    }

    fn notified(name: &str, object: Json) -> Json {
        json!({"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": name,
            "eventTime": "2026-03-02T08:00:00.000Z", "s3": {"bucket": {"name": "b"}, "object": object}}]})
    }

    #[test]
    fn messages_are_told_by_their_shape() {
        let nothing = || Notice::Objects(Vec::new());
        let put = |key: &str| notified("ObjectCreated:Put", json!({"key": key, "size": 1, "eTag": "e"}));
        let created = |key: &str| {
            json!({"detail-type": "Object Created", "source": "aws.s3", "time": "2026-03-02T08:00:00Z",
                "detail": {"bucket": {"name": "b"}, "object": {"key": key, "size": 1, "etag": "e", "version-id": "v"}}})
        };
        let wrapped = |message: &Json| json!({"Type": "Notification", "Message": message.to_string()});
        let given_up = json!({"requestContext": {}, "KinesisBatchInfo": {"shardId": "s", "startSequenceNumber": "1",
            "endSequenceNumber": "2", "batchSize": 2, "streamArn": "arn"}});
        let stretch = || {
            let [stream_arn, shard, first, last] = ["arn", "s", "1", "2"].map(str::to_owned);
            Notice::GivenUp(Stretch { stream_arn, shard, first, last })
        };
        for (message, expected) in [
            (put("a+b/%C3%A9%2B%25.gz"), new("a b/é+%.gz", Some("e"), None, TIME_MS)),
            (put("50%"), new("50%", Some("e"), None, TIME_MS)),
            (wrapped(&put("a+b")), new("a b", Some("e"), None, TIME_MS)),
            (created("a+b"), new("a+b", Some("e"), Some("v"), TIME_MS)),
            (wrapped(&created("a")), new("a", Some("e"), Some("v"), TIME_MS)),
            (
                notified("ObjectCreated:Copy", json!({"key": "k", "versionId": "v"})),
                new("k", None, Some("v"), TIME_MS),
            ),
            (notified("ObjectRemoved:Delete", json!({"key": "k"})), nothing()),
            (notified("ObjectCreated:Put", json!({"key": "folder/", "size": 0})), nothing()),
            (put("AWSLogs/1/CloudTrail-Digest/d.json.gz"), nothing()),
            (json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}), nothing()),
            (given_up.clone(), stretch()),
            (wrapped(&given_up), stretch()),
        ] {
            assert_eq!(Notice::read(&message.to_string(), NOW_MS).unwrap(), expected, "{message}");
        }
        for message in
            [json!({}), json!({"Records": [{}]}), wrapped(&wrapped(&put("a"))), json!({"Message": "x"})]
        {
            assert!(Notice::read(&message.to_string(), NOW_MS).is_err(), "{message}");
        }
    }
}
