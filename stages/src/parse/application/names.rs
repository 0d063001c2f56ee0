//! What applications call the things that every log line has.

use kinescope_schemas::tables::{base, logs as t};

/// A column, or something that fills several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Level,
    Message,
    Time,
    Service,
    Logger,
    TraceId,
    RequestId,
    /// The exception's type.
    Exception,
    Stack,
    /// An exception as a whole: an object, a text, a traceback.
    Error,
}

/// How many slots there are.
pub(super) const N_SLOTS: usize = Slot::Error as usize + 1;

impl Slot {
    /// The column, if one is filled with the text as it stands.
    pub(super) fn column(self) -> Option<usize> {
        Some(match self {
            Slot::Message => base::MESSAGE,
            Slot::Service => t::SERVICE,
            Slot::Logger => t::LOGGER,
            Slot::TraceId => t::TRACE_ID,
            Slot::RequestId => t::REQUEST_ID,
            Slot::Exception => t::EXCEPTION,
            Slot::Stack => t::STACK_TRACE,
            Slot::Level | Slot::Time | Slot::Error => return None,
        })
    }
}

/// The slot that a member of this name fills, and its rank among the names for it: the lowest wins.
pub(super) fn slot_of(name: &str) -> Option<(Slot, u8)> {
    use Slot::*;
    Some(match name {
        "level" | "Level" => (Level, 0),
        "severity" | "Severity" => (Level, 1),
        "lvl" | "loglevel" | "logLevel" | "log_level" => (Level, 2),
        "log.level" | "levelname" | "severity_text" | "severityText" | "@l" => (Level, 3),

        "message" | "Message" => (Message, 0),
        "msg" => (Message, 1),
        "@message" | "@m" | "RenderedMessage" | "fields.message" => (Message, 2),
        "event" => (Message, 3),
        "text" => (Message, 4),
        "log" | "body" => (Message, 5),
        "errorMessage" | "error_message" | "error.message" | "exception.message" => (Message, 6),
        "@mt" | "MessageTemplate" => (Message, 7),

        "timestamp" | "Timestamp" => (Time, 0),
        "time" => (Time, 1),
        "ts" => (Time, 2),
        "@timestamp" | "@t" => (Time, 3),
        "date" | "datetime" => (Time, 4),
        "asctime" => (Time, 5),

        "service" => (Service, 0),
        "service.name" | "serviceName" | "service_name" | "dd.service" => (Service, 1),
        "app" | "app_name" | "appName" => (Service, 2),
        "application" => (Service, 3),
        "function_name" | "functionName" => (Service, 4),

        "logger" | "log.logger" => (Logger, 0),
        "logger_name" | "loggerName" | "SourceContext" => (Logger, 1),
        "target" | "module" => (Logger, 2),

        "trace_id" | "traceId" | "traceID" | "traceid" => (TraceId, 0),
        "trace.id" => (TraceId, 1),
        "xray_trace_id" | "xrayTraceId" => (TraceId, 2),
        "dd.trace_id" => (TraceId, 3),

        "requestId" | "request_id" | "requestID" => (RequestId, 0),
        "aws_request_id" | "awsRequestId" | "AWSRequestId" | "function_request_id" => (RequestId, 1),

        "errorType" | "error_type" | "error.type" | "error.kind" => (Exception, 0),
        "exception_name" | "exception.type" | "exc_type" => (Exception, 1),

        "stack_trace" | "stackTrace" | "stacktrace" | "error.stack_trace" | "error.stack" => (Stack, 0),
        "stack" | "exception.stacktrace" | "traceback" => (Stack, 1),

        "exception" => (Error, 0),
        "error" => (Error, 1),
        "err" => (Error, 2),
        "exc_info" | "@x" | "thrown" | "throwable" => (Error, 3),
        _ => return None,
    })
}
