//! Judges how wide an opening is. Many networks that together leave nobody out are as open as `0.0.0.0/0`.

use super::{
    Opening,
    opening::{Direction, Peer, Ports},
};
use crate::facts::Lists;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Changes with more openings are judged one opening at a time. A security group has 60 rules by default, and a
/// thousand at most.
const UNION_OPENINGS_MAX: usize = 256;

/// A public network of at most so many bits is wide.
const WIDE_BITS_V4: u8 = 8;
/// The same of IPv6.
const WIDE_BITS_V6: u8 = 16;

/// What nobody on the Internet has as an address: to leave it out closes nothing.
const RESERVED: &[Ipv4Net] = &[
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([224, 0, 0, 0], 3),
];

/// All of IPv6 that is given out.
const GIVEN_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

const fn v4([a, b, c, d]: [u8; 4], bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

/// Whether an address is nobody's on the Internet.
pub(super) fn is_reserved(address: Ipv4Addr) -> bool {
    RESERVED.iter().any(|net| net.contains(&address))
}

/// Whether a network is the whole Internet of its family.
pub(super) fn is_world(net: &IpNet) -> bool {
    match net {
        IpNet::V4(net) => net.prefix_len() == 0,
        IpNet::V6(net) => net.contains(&GIVEN_V6),
    }
}

fn is_wide(net: &IpNet) -> bool {
    match net {
        IpNet::V4(net) => {
            net.prefix_len() <= WIDE_BITS_V4 && !RESERVED.iter().any(|reserved| reserved.contains(net))
        }
        IpNet::V6(net) => {
            net.prefix_len() <= WIDE_BITS_V6 && (net.contains(&GIVEN_V6) || GIVEN_V6.contains(net))
        }
    }
}

/// Whether a network holds so few, or such private addresses that it says who they are.
pub(in crate::facts) fn is_narrow(net: &IpNet) -> bool {
    !is_world(net) && !is_wide(net)
}

/// Marks the openings that are the world, and those that are wide. Networks that the user allows are neither.
pub(super) fn judge(openings: &mut [Opening], lists: &Lists) {
    let judged: Vec<bool> =
        openings.iter().map(|opening| open_net(opening, lists).is_some_and(is_world)).collect();
    let unions = if openings.len() <= UNION_OPENINGS_MAX { unions(openings, lists) } else { Vec::new() };
    for (at, opening) in openings.iter_mut().enumerate() {
        let Some(net) = open_net(opening, lists).copied() else { continue };
        let in_union = || {
            unions.iter().any(|(direction, ports, v4)| {
                *direction == opening.direction && *ports == opening.ports && *v4 == net.addr().is_ipv4()
            })
        };
        opening.is_world = judged[at] || in_union();
        opening.is_wide = !opening.is_world && is_wide(&net);
    }
}

fn open_net<'o>(opening: &'o Opening, lists: &Lists) -> Option<&'o IpNet> {
    match &opening.peer {
        Peer::Net { net, .. } if !lists.allowed_cidrs.iter().any(|allowed| allowed.contains(net)) => {
            Some(net)
        }
        _ => None,
    }
}

/// The directions, ports and families (IPv4 or not) on which all networks together are the world.
fn unions(openings: &[Opening], lists: &Lists) -> Vec<(Direction, Ports, bool)> {
    let mut unions: Vec<(Direction, Ports, bool)> = Vec::new();
    for one in openings {
        let Some(net) = open_net(one, lists) else { continue };
        let key = (one.direction, one.ports, net.addr().is_ipv4());
        if is_world(net) || unions.contains(&key) {
            continue;
        }
        let nets = openings
            .iter()
            .filter(|other| other.direction == one.direction && other.ports.cover(&one.ports))
            .filter_map(|other| open_net(other, lists))
            .filter(|other| other.addr().is_ipv4() == key.2);
        let mut nets: Vec<IpNet> = nets.copied().collect();
        // One alone is no union.
        if nets.len() < 2 {
            continue;
        }
        nets.extend(RESERVED.iter().map(|net| IpNet::V4(*net)));
        let is_v4 = |net: &IpNet| net.addr().is_ipv4() == key.2;
        if IpNet::aggregate(&nets).iter().any(|net| is_v4(net) && is_world(net)) {
            unions.push(key);
        }
    }
    unions
}
