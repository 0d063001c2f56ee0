//! VPC flow logs and network load balancers.

/// Documentation of the table.
pub const DOC: &str = "Network activity (4001): one row a VPC flow record, or a TLS connection that a network load \
balancer logged. Bytes and packets go one way, from source to destination.";

columns! { super::base::END;
    /// Source address, the packet's own where a middle box changed it.
    SRC_ENDPOINT_IP "src_endpoint.ip" Text;
    /// Source port.
    SRC_ENDPOINT_PORT "src_endpoint.port" Int;
    /// AWS service at the source.
    SRC_ENDPOINT_SVC_NAME "src_endpoint.svc_name" Text;
    /// Addresses between, on the source's side: JSON list.
    SRC_ENDPOINT_INTERMEDIATE_IPS "src_endpoint.intermediate_ips" Json;
    /// Network interface, when the source is ours.
    SRC_ENDPOINT_INTERFACE_UID "src_endpoint.interface_uid" Text;
    /// Its VPC.
    SRC_ENDPOINT_VPC_UID "src_endpoint.vpc_uid" Text;
    /// Its subnet.
    SRC_ENDPOINT_SUBNET_UID "src_endpoint.subnet_uid" Text;
    /// Its instance.
    SRC_ENDPOINT_INSTANCE_UID "src_endpoint.instance_uid" Text;
    /// Destination address.
    DST_ENDPOINT_IP "dst_endpoint.ip" Text;
    /// Destination port.
    DST_ENDPOINT_PORT "dst_endpoint.port" Int;
    /// AWS service at the destination.
    DST_ENDPOINT_SVC_NAME "dst_endpoint.svc_name" Text;
    /// Addresses between, on the destination's side: JSON list.
    DST_ENDPOINT_INTERMEDIATE_IPS "dst_endpoint.intermediate_ips" Json;
    /// Network interface, when the destination is ours or the direction is not known.
    DST_ENDPOINT_INTERFACE_UID "dst_endpoint.interface_uid" Text;
    /// Its VPC.
    DST_ENDPOINT_VPC_UID "dst_endpoint.vpc_uid" Text;
    /// Its subnet.
    DST_ENDPOINT_SUBNET_UID "dst_endpoint.subnet_uid" Text;
    /// Its instance.
    DST_ENDPOINT_INSTANCE_UID "dst_endpoint.instance_uid" Text;
    /// The load balancer's name.
    DST_ENDPOINT_NAME "dst_endpoint.name" Text;
    /// IANA protocol number.
    PROTOCOL_NUM "connection_info.protocol_num" Int;
    /// Its name: tcp, udp, icmp.
    PROTOCOL_NAME "connection_info.protocol_name" Text;
    /// IPv4, IPv6 or EFA, as the log says.
    PROTOCOL_VER "connection_info.protocol_ver" Text;
    /// 4, 6, or 99 other.
    PROTOCOL_VER_ID "connection_info.protocol_ver_id" Int;
    /// All TCP flags seen, or'ed.
    TCP_FLAGS "connection_info.tcp_flags" Int;
    /// 1 inbound, 2 outbound, 0 unknown.
    DIRECTION_ID "connection_info.direction_id" Int;
    /// The path out of the VPC (OCSF boundary).
    BOUNDARY_ID "connection_info.boundary_id" Int;
    /// Bytes.
    TRAFFIC_BYTES "traffic.bytes" Long;
    /// Packets.
    TRAFFIC_PACKETS "traffic.packets" Long;
    /// Bytes that the source received (connections only).
    TRAFFIC_BYTES_IN "traffic.bytes_in" Long;
    /// Bytes that the source sent (connections only).
    TRAFFIC_BYTES_OUT "traffic.bytes_out" Long;
    /// 1 allowed, 2 denied, 0 unknown.
    ACTION_ID "action_id" Int;
    /// 1 allowed, 2 blocked, 0 unknown.
    DISPOSITION_ID "disposition_id" Int;
    /// Start of the capture window, milliseconds since 1970.
    START_TIME "start_time" Long;
    /// End of the capture window.
    END_TIME "end_time" Long;
    /// Length of the connection in milliseconds.
    DURATION "duration" Long;
    /// Availability zone id.
    CLOUD_ZONE "cloud.zone" Text;
    /// TLS version.
    TLS_VERSION "tls.version" Text;
    /// TLS cipher.
    TLS_CIPHER "tls.cipher" Text;
    /// TLS server name.
    TLS_SNI "tls.sni" Text;
}
