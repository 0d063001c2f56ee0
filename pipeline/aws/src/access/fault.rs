//! What a service refused, of which resource, and what to do about it.

use crate::port::CallError;
use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};
use std::error::Error;

/// What kind of trouble it is, as far as it matters to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Too much was asked at once; later it will be given.
    Throttled,
    /// The service or the way to it is in trouble; trying again may help.
    Transient,
    /// A shard iterator is older than five minutes.
    IteratorExpired,
    /// There is no such resource.
    Missing,
    /// Credentials lack, or lack a permission.
    Denied,
    /// A condition did not hold.
    Condition,
    /// Anything else; trying again will not help.
    Refused,
}

impl Kind {
    /// Whether trying again may help.
    pub fn can_pass(self) -> bool {
        matches!(self, Kind::Throttled | Kind::Transient)
    }
}

impl From<Fault> for CallError {
    fn from(fault: Fault) -> CallError {
        let may_pass = fault.can_pass();
        CallError { action: fault.doing, resource: fault.resource, words: fault.words, may_pass }
    }
}

/// A request that failed. Fits after "failed to".
#[derive(Debug, thiserror::Error)]
#[error("{doing} {resource}: {words}; {}", self.hint())]
pub struct Fault {
    /// What kind it is.
    pub kind: Kind,
    doing: &'static str,
    resource: String,
    /// The service's code and message, or the whole chain of causes of what never reached it.
    words: String,
}

impl Fault {
    /// Of an SDK's error: `doing` what, with which resource.
    pub(crate) fn of<E>(doing: &'static str, resource: &str, error: &SdkError<E>) -> Fault
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let kind = kind(error);
        let words = match error.as_service_error().map(|error| (error.code(), error.message())) {
            Some((Some(code), Some(message))) => format!("{code}: {message}"),
            Some((Some(code), None)) => code.to_owned(),
            _ => chain(error),
        };
        Fault { kind, doing, resource: resource.to_owned(), words }
    }

    /// Of trouble that no answer told of.
    pub(crate) fn other(kind: Kind, doing: &'static str, resource: &str, words: String) -> Fault {
        Fault { kind, doing, resource: resource.to_owned(), words }
    }

    /// Whether trying again may help.
    pub fn can_pass(&self) -> bool {
        self.kind.can_pass()
    }

    fn hint(&self) -> &'static str {
        match self.kind {
            Kind::Throttled => "ask for less at a time, or give it more capacity",
            Kind::Transient => "run it again when the network and the service are well",
            Kind::IteratorExpired => "run it again",
            Kind::Missing => "check the name, the Region and the account",
            Kind::Denied => "give AWS_PROFILE or other credentials that are allowed to",
            Kind::Condition => "see that nothing else writes to it",
            Kind::Refused => "mend what it names and run it again",
        }
    }
}

/// An error and its causes, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

fn kind<E>(error: &SdkError<E>) -> Kind
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let SdkError::ServiceError(answer) = error else {
        return match error {
            SdkError::ConstructionFailure(_) => Kind::Refused,
            SdkError::DispatchFailure(failure) if failure.is_user() => Kind::Refused,
            // The SDK has no kind for it: nothing was sent, for there was nothing to sign it with.
            SdkError::DispatchFailure(_) if chain(error).contains("credentials") => Kind::Denied,
            _ => Kind::Transient,
        };
    };
    match kind_of_code(answer.err().code().unwrap_or_default()) {
        // A code that nobody knows, but the trouble is the service's own.
        Kind::Refused if answer.raw().status().is_server_error() => Kind::Transient,
        kind => kind,
    }
}

pub(crate) fn kind_of_code(code: &str) -> Kind {
    match code {
        "ProvisionedThroughputExceededException"
        | "BandwidthLimitExceeded"
        | "LimitExceededException"
        // KMS on behalf of SNS, of SQS, of Kinesis and DynamoDB.
        | "KMSThrottling"
        | "KMS.ThrottlingException"
        | "KMSThrottlingException"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown"
        | "Throttled"
        | "ThrottledException"
        | "Throttling"
        | "TooManyRequestsException" => Kind::Throttled,
        "ExpiredIteratorException" => Kind::IteratorExpired,
        "ResourceNotFoundException"
        | "NoSuchBucket"
        | "NoSuchKey"
        | "NotFound"
        // The bucket lies in another Region.
        | "AuthorizationHeaderMalformed"
        | "PermanentRedirect" => Kind::Missing,
        "AccessDenied"
        | "AccessDeniedException"
        | "AllAccessDisabled"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "KMSAccessDeniedException"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException" => Kind::Denied,
        "ConditionalCheckFailedException" | "PreconditionFailed" => Kind::Condition,
        "" | "InternalError" | "InternalException" | "InternalFailure" | "InternalFailureException" | "InternalServerError"
        | "RequestTimeout" | "ServiceUnavailable" | "ServiceUnavailableException" | "TransactionConflictException"
        | "TransactionInProgressException" => {
            Kind::Transient
        }
        _ => Kind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_kinesis::{
        config::http::HttpResponse, error::ErrorMetadata, operation::list_shards::ListShardsError,
    };
    use aws_sdk_s3::primitives::SdkBody;

    #[test]
    fn a_code_that_nobody_knows_may_pass_when_the_service_is_in_trouble() {
        for (status, code, expected) in [
            (400, "Odd", Kind::Refused),
            (500, "Odd", Kind::Transient),
            (503, "Odd", Kind::Transient),
            (500, "AccessDenied", Kind::Denied),
            (400, "SlowDown", Kind::Throttled),
        ] {
            let error = ListShardsError::generic(ErrorMetadata::builder().code(code).build());
            let answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
            assert_eq!(kind(&SdkError::service_error(error, answer)), expected, "{status} {code}");
        }
    }

    #[test]
    fn faults_say_what_to_do() {
        for (code, kind, hint) in [
            ("ProvisionedThroughputExceededException", Kind::Throttled, "ask for less at a time"),
            ("SlowDown", Kind::Throttled, "ask for less at a time"),
            // SNS.
            ("Throttled", Kind::Throttled, "ask for less at a time"),
            ("KMSThrottling", Kind::Throttled, "ask for less at a time"),
            // SQS.
            ("RequestThrottled", Kind::Throttled, "ask for less at a time"),
            ("KMS.ThrottlingException", Kind::Throttled, "ask for less at a time"),
            ("InternalFailure", Kind::Transient, "run it again"),
            ("ExpiredIteratorException", Kind::IteratorExpired, "run it again"),
            ("NoSuchBucket", Kind::Missing, "check the name, the Region and the account"),
            ("PermanentRedirect", Kind::Missing, "check the name, the Region and the account"),
            ("AccessDenied", Kind::Denied, "credentials that are allowed to"),
            ("ConditionalCheckFailedException", Kind::Condition, "nothing else writes to it"),
            ("ValidationException", Kind::Refused, "mend what it names"),
        ] {
            assert_eq!(kind_of_code(code), kind, "{code}");
            let fault = Fault::other(kind, "read", "s3://b/a key", code.to_owned());
            let words = fault.to_string();
            assert!(
                words.starts_with(&format!("read s3://b/a key: {code}; ")) && words.contains(hint),
                "{words}"
            );
            assert_eq!(fault.can_pass(), matches!(kind, Kind::Throttled | Kind::Transient));
        }
    }
}
