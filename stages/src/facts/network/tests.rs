use super::super::{Lists, testing::*};
use serde_json::{Value as Json, json};

fn ingress(request: Json) -> Json {
    call("ec2", "AuthorizeSecurityGroupIngress", request)
}

/// The list form, one permission.
fn permission(protocol: &str, ports: Option<(i64, i64)>, peers: Json) -> Json {
    let mut permission = json!({"ipProtocol": protocol, "groups": {}, "ipRanges": {}, "ipv6Ranges": {},
        "prefixListIds": {}});
    if let Some((from, to)) = ports {
        permission["fromPort"] = from.into();
        permission["toPort"] = to.into();
    }
    for (name, value) in peers.as_object().unwrap() {
        permission[name] = json!({ "items": value });
    }
    json!({"groupId": "sg-1", "ipPermissions": {"items": [permission]}})
}

fn v4(cidrs: &[&str]) -> Json {
    json!({"ipRanges": cidrs.iter().map(|cidr| json!({"cidrIp": cidr})).collect::<Vec<_>>()})
}

#[test]
fn ingress_in_its_shapes() {
    for (request, open_cidrs, open_ports, admin, wide) in [
        (permission("tcp", Some((22, 22)), v4(&["0.0.0.0/0"])), "0.0.0.0/0", "22", "ssh", ""),
        (permission("tcp", Some((22, 22)), v4(&["0.0.0.0/24"])), "", "", "", ""),
        (permission("tcp", Some((22, 22)), v4(&["208.236.235.254/0"])), "208.236.235.254/0", "22", "ssh", ""),
        (permission("tcp", Some((443, 443)), v4(&["0.0.0.0/0"])), "0.0.0.0/0", "443", "", ""),
        (permission("6", Some((3000, 3400)), v4(&["0.0.0.0/0"])), "0.0.0.0/0", "3000-3400", "mysql rdp", ""),
        (permission("icmp", Some((-1, -1)), v4(&["0.0.0.0/0"])), "0.0.0.0/0", "icmp", "", ""),
        (permission("tcp", Some((22, 22)), v4(&["10.0.0.0/8"])), "", "", "", ""),
        (permission("tcp", Some((22, 22)), v4(&["54.0.0.0/8"])), "", "", "", "54.0.0.0/8"),
        (permission("tcp", Some((22, 22)), v4(&["54.0.0.0/9"])), "", "", "", ""),
        (permission("tcp", Some((22, 22)), v4(&["nonsense", "0.0.0.0/77"])), "", "", "", ""),
        (
            permission("tcp", Some((5432, 5432)), json!({"ipv6Ranges": [{"cidrIpv6": "0:0:0::/0"}]})),
            "0:0:0::/0",
            "5432",
            "postgres",
            "",
        ),
        (
            permission("tcp", Some((22, 22)), json!({"ipv6Ranges": [{"cidrIpv6": "2000::/3"}]})),
            "2000::/3",
            "22",
            "ssh",
            "",
        ),
        (
            permission("tcp", Some((22, 22)), json!({"ipv6Ranges": [{"cidrIpv6": "2600::/12"}]})),
            "",
            "",
            "",
            "2600::/12",
        ),
        (
            permission("tcp", Some((22, 22)), json!({"ipv6Ranges": [{"cidrIpv6": "fc00::/7"}]})),
            "",
            "",
            "",
            "",
        ),
        (
            json!({"groupId": "sg-1", "ipPermissions": {}, "ipProtocol": "tcp", "fromPort": 22, "toPort": 22,
                "cidrIp": "0.0.0.0/0"}),
            "0.0.0.0/0",
            "22",
            "ssh",
            "",
        ),
        (json!({"groupId": "sg-1", "ipPermissions": ""}), "", "", "", ""),
        (json!(null), "", "", "", ""),
    ] {
        check(
            &ingress(request),
            &[
                ("network.open_cidrs", open_cidrs),
                ("network.open_ports", open_ports),
                ("network.open_admin_ports", admin),
                ("network.wide_cidrs", wide),
                ("network.open_to_world", if open_cidrs.is_empty() { "false" } else { "true" }),
                ("network.direction", if open_cidrs.len() + wide.len() == 0 { "" } else { "ingress" }),
            ],
        );
    }
}

