//! OCSF 1.3.0: the classes and severities we use, and an event in its nested form.
//!
//! 1.3.0 is the newest version that Security Lake takes from a custom source.

use crate::{
    event::Event,
    row::{Row, Value},
    table::{Kind, Table},
};
use serde_json::{Map, Value as Json, json};

mod required;

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
    row_to_json(event.table, &event.row)
}

/// Objects of an event as it is in OCSF's nested form, by their names: those of them that it has.
pub fn parts_of(event: &Event, names: &[&str]) -> Map<String, Json> {
    // What is required of an object depends on these.
    const TOLD_BY: [&str; 2] = ["class_uid", "cloud"];
    let is_wanted = |path: &str| {
        let first = path.split('.').next().unwrap_or(path);
        names.contains(&first) || TOLD_BY.contains(&first)
    };
    let mut parts = tree(event.table, &event.row, is_wanted);
    parts.retain(|name, _| names.contains(&name.as_str()));
    parts
}

/// A row as OCSF's nested JSON.
pub fn row_to_json(table: Table, row: &Row) -> Json {
    Json::Object(tree(table, row, |_| true))
}

/// The columns whose paths are wanted, nested.
fn tree(table: Table, row: &Row, is_wanted: impl Fn(&str) -> bool) -> Map<String, Json> {
    let mut root = Map::new();
    let columns = table.spec().columns.iter().enumerate();
    for (at, column) in columns.filter(|(at, column)| !row[*at].is_null() && is_wanted(column.path)) {
        let value = match (&row[at], column.kind) {
            (Value::Null, _) => continue,
            (Value::Text(text), Kind::Json) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
            (Value::Int(ms), Kind::Time) => match rfc3339(*ms) {
                Some(text) => json!(text),
                None => continue,
            },
            // Unmapped is text by name.
            (value, _) if column.path.starts_with("unmapped.") => json!(value.to_text()),
            (Value::Text(text), _) => json!(text),
            (Value::Int(n), _) => json!(n),
            (Value::Float(x), _) => json!(x),
            (Value::Bool(b), _) => json!(b),
        };
        insert(&mut root, column.path, value);
    }
    insert(&mut root, "metadata.version", json!(VERSION));
    let vendor = if row.str(crate::tables::base::PRODUCT_NAME) == OURSELVES { OURSELVES } else { "AWS" };
    insert(&mut root, "metadata.product.vendor_name", json!(vendor));
    let profiles = profiles(table, row);
    if profiles.contains(&"cloud") {
        insert(&mut root, "cloud.provider", json!("AWS"));
    }
    insert(&mut root, "metadata.profiles", json!(profiles));
    if let Some(id) = row.int(crate::tables::base::SEVERITY_ID) {
        insert(&mut root, "severity", json!(Severity::from_id(id).caption()));
    }
    required::fulfil(&mut root);
    root
}

fn insert(root: &mut Map<String, Json>, path: &str, value: Json) {
    let mut at = root;
    let (parents, last) = path.rsplit_once('.').map_or(("", path), |(parents, last)| (parents, last));
    for name in parents.split('.').filter(|name| !name.is_empty()) {
        let child = at.entry(name).or_insert_with(|| json!({}));
        if !child.is_object() {
            *child = json!({});
        }
        let Json::Object(next) = child else { return };
        at = next;
    }
    match (at.get_mut(last), value) {
        // `unmapped` is an object that columns of its own join.
        (Some(Json::Object(there)), Json::Object(more)) => there.extend(more),
        (_, value) => {
            at.insert(last.to_owned(), value);
        }
    }
}
