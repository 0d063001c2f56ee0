//! stub
use crate::decode::Context;
use kinescope_schemas::Event;
pub(super) fn parse<'a>(_line: &'a str, _context: Context<'a, '_>) -> Option<Event<'a>> { None }
