//! What a Lambda invocation leaves in its log: the platform's lines, the function's own, and embedded metrics.

use super::LogEvent;
use crate::clock::Clock;
use crate::random::Random;

/// The names under which these events count in the manifest.
const SOURCE: &str = "lambda";
const SOURCE_EMF: &str = "emf";
const MEMORY_MB: u64 = 128;

/// How an invocation ends.
enum End {
    Well,
    TimedOut,
    OutOfMemory,
}

/// The log events of the run's `number`th invocation, the first of which are a cold start, a timeout, and one
/// that ran out of memory.
pub(super) fn invocation(number: u64, app: &str, clock: &Clock, random: &mut Random) -> Vec<LogEvent> {
    let end = match number {
        2 => End::TimedOut,
        3 => End::OutOfMemory,
        _ if random.one_in(60) => End::TimedOut,
        _ if random.one_in(90) => End::OutOfMemory,
        _ => End::Well,
    };
    let is_cold = number == 1 || random.one_in(15);
    let request = random.uuid();
    let mut events = Vec::new();
    if is_cold {
        events.push(own("INIT_START Runtime Version: nodejs:22.v41\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:0a1b2c3d".to_owned()));
    }
    events.push(own(format!("START RequestId: {request} Version: $LATEST\n")));
    events.push(own(function_line(&request, clock, random)));
    if matches!(end, End::Well) && random.one_in(2) {
        events.push(embedded_metrics(app, clock, random));
    }
    if matches!(end, End::TimedOut) {
        events.push(own(format!("{} {request} Task timed out after 3.00 seconds\n\n", clock.iso_ms())));
    }
    events.push(own(format!("END RequestId: {request}\n")));
    events.push(own(report(&request, &end, is_cold, random)));
    events
}

fn own(message: String) -> LogEvent {
    LogEvent { message, source: SOURCE }
}

fn function_line(request: &str, clock: &Clock, random: &mut Random) -> String {
    let level = if random.one_in(20) { "ERROR" } else { "INFO" };
    let message = random.pick(&["received 1 record", "cache is warm", "handing over to step 2"]);
    format!("{}\t{request}\t{level}\t{message}\n", clock.iso_ms())
}

fn report(request: &str, end: &End, is_cold: bool, random: &mut Random) -> String {
    let (duration_ms, used_mb, status) = match end {
        End::Well => (random.between(2, 900), random.between(60, 110), ""),
        End::TimedOut => (3_000, random.between(60, 110), "Status: timeout"),
        End::OutOfMemory => {
            (random.between(500, 2_900), MEMORY_MB, "Status: error\tError Type: Runtime.OutOfMemory")
        }
    };
    let init = match is_cold {
        true => format!("Init Duration: {}.{:02} ms\t", random.between(120, 700), random.below(100)),
        false => String::new(),
    };
    format!(
        "REPORT RequestId: {request}\tDuration: {duration_ms}.00 ms\tBilled Duration: {duration_ms} ms\tMemory Size: {MEMORY_MB} MB\tMax Memory Used: {used_mb} MB\t{init}{status}\n"
    )
}

/// A line in the embedded metric format.
fn embedded_metrics(app: &str, clock: &Clock, random: &mut Random) -> LogEvent {
    let (latency_ms, n_items, time_ms) = (random.between(3, 800), random.between(1, 40), clock.ms());
    let message = format!(
        r#"{{"_aws":{{"Timestamp":{time_ms},"CloudWatchMetrics":[{{"Namespace":"Shop","Dimensions":[["service"],["service","operation"]],"Metrics":[{{"Name":"Latency","Unit":"Milliseconds"}},{{"Name":"Items","Unit":"Count"}}]}}]}},"service":"{app}","operation":"place","Latency":{latency_ms},"Items":{n_items}}}"#
    );
    LogEvent { message, source: SOURCE_EMF }
}
