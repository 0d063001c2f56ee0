//! Collects what a change lets pass, from all the shapes in which calls say it.

use super::{Text, View, members, network, ports};
use ipnet::IpNet;
use serde_json::Value as Json;
use std::{borrow::Cow, fmt};

/// One network, group or list that is let pass, on some ports.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::facts) struct Opening {
    pub(super) direction: Direction,
    pub(super) peer: Peer,
    pub(super) is_any_protocol: bool,
    pub(super) ports: Ports,
    /// Alone, or with others of the same change, it lets the whole Internet pass.
    pub(super) is_world: bool,
    /// Its network is public and very wide, if not the whole Internet.
    pub(super) is_wide: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Direction {
    Ingress,
    Egress,
    /// A changed rule does not tell its direction.
    Unknown,
}

/// Who is let pass.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Peer {
    Net { net: IpNet, written: String },
    PrefixList(String),
    Group { account: String },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ports {
    All,
    Range(u16, u16),
    /// The protocol has types instead.
    Icmp,
    /// Those of a service whose calls name no port.
    Of(&'static str),
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ports::All => f.write_str("all"),
            Ports::Range(from, to) if from == to => write!(f, "{from}"),
            Ports::Range(from, to) => write!(f, "{from}-{to}"),
            Ports::Icmp => f.write_str("icmp"),
            Ports::Of(service) => f.write_str(service),
        }
    }
}

impl Ports {
    /// As a rule writes them. Ports that are missing or negative mean all.
    fn new(protocol: &str, from: Option<i64>, to: Option<i64>) -> Ports {
        match protocol.to_ascii_lowercase().as_str() {
            "icmp" | "icmpv6" | "1" | "58" => return Ports::Icmp,
            "tcp" | "6" | "udp" | "17" | "sctp" | "132" | "" => {}
            // Every other protocol passes whole.
            _ => return Ports::All,
        }
        let port = |n: Option<i64>| n.and_then(|n| u16::try_from(n).ok());
        match (port(from), port(to.or(from))) {
            (Some(0 | 1), Some(u16::MAX)) | (None, _) | (_, None) => Ports::All,
            (Some(from), Some(to)) => Ports::Range(from.min(to), from.max(to)),
        }
    }

    /// Whether all of them are on the list. Types of ICMP are not its matter.
    pub(super) fn are_allowed(&self, allowed: &[u16]) -> bool {
        match *self {
            Ports::Icmp => true,
            Ports::All | Ports::Of(_) => false,
            Ports::Range(from, to) => (from..=to).all(|port| allowed.contains(&port)),
        }
    }

    /// The services of administration and data among them.
    pub(super) fn admin(&self) -> Vec<&'static str> {
        match *self {
            Ports::Icmp => Vec::new(),
            Ports::All => ports::services(0, u16::MAX),
            Ports::Range(from, to) => ports::services(from, to),
            Ports::Of(service) => vec![service],
        }
    }

    /// Whether all of the other's are among them.
    pub(super) fn cover(&self, other: &Ports) -> bool {
        match (self, other) {
            (Ports::All, Ports::All | Ports::Range(..)) => true,
            (Ports::Range(a, b), Ports::Range(from, to)) => a <= from && to <= b,
            (one, other) => one == other,
        }
    }
}

impl Opening {
    /// The network, as it was written.
    pub(super) fn cidr(&self) -> Option<Text> {
        match &self.peer {
            Peer::Net { written, .. } => Some(written.clone().into()),
            _ => None,
        }
    }
}

/// Members that hold a network, in every spelling; the case of letters does not matter.
const CIDRS: &[&str] =
    &["cidrIp", "cidrIpv4", "cidrIpv6", "cidrBlock", "ipv6CidrBlock", "cidr", "cidrs", "ipv6Cidrs"];

/// One rule: the lists of its peers inside, or the peer beside the ports.
struct Rule<'j> {
    json: &'j Json,
    direction: Direction,
    ports: Ports,
    is_any_protocol: bool,
}

