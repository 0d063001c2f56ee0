use super::super::{
    Settings,
    testing::{Parsed, all, one, survives},
};
use super::*;
use crate::decode::Envelope;

const ACCEPT: &str = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK";
const REJECT: &str = "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK";
const NODATA: &str = "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA";
const SKIPDATA: &str = "2 unknown eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA";
const IPV6: &str = "2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK";
const ICMP: &str = "2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK";

const NAMES: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type \
sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path ecs-cluster-name reject-reason \
resource-id encryption-status";
const EGRESS: &str = "8 123456789010 eni-1 10.0.1.5 52.95.128.179 43416 443 6 3 168 1566848875 1566848933 ACCEPT OK \
vpc-abc subnet-aaa i-01234567890123456 19 IPv4 10.0.0.62 52.95.128.179 us-east-1 use1-az6 - - - S3 egress 8 shop - \
cw-1 2";
const INGRESS: &str = "5 123456789010 eni-1 52.95.128.179 10.0.1.5 443 43416 6 3 168 1566848875 1566848933 REJECT OK \
vpc-abc subnet-aaa i-01234567890123456 18 IPv4 52.95.128.179 10.0.0.62 us-east-1 use1-az6 wavelength wlz-1 S3 - \
ingress - - BPA - -";

fn with_header(line: &str) -> Parsed {
    one(&format!("{NAMES}\n{line}"))
}

fn with_format(format: &str, line: &str) -> Vec<Parsed> {
    let settings = Settings { flow_format: FlowFormat::new(format).ok(), ..Settings::default() };
    all(line, &Envelope::default(), settings)
}

#[test]
fn default_records() {
    let event = one(ACCEPT);
    assert_eq!((event.source, event.table), (Source::VpcFlow, Table::NetworkActivity));
    event.has(&[
        ("class_uid", "4001"),
        ("activity_id", "6"),
        ("type_uid", "400106"),
        ("status_id", "1"),
        ("status_code", "OK"),
        ("action_id", "1"),
        ("disposition_id", "1"),
        ("time", "1418530010000"),
        ("start_time", "1418530010000"),
        ("end_time", "1418530070000"),
        ("metadata.product.name", "Amazon VPC"),
        ("metadata.product.feature.name", "Flowlogs"),
        ("metadata.product.version", "2"),
        ("cloud.account.uid", "123456789010"),
        ("src_endpoint.ip", "172.31.16.139"),
        ("src_endpoint.port", "20641"),
        ("dst_endpoint.ip", "172.31.16.21"),
        ("dst_endpoint.port", "22"),
        ("dst_endpoint.interface_uid", "eni-1235b8ca123456789"),
        ("connection_info.protocol_num", "6"),
        ("connection_info.protocol_name", "tcp"),
        ("connection_info.direction_id", "0"),
        ("connection_info.boundary_id", ""),
        ("traffic.packets", "20"),
        ("traffic.bytes", "4249"),
    ]);
    one(REJECT).has(&[
        ("activity_id", "5"),
        ("action_id", "2"),
        ("disposition_id", "2"),
        ("dst_endpoint.port", "3389"),
    ]);
    one(IPV6)
        .has(&[("src_endpoint.ip", "2001:db8:1234:a100:8d6e:3477:df66:f105"), ("traffic.bytes", "8855")]);
    one(ICMP).has(&[("connection_info.protocol_name", "icmp"), ("src_endpoint.port", "0")]);
}

#[test]
fn windows_without_data_have_an_interface_only() {
    one(NODATA).has(&[
        ("status_code", "NODATA"),
        ("status_id", "99"),
        ("activity_id", "0"),
        ("action_id", "0"),
        ("dst_endpoint.interface_uid", "eni-1235b8ca123456789"),
        ("dst_endpoint.ip", ""),
        ("src_endpoint.ip", ""),
        ("traffic.bytes", ""),
    ]);
    one(SKIPDATA).has(&[("status_code", "SKIPDATA"), ("cloud.account.uid", "")]);
}

