//! Lines of applications, each of which has its own idea of what a log looks like.

use super::LogEvent;
use crate::clock::Clock;
use crate::random::Random;
use crate::world::APPS;

/// The name under which these events count in the manifest.
const SOURCE: &str = "application_log";

/// One line, or one message of several lines, of the application at `app_idx`.
pub(super) fn line(app_idx: usize, clock: &Clock, random: &mut Random) -> LogEvent {
    let app = APPS[app_idx];
    let level = match random.below(100) {
        0..84 => "INFO",
        84..90 => "DEBUG",
        90..96 => "WARN",
        _ => "ERROR",
    };
    let message = match app_idx % 5 {
        0 => json_line(app, level, clock, random),
        1 => logfmt_line(app, level, clock, random),
        2 => java_lines(app, level, clock, random),
        3 => python_lines(app, level, clock, random),
        _ => plain_line(app, level, clock, random),
    };
    LogEvent { message, source: SOURCE }
}

fn what_happened(level: &str, random: &mut Random) -> &'static str {
    random.pick(match level {
        "ERROR" => &[
            "upstream timed out after 2000 ms",
            "could not commit the transaction",
            "queue refused the message",
        ],
        "WARN" => &["retrying after a throttle", "cache miss rate is high", "slow query"],
        "DEBUG" => &["cache lookup", "acquired connection 7 of 20"],
        _ => {
            &["request served", "order accepted", "item indexed", "session refreshed", "batch of 250 written"]
        }
    })
}

fn json_line(app: &str, level: &str, clock: &Clock, random: &mut Random) -> String {
    let (message, time) = (what_happened(level, random), clock.iso_ms());
    let (trace, latency_ms) = (random.hex(24), random.between(1, 900));
    let status = if level == "ERROR" { 502 } else { 200 };
    format!(
        r#"{{"timestamp":"{time}","level":"{level}","service":"{app}","traceId":"1-{:08x}-{trace}","message":"{message}","status":{status},"latencyMs":{latency_ms},"path":"/v1/{app}"}}"#,
        clock.seconds()
    )
}

fn logfmt_line(app: &str, level: &str, clock: &Clock, random: &mut Random) -> String {
    let (message, time) = (what_happened(level, random), clock.iso_ms());
    let (trace, latency_ms) = (random.hex(16), random.between(1, 900));
    let level = level.to_lowercase();
    format!(
        "time={time} level={level} service={app} msg=\"{message}\" trace_id={trace} duration={latency_ms}ms attempt={}",
        random.between(1, 4)
    )
}

fn plain_line(app: &str, level: &str, clock: &Clock, random: &mut Random) -> String {
    let time = clock.iso_ms();
    format!("{time} [{level}] {app}: {} (id {})", what_happened(level, random), random.hex(8))
}

/// A stack trace is one log event of many lines.
fn java_lines(app: &str, level: &str, clock: &Clock, random: &mut Random) -> String {
    let time = clock.iso_ms();
    let thread = random.between(1, 40);
    let mut message = format!(
        "{time} {level:5} [http-nio-8080-exec-{thread}] com.example.{app}.OrderService - {}",
        what_happened(level, random)
    );
    if level == "ERROR" {
        message.push_str(&format!(
            "\njava.lang.IllegalStateException: connection pool is exhausted\n\tat com.example.{app}.Pool.take(Pool.java:{thread})\n\tat com.example.{app}.OrderService.place(OrderService.java:118)\n\tat java.base/java.lang.Thread.run(Thread.java:1583)\nCaused by: java.net.SocketTimeoutException: Read timed out\n\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:278)\n\t... 14 more"
        ));
    }
    message
}

fn python_lines(app: &str, level: &str, clock: &Clock, random: &mut Random) -> String {
    let time = clock.iso_ms();
    let key = random.hex(6);
    let mut message = format!("{time} {app}.worker {level} {} id={key}", what_happened(level, random));
    if level == "ERROR" {
        message.push_str(&format!(
            "\nTraceback (most recent call last):\n  File \"/app/{app}/worker.py\", line 71, in handle\n    item = store[\"{key}\"]\n  File \"/app/{app}/store.py\", line 22, in __getitem__\n    raise KeyError(key)\nKeyError: '{key}'"
        ));
    }
    message
}
