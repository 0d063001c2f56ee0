use super::super::{
    Settings,
    testing::{logged, one, survives},
};
use super::*;

const HTTP: &str = r#"http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.001 0.002 0.000 200 200 34 366 "GET http://www.example.com:80/a/b?x=1&y=2 HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_1234abcd5678ef90 "-" "-" "-""#;
const HTTPS: &str = r#"h2 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 [2001:db8::7]:2817 - 0.000 -1 0.000 403 - 34 366 "POST https://www.example.com:443/login HTTP/2.0" "Mozilla/5.0 (X11; Linux)" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 - "Root=1-x" "www.example.com" "arn:aws:acm:us-east-2:123456789012:certificate/12345678" 1 2018-07-02T22:22:48.364000Z "waf,forward" "-" "TargetNotFound" "-" "-" "Ambiguous" "UndefinedContentLengthSemantics" TID_1 "-" "-" "-" later "and later""#;
const BROKEN: &str = r#"http 2018-11-30T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 10.0.0.140:40914 - -1 -1 -1 - - 0 0 "- http://my-loadbalancer.us-east-2.elb.amazonaws.com:80- -" "-" - - - "-" "-" "-" - 2018-11-30T22:22:48.364000Z "-" "-" "-" "-" "-" "-" "-""#;
const TLS: &str = "tls 2.0 2020-04-01T08:51:42 net/my-network-loadbalancer/c6e77e28c25b2234 g3d4b5e8bb8464cd 72.21.218.154:51341 172.100.100.185:443 5 2 98 246 - arn:aws:acm:us-east-2:671290407336:certificate/2a108f19-aded-46b0-8493-c63eb1ef4a99 - ECDHE-RSA-AES128-SHA tlsv12 - my-network-loadbalancer-c6e77e28c25b2234.elb.us-east-2.amazonaws.com h2 h2 \"h2\",\"http/1.1\" 2020-04-01T08:51:20";
const TLS_FAILED: &str =
    "tls 2.0 2020-04-01T08:51:42 net/lb/c6e7 g3d4 2001:db8::7:51341 - 5 - 98 0 48 - - - - - - - - -";

#[test]
fn requests() {
    let event = one(HTTP);
    assert_eq!((event.source, event.table), (Source::Alb, Table::HttpActivity));
    event.has(&[
        ("class_uid", "4002"),
        ("activity_id", "3"),
        ("type_uid", "400203"),
        ("time", "1530570180186"),
        ("end_time", "1530570180186"),
        ("start_time", "1530570168364"),
        ("metadata.product.name", "Elastic Load Balancing"),
        ("cloud.region", "us-east-2"),
        ("cloud.account.uid", "123456789012"),
        ("load_balancer.name", "app/my-loadbalancer/50dc6c495c0c9188"),
        ("dst_endpoint.name", "app/my-loadbalancer/50dc6c495c0c9188"),
        ("src_endpoint.ip", "192.168.131.39"),
        ("src_endpoint.port", "2817"),
        ("load_balancer.dst_endpoint.ip", "10.0.0.1"),
        ("load_balancer.dst_endpoint.port", "80"),
        ("load_balancer.code", "200"),
        ("http_response.code", "200"),
        ("http_response.latency", "3"),
        ("duration", "3"),
        ("status_id", "1"),
        ("status_code", "200"),
        ("traffic.bytes_out", "34"),
        ("traffic.bytes_in", "366"),
        ("traffic.bytes", "400"),
        ("http_request.http_method", "GET"),
        ("http_request.version", "HTTP/1.1"),
        ("http_request.url.url_string", "http://www.example.com:80/a/b?x=1&y=2"),
        ("http_request.url.scheme", "http"),
        ("http_request.url.hostname", "www.example.com"),
        ("http_request.url.port", "80"),
        ("http_request.url.path", "/a/b"),
        ("http_request.url.query_string", "x=1&y=2"),
        ("http_request.user_agent", "curl/7.46.0"),
        ("http_request.uid", "Root=1-58337262-36d228ad5d99923122bbe354"),
        ("tls.version", ""),
        ("unmapped.type", "http"),
        ("unmapped.actions_executed", "forward"),
        ("unmapped.conn_trace_id", "TID_1234abcd5678ef90"),
        ("unmapped.target:port_list", "10.0.0.1:80"),
        ("unmapped.redirect_url", ""),
    ]);
}

#[test]
fn refused_requests_and_fields_to_come() {
    one(HTTPS).has(&[
        ("activity_id", "6"),
        ("status_id", "2"),
        ("status_detail", "UndefinedContentLengthSemantics"),
        ("http_response.code", "403"),
        ("http_response.latency", ""),
        ("duration", ""),
        ("src_endpoint.ip", "2001:db8::7"),
        ("load_balancer.dst_endpoint.ip", ""),
        ("load_balancer.error_message", "TargetNotFound"),
        ("load_balancer.classification", "Ambiguous"),
        ("tls.version", "TLSv1.2"),
        ("tls.cipher", "ECDHE-RSA-AES128-GCM-SHA256"),
        ("tls.sni", "www.example.com"),
        ("dst_endpoint.hostname", "www.example.com"),
        ("cloud.region", "us-east-2"),
        ("unmapped.actions_executed", "waf,forward"),
        ("unmapped.target_processing_time", "-1"),
        ("unmapped.field_34", "later"),
        ("unmapped.field_35", "and later"),
    ]);
}

