//! AWS itself.

use crate::{
    access::{Fault, kind_of_code},
    layout::{self, PK, SK, TTL},
    port::{Aws, CallError, Called, Got, Item, Notice, Page, PutIf, Range},
};
use aws_config::{
    BehaviorVersion, ConfigLoader, Region, SdkConfig, environment::EnvironmentVariableCredentialsProvider,
    retry::RetryConfig,
};
use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    types::{
        AttributeValue, KeysAndAttributes, Put, PutRequest, ReturnValue, TransactWriteItem, WriteRequest,
    },
};
use aws_sdk_firehose::{primitives::Blob, types::Record};
use aws_sdk_s3::{
    config::{SharedCredentialsProvider, SharedHttpClient},
    primitives::ByteStream,
};
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use std::{collections::HashMap, env};

mod agent;
mod sources;

/// The clients.
#[derive(Clone, Debug)]
pub struct Sdk {
    dynamodb: aws_sdk_dynamodb::Client,
    events: aws_sdk_eventbridge::Client,
    firehose: aws_sdk_firehose::Client,
    kinesis: aws_sdk_kinesis::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    s3: aws_sdk_s3::Client,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
}

/// A function's settings: Lambda tells it credentials and Region by the environment alone. To look for them elsewhere, as
/// [`loader`] does, takes code that would be 0.2 MB of its zip.
pub fn settings_of_function() -> SdkConfig {
    let var = |name| env::var(name).ok().filter(|text| !text.is_empty());
    let credentials = EnvironmentVariableCredentialsProvider::new();
    let mut settings = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(var("AWS_REGION").map(Region::new))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client())
        .retry_config(RetryConfig::disabled());
    settings.set_endpoint_url(var("AWS_ENDPOINT_URL"));
    settings.build()
}

/// How settings are found on a machine. Trying again is ours: the SDK would send what succeeded again too.
pub(crate) fn loader() -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client())
        .retry_config(RetryConfig::disabled())
}

fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

impl Sdk {
    /// Clients by these settings.
    pub fn new(settings: &SdkConfig) -> Sdk {
        Sdk {
            dynamodb: aws_sdk_dynamodb::Client::new(settings),
            events: aws_sdk_eventbridge::Client::new(settings),
            firehose: aws_sdk_firehose::Client::new(settings),
            kinesis: aws_sdk_kinesis::Client::new(settings),
            logs: aws_sdk_cloudwatchlogs::Client::new(settings),
            s3: aws_sdk_s3::Client::new(settings),
            sns: aws_sdk_sns::Client::new(settings),
            sqs: aws_sdk_sqs::Client::new(settings),
        }
    }
}

/// What an error of the SDK means to us.
fn failed<E>(action: &'static str, resource: &str) -> impl FnOnce(SdkError<E>) -> CallError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let resource = resource.to_owned();
    move |error| Fault::of(action, &resource, &error).into()
}

/// The code of a refusal.
fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

/// An answer for one of many.
fn refused(action: &'static str, resource: &str, code: &str, words: &str, is_fault: bool) -> CallError {
    let may_pass = is_fault || kind_of_code(code).can_pass();
    CallError { action, resource: resource.to_owned(), words: format!("{code}: {words}"), may_pass }
}

fn key(item: &Item) -> Option<(&String, &String)> {
    Some((item.get(PK)?.as_s().ok()?, item.get(SK)?.as_s().ok()?))
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

impl PutIf {
    fn condition(&self) -> &'static str {
        if self.was.is_some() { "#attribute = :was" } else { "attribute_not_exists(#attribute)" }
    }

    fn name(&self) -> HashMap<String, String> {
        let name = if self.was.is_some() { self.attribute } else { PK };
        HashMap::from([("#attribute".to_owned(), name.to_owned())])
    }

    fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        self.was.as_ref().map(|was| HashMap::from([(":was".to_owned(), was.clone())]))
    }
}

impl Aws for Sdk {
    async fn put_records(&self, stream: &str, records: Vec<Vec<u8>>) -> Called<Vec<Option<CallError>>> {
        const ACTION: &str = "put records to the delivery stream";
        let record = |data| Record::builder().data(Blob::new(data)).build();
        let records: Result<Vec<Record>, _> = records.into_iter().map(record).collect();
        let call = self.firehose.put_record_batch().delivery_stream_name(stream).set_records(records.ok());
        let answer = call.send().await.map_err(failed(ACTION, stream))?;
        Ok(answer
            .request_responses()
            .iter()
            .map(|entry| {
                // Whatever a code says: it is about this moment, for the record keeps to the limits.
                entry
                    .error_code()
                    .map(|code| refused(ACTION, stream, code, entry.error_message().unwrap_or(""), true))
            })
            .collect())
    }

