//! The resources that CloudTrail names.

use super::super::unmapped::Unmapped;
use crate::json::{JsonError, Raw, Reader};
use kinescope_schemas::{Class, Row, tables::api_activity as t};

/// Fills the column, of API activity only: the other classes have no such attribute.
pub(super) fn fill<'a>(row: &mut Row<'a>, unmapped: &mut Unmapped, class: Class, resources: Option<Raw<'a>>) {
    let Some(resources) = resources else { return };
    if class != Class::ApiActivity {
        return unmapped.add("", "resources", resources);
    }
    let mut list = String::with_capacity(resources.0.len() + 16);
    // The text was read once already, so it is well-formed; were it not, what was read of it stays.
    let _ = each(&mut Reader::new(resources.0, 0), &mut list, unmapped);
    if !list.is_empty() {
        list.push(']');
        row.set(t::RESOURCES, list);
    }
}

fn each(reader: &mut Reader<'_>, list: &mut String, unmapped: &mut Unmapped) -> Result<(), JsonError> {
    reader.enter_array()?;
    let mut first = true;
    while reader.item(&mut first)? {
        if reader.peek() == b'{' {
            resource(reader, list, unmapped)?;
        } else {
            unmapped.add("", "resources", reader.value()?);
        }
    }
    Ok(())
}

/// One resource. Its members are copied as they stand: they are JSON strings here and there.
fn resource(reader: &mut Reader<'_>, list: &mut String, unmapped: &mut Unmapped) -> Result<(), JsonError> {
    let start = reader.at();
    let (mut uid, mut prefix, mut kind, mut account) = (None, None, None, None);
    reader.enter_object()?;
    let mut first = true;
    while let Some(key) = reader.member(&mut first)? {
        let value = reader.value()?;
        let is_text = value.0.starts_with('"') && value.0.len() > 2;
        match &*key.text() {
            "ARN" if is_text => uid = Some(value),
            // A listing names no object, only where their names begin.
            "ARNPrefix" if is_text => prefix = Some(value),
            "type" if is_text => kind = Some(value),
            "accountId" if is_text => account = Some(value),
            _ => unmapped.add("resources.", &key.text(), value),
        }
    }
    let Some((member, name)) = uid.map(|uid| ("uid", uid)).or(prefix.map(|prefix| ("name", prefix))) else {
        unmapped.add("", "resources", Raw(&reader.whole()[start..reader.at()]));
        return Ok(());
    };
    list.push_str(if list.is_empty() { "[{\"" } else { ",{\"" });
    for part in [member, "\":", name.0] {
        list.push_str(part);
    }
    for (before, value, after) in
        [(",\"type\":", kind, ""), (",\"owner\":{\"account\":{\"uid\":", account, "}}")]
    {
        if let Some(value) = value {
            for part in [before, value.0, after] {
                list.push_str(part);
            }
        }
    }
    list.push('}');
    Ok(())
}
