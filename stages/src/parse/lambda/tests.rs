use super::super::{
    Settings,
    testing::{logged, one, survives},
};
use super::*;
use kinescope_schemas::Table;

const GROUP: &str = "/aws/lambda/orders";
const ID: &str = "8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f";
const START: &str = "START RequestId: 8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f Version: $LATEST";
const END: &str = "END RequestId: 8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f";
const REPORT: &str = "REPORT RequestId: 8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f\tDuration: 201.67 ms\tBilled Duration: 202 ms\tMemory Size: 2048 MB\tMax Memory Used: 81 MB\tInit Duration: 480.25 ms\t\nXRAY TraceId: 1-61c86fa4-59b3c6d959653c527fd10966\tSegmentId: 107ea78a5750a811\tSampled: true";
const SPACED: &str = "REPORT RequestId: 8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f Duration: 201.67 ms Billed Duration: 202 ms Memory Size: 128 MB Max Memory Used: 81 MB Restore Duration: 5 ms Billed Restore Duration: 6 ms";
const TIMED_OUT: &str = "REPORT RequestId: 8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: timeout";
const FAILED: &str = "REPORT RequestId: 8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f\tDuration: 30.00 ms\tBilled Duration: 30 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB\tStatus: error\tError Type: Runtime.ExitError";
const FULL: &str = "REPORT RequestId: 8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f\tDuration: 30.00 ms\tBilled Duration: 30 ms\tMemory Size: 128 MB\tMax Memory Used: 129 MB";
const INIT: &str = "INIT_START Runtime Version: python:3.12.v27\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:188d9ca2";
const INIT_REPORT: &str = "INIT_REPORT Init Duration: 9999.64 ms\tPhase: init\tStatus: timeout";
const TASK: &str =
    "2026-11-20T08:00:03.000Z 8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f Task timed out after 3.00 seconds";
const EXITED: &str = "RequestId: 8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f Error: Runtime exited with error: signal: killed\nRuntime.ExitError";
const EXTENSION: &str = "EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE, SHUTDOWN]";

const JSON_REPORT: &str = r#"{"time":"2026-11-20T08:00:00.500Z","type":"platform.report","record":{"requestId":"8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f","metrics":{"durationMs":9.17,"billedDurationMs":10,"memorySizeMB":128,"maxMemoryUsedMB":36,"initDurationMs":112.2,"newMs":4},"tracing":{"spanId":"71f","type":"X-Amzn-Trace-Id","value":"Root=1-62e;Parent=92;Sampled=1"},"status":"timeout"}}"#;
const JSON_INIT: &str = r#"{"time":"2026-11-20T08:00:00.500Z","type":"platform.initReport","record":{"initializationType":"on-demand","status":"error","errorType":"Runtime.Unknown","phase":"init","metrics":{"durationMs":125.33}}}"#;
const JSON_START: &str = r#"{"time":"2026-11-20T08:00:00.500Z","type":"platform.start","record":{"requestId":"8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f","functionName":"billing","version":"$LATEST"}}"#;

#[test]
fn invocations() {
    let event = logged(GROUP, START);
    assert_eq!((event.source, event.table), (Source::Lambda, Table::Logs));
    event.has(&[
        ("class_uid", "0"),
        ("activity_id", "99"),
        ("time", "1795161600000"),
        ("message", START),
        ("metadata.product.name", "AWS Lambda"),
        ("unmapped.log_format", "lambda"),
        ("unmapped.lambda_type", "START"),
        ("unmapped.request_id", ID),
        ("unmapped.service", "orders"),
        ("unmapped.log_stream", "stream"),
        ("unmapped.level", "info"),
        ("unmapped.Version", "$LATEST"),
        ("unmapped.lambda_status", ""),
        ("status_id", "0"),
    ]);
    logged(GROUP, END).has(&[("unmapped.lambda_type", "END"), ("unmapped.request_id", ID)]);
    logged(GROUP, REPORT).has(&[
        ("unmapped.lambda_type", "REPORT"),
        ("unmapped.request_id", ID),
        ("unmapped.lambda_duration_ms", "201.67"),
        ("unmapped.lambda_billed_ms", "202"),
        ("unmapped.lambda_init_ms", "480.25"),
        ("unmapped.lambda_memory_mb", "2048"),
        ("unmapped.lambda_max_memory_mb", "81"),
        ("unmapped.lambda_status", "success"),
        ("unmapped.lambda_error_type", ""),
        ("unmapped.trace_id", "1-61c86fa4-59b3c6d959653c527fd10966"),
        ("unmapped.SegmentId", "107ea78a5750a811"),
        ("status_id", "1"),
    ]);
    logged(GROUP, SPACED).has(&[
        ("unmapped.lambda_duration_ms", "201.67"),
        ("unmapped.lambda_billed_ms", "202"),
        ("unmapped.lambda_init_ms", ""),
        ("unmapped.lambda_memory_mb", "128"),
    ]);
}

