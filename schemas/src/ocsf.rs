//! OCSF 1.3.0: the classes and severities we use, and an event in its nested form.
//!
//! 1.3.0 is the newest version that Security Lake takes from a custom source.

use crate::{
    event::Event,
    row::{Row, Value},
    table::{Column, Kind, Table},
};
use serde_json::Value as Json;
use tree::{Node, Object};

mod quoted;
mod required;
mod tree;

/// What our own findings and metrics name as their product.
pub const OURSELVES: &str = "Kinescope";

/// The version that `metadata.version` carries.
pub const VERSION: &str = "1.3.0";

/// OCSF event classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// No class fits: operations, logs, metrics.
    Base,
    /// A finding.
    DetectionFinding,
    /// A change to a user or a role.
    AccountChange,
    /// A sign-in.
    Authentication,
    /// Network traffic.
    NetworkActivity,
    /// An HTTP request.
    HttpActivity,
    /// An API call.
    ApiActivity,
}

impl Class {
    /// class_uid.
    pub fn uid(self) -> i64 {
        match self {
            Class::Base => 0,
            Class::DetectionFinding => 2004,
            Class::AccountChange => 3001,
            Class::Authentication => 3002,
            Class::NetworkActivity => 4001,
            Class::HttpActivity => 4002,
            Class::ApiActivity => 6003,
        }
    }
}

/// severity_id, ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// 0.
    #[default]
    Unknown,
    /// 1.
    Informational,
    /// 2.
    Low,
    /// 3.
    Medium,
    /// 4.
    High,
    /// 5.
    Critical,
    /// 6.
    Fatal,
}

impl Severity {
    /// All of them, least first.
    pub const ALL: [Severity; 7] = [
        Severity::Unknown,
        Severity::Informational,
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
        Severity::Fatal,
    ];

    /// severity_id.
    pub fn id(self) -> i64 {
        self as i64
    }

    /// The severity with this id; unknown for an id that is none.
    pub fn from_id(id: i64) -> Severity {
        usize::try_from(id).ok().and_then(|id| Severity::ALL.get(id).copied()).unwrap_or_default()
    }

    /// The caption, lower case.
    pub fn name(self) -> &'static str {
        ["unknown", "informational", "low", "medium", "high", "critical", "fatal"][self as usize]
    }

    /// The caption as OCSF writes it.
    pub fn caption(self) -> &'static str {
        ["Unknown", "Informational", "Low", "Medium", "High", "Critical", "Fatal"][self as usize]
    }

    /// The severity of this name.
    pub fn from_name(name: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|severity| severity.name().eq_ignore_ascii_case(name))
    }
}

/// RFC 3339 text of milliseconds since 1970; `None` outside the years that it can write.
pub fn rfc3339(ms: i64) -> Option<String> {
    jiff::Timestamp::from_millisecond(ms).ok().map(|moment| moment.to_string())
}

/// The profiles whose attributes a table's rows carry.
fn profiles(table: Table, row: &Row) -> Vec<&'static str> {
    use crate::tables::{base, http_activity};
    let mut profiles = vec!["datetime"];
    let in_cloud = !row[base::CLOUD_ACCOUNT_UID].is_null() || !row[base::CLOUD_REGION].is_null();
    if in_cloud || table == Table::ApiActivity {
        profiles.insert(0, "cloud");
    }
    match table {
        Table::NetworkActivity => profiles.push("security_control"),
        Table::HttpActivity if !row[http_activity::LB_NAME].is_null() => profiles.push("load_balancer"),
        _ => {}
    }
    profiles
}

/// An event as OCSF's nested JSON, which a validator of the schema can check.
pub fn to_json(event: &Event) -> Json {
    Json::Object(tree(event.table, &event.row, |_| true, Columns::Arrived).json())
}

/// Objects of an event as it is in OCSF's nested form, those of these names that it has, and a text besides.
pub fn parts_of(event: &Event, names: &[&str], (name, text): (&'static str, &str)) -> String {
    // What is required of an object depends on these.
    const TOLD_BY: [&str; 2] = ["class_uid", "cloud"];
    let is_wanted = |path: &str| {
        let first = path.split('.').next().unwrap_or(path);
        names.contains(&first) || TOLD_BY.contains(&first)
    };
    let mut parts = tree(event.table, &event.row, is_wanted, Columns::Arrived);
    parts.retain(|name| names.contains(&name));
    parts.put(name, Node::Text(text.into()));
    written(&parts, text.len())
}

/// A row of our own findings as OCSF's nested JSON.
pub fn finding_text(row: &Row) -> String {
    let texts = row.str(crate::tables::findings::EVIDENCES).len();
    written(&tree(Table::Findings, row, |_| true, Columns::Ours), texts)
}

/// An object as text, of which so many bytes are known.
fn written(object: &Object<'_>, n_bytes: usize) -> String {
    const REST_BYTES: usize = 2_048;
    let mut text = Vec::with_capacity(n_bytes + REST_BYTES);
    object.write(&mut text);
    // Names and texts were text, and so is what JSON puts around them.
    String::from_utf8(text).unwrap_or_default()
}

/// Who wrote the JSON that is in columns.
#[derive(Clone, Copy, PartialEq)]
enum Columns {
    Arrived,
    Ours,
}

/// The columns whose paths are wanted, nested.
fn tree<'r>(
    table: Table,
    row: &'r Row<'_>,
    is_wanted: impl Fn(&str) -> bool,
    columns: Columns,
) -> Object<'r> {
    let mut root = Object::of_root();
    let specs = &table.spec().columns;
    row.each_filled(|at, value| {
        let column = &specs[at];
        if is_wanted(column.path)
            && let Some(node) = node(column, value, columns)
        {
            root.put(column.path, node);
        }
    });
    root.put("metadata.version", Node::Text(VERSION.into()));
    let vendor = if row.str(crate::tables::base::PRODUCT_NAME) == OURSELVES { OURSELVES } else { "AWS" };
    root.put("metadata.product.vendor_name", Node::Text(vendor.into()));
    let profiles = profiles(table, row);
    if profiles.contains(&"cloud") {
        root.put("cloud.provider", Node::Text("AWS".into()));
    }
    root.put("metadata.profiles", Node::Names(profiles));
    if let Some(id) = row.int(crate::tables::base::SEVERITY_ID) {
        root.put("severity", Node::Text(Severity::from_id(id).caption().into()));
    }
    required::fulfil(&mut root);
    root
}

/// What a column holds; `None` for a time that cannot be written.
fn node<'r>(column: &Column, value: &'r Value<'_>, columns: Columns) -> Option<Node<'r>> {
    Some(match (value, column.kind) {
        (Value::Null, _) => return None,
        // Columns of their own join `unmapped`.
        (Value::Text(text), Kind::Json) if columns == Columns::Ours && column.path != "unmapped" => {
            Node::Raw(text)
        }
        (Value::Text(text), Kind::Json) => {
            serde_json::from_str(text).map_or_else(|_| Node::Text(text.as_ref().into()), Node::of_json)
        }
        (Value::Int(ms), Kind::Time) => Node::Text(rfc3339(*ms)?.into()),
        // Unmapped is text by name.
        (value, _) if column.path.starts_with("unmapped.") => Node::Text(value.to_text()?),
        (Value::Text(text), _) => Node::Text(text.as_ref().into()),
        (Value::Int(n), _) => Node::Int(*n),
        (Value::Float(x), _) => Node::Float(*x),
        (Value::Bool(is), _) => Node::Bool(*is),
    })
}