impl<'j> Rule<'j> {
    fn new(json: &'j Json, direction: Direction) -> Rule<'j> {
        let first =
            |names: &[&str]| names.iter().map(|name| members::at(json, name)).find(|value| !value.is_null());
        let protocol =
            first(&["ipProtocol", "aclProtocol", "protocol"]).and_then(members::text).unwrap_or_default();
        let number = |names: &[&str]| first(names).and_then(members::number);
        let from = number(&["fromPort", "portRange.from"]);
        let to = number(&["toPort", "portRange.to"]);
        let is_any_protocol = matches!(protocol.as_ref(), "-1") || protocol.eq_ignore_ascii_case("all");
        Rule { json, direction, ports: Ports::new(&protocol, from, to), is_any_protocol }
    }

    fn with(&self, peer: Peer) -> Opening {
        Opening {
            direction: self.direction,
            peer,
            is_any_protocol: self.is_any_protocol,
            ports: self.ports,
            is_world: false,
            is_wide: false,
        }
    }

    /// The peers: beside the ports, and in `ipRanges`, `ipv6Ranges`, `prefixListIds` and `groups`.
    fn openings(&self, into: &mut Vec<Opening>) {
        let ranges = ["ipRanges", "ipv6Ranges"].into_iter().flat_map(|name| members::each(self.json, name));
        for place in std::iter::once(self.json).chain(ranges) {
            for text in cidrs(place) {
                if let Some(net) = network(&text) {
                    into.push(self.with(Peer::Net { net, written: text.into_owned() }));
                }
            }
        }
        for path in ["prefixListIds.prefixListId", "prefixListId"] {
            let ids = members::texts(self.json, path);
            into.extend(ids.into_iter().map(|id| self.with(Peer::PrefixList(id.into_owned()))));
        }
        for path in ["groups.userId", "referencedGroupInfo.userId", "sourceSecurityGroupOwnerId"] {
            let accounts = members::texts(self.json, path);
            into.extend(
                accounts.into_iter().map(|account| self.with(Peer::Group { account: account.into_owned() })),
            );
        }
    }
}

/// The networks that an object names by its own members.
fn cidrs(place: &Json) -> Vec<Cow<'_, str>> {
    let own = place.as_object().into_iter().flatten();
    let named = own.filter(|(key, _)| CIDRS.iter().any(|name| key.eq_ignore_ascii_case(name)));
    named.flat_map(|(_, value)| members::list(value)).filter_map(members::text).collect()
}

/// What the event opens, not yet judged.
pub(super) fn of(view: &View<'_>) -> Vec<Opening> {
    let mut openings = Vec::new();
    let request = view.request();
    let mut add = |json: &Json, direction| Rule::new(json, direction).openings(&mut openings);
    match (view.service(), view.operation()) {
        ("ec2", operation @ ("AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress")) => {
            let direction =
                if operation.ends_with("Ingress") { Direction::Ingress } else { Direction::Egress };
            add(request, direction);
            members::each(request, "ipPermissions").into_iter().for_each(|rule| add(rule, direction));
        }
        ("ec2", "ModifySecurityGroupRules") => {
            let rules = members::each(request, "SecurityGroupRule.SecurityGroupRule");
            rules.into_iter().for_each(|rule| add(rule, Direction::Unknown));
        }
        ("ec2", "CreateNetworkAclEntry" | "ReplaceNetworkAclEntry")
            if view.asked_text("ruleAction").eq_ignore_ascii_case("allow") =>
        {
            let is_egress = view.asked_flag("egress", true);
            add(request, if is_egress { Direction::Egress } else { Direction::Ingress });
        }
        ("ec2", "CreateManagedPrefixList" | "ModifyManagedPrefixList") => {
            for path in ["entry", "addEntry"] {
                members::each(request, path).into_iter().for_each(|entry| add(entry, Direction::Unknown));
            }
        }
        ("lightsail", "OpenInstancePublicPorts" | "PutInstancePublicPorts") => {
            for path in ["portInfo", "portInfos"] {
                members::each(request, path).into_iter().for_each(|info| lightsail(info, &mut add));
            }
        }
        ("rds", "AuthorizeDBSecurityGroupIngress")
        | ("redshift", "AuthorizeClusterSecurityGroupIngress")
        | ("elasticache", "AuthorizeCacheSecurityGroupIngress") => database(request, &mut openings),
        _ => {}
    }
    openings
}

/// Lightsail opens to everybody unless networks are named.
fn lightsail(info: &Json, add: &mut impl FnMut(&Json, Direction)) {
    let is_narrow = ["cidrs", "ipv6Cidrs"].iter().any(|name| !members::texts(info, name).is_empty());
    let mut info = info.clone();
    if let Some(members) = info.as_object_mut().filter(|_| !is_narrow) {
        members.insert("cidrs".to_owned(), Json::from(vec!["0.0.0.0/0"]));
    }
    add(&info, Direction::Ingress);
}

/// The groups of databases from before VPCs: a network or a group, and the port is the database's own.
fn database(request: &Json, openings: &mut Vec<Opening>) {
    let rule = Rule {
        json: request,
        direction: Direction::Ingress,
        ports: Ports::Of("database"),
        is_any_protocol: false,
    };
    rule.openings(openings);
    let owners = members::texts(request, "eC2SecurityGroupOwnerId");
    openings
        .extend(owners.into_iter().map(|account| rule.with(Peer::Group { account: account.into_owned() })));
}