    async fn put_items(&self, table: &str, items: Vec<Item>) -> Called<Vec<usize>> {
        let keys: Vec<_> =
            items.iter().map(|item| key(item).map(|(pk, sk)| (pk.clone(), sk.clone()))).collect();
        let put = |item| PutRequest::builder().set_item(Some(item)).build();
        let puts = items.into_iter().filter_map(|item| put(item).ok());
        let writes = puts.map(|put| WriteRequest::builder().put_request(put).build()).collect();
        let call = self.dynamodb.batch_write_item().request_items(table, writes);
        let answer = call.send().await.map_err(failed("put items into", table))?;
        let left =
            answer.unprocessed_items().and_then(|items| items.get(table)).map_or(&[][..], Vec::as_slice);
        let left: Vec<_> = left.iter().filter_map(|write| key(write.put_request()?.item())).collect();
        let is_left =
            |key: &Option<(String, String)>| key.as_ref().is_some_and(|(pk, sk)| left.contains(&(pk, sk)));
        Ok((0..).zip(&keys).filter(|(_, key)| is_left(key)).map(|(at, _)| at).collect())
    }

    async fn put_if(&self, table: &str, mut puts: Vec<PutIf>) -> Called<bool> {
        const ACTION: &str = "put an item into";
        if puts.len() == 1
            && let Some(put) = puts.pop()
        {
            let call = self.dynamodb.put_item().table_name(table).condition_expression(put.condition());
            let call = call.set_expression_attribute_names(Some(put.name()));
            let call = call.set_expression_attribute_values(put.values()).set_item(Some(put.item));
            return match call.send().await {
                Ok(_) => Ok(true),
                Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(false),
                Err(error) => Err(failed(ACTION, table)(error)),
            };
        }
        let mut call = self.dynamodb.transact_write_items();
        for put in puts {
            let write = Put::builder().table_name(table).condition_expression(put.condition());
            let write = write.set_expression_attribute_names(Some(put.name()));
            let write = write.set_expression_attribute_values(put.values()).set_item(Some(put.item));
            let write = write
                .build()
                .map_err(|error| refused(ACTION, table, "BuildError", &error.to_string(), false))?;
            call = call.transact_items(TransactWriteItem::builder().put(write).build());
        }
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error) => {
                let reasons = match error.as_service_error() {
                    Some(aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                        cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect()
                    }
                    _ => Vec::new(),
                };
                if reasons.contains(&"ConditionalCheckFailed") {
                    return Ok(false);
                }
                // Two transactions met, or a partition was busy: the same one may pass later.
                let may_pass = !reasons.is_empty() && !reasons.contains(&"ValidationError");
                let error = failed(ACTION, table)(error);
                Err(CallError { may_pass: may_pass || error.may_pass, ..error })
            }
        }
    }

    async fn add(&self, table: &str, pk: &str, sk: &str, n: u64, ttl_seconds: i64) -> Called<u64> {
        let call = self.dynamodb.update_item().table_name(table).key(PK, text(pk)).key(SK, text(sk));
        let call = call
            .update_expression("ADD #n :n SET #ttl = if_not_exists(#ttl, :ttl)")
            .expression_attribute_names("#n", "n")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":n", AttributeValue::N(n.to_string()))
            .expression_attribute_values(":ttl", AttributeValue::N(ttl_seconds.to_string()))
            .return_values(ReturnValue::UpdatedNew);
        let answer = call.send().await.map_err(failed("add to an item of", table))?;
        let sum = answer.attributes().and_then(|attributes| attributes.get("n")?.as_n().ok()?.parse().ok());
        Ok(sum.unwrap_or(n))
    }

    async fn delete_item(&self, table: &str, pk: &str, sk: &str) -> Called<()> {
        let call = self.dynamodb.delete_item().table_name(table).key(PK, text(pk)).key(SK, text(sk));
        call.send().await.map(drop).map_err(failed("delete an item of", table))
    }

    async fn query(&self, table: &str, range: Range) -> Called<Page> {
        // No key is empty, and none may be compared with emptiness.
        let condition = if range.from.is_empty() {
            "#pk = :pk AND #sk <= :to"
        } else {
            "#pk = :pk AND #sk BETWEEN :from AND :to"
        };
        let call = self.dynamodb.query().table_name(table).key_condition_expression(condition);
        let call = call
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":pk", text(&range.pk))
            .expression_attribute_values(":to", text(&range.to))
            .scan_index_forward(!range.backward)
            .consistent_read(true)
            .set_limit(range.n_max.and_then(|n| i32::try_from(n).ok()));
        let from = (!range.from.is_empty()).then(|| text(&range.from));
        let call = match from {
            Some(from) => call.expression_attribute_values(":from", from),
            None => call,
        };
        let answer =
            call.set_exclusive_start_key(range.after).send().await.map_err(failed("query", table))?;
        Ok(Page { items: answer.items.unwrap_or_default(), next: answer.last_evaluated_key })
    }

    async fn get_items(&self, table: &str, keys: Vec<(String, String)>) -> Called<Got> {
        const ACTION: &str = "get items of";
        let key =
            |(pk, sk): &(String, String)| Item::from([(PK.to_owned(), text(pk)), (SK.to_owned(), text(sk))]);
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys.iter().map(key).collect()));
        let wanted = wanted.consistent_read(true).build();
        let wanted =
            wanted.map_err(|error| refused(ACTION, table, "BuildError", &error.to_string(), false))?;
        let answer = self.dynamodb.batch_get_item().request_items(table, wanted).send().await;
        let answer = answer.map_err(failed(ACTION, table))?;
        let items = answer.responses.and_then(|mut tables| tables.remove(table)).unwrap_or_default();
        let left = answer.unprocessed_keys.and_then(|mut tables| tables.remove(table));
        let left: Vec<_> = left.map(|left| left.keys).unwrap_or_default().iter().map(layout::key).collect();
        if left.len() == keys.len() {
            return Err(refused(ACTION, table, "UnprocessedKeys", "the table answered for none", true));
        }
        Ok(Got { items, left })
    }

    async fn publish(&self, topic: &str, notices: Vec<Notice>) -> Called<Vec<Option<CallError>>> {
        const ACTION: &str = "publish to";
        let attribute = |value: String| {
            MessageAttributeValue::builder().data_type("String").string_value(value).build().ok()
        };
        let mut call = self.sns.publish_batch().topic_arn(topic);
        let n_notices = notices.len();
        for (at, notice) in notices.into_iter().enumerate() {
            let attributes = notice
                .attributes
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), attribute(value)?)));
            let entry = PublishBatchRequestEntry::builder()
                .id(at.to_string())
                .subject(notice.subject)
                .message(notice.message)
                .message_structure("json")
                .set_message_attributes(Some(
                    attributes.chain(attribute(notice.uid).map(|uid| ("uid".to_owned(), uid))).collect(),
                ))
                .build();
            call = call.publish_batch_request_entries(
                entry.map_err(|error| refused(ACTION, topic, "BuildError", &error.to_string(), false))?,
            );
        }
        let answer = call.send().await.map_err(failed(ACTION, topic))?;
        let mut answers: Vec<Option<CallError>> = vec![None; n_notices];
        for entry in answer.failed() {
            let error =
                refused(ACTION, topic, entry.code(), entry.message().unwrap_or(""), !entry.sender_fault());
            if let Some(answer) = entry.id().parse::<usize>().ok().and_then(|at| answers.get_mut(at)) {
                *answer = Some(error);
            }
        }
        Ok(answers)
    }

    async fn put_object(&self, bucket: &str, key: &str, bytes: Vec<u8>) -> Called<()> {
        let call = self.s3.put_object().bucket(bucket).key(key).body(ByteStream::from(bytes));
        call.send().await.map(drop).map_err(failed("put the object", &format!("s3://{bucket}/{key}")))
    }

    async fn get_object(&self, bucket: &str, key: &str) -> Called<Vec<u8>> {
        const ACTION: &str = "get the object";
        let resource = format!("s3://{bucket}/{key}");
        let answer = self.s3.get_object().bucket(bucket).key(key).send().await;
        let body = answer.map_err(failed(ACTION, &resource))?.body.collect().await;
        let body = body.map_err(|error| refused(ACTION, &resource, "Body", &error.to_string(), true))?;
        Ok(body.to_vec())
    }

    async fn delete_object(&self, bucket: &str, key: &str) -> Called<()> {
        let call = self.s3.delete_object().bucket(bucket).key(key);
        call.send().await.map(drop).map_err(failed("delete the object", &format!("s3://{bucket}/{key}")))
    }
}
