//! VPC flow log lines: version 2 in the default order without a header, and version 5 in an order of our own
//! with one.

use std::io;

use crate::clock::{Clock, Span};
use crate::output::Output;
use crate::random::{Random, push_number};
use crate::world::{ACCOUNTS, REGIONS};

/// The name under which these events count in the manifest.
const SOURCE: &str = "vpc_flow";
const HEADER: &str = "version flow-direction srcaddr dstaddr srcport dstport protocol tcp-flags type \
                      pkt-srcaddr pkt-dstaddr packets bytes start end action log-status account-id vpc-id \
                      subnet-id instance-id interface-id region az-id sublocation-type sublocation-id \
                      pkt-src-aws-service pkt-dst-aws-service traffic-path";
const N_LINES_PER_GAP: u64 = 25;

/// Writes `n_events` lines, half of them in each file.
pub(crate) fn flow(seed: u64, span: Span, n_events: u64, output: &mut Output<'_>) -> io::Result<()> {
    let mut random = Random::new(seed, "flow");
    let n_default = n_events.div_ceil(2);
    write_file("vpc-flow/default.log", n_default, span, output, |out, clock| {
        push_default(out, clock, &mut random);
    })?;
    write_file("vpc-flow/custom.log", n_events - n_default, span, output, |out, clock| {
        push_custom(out, clock, &mut random);
    })
}

fn write_file(
    path: &str,
    n_lines: u64,
    span: Span,
    output: &mut Output<'_>,
    mut push: impl FnMut(&mut String, &Clock),
) -> io::Result<()> {
    if n_lines == 0 {
        return Ok(());
    }
    let mut file = output.plain(path)?;
    if path.ends_with("custom.log") {
        file.line(HEADER)?;
    }
    let mut clock = Clock::new(span.at_ms(0, n_lines))?;
    let mut line = String::new();
    for idx in 0..n_lines {
        clock.set(span.at_ms(idx, n_lines))?;
        line.clear();
        push(&mut line, &clock);
        file.line(&line)?;
        output.count_event(SOURCE);
    }
    file.finish()
}

/// One flow, before it is written in either order.
struct Flow {
    account: &'static str,
    interface: String,
    source: String,
    target: String,
    source_port: u64,
    target_port: u64,
    protocol: u64,
    n_packets: u64,
    n_bytes: u64,
    start: i64,
    end: i64,
    is_accepted: bool,
    is_ipv6: bool,
    is_ingress: bool,
}

impl Flow {
    fn draw(clock: &Clock, random: &mut Random) -> Flow {
        let is_ipv6 = random.one_in(12);
        let is_ingress = random.one_in(2);
        let is_accepted = !random.one_in(9);
        let (mut near, mut far) = (String::new(), String::new());
        if is_ipv6 {
            random.push_ipv6(&mut near);
            random.push_ipv6(&mut far);
        } else {
            random.push_private_ipv4(&mut near);
            if random.one_in(3) {
                random.push_public_ipv4(&mut far)
            } else {
                random.push_private_ipv4(&mut far)
            }
        }
        let port = [443, 443, 443, 5432, 6379, 8080, 53, 22][random.skewed(8)];
        let high = random.between(32_768, 60_999);
        let n_packets = random.between(1, 30) * random.between(1, 30);
        Flow {
            account: ACCOUNTS[random.skewed(ACCOUNTS.len())],
            interface: format!("eni-0{}", random.hex(16)),
            source: if is_ingress { far.clone() } else { near.clone() },
            target: if is_ingress { near } else { far },
            source_port: high,
            target_port: port,
            protocol: if port == 53 { 17 } else { 6 },
            n_packets,
            n_bytes: n_packets * random.between(40, 1_500),
            start: clock.seconds(),
            end: clock.seconds() + random.between(10, 60) as i64,
            is_accepted,
            is_ipv6,
            is_ingress,
        }
    }

    fn action(&self) -> &'static str {
        if self.is_accepted { "ACCEPT" } else { "REJECT" }
    }
}

/// Status of an interval in which nothing flowed, or in which lines were lost.
fn gap(random: &mut Random) -> Option<&'static str> {
    if !random.one_in(N_LINES_PER_GAP) {
        return None;
    }
    Some(if random.one_in(5) { "SKIPDATA" } else { "NODATA" })
}

