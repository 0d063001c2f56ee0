use super::{
    super::{
        Settings,
        testing::{Parsed, logged, one, one_of, survives},
    },
    *,
};
use crate::decode::Envelope;

const TIME: &str = "1795161600000";

/// Asserts format and columns of a message of a log group.
#[track_caller]
fn check(message: &str, format: &str, expected: &[(&str, &str)]) -> Parsed {
    let event = logged("/ecs/shop/checkout", message);
    let source = if format == "unknown" { Source::Unknown } else { Source::Application };
    assert_eq!(event.source, source, "{message}");
    event.has(&[
        ("unmapped.log_format", format),
        ("class_uid", "0"),
        ("activity_id", "99"),
        ("status_id", "0"),
    ]);
    event.has(expected);
    event
}

const PLAIN_JSON: &str = r#"{"timestamp":"2026-11-20T08:00:00Z","level":"WARNING","message":"slow \"query\"","service":"api","logger":"db","trace_id":"t1","requestId":"r1","user":{"id":7},"dash":"-"}"#;
const PINO: &str = r#"{"level":50,"time":1795161600000,"pid":1,"hostname":"h","msg":"boom","err":{"type":"TypeError","message":"x is undefined","stack":"TypeError: x is undefined\n    at f (a.js:1:2)","code":"E1"}}"#;
const ECS: &str = r#"{"@timestamp":"2026-11-20T08:00:00.000Z","log.level":"INFO","message":"ok","service":{"name":"pay","version":"2"},"trace":{"id":"t2"},"log":{"logger":"a.B","line":3}}"#;
const POWERTOOLS: &str = r#"{"level":"ERROR","location":"h:10","message":"failed","timestamp":"2026-11-20 08:00:00,000+0000","service":"orders","function_name":"fn","function_request_id":"r9","xray_trace_id":"1-5","exception":"Traceback (most recent call last):\n  File \"a.py\", line 1, in h\nbotocore.exceptions.ClientError: denied","exception_name":"ClientError"}"#;
const PYTHON_JSON: &str = r#"{"timestamp":"2026-11-20T08:00:00Z","level":"ERROR","errorType":"KeyError","errorMessage":"'id'","stackTrace":["  File \"a.py\", line 1, in h\n","    x['id']\n"],"requestId":"r1","a\"b":1}"#;
const NODE_JSON: &str = r#"{"timestamp":"2026-11-20T08:00:00Z","level":"ERROR","requestId":"r1","message":{"errorType":"RangeError","errorMessage":"too far","stackTrace":["RangeError: too far","    at h"]}}"#;
const RUST_JSON: &str = r#"{"timestamp":"2026-11-20T08:00:00Z","level":"INFO","fields":{"message":"served","ms":3},"target":"app::http"}"#;

#[test]
fn json_members_by_their_names() {
    check(
        PLAIN_JSON,
        "json",
        &[
            ("time", TIME),
            ("metadata.original_time", "2026-11-20T08:00:00Z"),
            ("message", "slow \"query\""),
            ("unmapped.level", "warn"),
            ("unmapped.service", "api"),
            ("metadata.product.name", "api"),
            ("unmapped.logger", "db"),
            ("unmapped.trace_id", "t1"),
            ("unmapped.request_id", "r1"),
            ("unmapped.user", "{\"id\":7}"),
            ("unmapped.log_stream", "stream"),
            ("metadata.log_name", "/ecs/shop/checkout"),
            ("cloud.account.uid", "123456789012"),
        ],
    );
    check(
        PINO,
        "json",
        &[
            ("time", TIME),
            ("message", "boom"),
            ("unmapped.level", "error"),
            ("unmapped.exception", "TypeError"),
            ("unmapped.stack_trace", "TypeError: x is undefined\n    at f (a.js:1:2)"),
            ("unmapped.err.message", "x is undefined"),
            ("unmapped.err.code", "E1"),
            ("unmapped.service", "checkout"),
            ("unmapped.pid", "1"),
        ],
    );
    check(
        ECS,
        "json",
        &[
            ("time", TIME),
            ("unmapped.level", "info"),
            ("unmapped.service", "pay"),
            ("unmapped.service.version", "2"),
            ("unmapped.trace_id", "t2"),
            ("unmapped.logger", "a.B"),
            ("unmapped.log.line", "3"),
        ],
    );
    check(
        RUST_JSON,
        "json",
        &[("message", "served"), ("unmapped.logger", "app::http"), ("unmapped.fields.ms", "3")],
    );
    check(
        r#"{"lvl":"dbg","ts":1795161600.5,"@message":"m","app":"x"}"#,
        "json",
        &[
            ("time", "1795161600500"),
            ("unmapped.level", "debug"),
            ("message", "m"),
            ("unmapped.service", "x"),
        ],
    );
}

