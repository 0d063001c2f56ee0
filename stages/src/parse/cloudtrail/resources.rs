//! The resources that CloudTrail names.

use super::super::unmapped::{Unmapped, quote};
use crate::json::Raw;
use kinescope_schemas::{Class, Row, tables::api_activity as t};

/// Fills the column, of API activity only: the other classes have no such attribute.
pub(super) fn fill<'a>(row: &mut Row<'a>, unmapped: &mut Unmapped, class: Class, resources: Option<Raw<'a>>) {
    let Some(resources) = resources else { return };
    if class != Class::ApiActivity {
        return unmapped.add("", "resources", resources);
    }
    let mut list = String::from("[");
    for resource in resources.items() {
        let fields = resource.fields();
        let mut object = String::new();
        let mut member = |before: &str, value: Option<Raw<'_>>, after: &str| {
            if let Some(value) = value.and_then(Raw::text).filter(|text| !text.is_empty()) {
                object.push_str(if object.is_empty() { "" } else { "," });
                object.push_str(before);
                quote(&value, &mut object);
                object.push_str(after);
            }
        };
        member("\"uid\":", fields.get("ARN"), "");
        // A listing names no object, only where they begin.
        member("\"name\":", fields.get("ARNPrefix"), "");
        let named = |name: &str| fields.text(name).is_some_and(|text| !text.is_empty());
        if !named("ARN") && !named("ARNPrefix") {
            unmapped.add("", "resources", resource);
            continue;
        }
        member("\"type\":", fields.get("type"), "");
        member("\"owner\":{\"account\":{\"uid\":", fields.get("accountId"), "}}");
        for (name, value) in &fields.0 {
            if !matches!(&**name, "ARN" | "ARNPrefix" | "type" | "accountId") {
                unmapped.add("resources.", name, *value);
            }
        }
        list.push_str(if list.len() == 1 { "{" } else { ",{" });
        list.push_str(&object);
        list.push('}');
    }
    if list.len() > 1 {
        list.push(']');
        row.set(t::RESOURCES, list);
    }
}