fn push_default(out: &mut String, clock: &Clock, random: &mut Random) {
    let flow = Flow::draw(clock, random);
    out.push_str("2 ");
    push_words(out, &[flow.account, &flow.interface]);
    if let Some(status) = gap(random) {
        out.push_str("- - - - - - - ");
        push_times(out, &flow);
        push_words(out, &["-", status]);
    } else {
        push_words(out, &[&flow.source, &flow.target]);
        push_numbers(out, &[flow.source_port, flow.target_port, flow.protocol, flow.n_packets, flow.n_bytes]);
        push_times(out, &flow);
        push_words(out, &[flow.action(), "OK"]);
    }
    out.pop();
}

fn push_custom(out: &mut String, clock: &Clock, random: &mut Random) {
    let flow = Flow::draw(clock, random);
    let direction = if flow.is_ingress { "ingress" } else { "egress" };
    out.push_str("5 ");
    if let Some(status) = gap(random) {
        out.push_str("- - - - - - - - - - - - ");
        push_times(out, &flow);
        push_words(out, &["-", status]);
    } else {
        push_words(out, &[direction, &flow.source, &flow.target]);
        push_numbers(out, &[flow.source_port, flow.target_port, flow.protocol]);
        push_numbers(out, &[if flow.protocol == 6 { [2, 3, 18, 19][random.skewed(4)] } else { 0 }]);
        push_words(out, &[if flow.is_ipv6 { "IPv6" } else { "IPv4" }]);
        push_packet_addresses(out, &flow, random);
        push_numbers(out, &[flow.n_packets, flow.n_bytes]);
        push_times(out, &flow);
        push_words(out, &[flow.action(), "OK"]);
    }
    push_place(out, &flow, random);
}

/// Behind a load balancer or a NAT gateway the packet's own address differs from the interface's.
fn push_packet_addresses(out: &mut String, flow: &Flow, random: &mut Random) {
    if random.one_in(6) && !flow.is_ipv6 {
        random.push_private_ipv4(out);
        out.push(' ');
    } else {
        push_words(out, &[&flow.source]);
    }
    push_words(out, &[&flow.target]);
}

fn push_place(out: &mut String, flow: &Flow, random: &mut Random) {
    let region_idx = random.skewed(REGIONS.len());
    let (vpc, subnet) = (random.hex(2), random.hex(2));
    // A fleet has few networks: only the last digits differ.
    let (vpc, subnet) = (format!("vpc-0a1b2c3d4e5f678{vpc}"), format!("subnet-0a1b2c3d4e5f678{subnet}"));
    let instance = if random.one_in(3) { "-".to_owned() } else { format!("i-0{}", random.hex(16)) };
    push_words(out, &[flow.account, &vpc, &subnet, &instance, &flow.interface]);
    push_words(out, &[REGIONS[region_idx], ["use1-az1", "euw1-az2", "usw2-az3"][region_idx % 3], "-", "-"]);
    let service = if random.one_in(7) { "S3" } else { "-" };
    let path = if flow.is_ingress { "-" } else { random.pick(&["1", "2", "7", "8"]) };
    push_words(out, &if flow.is_ingress { [service, "-"] } else { ["-", service] });
    out.push_str(path);
}

fn push_times(out: &mut String, flow: &Flow) {
    out.push_str(&flow.start.to_string());
    out.push(' ');
    out.push_str(&flow.end.to_string());
    out.push(' ');
}

fn push_words(out: &mut String, words: &[&str]) {
    for word in words {
        out.push_str(word);
        out.push(' ');
    }
}

fn push_numbers(out: &mut String, numbers: &[u64]) {
    for number in numbers {
        push_number(out, *number);
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_the_fields_of_its_header() {
        let clock = Clock::new(1_772_368_496_007).unwrap();
        let mut random = Random::new(1, "flow");
        let n_custom = HEADER.split_whitespace().count();
        for _ in 0..500 {
            let (mut default, mut custom) = (String::new(), String::new());
            push_default(&mut default, &clock, &mut random);
            push_custom(&mut custom, &clock, &mut random);
            assert_eq!(default.split(' ').count(), 14, "{default}");
            assert_eq!(custom.split(' ').count(), n_custom, "{custom}");
        }
    }
}
