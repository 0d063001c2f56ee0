//! stub
use crate::{decode::Context, json::Fields};
use kinescope_schemas::Event;
pub(super) fn parse_line<'a>(_line: &'a str, _context: Context<'a, '_>) -> Option<Event<'a>> { None }
pub(super) fn parse_json<'a>(_fields: &Fields<'a>, _raw: &'a str, _context: Context<'a, '_>) -> Option<Event<'a>> { None }
