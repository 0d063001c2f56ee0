//! Ports that nobody means to open to the world: of administration, of data, and of what steers other machines.

/// By port.
const SERVICES: &[(u16, &str)] = &[
    (21, "ftp"),
    (22, "ssh"),
    (23, "telnet"),
    (111, "rpc"),
    (135, "rpc"),
    (139, "smb"),
    (389, "ldap"),
    (445, "smb"),
    (873, "rsync"),
    (1433, "mssql"),
    (1434, "mssql"),
    (1521, "oracle"),
    (2049, "nfs"),
    (2181, "zookeeper"),
    (2375, "docker"),
    (2376, "docker"),
    (2379, "etcd"),
    (2380, "etcd"),
    (3306, "mysql"),
    (3389, "rdp"),
    (4243, "docker"),
    (5432, "postgres"),
    (5439, "redshift"),
    (5601, "kibana"),
    (5672, "rabbitmq"),
    (5900, "vnc"),
    (5901, "vnc"),
    (5984, "couchdb"),
    (5985, "winrm"),
    (5986, "winrm"),
    (6379, "redis"),
    (6443, "kubernetes"),
    (7001, "cassandra"),
    (8500, "consul"),
    (8888, "jupyter"),
    (9042, "cassandra"),
    (9092, "kafka"),
    (9200, "elasticsearch"),
    (9300, "elasticsearch"),
    (10250, "kubelet"),
    (11211, "memcached"),
    (15672, "rabbitmq"),
    (27017, "mongodb"),
    (27018, "mongodb"),
];

/// The services with a port in the range, both ends included.
pub(super) fn services(from: u16, to: u16) -> Vec<&'static str> {
    SERVICES.iter().filter(|(port, _)| (from..=to).contains(port)).map(|(_, name)| *name).collect()
}
