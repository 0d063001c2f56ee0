//! Which addresses and ports a change opens: security groups and the older groups of databases, network ACLs, routes.

use super::{Fact, Text, View, lists::network, members};
use std::net::IpAddr;

pub(super) mod flow;
mod opening;
mod ports;
#[cfg(test)]
mod tests;
mod world;

pub(super) use opening::Opening;
use opening::{Direction, Peer, Ports};
pub(super) use world::is_narrow;

pub(super) const FACTS: &[Fact] = &[
    Fact::flag("network.open_to_world", "a change lets every address of the Internet in or out", |view| {
        view.openings().iter().any(|opening| opening.is_world)
    }),
    Fact::texts("network.direction", "of what is open or wide: ingress, egress or unknown", directions),
    Fact::texts(
        "network.open_cidrs",
        "the networks, as written, that let every address of the Internet pass",
        |view| texts(view, |opening| opening.is_world, Opening::cidr),
    ),
    Fact::texts(
        "network.wide_cidrs",
        "public networks of a /8 or wider (IPv6: /16) that are let pass",
        |view| texts(view, |opening| opening.is_wide, Opening::cidr),
    ),
    Fact::texts("network.open_ports", "ports open to the world: 22, 8000-8100, all, or icmp", |view| {
        texts(view, |opening| opening.is_world, |opening| Some(opening.ports.to_string().into()))
    }),
    Fact::texts(
        "network.open_admin_ports",
        "services of administration and data among the ports open to the world: ssh, rdp, mysql",
        admin_ports,
    ),
    Fact::texts(
        "network.open_disallowed_ports",
        "ports open to the world that lists.allowed_ports has not",
        |view| {
            let allowed = &view.lists.allowed_ports;
            let is_bad = |opening: &Opening| opening.is_world && !opening.ports.are_allowed(allowed);
            texts(view, is_bad, |opening| Some(opening.ports.to_string().into()))
        },
    ),
    Fact::flag(
        "network.open_all_ports",
        "every port of a protocol, or of all, is open to the world",
        |view| view.openings().iter().any(|opening| opening.is_world && opening.ports == Ports::All),
    ),
    Fact::flag("network.open_all_protocols", "every protocol is open to the world", |view| {
        view.openings().iter().any(|opening| opening.is_world && opening.is_any_protocol)
    }),
    Fact::texts("network.prefix_lists", "managed prefix lists that are let pass", |view| {
        texts(
            view,
            |_| true,
            |opening| match &opening.peer {
                Peer::PrefixList(id) => Some(id.clone().into()),
                _ => None,
            },
        )
    }),
    Fact::texts(
        "network.foreign_groups",
        "security groups of foreign accounts that are let pass, by account",
        |view| {
            texts(
                view,
                |_| true,
                |opening| match &opening.peer {
                    Peer::Group { account } if view.is_foreign(account) => Some(account.clone().into()),
                    _ => None,
                },
            )
        },
    ),
    Fact::texts(
        "network.route_target",
        "what a route leads to: internet_gateway, nat, peering, transit, vpn",
        |view| route_target(view).map(Text::from).into_iter().collect(),
    ),
    Fact::flag(
        "network.route_to_world",
        "the route is the one for every address of the Internet",
        route_to_world,
    ),
    Fact::flag("network.subnet_maps_public", "machines started in the subnet get public addresses", |view| {
        view.is("ec2", &["ModifySubnetAttribute"]) && view.asked_flag("mapPublicIpOnLaunch", true)
    }),
    Fact::flag(
        "network.block_public_access_off",
        "the VPCs' block of public access is lifted or given a hole",
        |view| {
            view.is("ec2", &["ModifyVpcBlockPublicAccessOptions"])
                && view.asked_text("InternetGatewayBlockMode").eq_ignore_ascii_case("off")
                || view.is("ec2", &["CreateVpcBlockPublicAccessExclusion"])
        },
    ),
];

fn texts(
    view: &View<'_>,
    chosen: impl Fn(&Opening) -> bool,
    text: impl Fn(&Opening) -> Option<Text>,
) -> Vec<Text> {
    view.openings().iter().filter(|opening| chosen(opening)).filter_map(text).collect()
}

fn directions(view: &View<'_>) -> Vec<Text> {
    texts(
        view,
        |opening| opening.is_world || opening.is_wide,
        |opening| {
            Some(
                match opening.direction {
                    Direction::Ingress => "ingress",
                    Direction::Egress => "egress",
                    Direction::Unknown => "unknown",
                }
                .into(),
            )
        },
    )
}

fn admin_ports(view: &View<'_>) -> Vec<Text> {
    let open = view.openings().iter().filter(|opening| opening.is_world);
    open.flat_map(|opening| opening.ports.admin()).map(Text::from).collect()
}

/// What the event opens, judged.
pub(super) fn openings(view: &View<'_>) -> Vec<Opening> {
    let mut openings = opening::of(view);
    world::judge(&mut openings, view.lists);
    openings
}

const ROUTES: &[&str] = &["CreateRoute", "ReplaceRoute"];

/// Members that name a route's target, and what kind it is.
const ROUTE_TARGETS: &[(&str, &str)] = &[
    ("natGatewayId", "nat"),
    ("egressOnlyInternetGatewayId", "egress_only_gateway"),
    ("vpcPeeringConnectionId", "peering"),
    ("transitGatewayId", "transit"),
    ("networkInterfaceId", "network_interface"),
    ("instanceId", "instance"),
    ("carrierGatewayId", "carrier_gateway"),
    ("localGatewayId", "local_gateway"),
    ("vpcEndpointId", "endpoint"),
    ("coreNetworkArn", "core_network"),
];

fn route_target(view: &View<'_>) -> Option<&'static str> {
    if !view.is("ec2", ROUTES) {
        return None;
    }
    let gateway = view.asked_text("gatewayId");
    match gateway.split('-').next() {
        Some("igw") => Some("internet_gateway"),
        Some("vgw") => Some("vpn"),
        Some("vpce") => Some("endpoint"),
        Some("local") => Some("local"),
        _ => ROUTE_TARGETS.iter().find(|(name, _)| view.asks(name)).map(|(_, kind)| *kind),
    }
}

fn route_to_world(view: &View<'_>) -> bool {
    let names = ["destinationCidrBlock", "destinationIpv6CidrBlock"];
    view.is("ec2", ROUTES)
        && names.iter().any(|name| network(&view.asked_text(name)).is_some_and(|net| world::is_world(&net)))
}

/// Whether an address belongs to the Internet: neither private, nor this machine's, nor set apart for tests, several
/// receivers or the future. Addresses for documents count as public: that is what examples mean by them.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => !world::is_reserved(v4),
        // What is given out of IPv6 is 2000::/3.
        IpAddr::V6(v6) => v6.segments()[0] & 0xe000 == 0x2000,
    }
}
