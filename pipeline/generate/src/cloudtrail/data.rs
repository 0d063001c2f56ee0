//! Data events: calls on objects, functions, items and messages.

use super::op::Op;

const OBJECT: &str = r#"[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::$b/$k"},{"accountId":"$a","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::$b"}]"#;
const S3_GET: &str = r#"{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"SSEApplied":"SSE_S3","AuthenticationMethod":"AuthHeader","x-amz-id-2":"$h","bytesTransferredOut":$n}"#;
const S3_PUT: &str = r#"{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":$n,"SSEApplied":"Default_SSE_S3","AuthenticationMethod":"AuthHeader","x-amz-id-2":"$h","bytesTransferredOut":0}"#;
const FUNCTION: &str =
    r#"[{"accountId":"$a","type":"AWS::Lambda::Function","ARN":"arn:aws:lambda:$r:$a:function:$f"}]"#;
const TABLE: &str =
    r#"[{"accountId":"$a","type":"AWS::DynamoDB::Table","ARN":"arn:aws:dynamodb:$r:$a:table/$t"}]"#;
const QUEUE: &str = r#"[{"accountId":"$a","type":"AWS::SQS::Queue","ARN":"arn:aws:sqs:$r:$a:$q-jobs"}]"#;

/// Data events of people and workloads.
pub(super) const DATA: [Op; 8] = [
    Op::read(420, "s3", "GetObject", r#"{"bucketName":"$b","Host":"$b.s3.$r.amazonaws.com","key":"$k"}"#)
        .on_data()
        .on(OBJECT)
        .with(S3_GET),
    Op::write(210, "s3", "PutObject", r#"{"bucketName":"$b","Host":"$b.s3.$r.amazonaws.com","key":"$k","x-amz-storage-class":"INTELLIGENT_TIERING"}"#)
        .on_data()
        .answers(r#"{"x-amz-server-side-encryption":"AES256"}"#)
        .on(OBJECT)
        .with(S3_PUT),
    Op::read(70, "s3", "HeadObject", r#"{"bucketName":"$b","Host":"$b.s3.$r.amazonaws.com","key":"$k"}"#)
        .on_data()
        .on(OBJECT)
        .with(S3_GET),
    Op::read(40, "s3", "ListObjects", r#"{"list-type":"2","bucketName":"$b","encoding-type":"url","prefix":"curated/day=$d/","delimiter":"/","Host":"$b.s3.$r.amazonaws.com"}"#)
        .on_data()
        .on(r#"[{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::$b/"},{"accountId":"$a","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::$b"}]"#)
        .with(S3_GET),
    Op::write(180, "lambda", "Invoke", r#"{"functionName":"arn:aws:lambda:$r:$a:function:$f","invocationType":"RequestResponse","contentType":"application/json"}"#)
        .on_data()
        .on(FUNCTION)
        .with(r#"{"functionVersion":"arn:aws:lambda:$r:$a:function:$f:$LATEST","durationMs":$n}"#),
    Op::read(50, "dynamodb", "GetItem", r#"{"tableName":"$t","key":{"pk":"HIDDEN_DUE_TO_SECURITY_REASONS"},"consistentRead":false}"#)
        .on_data()
        .on(TABLE),
    Op::write(50, "dynamodb", "UpdateItem", r#"{"tableName":"$t","key":{"pk":"item#$n"},"items":["attr1","attr2"],"conditionExpression":"attribute_exists(pk)"}"#)
        .on_data()
        .on(TABLE),
    Op::write(40, "sqs", "SendMessage", r#"{"queueUrl":"https://sqs.$r.amazonaws.com/$a/$q-jobs","messageBody":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#)
        .on_data()
        .answers(r#"{"mD5OfMessageBody":"HIDDEN_DUE_TO_SECURITY_REASONS","messageId":"$u"}"#)
        .on(QUEUE),
];
