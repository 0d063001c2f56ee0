//! A network load balancer's TLS connections.

use super::{PRODUCT, address, int, place_of};
use crate::{
    decode::Context,
    parse::{begin, elb::Words, key_of, set_class, set_status, set_time, time::epoch_ms, unmapped::Unmapped},
};
use kinescope_schemas::{
    Class, Event, Row, Source, Table, Value, tables::base, tables::network_activity as t,
};

const FIELDS: [&str; 22] = [
    "type",
    "version",
    "time",
    "elb",
    "listener",
    "client:port",
    "destination:port",
    "connection_time",
    "tls_handshake_time",
    "received_bytes",
    "sent_bytes",
    "incoming_tls_alert",
    "chosen_cert_arn",
    "chosen_cert_serial",
    "tls_cipher",
    "tls_protocol_version",
    "tls_named_group",
    "domain_name",
    "alpn_fe_protocol",
    "alpn_be_protocol",
    "alpn_client_preference_list",
    "tls_connection_creation_time",
];

/// Fields without which a line is none of ours.
const FIELDS_MIN: usize = 12;

pub(super) fn parse<'a>(line: &'a str, context: Context<'a, '_>) -> Option<Event<'a>> {
    let mut words = Words::new(line);
    let mut fields = [""; FIELDS.len()];
    let mut n_fields = 0;
    for (field, word) in fields.iter_mut().zip(&mut words) {
        *field = word;
        n_fields += 1;
    }
    let time_ms = epoch_ms(fields[2])?;
    address(fields[5])?;
    if n_fields < FIELDS_MIN {
        return None;
    }
    let mut event = begin(Source::Nlb, Table::NetworkActivity, key_of(context, line), line, context);
    let row = &mut event.row;
    // "Traffic": a connection that has ended, of which the bytes are known.
    set_class(row, Class::NetworkActivity, 6);
    set_time(row, Some(time_ms), context);
    row.set(base::ORIGINAL_TIME, fields[2]);
    row.set(base::PRODUCT_NAME, PRODUCT);
    row.set(base::PRODUCT_FEATURE, "Network Load Balancer");
    row.set(base::PRODUCT_VERSION, Value::text_or_null(fields[1]));
    row.set(t::ACTION_ID, 1);
    row.set(t::DISPOSITION_ID, 1);
    // Without a cipher, the two never agreed on one.
    set_status(row, Some(!matches!(fields[14], "-" | "")));
    endpoints(row, &fields);
    traffic(row, &fields);
    row.set(t::END_TIME, time_ms);
    row.set(t::START_TIME, epoch_ms(fields[21]));
    place_of(row, [fields[12], ""]);
    let mut unmapped = Unmapped::default();
    for at in [0, 4, 8, 11, 12, 13, 16, 18, 19, 20] {
        unmapped.add_text(FIELDS[at], fields[at]);
    }
    for (at, later) in words.enumerate() {
        unmapped.add_text(&format!("field_{}", FIELDS.len() + at + 1), later);
    }
    row.set(base::UNMAPPED, unmapped.finish());
    Some(event)
}

fn endpoints<'a>(row: &mut Row<'a>, fields: &[&'a str; 22]) {
    if let Some((ip, port)) = address(fields[5]) {
        row.set(t::SRC_ENDPOINT_IP, ip);
        row.set(t::SRC_ENDPOINT_PORT, port);
    }
    if let Some((ip, port)) = address(fields[6]) {
        row.set(t::DST_ENDPOINT_IP, ip);
        row.set(t::DST_ENDPOINT_PORT, port);
    }
    row.set(t::DST_ENDPOINT_NAME, Value::text_or_null(fields[3]));
    row.set(t::PROTOCOL_NUM, 6);
    row.set(t::PROTOCOL_NAME, "tcp");
    row.set(t::DIRECTION_ID, 1);
    if let version @ Value::Text(_) = Value::text_or_null(fields[15]) {
        row.set(t::TLS_VERSION, version);
        row.set(t::TLS_CIPHER, Value::text_or_null(fields[14]));
        row.set(t::TLS_SNI, Value::text_or_null(fields[17]));
    }
}

fn traffic(row: &mut Row<'_>, fields: &[&str; 22]) {
    let (received, sent) = (int(fields[9], i64::MAX), int(fields[10], i64::MAX));
    row.set(t::TRAFFIC_BYTES_OUT, received);
    row.set(t::TRAFFIC_BYTES_IN, sent);
    row.set(t::TRAFFIC_BYTES, received.zip(sent).and_then(|(received, sent)| received.checked_add(sent)));
    row.set(t::DURATION, int(fields[7], i64::MAX));
}
