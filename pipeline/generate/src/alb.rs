//! Access logs of an application load balancer.

use std::io;

use crate::clock::{Clock, Span};
use crate::output::Output;
use crate::random::{Random, push_number};
use crate::world::{ACCOUNTS, APPS, REGIONS};

/// The name under which these events count in the manifest.
const SOURCE: &str = "alb";
const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
    "okhttp/5.1.0",
    "curl/8.15.0",
    "ELB-HealthChecker/2.0",
];
const PATHS: [&str; 6] =
    ["/v1/orders", "/v1/items?page=2&size=50", "/", "/health", "/static/app.js", "/v1/search?q=lamp%20shade"];

/// Writes `n_events` lines.
pub(crate) fn alb(seed: u64, span: Span, n_events: u64, output: &mut Output<'_>) -> io::Result<()> {
    if n_events == 0 {
        return Ok(());
    }
    let mut random = Random::new(seed, "alb");
    let mut file = output.plain("alb/access.log")?;
    let mut clock = Clock::new(span.at_ms(0, n_events))?;
    let mut line = String::new();
    for idx in 0..n_events {
        clock.set(span.at_ms(idx, n_events))?;
        line.clear();
        push_line(&mut line, &clock, &mut random);
        file.line(&line)?;
        output.count_event(SOURCE);
    }
    file.finish()
}

/// How a request ended.
struct Outcome {
    elb_status: u64,
    /// `None` where no target was asked or none answered.
    target_status: Option<u64>,
    has_target: bool,
    error_reason: &'static str,
}

impl Outcome {
    fn draw(random: &mut Random) -> Outcome {
        let answered = |status| Outcome {
            elb_status: status,
            target_status: Some(status),
            has_target: true,
            error_reason: "-",
        };
        match random.below(100) {
            0..84 => answered(200),
            84..88 => answered(304),
            88..93 => answered(404),
            93..95 => answered(401),
            95..97 => answered(500),
            // No healthy target, a target that did not answer in time, and a client that went away.
            97 => Outcome { elb_status: 503, target_status: None, has_target: false, error_reason: "-" },
            98 => Outcome { elb_status: 504, target_status: None, has_target: true, error_reason: "-" },
            _ => Outcome {
                elb_status: 403,
                target_status: None,
                has_target: false,
                error_reason: "WAFBlocked",
            },
        }
    }
}

fn push_line(out: &mut String, clock: &Clock, random: &mut Random) {
    let app = APPS[random.skewed(APPS.len())];
    let account = ACCOUNTS[random.skewed(ACCOUNTS.len())];
    let region = REGIONS[random.skewed(REGIONS.len())];
    let outcome = Outcome::draw(random);
    let protocol = random.pick(&["h2", "h2", "https", "https", "http"]);
    push_words(out, &[protocol]);
    clock.push_iso_ms(out);
    out.push_str(&format!(" app/{app}-public/50dc6c495c0c9188 "));
    push_client(out, random);
    let target = push_target(out, &outcome, random);
    push_latencies(out, &outcome, random);
    push_number(out, outcome.elb_status);
    out.push(' ');
    push_status(out, outcome.target_status);
    let (n_received, n_sent) = (random.between(80, 2_400), random.between(120, 90_000));
    out.push_str(&format!("{n_received} {n_sent} "));
    push_request(out, app, protocol, random);
    let tls = if protocol == "http" { "- - " } else { "TLS_AES_128_GCM_SHA256 TLSv1.3 " };
    out.push_str(tls);
    if outcome.has_target {
        out.push_str(&format!(
            "arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{app}/73e2d6bc24d8a067 "
        ));
    } else {
        out.push_str("- ");
    }
    out.push_str(&format!("\"Root=1-{:08x}-{}\" ", clock.seconds(), random.hex(24)));
    push_certificate(out, app, protocol, (account, region));
    push_end(out, &outcome, target.as_deref(), clock, random);
}