#[test]
fn json_exceptions() {
    check(
        POWERTOOLS,
        "json",
        &[
            ("time", TIME),
            ("message", "failed"),
            ("unmapped.exception", "ClientError"),
            ("unmapped.service", "orders"),
            ("unmapped.function_name", "fn"),
            ("unmapped.request_id", "r9"),
            ("unmapped.trace_id", "1-5"),
            ("unmapped.location", "h:10"),
        ],
    );
    check(
        PYTHON_JSON,
        "json",
        &[
            ("message", "'id'"),
            ("unmapped.exception", "KeyError"),
            ("unmapped.stack_trace", "  File \"a.py\", line 1, in h\n\n    x['id']\n"),
            ("unmapped.a\"b", "1"),
        ],
    );
    check(
        NODE_JSON,
        "json",
        &[
            ("message", "too far"),
            ("unmapped.exception", "RangeError"),
            ("unmapped.stack_trace", "RangeError: too far\n    at h"),
            ("unmapped.level", "error"),
        ],
    );
    check(
        r#"{"error":"TimeoutError: no answer","n":1}"#,
        "json",
        &[
            ("message", "TimeoutError: no answer"),
            ("unmapped.exception", "TimeoutError"),
            ("unmapped.level", "error"),
        ],
    );
    check(
        r#"{"msg":"m","error":"refused","exc_info":true}"#,
        "json",
        &[
            ("message", "m"),
            ("unmapped.error", "refused"),
            ("unmapped.exc_info", "true"),
            ("unmapped.exception", ""),
            ("unmapped.level", ""),
        ],
    );
    check(
        r#"{"msg":"m","exc_info":"Traceback (most recent call last):\n  File \"a\", line 1\nValueError: v"}"#,
        "json",
        &[("message", "m"), ("unmapped.exception", "ValueError"), ("unmapped.level", "error")],
    );
}

#[test]
fn json_of_surprising_types_is_kept() {
    check(
        r#"{"level":{"x":1},"time":12.5,"message":null,"msg":["a"],"service":3,"trace_id":""}"#,
        "json",
        &[
            ("unmapped.level", "{\"x\":1}"),
            ("time", TIME),
            ("unmapped.time", "12.5"),
            ("message", ""),
            ("unmapped.msg", "[\"a\"]"),
            ("unmapped.service", "3"),
        ],
    );
    check("{}", "json", &[("unmapped.service", "checkout"), ("metadata.product.name", "checkout")]);
    assert_eq!(one("{\"a\":1}").get("metadata.product.name"), "application");
}

#[test]
fn events_of_the_bus_that_nobody_knows() {
    let bus = r#"{"version":"0","id":"7","detail-type":"Order Placed","source":"shop.orders","account":"123456789012","time":"2026-11-20T08:00:00Z","region":"eu-west-1","resources":[],"detail":{"order":1}}"#;
    let event = one(bus);
    assert_eq!(event.source, Source::Application);
    event.has(&[
        ("metadata.event_code", "Order Placed"),
        ("metadata.product.name", "shop.orders"),
        ("message", "Order Placed"),
        ("unmapped.log_format", "json"),
        ("unmapped.order", "1"),
        ("time", TIME),
        ("cloud.region", "eu-west-1"),
    ]);
}

const NODE: &str = "2026-11-20T08:00:00.000Z\t8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f\tINFO\thello\tworld";
const NODE_ERROR: &str = "2026-11-20T08:00:00.000Z\tundefined\tERROR\tUncaught Exception \t{\"errorType\":\"TypeError\",\"errorMessage\":\"bad\",\"stack\":[\"TypeError: bad\",\"    at h (a.js:1)\"]}";
const PYTHON: &str =
    "[WARNING]\t2026-11-20T08:00:00.000Z\t8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f\tlow on stock";
