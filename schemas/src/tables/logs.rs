//! Log lines.

/// Documentation of the table.
pub const DOC: &str = "Application and platform log lines: JSON, logfmt, plain text, stack traces, Lambda's own lines, \
and whatever nobody recognised (log_format unknown). Rows are base events (class 0).";

columns! { super::base::END;
    /// json, logfmt, plain, stack_trace, lambda, emf or unknown.
    LOG_FORMAT "unmapped.log_format" Text;
    /// trace, debug, info, warn, error or fatal.
    LEVEL "unmapped.level" Text;
    /// The application or Lambda function.
    SERVICE "unmapped.service" Text;
    /// The logger or module.
    LOGGER "unmapped.logger" Text;
    /// Log stream.
    LOG_STREAM "unmapped.log_stream" Text;
    /// Trace id.
    TRACE_ID "unmapped.trace_id" Text;
    /// Request id.
    REQUEST_ID "unmapped.request_id" Text;
    /// Type of the exception.
    EXCEPTION "unmapped.exception" Text;
    /// The stack trace, as far as it was logged.
    STACK_TRACE "unmapped.stack_trace" Text;
    /// Lambda: START, END, REPORT, INIT, or the JSON format's type.
    LAMBDA_TYPE "unmapped.lambda_type" Text;
    /// Lambda: duration, milliseconds.
    LAMBDA_DURATION_MS "unmapped.lambda_duration_ms" Double;
    /// Lambda: billed duration, milliseconds.
    LAMBDA_BILLED_MS "unmapped.lambda_billed_ms" Double;
    /// Lambda: time to initialise, milliseconds; present on a cold start only.
    LAMBDA_INIT_MS "unmapped.lambda_init_ms" Double;
    /// Lambda: memory configured, MB.
    LAMBDA_MEMORY_MB "unmapped.lambda_memory_mb" Int;
    /// Lambda: memory used at most, MB.
    LAMBDA_MAX_MEMORY_MB "unmapped.lambda_max_memory_mb" Int;
    /// Lambda: success, error or timeout.
    LAMBDA_STATUS "unmapped.lambda_status" Text;
    /// Lambda: Runtime.OutOfMemory, Sandbox.Timedout and so on.
    LAMBDA_ERROR_TYPE "unmapped.lambda_error_type" Text;
}