#[test]
fn failures() {
    logged(GROUP, TIMED_OUT).has(&[
        ("unmapped.lambda_status", "timeout"),
        ("unmapped.lambda_error_type", ""),
        ("unmapped.level", "error"),
        ("status_id", "2"),
    ]);
    logged(GROUP, FAILED)
        .has(&[("unmapped.lambda_status", "error"), ("unmapped.lambda_error_type", "Runtime.ExitError")]);
    logged(GROUP, FULL)
        .has(&[("unmapped.lambda_status", "error"), ("unmapped.lambda_error_type", "Runtime.OutOfMemory")]);
    logged(GROUP, TASK).has(&[
        ("time", "1795161603000"),
        ("unmapped.lambda_type", "TIMEOUT"),
        ("unmapped.lambda_status", "timeout"),
        ("unmapped.lambda_error_type", "Sandbox.Timedout"),
        ("unmapped.lambda_duration_ms", "3000"),
        ("unmapped.request_id", ID),
        ("unmapped.level", "error"),
    ]);
    logged(GROUP, EXITED).has(&[
        ("unmapped.lambda_type", "ERROR"),
        ("unmapped.lambda_status", "error"),
        ("unmapped.lambda_error_type", "Runtime.ExitError"),
        ("unmapped.request_id", ID),
    ]);
    let said = FAILED.replace("ExitError", "OutOfMemory");
    logged(GROUP, &said).has(&[("unmapped.lambda_error_type", "Runtime.OutOfMemory")]);
}

#[test]
fn initialisation_and_extensions() {
    logged(GROUP, INIT).has(&[
        ("unmapped.lambda_type", "INIT"),
        ("unmapped.Runtime Version", "python:3.12.v27"),
        ("unmapped.Runtime Version ARN", "arn:aws:lambda:us-east-1::runtime:188d9ca2"),
    ]);
    logged(GROUP, INIT_REPORT).has(&[
        ("unmapped.lambda_init_ms", "9999.64"),
        ("unmapped.lambda_duration_ms", ""),
        ("unmapped.lambda_status", "timeout"),
        ("unmapped.Phase", "init"),
    ]);
    logged(GROUP, EXTENSION).has(&[("unmapped.lambda_type", "EXTENSION"), ("unmapped.State", "Ready")]);
    logged(GROUP, "XRAY TraceId: 1-5\tSegmentId: 7\tSampled: true").has(&[("unmapped.trace_id", "1-5")]);
}

#[test]
fn the_json_format() {
    logged(GROUP, JSON_REPORT).has(&[
        ("time", "1795161600500"),
        ("message", "platform.report: timeout"),
        ("unmapped.log_format", "lambda"),
        ("unmapped.lambda_type", "platform.report"),
        ("unmapped.lambda_duration_ms", "9.17"),
        ("unmapped.lambda_billed_ms", "10"),
        ("unmapped.lambda_init_ms", "112.2"),
        ("unmapped.lambda_memory_mb", "128"),
        ("unmapped.lambda_max_memory_mb", "36"),
        ("unmapped.lambda_status", "timeout"),
        ("unmapped.request_id", ID),
        ("unmapped.trace_id", "1-62e"),
        ("unmapped.metrics.newMs", "4"),
        ("unmapped.level", "error"),
        ("unmapped.service", "orders"),
    ]);
    logged(GROUP, JSON_INIT).has(&[
        ("unmapped.lambda_init_ms", "125.33"),
        ("unmapped.lambda_duration_ms", ""),
        ("unmapped.lambda_error_type", "Runtime.Unknown"),
        ("unmapped.initializationType", "on-demand"),
    ]);
    logged(GROUP, JSON_START).has(&[("unmapped.service", "billing"), ("unmapped.version", "$LATEST")]);
    let full = JSON_REPORT.replace("\"maxMemoryUsedMB\":36", "\"maxMemoryUsedMB\":128");
    logged(GROUP, &full.replace("timeout", "error"))
        .has(&[("unmapped.lambda_error_type", "Runtime.OutOfMemory")]);
    logged(GROUP, &full.replace("timeout", "success")).has(&[("unmapped.lambda_error_type", "")]);
}

#[test]
fn what_a_function_writes_is_not_the_platforms() {
    for line in [
        "START RequestId: abc",
        "START of the day",
        "END",
        "REPORT all",
        "RequestId: 7 Error: Runtime exited",
        "EXTENSION of the contract",
        "TELEMETRY off",
        "XRAY results",
        "2026-11-20T08:00:03.000Z the task timed out",
        r#"{"type":"platform.report"}"#,
        r#"{"type":"order","record":{"status":"error"}}"#,
    ] {
        assert_ne!(one(line).source, Source::Lambda, "{line}");
    }
}

#[test]
fn numbers_out_of_range_are_absent() {
    let line =
        REPORT.replace("2048 MB", "99999999999 MB").replace("201.67", "-1").replace("202 ms", "inf ms");
    logged(GROUP, &line).has(&[
        ("unmapped.lambda_memory_mb", ""),
        ("unmapped.lambda_duration_ms", ""),
        ("unmapped.lambda_billed_ms", ""),
    ]);
}

#[test]
fn no_bytes_make_it_panic() {
    let samples = [
        START,
        REPORT,
        SPACED,
        TIMED_OUT,
        FAILED,
        INIT,
        INIT_REPORT,
        TASK,
        EXITED,
        EXTENSION,
        JSON_REPORT,
        JSON_INIT,
    ];
    survives(&samples, &Settings::default());
}
