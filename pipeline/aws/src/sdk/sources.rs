//! What a hub reads, of AWS itself.

use super::{Sdk, failed, refused};
use crate::port::{
    CallError, Called, ListedObject, Message, ObjectAt, Ranged, ShardPage, ShardRecord, ShardStart, Sources,
};
use aws_sdk_kinesis::types::ShardIteratorType;
use aws_sdk_s3::operation::get_object::GetObjectOutput;

/// Messages of one ReceiveMessage (SQS API reference).
const MESSAGES_MAX: i32 = 10;
/// How long a queue that seems empty is waited for; less than a call may take.
const WAIT_SECONDS: i32 = 5;

impl Sources for Sdk {
    async fn get_range(&self, object: &ObjectAt, from: u64, n_bytes: u64) -> Called<Ranged> {
        const ACTION: &str = "read";
        let resource = object.to_string();
        let to = from + n_bytes.saturating_sub(1);
        let call = self.s3.get_object().bucket(&object.bucket).key(&object.key);
        let call = call.range(format!("bytes={from}-{to}")).set_version_id(object.version.clone());
        let etag = object.etag.as_ref().map(|etag| format!("\"{etag}\""));
        match call.set_if_match(etag).send().await {
            Ok(answer) => ranged(answer, &resource).await,
            // What is empty has no range.
            Err(error) if from == 0 && super::code(&error) == Some("InvalidRange") => Ok(Ranged::default()),
            Err(error) => Err(failed(ACTION, &resource)(error)),
        }
    }

    async fn list_objects(&self, bucket: &str, prefix: &str, after: &str) -> Called<Vec<ListedObject>> {
        let call = self.s3.list_objects_v2().bucket(bucket).prefix(prefix);
        let call = call.set_start_after((!after.is_empty()).then(|| after.to_owned()));
        let answer = call.send().await.map_err(failed("list", &format!("s3://{bucket}/{prefix}")))?;
        let listed = answer.contents().iter().filter_map(|object| {
            Some(ListedObject {
                key: object.key()?.to_owned(),
                etag: bare(object.e_tag()).to_owned(),
                n_bytes: u64::try_from(object.size()?).ok()?,
            })
        });
        Ok(listed.collect())
    }

    async fn get_records(
        &self,
        stream_arn: &str,
        shard: &str,
        start: ShardStart,
        n_max: i32,
    ) -> Called<ShardPage> {
        let resource = format!("{shard} of {stream_arn}");
        let iterator = match start {
            ShardStart::Next(iterator) => iterator,
            ShardStart::At(sequence) => self.iterator(stream_arn, shard, sequence, &resource).await?,
        };
        let call = self.kinesis.get_records().stream_arn(stream_arn).shard_iterator(iterator).limit(n_max);
        let answer = call.send().await.map_err(failed("read the shard", &resource))?;
        let record = |record: aws_sdk_kinesis::types::Record| ShardRecord {
            sequence: record.sequence_number,
            arrival_ms: record.approximate_arrival_timestamp.and_then(|time| time.to_millis().ok()),
            data: record.data.into_inner(),
        };
        Ok(ShardPage {
            records: answer.records.into_iter().map(record).collect(),
            next: answer.next_shard_iterator,
            behind_ms: answer.millis_behind_latest.unwrap_or_default(),
        })
    }

    async fn receive(&self, queue_url: &str, hidden_seconds: i32) -> Called<Vec<Message>> {
        let call = self.sqs.receive_message().queue_url(queue_url).visibility_timeout(hidden_seconds);
        // Who does not wait asks some of the queue's servers only, and may be told of nothing.
        let call = call.wait_time_seconds(WAIT_SECONDS);
        let answer = call.max_number_of_messages(MESSAGES_MAX).send().await;
        let answer = answer.map_err(failed("receive messages of", queue_url))?;
        let message = |message: aws_sdk_sqs::types::Message| {
            Some(Message { id: message.message_id?, receipt: message.receipt_handle?, body: message.body? })
        };
        Ok(answer.messages.unwrap_or_default().into_iter().filter_map(message).collect())
    }

    async fn delete_message(&self, queue_url: &str, receipt: &str) -> Called<()> {
        let call = self.sqs.delete_message().queue_url(queue_url).receipt_handle(receipt);
        call.send().await.map(drop).map_err(failed("delete a message of", queue_url))
    }
}

impl Sdk {
    async fn iterator(
        &self,
        stream_arn: &str,
        shard: &str,
        sequence: String,
        resource: &str,
    ) -> Called<String> {
        const ACTION: &str = "find the place in the shard";
        let call = self.kinesis.get_shard_iterator().stream_arn(stream_arn).shard_id(shard);
        let call =
            call.shard_iterator_type(ShardIteratorType::AtSequenceNumber).starting_sequence_number(sequence);
        let answer = call.send().await.map_err(failed(ACTION, resource))?;
        answer
            .shard_iterator
            .ok_or_else(|| refused(ACTION, resource, "NoIterator", "the answer has none", true))
    }
}

async fn ranged(answer: GetObjectOutput, resource: &str) -> Called<Ranged> {
    // `bytes 0-99/1234`; whoever leaves the range out gives all.
    let whole = answer.content_range().and_then(|range| range.rsplit('/').next()?.parse().ok());
    let etag = bare(answer.e_tag()).to_owned();
    let body = answer.body.collect().await;
    let broken = |words: String| refused("read", resource, "Body", &words, true);
    let bytes = body.map_err(|error| broken(error.to_string()))?.to_vec();
    let n_bytes_whole = whole.unwrap_or(bytes.len() as u64);
    Ok::<_, CallError>(Ranged { bytes, n_bytes_whole, etag })
}

/// An ETag without its quotation marks.
fn bare(etag: Option<&str>) -> &str {
    etag.unwrap_or_default().trim_matches('"')
}