#[test]
fn a_header_tells_the_order() {
    with_header(EGRESS).has(&[
        ("metadata.product.version", "8"),
        ("connection_info.direction_id", "2"),
        ("connection_info.boundary_id", "11"),
        ("connection_info.tcp_flags", "19"),
        ("connection_info.protocol_ver", "IPv4"),
        ("connection_info.protocol_ver_id", "4"),
        ("src_endpoint.ip", "10.0.0.62"),
        ("src_endpoint.intermediate_ips", "[\"10.0.1.5\"]"),
        ("src_endpoint.interface_uid", "eni-1"),
        ("src_endpoint.vpc_uid", "vpc-abc"),
        ("src_endpoint.subnet_uid", "subnet-aaa"),
        ("src_endpoint.instance_uid", "i-01234567890123456"),
        ("dst_endpoint.ip", "52.95.128.179"),
        ("dst_endpoint.intermediate_ips", ""),
        ("dst_endpoint.svc_name", "S3"),
        ("dst_endpoint.interface_uid", ""),
        ("cloud.region", "us-east-1"),
        ("cloud.zone", "use1-az6"),
        ("unmapped.ecs-cluster-name", "shop"),
        ("unmapped.resource-id", "cw-1"),
        ("unmapped.encryption-status", "2"),
        ("unmapped.sublocation-type", ""),
    ]);
    with_header(INGRESS).has(&[
        ("connection_info.direction_id", "1"),
        ("dst_endpoint.ip", "10.0.0.62"),
        ("dst_endpoint.intermediate_ips", "[\"10.0.1.5\"]"),
        ("dst_endpoint.instance_uid", "i-01234567890123456"),
        ("src_endpoint.svc_name", "S3"),
        ("unmapped.sublocation-id", "wlz-1"),
        ("unmapped.reject-reason", "BPA"),
    ]);
    // A line that does not fit the header in force may still be a default record.
    with_header(ACCEPT).has(&[("dst_endpoint.port", "22")]);
}

#[test]
fn a_setting_tells_the_order() {
    let format = "${start} ${end} ${srcaddr} ${dstaddr} ${bytes} ${new-field}";
    let events = with_format(format, "1566848875 1566848933 10.0.0.1 10.0.0.2 168 x");
    events[0].has(&[("time", "1566848875000"), ("traffic.bytes", "168"), ("unmapped.new-field", "x")]);
    for other in
        ["1566848875 1566848933 10.0.0.1 10.0.0.2 168", "the quick brown fox jumps over", "- - - - - -"]
    {
        assert_eq!(with_format(format, other)[0].source, Source::Unknown, "{other}");
    }
    assert_eq!(with_format(format, ACCEPT)[0].source, Source::VpcFlow);
}

#[test]
fn formats_are_checked() {
    assert_eq!(FlowFormat::new("srcaddr dstaddr"), Err(FlowFormatError::Missing("start")));
    assert_eq!(FlowFormat::new(""), Err(FlowFormatError::Missing("srcaddr")));
    assert_eq!(FlowFormat::new("srcaddr $dstaddr"), Err(FlowFormatError::Name("$dstaddr".into())));
    assert_eq!(FlowFormat::new("srcaddr dstaddr start"), FlowFormat::new("${srcaddr} ${dstaddr}\n${start}"));
}

#[test]
fn other_text_is_no_record() {
    for line in [
        "2 apples and 3 pears",
        "2 12345678901 eni-1 1.2.3.4 1.2.3.5 1 2 6 20 4249 1418530010 1418530070 ACCEPT OK",
        "2 123456789010 eni-1 host 1.2.3.5 1 2 6 20 4249 1418530010 1418530070 ACCEPT OK",
        "2 123456789010 eni-1 1.2.3.4 1.2.3.5 1 2 6 20 4249 1418530010 1418530070 ACCEPT FINE",
        "2 123456789010 eni-1 1.2.3.4 1.2.3.5 1 2 6 20 4249 1418530010 1418530070 ACCEPT OK more",
    ] {
        assert_eq!(one(line).source, Source::Unknown, "{line}");
    }
}

#[test]
fn numbers_out_of_range_are_absent() {
    let line = "2 123456789010 eni-1 1.2.3.4 1.2.3.5 70000 -1 300 99999999999999999999 x 99999999999999 1418530070 ACCEPT OK";
    one(line).has(&[
        ("src_endpoint.port", ""),
        ("dst_endpoint.port", ""),
        ("connection_info.protocol_num", ""),
        ("traffic.packets", ""),
        ("traffic.bytes", ""),
        ("start_time", ""),
        ("time", "0"),
    ]);
}

#[test]
fn no_bytes_make_it_panic() {
    let headed = format!("{NAMES}\n{EGRESS}");
    survives(&[ACCEPT, NODATA, IPV6, &headed], &Settings::default());
    let settings = Settings { flow_format: FlowFormat::new(NAMES).ok(), ..Settings::default() };
    survives(&[EGRESS, INGRESS], &settings);
}