const PYTHON_TRACE: &str = "[ERROR]\t2026-11-20T08:00:00.000Z\tr1\tfailed\nTraceback (most recent call last):\n  File \"/var/task/a.py\", line 3, in h\n    raise ValueError('x')\nValueError: x";

#[test]
fn lambda_prefixes() {
    check(
        NODE,
        "plain",
        &[
            ("time", TIME),
            ("message", "hello\tworld"),
            ("unmapped.level", "info"),
            ("unmapped.request_id", "8f5d1ee4-0a9f-4f5e-9c39-0a1b2c3d4e5f"),
        ],
    );
    check(
        NODE_ERROR,
        "json",
        &[
            ("message", "bad"),
            ("unmapped.level", "error"),
            ("unmapped.request_id", ""),
            ("unmapped.exception", "TypeError"),
            ("unmapped.stack_trace", "TypeError: bad\n    at h (a.js:1)"),
        ],
    );
    let json = NODE.replace("hello\tworld", r#"{"level":"debug","msg":"m","k":1}"#);
    check(
        &json,
        "json",
        &[("time", TIME), ("message", "m"), ("unmapped.level", "debug"), ("unmapped.k", "1")],
    );
    check(PYTHON, "plain", &[("time", TIME), ("message", "low on stock"), ("unmapped.level", "warn")]);
    check(
        PYTHON_TRACE,
        "stack_trace",
        &[
            ("time", TIME),
            ("message", "failed"),
            ("unmapped.level", "error"),
            ("unmapped.request_id", "r1"),
            ("unmapped.exception", "ValueError"),
        ],
    );
}

const LOGFMT: &str = r#"ts=2026-11-20T08:00:00Z level=warn msg="a \"b\" \\ c\n" svc=x service=api trace_id=t err="EOF Error" empty= user.id=7"#;

#[test]
fn logfmt_lines() {
    check(
        LOGFMT,
        "logfmt",
        &[
            ("time", TIME),
            ("message", "a \"b\" \\ c\n"),
            ("unmapped.level", "warn"),
            ("unmapped.service", "api"),
            ("unmapped.trace_id", "t"),
            ("unmapped.err", "EOF Error"),
            ("unmapped.svc", "x"),
            ("unmapped.user.id", "7"),
        ],
    );
    check(
        "level=info msg=user logged in",
        "logfmt",
        &[("message", "level=info msg=user logged in"), ("unmapped.level", "info")],
    );
    check(
        "time=bad level=loud error=refused",
        "logfmt",
        &[("time", TIME), ("unmapped.time", "bad"), ("unmapped.level", "loud"), ("message", "refused")],
    );
    for prose in [
        "a=1 b=2",
        "level=info",
        "see level=info msg=x",
        "level=info msg=\"open",
        "level=info msg=a\"b\" (x)",
    ] {
        check(prose, "unknown", &[("message", prose)]);
    }
}

#[test]
fn plain_lines() {
    let cases = [
        ("2026-11-20 08:00:00,000 [main] ERROR com.x.Foo - failed", "error", TIME),
        ("2026-11-20T08:00:00Z INFO started", "info", TIME),
        ("2026/11/20 08:00:00 [error] 12#0: *1 open() failed", "error", TIME),
        ("[2026-11-20 08:00:00.000] [warn] careful", "warn", TIME),
        ("2026-11-20 09:00:00 +0100 NOTICE x", "info", TIME),
        ("2026-11-20T08:00:00Z info starting", "info", TIME),
        ("[FATAL] no memory", "fatal", TIME),
        ("INFO:root:hello", "info", TIME),
        ("WARNING: deprecated", "warn", TIME),
        ("error: cannot open", "error", TIME),
        ("E, [2026-11-20T08:00:00.1 #1] ERR -- : boom", "error", TIME),
        ("SEVERE: x", "error", TIME),
        ("thread 1 CRITICAL alarm", "fatal", TIME),
        ("panic: runtime error", "fatal", TIME),
        ("<debug> x", "debug", TIME),
        ("TRACE enter", "trace", TIME),
    ];
    for (line, level, time) in cases {
        check(line, "plain", &[("unmapped.level", level), ("message", line), ("time", time)]);
    }
}

#[test]
fn lines_that_say_nothing() {
    for line in [
        "hello",
        "no error was found in the list",
        "one two three four five six ERROR",
        "it went without warning",
        "{name} started",
        "2026",
        "-",
        "[",
        "GET /error HTTP/1.1",
        "two\n  lines",
    ] {
        check(
            line,
            "unknown",
            &[("message", Value::text_or_null(line).as_str().unwrap_or_default()), ("unmapped.level", "")],
        );
    }
    // Nobody else knows the time of a line of a file.
    let event = one_of("2026-11-20 08:00:00 backup done", &Envelope::default());
    event.has(&[
        ("time", TIME),
        ("unmapped.log_format", "unknown"),
        ("metadata.product.name", "application"),
    ]);
}

const JAVA: &str = "2026-11-20 08:00:00,000 ERROR [main] Foo - failed\njava.lang.IllegalStateException: no\n\tat a.B.c(B.java:1)\nCaused by: java.io.IOException: gone\n\t... 3 more";
const PYTHON_PLAIN: &str =
    "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\n    f()\nmy.pkg.Broken: oh no";

#[test]
fn stack_traces() {
    check(
        JAVA,
        "stack_trace",
        &[
            ("time", TIME),
            ("message", "2026-11-20 08:00:00,000 ERROR [main] Foo - failed"),
            ("unmapped.exception", "java.lang.IllegalStateException"),
            ("unmapped.stack_trace", JAVA),
            ("unmapped.level", "error"),
        ],
    );
    check(
        PYTHON_PLAIN,
        "stack_trace",
        &[
            ("message", "my.pkg.Broken: oh no"),
            ("unmapped.exception", "my.pkg.Broken"),
            ("unmapped.level", "error"),
        ],
    );
    let cases = [
        ("TypeError: x is not a function\n    at h (/a.js:1:2)", "TypeError"),
        ("Error: x\n    at h (/a.js:1:2)", "Error"),
        (
            "Exception in thread \"main\" java.lang.RuntimeException\n\tat A.b(A.java:1)",
            "java.lang.RuntimeException",
        ),
        (
            "Unhandled exception. System.InvalidOperationException: no\n   at A.B() in a.cs:line 1",
            "System.InvalidOperationException",
        ),
        (
            "[ERROR] KeyError: 'id'\nTraceback (most recent call last):\n  File \"a.py\", line 1, in h",
            "KeyError",
        ),
        ("panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1", "panic"),
        ("it broke\nCaused by: com.x.Bad: y", "com.x.Bad"),
        ("it broke\n    at somewhere", ""),
    ];
    for (text, class) in cases {
        check(text, "stack_trace", &[("unmapped.exception", class), ("unmapped.stack_trace", text)]);
    }
    check("WARN retrying\n\tat a.B.c(B.java:1)", "stack_trace", &[("unmapped.level", "warn")]);
}

#[test]
fn levels() {
    let cases = [
        ("10", Some("trace")),
        ("20", Some("debug")),
        ("30", Some("info")),
        ("40", Some("warn")),
        ("60", Some("fatal")),
        ("0", Some("fatal")),
        ("3", Some("error")),
        ("6", Some("info")),
        ("7", Some("debug")),
        ("8", None),
        ("200", None),
        ("Information", Some("info")),
        (" CRITICAL ", Some("fatal")),
        ("informational and more", None),
        ("", None),
        ("größer", None),
    ];
    for (text, level) in cases {
        assert_eq!(level::normal(text), level, "{text}");
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let json = [PLAIN_JSON, PINO, ECS, POWERTOOLS, PYTHON_JSON, NODE_JSON, RUST_JSON];
    let lines = [
        NODE,
        NODE_ERROR,
        PYTHON,
        PYTHON_TRACE,
        LOGFMT,
        JAVA,
        PYTHON_PLAIN,
        "2026-11-20 09:00:00 +0100 NOTICE x",
    ];
    survives(&json, &Settings::default());
    survives(&lines, &Settings::default());
}
