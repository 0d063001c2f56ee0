//! The fields of a flow record and the order in which a custom format has them.

/// A field that has a column, or another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Version,
    AccountId,
    InterfaceId,
    SrcAddr,
    DstAddr,
    SrcPort,
    DstPort,
    Protocol,
    Packets,
    Bytes,
    Start,
    End,
    Action,
    LogStatus,
    VpcId,
    SubnetId,
    InstanceId,
    TcpFlags,
    Type,
    PktSrcAddr,
    PktDstAddr,
    Region,
    AzId,
    PktSrcAwsService,
    PktDstAwsService,
    FlowDirection,
    TrafficPath,
    /// No column: kept by its name.
    Other,
}

/// Fields that have a column.
pub(super) const N_FIELDS: usize = Field::Other as usize;

/// The default format: the fields of version 2 in this order.
pub(super) const DEFAULT: [Field; 14] = [
    Field::Version,
    Field::AccountId,
    Field::InterfaceId,
    Field::SrcAddr,
    Field::DstAddr,
    Field::SrcPort,
    Field::DstPort,
    Field::Protocol,
    Field::Packets,
    Field::Bytes,
    Field::Start,
    Field::End,
    Field::Action,
    Field::LogStatus,
];

impl Field {
    /// The field of this name.
    pub(super) fn of(name: &str) -> Field {
        match name {
            "version" => Field::Version,
            "account-id" => Field::AccountId,
            "interface-id" => Field::InterfaceId,
            "srcaddr" => Field::SrcAddr,
            "dstaddr" => Field::DstAddr,
            "srcport" => Field::SrcPort,
            "dstport" => Field::DstPort,
            "protocol" => Field::Protocol,
            "packets" => Field::Packets,
            "bytes" => Field::Bytes,
            "start" => Field::Start,
            "end" => Field::End,
            "action" => Field::Action,
            "log-status" => Field::LogStatus,
            "vpc-id" => Field::VpcId,
            "subnet-id" => Field::SubnetId,
            "instance-id" => Field::InstanceId,
            "tcp-flags" => Field::TcpFlags,
            "type" => Field::Type,
            "pkt-srcaddr" => Field::PktSrcAddr,
            "pkt-dstaddr" => Field::PktDstAddr,
            "region" => Field::Region,
            "az-id" => Field::AzId,
            "pkt-src-aws-service" => Field::PktSrcAwsService,
            "pkt-dst-aws-service" => Field::PktDstAwsService,
            "flow-direction" => Field::FlowDirection,
            "traffic-path" => Field::TrafficPath,
            _ => Field::Other,
        }
    }
}

/// Whether a word may name a field that we do not know: AWS adds some with every version.
pub(super) fn is_name(word: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    word.starts_with(|first: char| first.is_ascii_alphabetic()) && word.bytes().all(letter)
}

/// The order of the fields of flow records, for records that come without a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowFormat(Vec<(Field, String)>);

/// Why a text is no flow log format. Fits after "failed to read the flow format".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowFormatError {
    /// Without it, a record cannot be told from other text, or says nothing.
    #[error("no {0} among the fields: the format needs srcaddr, dstaddr and start")]
    Missing(&'static str),
    /// A word that cannot be a field.
    #[error("{0:?} is no field name: write ${{version}} ${{account-id}} and so on, as the flow log has it")]
    Name(String),
}

impl FlowFormat {
    /// Reads `${version} ${account-id} …`, as AWS shows a custom format, or the plain names, as a header has them.
    pub fn new(text: &str) -> Result<FlowFormat, FlowFormatError> {
        let mut fields = Vec::new();
        for word in text.split_ascii_whitespace() {
            let name = word.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(word);
            if !is_name(name) {
                return Err(FlowFormatError::Name(word.to_owned()));
            }
            fields.push((Field::of(name), name.to_owned()));
        }
        for needed in ["srcaddr", "dstaddr", "start"] {
            if !fields.iter().any(|(_, name)| name == needed) {
                return Err(FlowFormatError::Missing(needed));
            }
        }
        Ok(FlowFormat(fields))
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (Field, &str)> {
        self.0.iter().map(|(field, name)| (*field, name.as_str()))
    }
}
