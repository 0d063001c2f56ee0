//! VPC flow records → network activity, as AWS itself maps them to OCSF.
//!
//! The order of the fields comes from a header, from a setting, or is the default of version 2; a record does not
//! tell it. So a line counts as a record only if its words fit: their number, the addresses, the time, the status.
//! The fields of versions 2 to 5 have columns; later ones are kept in `unmapped` by their names.

use super::{begin, key_of, set_class, set_time, unmapped::Unmapped};
use crate::decode::Context;
use kinescope_schemas::{
    Class, Event, Row, Source, Table, Value, tables::base, tables::network_activity as t,
};
use std::net::IpAddr;

mod fields;
#[cfg(test)]
mod tests;

use fields::{DEFAULT, Field, N_FIELDS};
pub use fields::{FlowFormat, FlowFormatError};

pub(super) fn parse<'a>(
    line: &'a str,
    context: Context<'a, '_>,
    format: Option<&FlowFormat>,
) -> Option<Event<'a>> {
    let record = context
        .header
        .and_then(|header| {
            Record::read(line, header.split_ascii_whitespace().map(|name| (Field::of(name), name)))
        })
        .or_else(|| Record::read(line, format?.fields()))
        .or_else(|| Record::read_default(line))?;
    let mut event = begin(Source::VpcFlow, Table::NetworkActivity, key_of(context, line), line, context);
    record.fill(&mut event.row, context);
    Some(event)
}

/// The words of a record by their fields; "" for what is absent.
struct Record<'a> {
    values: [&'a str; N_FIELDS],
    unmapped: Unmapped,
}

