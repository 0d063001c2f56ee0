//! stub
use super::{begin, key_of, set_class, set_time};
use crate::{decode::Context, json::Fields};
use kinescope_schemas::{Class, Event, Source, Table};
pub(super) fn parse_line<'a>(line: &'a str, context: Context<'a, '_>) -> Event<'a> {
    let mut event = begin(Source::Unknown, Table::Logs, key_of(context, line), line, context);
    set_class(&mut event.row, Class::Base, 99);
    set_time(&mut event.row, None, context);
    event
}
pub(super) fn parse_json<'a>(_fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Event<'a> { parse_line(raw, context) }
