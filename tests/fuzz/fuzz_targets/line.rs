//! A line of text, under what may surround a line: a flow header, a set flow format, the envelope of a log group. A line
//! is always an event.

#![no_main]

use kinescope_fuzz::{input, travel};
use kinescope_stages::{
    decode::{Envelope, Input},
    detect::Rules,
    parse::{FlowFormat, Settings},
};
use libfuzzer_sys::fuzz_target;

const HEADER: &str = "version vpc-id account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action tcp-flags type pkt-srcaddr pkt-dstaddr flow-direction";
const FORMAT: &str = "${srcaddr} ${dstaddr} ${start} ${end} ${action} ${bytes}";

fuzz_target!(|bytes: &[u8]| {
    let Some((surrounding, line)) = bytes.split_first() else { return };
    let mut envelope = Envelope::default();
    let mut settings = Settings::default();
    match surrounding % 6 {
        1 => settings.flow_format = Some(FlowFormat::new(FORMAT).expect("the format is one")),
        2 => envelope.log_group = Some("/aws/lambda/orders-handler".into()),
        3 => envelope.log_group = Some("/ecs/prod/checkout".into()),
        4 => (envelope.log_event_id, envelope.time_ms) = (Some("3".into()), Some(i64::MAX)),
        _ => {}
    }
    let header = (surrounding % 6 == 5).then_some(HEADER);
    travel(&Input { header, ..input(line, &envelope) }, &settings, &Rules::default());
});