impl<'a> Record<'a> {
    /// Reads the words in the given order; `None` if their number differs or they make no record.
    fn read<'f>(line: &'a str, fields: impl Iterator<Item = (Field, &'f str)>) -> Option<Record<'a>> {
        let mut record = Record { values: [""; N_FIELDS], unmapped: Unmapped::default() };
        let mut words = line.split_ascii_whitespace();
        for (field, name) in fields {
            let word = words.next()?;
            if word == "-" {
                continue;
            }
            match field {
                Field::Other if fields::is_name(name) => record.unmapped.add_text(name, word),
                Field::Other => return None,
                field => record.values[field as usize] = word,
            }
        }
        (words.next().is_none() && record.is_plausible()).then_some(record)
    }

    /// The default order has no mark of its own but the version, so that more is asked of it.
    fn read_default(line: &'a str) -> Option<Record<'a>> {
        if !line.starts_with("2 ") {
            return None;
        }
        let record = Record::read(line, DEFAULT.iter().map(|field| (*field, "")))?;
        let account = record.get(Field::AccountId);
        let is_account = account == "unknown" || account.len() == 12 && is_number(account);
        let is_status = matches!(record.get(Field::LogStatus), "OK" | "NODATA" | "SKIPDATA");
        (is_account && is_status && is_number(record.get(Field::Start))).then_some(record)
    }

    fn get(&self, field: Field) -> &'a str {
        self.values[field as usize]
    }

    fn is_plausible(&self) -> bool {
        let address = |field| self.get(field).is_empty() || self.get(field).parse::<IpAddr>().is_ok();
        let number = |field| self.get(field).is_empty() || is_number(self.get(field));
        let any = !self.get(Field::SrcAddr).is_empty() || !self.get(Field::Start).is_empty();
        any && number(Field::Start)
            && number(Field::End)
            && address(Field::SrcAddr)
            && address(Field::DstAddr)
    }

    fn fill(mut self, row: &mut Row<'a>, context: Context<'a, '_>) {
        self.outcome(row);
        self.times(row, context);
        self.place(row);
        self.endpoints(row);
        self.connection(row);
        row.set(t::TRAFFIC_PACKETS, int(self.get(Field::Packets), i64::MAX));
        row.set(t::TRAFFIC_BYTES, int(self.get(Field::Bytes), i64::MAX));
        row.set(base::UNMAPPED, std::mem::take(&mut self.unmapped).finish());
    }

    fn outcome(&self, row: &mut Row<'a>) {
        let (activity, verdict) = match self.get(Field::Action) {
            "ACCEPT" => (6, 1),
            "REJECT" => (5, 2),
            _ => (0, 0),
        };
        set_class(row, Class::NetworkActivity, activity);
        row.set(t::ACTION_ID, verdict);
        row.set(t::DISPOSITION_ID, verdict);
        let log_status = self.get(Field::LogStatus);
        row.set(base::STATUS_CODE, value(log_status));
        let status = match log_status {
            "OK" => 1,
            "" => 0,
            _ => 99,
        };
        row.set(base::STATUS_ID, status);
    }

    fn times(&self, row: &mut Row<'a>, context: Context<'a, '_>) {
        let start = self.get(Field::Start);
        let start_ms = seconds_ms(start);
        set_time(row, start_ms, context);
        row.set(base::ORIGINAL_TIME, value(start));
        row.set(t::START_TIME, start_ms);
        row.set(t::END_TIME, seconds_ms(self.get(Field::End)));
    }

    fn place(&self, row: &mut Row<'a>) {
        row.set(base::PRODUCT_NAME, "Amazon VPC");
        row.set(base::PRODUCT_FEATURE, "Flowlogs");
        row.set(base::PRODUCT_VERSION, value(self.get(Field::Version)));
        row.set(t::CLOUD_ZONE, value(self.get(Field::AzId)));
        let account = self.get(Field::AccountId);
        if !account.is_empty() && account != "unknown" {
            row.set(base::CLOUD_ACCOUNT_UID, account);
        }
        if !self.get(Field::Region).is_empty() {
            row.set(base::CLOUD_REGION, self.get(Field::Region));
        }
    }

    fn endpoints(&self, row: &mut Row<'a>) {
        let (src, between) = addresses(self.get(Field::SrcAddr), self.get(Field::PktSrcAddr));
        row.set(t::SRC_ENDPOINT_IP, value(src));
        row.set(t::SRC_ENDPOINT_INTERMEDIATE_IPS, between);
        let (dst, between) = addresses(self.get(Field::DstAddr), self.get(Field::PktDstAddr));
        row.set(t::DST_ENDPOINT_IP, value(dst));
        row.set(t::DST_ENDPOINT_INTERMEDIATE_IPS, between);
        row.set(t::SRC_ENDPOINT_PORT, int(self.get(Field::SrcPort), PORT_MAX));
        row.set(t::DST_ENDPOINT_PORT, int(self.get(Field::DstPort), PORT_MAX));
        row.set(t::SRC_ENDPOINT_SVC_NAME, value(self.get(Field::PktSrcAwsService)));
        row.set(t::DST_ENDPOINT_SVC_NAME, value(self.get(Field::PktDstAwsService)));
        // OCSF requires a destination: with no address, as in NODATA, the interface is all there is.
        let at_source = self.get(Field::FlowDirection) == "egress" && !dst.is_empty();
        let columns = if at_source {
            [
                t::SRC_ENDPOINT_INTERFACE_UID,
                t::SRC_ENDPOINT_VPC_UID,
                t::SRC_ENDPOINT_SUBNET_UID,
                t::SRC_ENDPOINT_INSTANCE_UID,
            ]
        } else {
            [
                t::DST_ENDPOINT_INTERFACE_UID,
                t::DST_ENDPOINT_VPC_UID,
                t::DST_ENDPOINT_SUBNET_UID,
                t::DST_ENDPOINT_INSTANCE_UID,
            ]
        };
        let fields = [Field::InterfaceId, Field::VpcId, Field::SubnetId, Field::InstanceId];
        for (column, field) in columns.into_iter().zip(fields) {
            row.set(column, value(self.get(field)));
        }
    }

    fn connection(&self, row: &mut Row<'a>) {
        let protocol = int(self.get(Field::Protocol), PROTOCOL_MAX);
        row.set(t::PROTOCOL_NAME, protocol.and_then(protocol_name));
        row.set(t::PROTOCOL_NUM, protocol);
        let version = self.get(Field::Type);
        row.set(t::PROTOCOL_VER, value(version));
        let version_id = match version {
            "" => Value::Null,
            "IPv4" => Value::Int(4),
            "IPv6" => Value::Int(6),
            _ => Value::Int(99),
        };
        row.set(t::PROTOCOL_VER_ID, version_id);
        row.set(t::TCP_FLAGS, int(self.get(Field::TcpFlags), i64::from(i32::MAX)));
        let direction = match self.get(Field::FlowDirection) {
            "ingress" => 1,
            "egress" => 2,
            _ => 0,
        };
        row.set(t::DIRECTION_ID, direction);
        let path = self.get(Field::TrafficPath);
        if !path.is_empty() {
            // AWS's eight paths are OCSF's boundaries from 4 on.
            row.set(t::BOUNDARY_ID, int(path, 8).filter(|path| *path > 0).map_or(0, |path| path + 3));
        }
    }
}

const PORT_MAX: i64 = 65_535;
const PROTOCOL_MAX: i64 = 255;
/// The last second of the year 9999, which is the last that can be written as text.
const SECONDS_MAX: i64 = 253_402_300_799;

/// The address that the packet carried, and the one that the interface saw if that was another, as a JSON list.
fn addresses<'a>(plain: &'a str, packet: &'a str) -> (&'a str, Value<'a>) {
    if packet.is_empty() || packet == plain || packet.parse::<IpAddr>().is_err() {
        (plain, Value::Null)
    } else if plain.is_empty() {
        (packet, Value::Null)
    } else {
        (packet, Value::from(format!("[\"{plain}\"]")))
    }
}

fn value(word: &str) -> Value<'_> {
    if word.is_empty() { Value::Null } else { Value::from(word) }
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn int(word: &str, max: i64) -> Option<i64> {
    word.parse().ok().filter(|n| (0..=max).contains(n))
}

fn seconds_ms(word: &str) -> Option<i64> {
    int(word, SECONDS_MAX).map(|seconds| seconds * 1_000)
}

/// IANA's name of a protocol, of those that flow logs show.
fn protocol_name(number: i64) -> Option<&'static str> {
    Some(match number {
        1 => "icmp",
        2 => "igmp",
        4 => "ipv4",
        6 => "tcp",
        17 => "udp",
        41 => "ipv6",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "ipv6-icmp",
        89 => "ospfigp",
        103 => "pim",
        112 => "vrrp",
        132 => "sctp",
        _ => return None,
    })
}