#[test]
fn pieces_that_make_the_world() {
    let many = |cidrs: &[&str]| ingress(permission("tcp", Some((22, 22)), v4(cidrs)));
    for (cidrs, is_world) in [
        (&["0.0.0.0/1", "128.0.0.0/1"][..], "true"),
        (&["0.0.0.0/1"], "false"),
        (&["0.0.0.0/1", "128.0.0.0/2"], "false"),
        // All but what nobody has.
        (&["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3"], "true"),
        (&["1.0.0.0/8", "2.0.0.0/8"], "false"),
    ] {
        check(&many(cidrs), &[("network.open_to_world", is_world)]);
    }
    let mut split = permission("tcp", Some((22, 22)), v4(&["0.0.0.0/1"]));
    let other = permission("tcp", Some((20, 30)), v4(&["128.0.0.0/1"]));
    let items = split["ipPermissions"]["items"].as_array_mut().unwrap();
    items.push(other["ipPermissions"]["items"][0].clone());
    check(&ingress(split), &[("network.open_ports", "22"), ("network.wide_cidrs", "128.0.0.0/1")]);
}

#[test]
fn all_ports_and_all_protocols() {
    for (protocol, ports, all_ports, all_protocols, disallowed) in [
        ("-1", None, "true", "true", "all"),
        ("-1", Some((-1, -1)), "true", "true", "all"),
        ("tcp", Some((0, 65535)), "true", "false", "all"),
        ("udp", Some((1, 65535)), "true", "false", "all"),
        ("tcp", Some((80, 80)), "false", "false", ""),
        ("tcp", Some((80, 81)), "false", "false", "80-81"),
        ("50", None, "true", "false", "all"),
        ("icmp", Some((8, 0)), "false", "false", ""),
    ] {
        check(
            &ingress(permission(protocol, ports, v4(&["0.0.0.0/0"]))),
            &[
                ("network.open_all_ports", all_ports),
                ("network.open_all_protocols", all_protocols),
                ("network.open_disallowed_ports", disallowed),
            ],
        );
    }
}

#[test]
fn other_calls() {
    let changed = |rules: Json| {
        let request = json!({"GroupId": "sg-1", "SecurityGroupRule": rules});
        call("ec2", "ModifySecurityGroupRules", json!({ "ModifySecurityGroupRulesRequest": request }))
    };
    let rule = |cidr: &str| {
        json!({"SecurityGroupRuleId": "sgr-1", "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 3389,
            "ToPort": 3389, "CidrIpv4": cidr}})
    };
    let acl = |action: &str, egress: bool| {
        call(
            "ec2",
            "CreateNetworkAclEntry",
            json!({"aclProtocol": "6", "cidrBlock": "0.0.0.0/0", "egress": egress,
            "icmpTypeCode": {}, "portRange": {"from": 22, "to": 22}, "ruleAction": action, "ruleNumber": 100}),
        )
    };
    let egress = permission("-1", None, v4(&["0.0.0.0/0"]));
    for (event, ports, direction) in [
        (changed(rule("0.0.0.0/0")), "3389", "unknown"),
        (changed(json!([rule("10.0.0.0/8"), rule("0.0.0.0/0")])), "3389", "unknown"),
        (changed(json!([])), "", ""),
        (call("ec2", "AuthorizeSecurityGroupEgress", egress), "all", "egress"),
        (acl("allow", false), "22", "ingress"),
        (acl("allow", true), "22", "egress"),
        (acl("deny", false), "", ""),
        (
            call("rds", "AuthorizeDBSecurityGroupIngress", json!({"cIDRIP": "0.0.0.0/0"})),
            "database",
            "ingress",
        ),
        (
            call("redshift", "AuthorizeClusterSecurityGroupIngress", json!({"cIDRIP": "0.0.0.0/0"})),
            "database",
            "ingress",
        ),
        (
            call(
                "lightsail",
                "OpenInstancePublicPorts",
                json!({"portInfo": {"fromPort": 22, "toPort": 22, "protocol": "tcp"}}),
            ),
            "22",
            "ingress",
        ),
        (
            call(
                "lightsail",
                "PutInstancePublicPorts",
                json!({"portInfos": [{"fromPort": 22, "toPort": 22,
                "protocol": "tcp", "cidrs": ["10.0.0.0/8"]}]}),
            ),
            "",
            "",
        ),
        (call("ec2", "RevokeSecurityGroupIngress", permission("-1", None, v4(&["0.0.0.0/0"]))), "", ""),
    ] {
        check(&event, &[("network.open_ports", ports), ("network.direction", direction)]);
    }
}

