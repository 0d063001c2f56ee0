//! VPC flow.
use crate::decode::Context;
use kinescope_schemas::Event;
/// The order of the fields.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowFormat(Vec<String>);
/// Why.
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct FlowFormatError;
pub(super) fn parse<'a>(_line: &'a str, _context: Context<'a, '_>, _format: Option<&FlowFormat>) -> Option<Event<'a>> { None }
