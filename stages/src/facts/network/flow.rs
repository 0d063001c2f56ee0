//! What a VPC flow record shows of the road that traffic took. Whether it was let pass is a column: `action_id`.

use super::{is_public, ports};
use crate::facts::{Fact, Text, View};
use kinescope_schemas::{Source, tables::network_activity as t};

pub(in crate::facts) const FACTS: &[Fact] = &[
    Fact::flag("flow.source_public", "the traffic's source is an address of the Internet", |view| {
        view.flow_source().is_some_and(is_public)
    }),
    Fact::flag(
        "flow.destination_public",
        "the traffic's destination is an address of the Internet",
        |view| view.flow_destination().is_some_and(is_public),
    ),
    Fact::texts("flow.direction", "ingress, egress, internal, or unknown", |view| {
        direction(view).map(Text::from).into_iter().collect()
    }),
    Fact::texts(
        "flow.admin_port",
        "the service of administration or data at the destination's port: ssh, rdp",
        |view| {
            if view.event.source != Source::VpcFlow {
                return Vec::new();
            }
            let port = view.event.row.int(t::DST_ENDPOINT_PORT).and_then(|port| u16::try_from(port).ok());
            port.map(|port| ports::services(port, port))
                .unwrap_or_default()
                .into_iter()
                .map(Text::from)
                .collect()
        },
    ),
];

/// As the record says, or else by which end is on the Internet.
fn direction(view: &View<'_>) -> Option<&'static str> {
    let (source, destination) = (view.flow_source()?, view.flow_destination()?);
    Some(match (view.event.row.int(t::DIRECTION_ID), is_public(source), is_public(destination)) {
        (_, false, false) => "internal",
        (Some(1), ..) => "ingress",
        (Some(2), ..) => "egress",
        (_, true, false) => "ingress",
        (_, false, true) => "egress",
        (_, true, true) => "unknown",
    })
}