fn push_client(out: &mut String, random: &mut Random) {
    if random.one_in(10) {
        random.push_ipv6(out);
    } else {
        random.push_public_ipv4(out);
    }
    out.push(':');
    push_number(out, random.between(1_024, 65_535));
    out.push(' ');
}

fn push_target(out: &mut String, outcome: &Outcome, random: &mut Random) -> Option<String> {
    if !outcome.has_target {
        out.push_str("- ");
        return None;
    }
    let mut target = String::new();
    random.push_private_ipv4(&mut target);
    target.push_str(":8080");
    push_words(out, &[&target]);
    Some(target)
}

/// -1 stands for a time that was never reached.
fn push_latencies(out: &mut String, outcome: &Outcome, random: &mut Random) {
    if !outcome.has_target || outcome.target_status.is_none() {
        out.push_str(if outcome.has_target { "0.001 -1 -1 " } else { "-1 -1 -1 " });
        return;
    }
    let target_ms = random.between(1, 60) * random.between(1, 40);
    out.push_str(&format!("0.00{} {}.{:03} 0.000 ", random.below(3), target_ms / 1_000, target_ms % 1_000));
}

fn push_status(out: &mut String, status: Option<u64>) {
    match status {
        Some(status) => push_number(out, status),
        None => out.push('-'),
    }
    out.push(' ');
}

fn push_request(out: &mut String, app: &str, protocol: &str, random: &mut Random) {
    let method = random.pick(&["GET", "GET", "GET", "POST", "PUT", "DELETE"]);
    let (scheme, port, version) = match protocol {
        "http" => ("http", 80, "HTTP/1.1"),
        "https" => ("https", 443, "HTTP/1.1"),
        _ => ("https", 443, "HTTP/2.0"),
    };
    let (path, agent) = (random.pick(&PATHS), random.pick(&AGENTS));
    out.push_str(&format!("\"{method} {scheme}://{app}.example.com:{port}{path} {version}\" \"{agent}\" "));
}

fn push_certificate(out: &mut String, app: &str, protocol: &str, (account, region): (&str, &str)) {
    if protocol == "http" {
        out.push_str("\"-\" \"-\" ");
    } else {
        out.push_str(&format!(
            "\"{app}.example.com\" \"arn:aws:acm:{region}:{account}:certificate/12345678-1234-1234-1234-123456789012\" "
        ));
    }
}

fn push_end(out: &mut String, outcome: &Outcome, target: Option<&str>, clock: &Clock, random: &mut Random) {
    out.push_str("1 ");
    clock.push_iso_ms(out);
    let actions = if outcome.error_reason == "-" { "forward" } else { "waf" };
    out.push_str(&format!(" \"{actions}\" \"-\" \"{}\" ", outcome.error_reason));
    out.push_str(&format!("\"{}\" \"", target.unwrap_or("-")));
    push_status(out, outcome.target_status);
    // The status list stands in quotes: the space after the number moves behind them.
    out.pop();
    out.push_str(&format!("\" \"-\" \"-\" TID_{} \"-\" \"-\" \"-\"", random.hex(32)));
}

fn push_words(out: &mut String, words: &[&str]) {
    for word in words {
        out.push_str(word);
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields of the log as of 2026: thirty, and three about transformed requests.
    const N_FIELDS: usize = 33;

    #[test]
    fn every_line_has_all_fields() {
        let clock = Clock::new(1_772_368_496_007).unwrap();
        let mut random = Random::new(1, "alb");
        for _ in 0..500 {
            let mut line = String::new();
            push_line(&mut line, &clock, &mut random);
            // Every second part stands in quotes; the spaces of the others separate fields.
            let n_fields: usize = line
                .split('"')
                .enumerate()
                .map(|(idx, part)| if idx % 2 == 1 { 1 } else { part.split_whitespace().count() })
                .sum();
            assert_eq!(n_fields, N_FIELDS, "{line}");
        }
    }
}