#[test]
fn broken_requests() {
    one(BROKEN).has(&[
        ("activity_id", "99"),
        ("http_response.code", "0"),
        ("status_id", "0"),
        ("http_request.url.url_string", ""),
        ("http_request.url.hostname", "my-loadbalancer.us-east-2.elb.amazonaws.com"),
        ("http_request.url.port", "80"),
        ("http_request.http_method", ""),
        ("unmapped.request", "- http://my-loadbalancer.us-east-2.elb.amazonaws.com:80- -"),
    ]);
}

#[test]
fn twelve_fields_are_enough_and_fewer_are_none() {
    let words: Vec<_> = HTTP.split(' ').collect();
    assert_eq!(one(&words[..12].join(" ")).source, Source::Alb);
    assert_eq!(one(&words[..11].join(" ")).source, Source::Unknown);
    for line in
        ["http server started", "tls handshake failed", "https 2018-07-02T22:23:00Z a b c d e f g h i j k l"]
    {
        assert_eq!(one(line).source, Source::Unknown, "{line}");
    }
}

#[test]
fn the_envelope_knows_better() {
    logged("alb", &HTTP.replace("123456789012:target", "999999999999:target"))
        .has(&[("cloud.account.uid", "123456789012"), ("cloud.region", "us-east-2")]);
}

#[test]
fn urls() {
    let url = |text| {
        Request::of(text).map(|r| (r.method, r.url.scheme, r.url.host, r.url.port, r.url.path, r.url.query))
    };
    let cases = [
        ("GET http://h/ HTTP/1.1", Some(("GET", Some("http"), Some("h"), None, "/", None))),
        (
            "GET https://[2001:db8::1]:8443?q HTTP/1.1",
            Some(("GET", Some("https"), Some("2001:db8::1"), Some(8443), "/", Some("q"))),
        ),
        (
            "GET http://h:99999/a b?c d HTTP/1.1",
            Some(("GET", Some("http"), Some("h"), None, "/a b", Some("c d"))),
        ),
        ("GET /bucket/key?acl", Some(("GET", None, None, None, "/bucket/key", Some("acl")))),
        ("GET /?u=http://x/y HTTP/1.1", Some(("GET", None, None, None, "/", Some("u=http://x/y")))),
        ("GET", None),
        ("- -", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(url(text), expected, "{text}");
    }
    for (method, id) in
        [("CONNECT", 1), ("DELETE", 2), ("HEAD", 4), ("OPTIONS", 5), ("PUT", 7), ("TRACE", 8), ("PATCH", 99)]
    {
        assert_eq!(activity(method), id);
    }
}

#[test]
fn tls_connections() {
    let event = one(TLS);
    assert_eq!((event.source, event.table), (Source::Nlb, Table::NetworkActivity));
    event.has(&[
        ("class_uid", "4001"),
        ("activity_id", "6"),
        ("action_id", "1"),
        ("disposition_id", "1"),
        ("status_id", "1"),
        ("time", "1585731102000"),
        ("start_time", "1585731080000"),
        ("metadata.product.version", "2.0"),
        ("src_endpoint.ip", "72.21.218.154"),
        ("dst_endpoint.ip", "172.100.100.185"),
        ("dst_endpoint.port", "443"),
        ("dst_endpoint.name", "net/my-network-loadbalancer/c6e77e28c25b2234"),
        ("connection_info.direction_id", "1"),
        ("connection_info.protocol_name", "tcp"),
        ("duration", "5"),
        ("traffic.bytes_out", "98"),
        ("traffic.bytes_in", "246"),
        ("tls.version", "tlsv12"),
        ("tls.sni", "my-network-loadbalancer-c6e77e28c25b2234.elb.us-east-2.amazonaws.com"),
        ("cloud.account.uid", "671290407336"),
        ("unmapped.listener", "g3d4b5e8bb8464cd"),
        ("unmapped.tls_handshake_time", "2"),
        ("unmapped.alpn_fe_protocol", "h2"),
    ]);
    one(TLS_FAILED).has(&[
        ("status_id", "2"),
        ("src_endpoint.ip", "2001:db8::7"),
        ("dst_endpoint.ip", ""),
        ("dst_endpoint.name", "net/lb/c6e7"),
        ("tls.version", ""),
        ("unmapped.incoming_tls_alert", "48"),
    ]);
}

#[test]
fn no_bytes_make_it_panic() {
    survives(&[HTTP, HTTPS, BROKEN, TLS, TLS_FAILED], &Settings::default());
}