#[test]
fn peers_that_are_no_networks() {
    let peers = json!({"prefixListIds": [{"prefixListId": "pl-1"}],
        "groups": [{"groupId": "sg-2", "userId": "444455556666"}, {"groupId": "sg-3", "userId": ACCOUNT}]});
    let event = ingress(permission("tcp", Some((22, 22)), peers));
    check(&event, &[("network.prefix_lists", "pl-1"), ("network.foreign_groups", "444455556666")]);
    let lists = Lists { trusted_accounts: vec!["444455556666".to_owned()], ..Lists::default() };
    assert_eq!(values_with("network.foreign_groups", &event, &lists), "");
}

#[test]
fn what_the_user_allows_is_not_reported() {
    let lists = Lists {
        allowed_ports: vec![22],
        allowed_cidrs: vec!["54.0.0.0/8".parse().unwrap()],
        ..Lists::default()
    };
    let wide = ingress(permission("tcp", Some((22, 22)), v4(&["54.0.0.0/8"])));
    let world = ingress(permission("tcp", Some((22, 22)), v4(&["0.0.0.0/0"])));
    assert_eq!(values_with("network.wide_cidrs", &wide, &lists), "");
    assert_eq!(values_with("network.open_disallowed_ports", &world, &lists), "");
    check(&world, &[("network.open_disallowed_ports", "22")]);
}

#[test]
fn routes_and_subnets() {
    let route = |request: Json| call("ec2", "CreateRoute", request);
    for (event, target, to_world) in [
        (
            route(json!({"destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"})),
            "internet_gateway",
            "true",
        ),
        (route(json!({"destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1"})), "nat", "true"),
        (
            route(json!({"destinationIpv6CidrBlock": "::/0", "egressOnlyInternetGatewayId": "eigw-1"})),
            "egress_only_gateway",
            "true",
        ),
        (
            route(json!({"destinationCidrBlock": "10.0.0.0/8", "vpcPeeringConnectionId": "pcx-1"})),
            "peering",
            "false",
        ),
        (route(json!({"destinationCidrBlock": "10.0.0.0/8", "gatewayId": "vgw-1"})), "vpn", "false"),
        (call("ec2", "DeleteRoute", json!({"destinationCidrBlock": "0.0.0.0/0"})), "", "false"),
    ] {
        check(&event, &[("network.route_target", target), ("network.route_to_world", to_world)]);
    }
    let subnet = |value: bool| {
        call(
            "ec2",
            "ModifySubnetAttribute",
            json!({"subnetId": "s", "mapPublicIpOnLaunch": {"value": value}}),
        )
    };
    check(&subnet(true), &[("network.subnet_maps_public", "true")]);
    check(&subnet(false), &[("network.subnet_maps_public", "false")]);
    let block = |mode: &str| {
        call(
            "ec2",
            "ModifyVpcBlockPublicAccessOptions",
            json!({"ModifyVpcBlockPublicAccessOptionsRequest":
            {"InternetGatewayBlockMode": mode}}),
        )
    };
    check(&block("off"), &[("network.block_public_access_off", "true")]);
    check(&block("block-ingress"), &[("network.block_public_access_off", "false")]);
}

#[test]
fn flows() {
    use super::super::{View, named};
    let lists = Lists::default();
    for (source, destination, port, expected) in [
        ("203.0.113.9", "10.0.0.5", 22, ["true", "false", "ingress", "ssh"]),
        ("10.0.0.5", "203.0.113.9", 443, ["false", "true", "egress", ""]),
        ("10.0.0.5", "172.31.0.9", 3306, ["false", "false", "internal", "mysql"]),
        ("203.0.113.9", "8.8.8.8", 53, ["true", "true", "unknown", ""]),
    ] {
        let line = format!(
            "2 {ACCOUNT} eni-1 {source} {destination} 40000 {port} 6 5 500 1795161600 1795161660 ACCEPT OK"
        );
        let facts = ["flow.source_public", "flow.destination_public", "flow.direction", "flow.admin_port"];
        let seen = with_line(&line, |event| {
            facts.map(|name| {
                named(&format!("fact.{name}")).unwrap().tell(&View::new(event, &lists)).values().join(" ")
            })
        });
        assert_eq!(seen, expected, "{line}");
    }
    check(&ingress(json!({})), &[("flow.source_public", "false"), ("flow.admin_port", "")]);
}
