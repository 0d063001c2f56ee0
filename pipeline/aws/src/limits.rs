//! What the services take, as of their documentation in 2026. A setting may lower one of these, none may raise it.

use std::time::Duration;

/// Records of a PutRecordBatch (Firehose API reference).
pub const FIREHOSE_RECORDS_MAX: usize = 500;
/// Bytes of a PutRecordBatch: 4 MiB.
pub const FIREHOSE_CALL_BYTES_MAX: usize = 4 << 20;
/// Bytes of one Firehose record before base64: 1,000 KiB.
pub const FIREHOSE_RECORD_BYTES_MAX: usize = 1_000 << 10;

/// Rows of one Firehose record that its de-aggregation tells apart, which partitioning by the event's day needs.
pub const FIREHOSE_ROWS_MAX: usize = 500;

/// Items of a BatchWriteItem (DynamoDB API reference).
pub const DYNAMODB_ITEMS_MAX: usize = 25;
/// Bytes of a BatchWriteItem: 16 MB.
pub const DYNAMODB_CALL_BYTES_MAX: usize = 16_000_000;
/// Bytes of an item, names included: 400 KB. What the service counts is not what we count to the byte, so some is left.
pub const DYNAMODB_ITEM_BYTES_MAX: usize = 390_000;
/// Keys of a BatchGetItem.
pub const DYNAMODB_KEYS_MAX: usize = 100;

/// Entries of a PublishBatch (SNS API reference).
pub const SNS_ENTRIES_MAX: usize = 10;
/// Bytes of a PublishBatch and of one message: 256 KiB, attributes included; some is left for those.
pub const SNS_CALL_BYTES_MAX: usize = 240 << 10;
/// ASCII characters of a subject.
pub const SNS_SUBJECT_CHARS_MAX: usize = 100;
/// E-mails a second above which SNS ends a subscription, times sixty.
pub const SNS_EMAILS_PER_MINUTE_MAX: u32 = 600;

/// Entries of a PutEvents (EventBridge API reference).
pub const EVENTBRIDGE_ENTRIES_MAX: usize = 10;
/// Bytes of a PutEvents: 256 KB, times included; some is left for those.
pub const EVENTBRIDGE_CALL_BYTES_MAX: usize = 240 << 10;

/// Calls of one kind to one service that are under way at a time.
pub const CALLS_AT_ONCE_MAX: usize = 8;
/// How long one call may take before it counts as unanswered. It may have been done for all that: to wait is better than to
/// write twice.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(20);
/// The first pause after a call that failed; it doubles each time. A pause is anything between nothing and this.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(50);
/// The longest pause.
pub const BACKOFF_MAX: Duration = Duration::from_secs(5);
