//! A table's contract in the forms that others read: Athena DDL, Glue's TableInput, JSON, a page of documentation.

use crate::{
    keys::{DAY_KEY, key},
    table::{Spec, Table},
};
use serde_json::{Value, json};
use std::fmt::Write;

/// The first day that `event_day` can name. No AWS log is older: CloudTrail began on 2013-11-13.
pub const EVENT_DAY_FIRST: &str = "2013-01-01";

/// Where events go whose time lies before the first day or after tomorrow, so that no clock of an attacker can open
/// partitions. It is the first day itself: projection covers it, and no true event bears it.
pub const EVENT_DAY_OUT_OF_RANGE: &str = EVENT_DAY_FIRST;

/// The partition column of every table.
pub const EVENT_DAY: &str = "event_day";

fn projection(table: &Spec, location: &str) -> Vec<(String, String)> {
    [
        ("classification", "parquet".into()),
        ("parquet.compression", "ZSTD".into()),
        ("projection.enabled", "true".into()),
        ("projection.event_day.type", "date".into()),
        ("projection.event_day.format", "yyyy-MM-dd".into()),
        ("projection.event_day.range", format!("{EVENT_DAY_FIRST},NOW+1DAYS")),
        ("projection.event_day.interval", "1".into()),
        ("projection.event_day.interval.unit", "DAYS".into()),
        ("storage.location.template", format!("{location}/{}/event_day=${{event_day}}", table.name)),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .to_vec()
}

/// `CREATE EXTERNAL TABLE` for Athena; `location` is the lake's root, such as `s3://bucket/lake`.
pub fn ddl(table: Table, location: &str) -> String {
    let spec = table.spec();
    let columns: Vec<String> = spec
        .columns
        .iter()
        .map(|c| format!("  `{}` {} COMMENT '{}'", c.name, c.kind.hive(), c.doc.replace('\'', "''")))
        .collect();
    let properties: Vec<String> =
        projection(spec, location).iter().map(|(key, value)| format!("  '{key}' = '{value}'")).collect();
    format!(
        "CREATE EXTERNAL TABLE IF NOT EXISTS `{}` (\n{}\n)\nPARTITIONED BY (`{EVENT_DAY}` string)\nSTORED AS PARQUET\nLOCATION '{location}/{}/'\nTBLPROPERTIES (\n{}\n);\n",
        spec.name,
        columns.join(",\n"),
        spec.name,
        properties.join(",\n")
    )
}

/// Glue's TableInput, as CreateTable and AWS::Glue::Table take it.
pub fn glue(table: Table, location: &str) -> Value {
    let spec = table.spec();
    let columns: Vec<Value> = spec
        .columns
        .iter()
        .map(|c| json!({"Name": c.name, "Type": c.kind.hive(), "Comment": cut(c.doc)}))
        .collect();
    let parameters: serde_json::Map<String, Value> =
        projection(spec, location).into_iter().map(|(key, value)| (key, json!(value))).collect();
    json!({
        "Name": spec.name,
        "Description": cut(spec.doc),
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": [{"Name": EVENT_DAY, "Type": "string"}],
        "StorageDescriptor": {
            "Columns": columns,
            "Location": format!("{location}/{}/", spec.name),
            "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
        },
    })
}

/// Glue takes at most 255 characters of comment.
fn cut(text: &str) -> &str {
    const COMMENT_CHARS_MAX: usize = 255;
    text.char_indices().nth(COMMENT_CHARS_MAX).map_or(text, |(at, _)| &text[..at])
}

/// The contract as JSON: what golden files freeze.
pub fn json(table: Table) -> Value {
    let spec = table.spec();
    let columns: Vec<Value> = spec
        .columns
        .iter()
        .enumerate()
        .map(|(at, c)| json!({"name": c.name, "key": key(at), "ocsf": c.path, "kind": format!("{:?}", c.kind), "arrow": c.kind.arrow().to_string(), "hive": c.kind.hive()}))
        .collect();
    json!({"table": spec.name, "ocsf_version": crate::ocsf::VERSION, "partition": EVENT_DAY, "partition_key": DAY_KEY, "columns": columns})
}

/// The table's page of documentation, in Markdown.
pub fn docs(table: Table) -> String {
    let spec = table.spec();
    let mut page = format!(
        "# {}\n\n{}\n\nPartitioned by `{EVENT_DAY}` (UTC day of `time`, `{EVENT_DAY_OUT_OF_RANGE}` when that is out of range). The key is what a row \
         that Firehose did not take calls the column; its day is `{DAY_KEY}`.\n\n| column | type | key | OCSF 1.3.0 | what it holds |\n|---|---|---|---|---|\n",
        spec.name, spec.doc
    );
    for (at, column) in spec.columns.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | `{}` | `{}` | {} |",
            column.name,
            column.kind.hive(),
            key(at),
            column.path,
            column.doc.replace('|', "\\|")
        );
    }
    page
}

/// What templates call what there is one of for each table.
#[cfg(test)]
pub(crate) fn logical_name(table: Table) -> String {
    let capitalised = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    table.name().split('_').map(capitalised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::PathBuf};

    /// Compares with a file of the repository; KINESCOPE_BLESS=1 writes it anew.
    fn golden(path: &str, now: &str) -> String {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
        if std::env::var_os("KINESCOPE_BLESS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, now).unwrap();
        }
        fs::read_to_string(&path)
            .unwrap_or_else(|e| panic!("{}: {e}; make it with KINESCOPE_BLESS=1", path.display()))
    }

    #[test]
    fn contracts_only_grow() {
        for table in Table::ALL {
            let now = json(table);
            let frozen: Value = serde_json::from_str(&golden(
                &format!("schemas/golden/{}.json", table.name()),
                &format!("{now:#}\n"),
            ))
            .unwrap();
            let broken = broken_by(&frozen, &now);
            assert!(
                broken.is_empty(),
                "{}: {broken:?} changed or went: readers of old files would break",
                table.name()
            );
        }
    }

    /// The frozen columns that are gone, moved or of another type.
    fn broken_by(frozen: &Value, now: &Value) -> Vec<String> {
        let columns = |contract: &Value| contract["columns"].as_array().cloned().unwrap_or_default();
        let (old, new) = (columns(frozen), columns(now));
        old.iter()
            .enumerate()
            .filter(|(at, column)| new.get(*at) != Some(column))
            .map(|(_, c)| c["name"].to_string())
            .collect()
    }

    #[test]
    fn an_added_column_passes_and_any_other_change_does_not() {
        let old = json(Table::Logs);
        let column = |name: &str| json!({"name": name, "kind": "Text"});
        let mut added = old.clone();
        added["columns"].as_array_mut().unwrap().push(column("new"));
        assert!(broken_by(&old, &added).is_empty());
        let mut removed = old.clone();
        removed["columns"].as_array_mut().unwrap().remove(3);
        assert!(!broken_by(&old, &removed).is_empty());
        let mut retyped = old.clone();
        retyped["columns"][1]["hive"] = json!("string");
        assert_eq!(broken_by(&old, &retyped), ["\"time\""]);
    }

    /// The tables as a CloudFormation template, which the hub's nests: the lake's root and the database are its parameters.
    fn stack() -> Value {
        let resources: serde_json::Map<String, Value> = Table::ALL
            .iter()
            .map(|table| {
                let properties = json!({
                    "CatalogId": {"Ref": "AWS::AccountId"},
                    "DatabaseName": {"Ref": "Database"},
                    "TableInput": substituted(glue(*table, "${Location}")),
                });
                (logical_name(*table), json!({"Type": "AWS::Glue::Table", "Properties": properties}))
            })
            .collect();
        json!({
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": "The lake's tables. Generated from schemas: KINESCOPE_BLESS=1 cargo test -p kinescope-schemas",
            "Parameters": {
                "Database": {"Type": "String", "Description": "The Glue database."},
                "Location": {"Type": "String", "Description": "The lake's root, such as s3://bucket/lake."},
            },
            "Resources": resources,
        })
    }

    /// Text that names the location, as `Fn::Sub`; what Athena is to fill in stays as it is.
    fn substituted(value: Value) -> Value {
        match value {
            Value::String(text) if text.contains("${Location}") => {
                json!({"Fn::Sub": text.replace("${event_day}", "${!event_day}")})
            }
            Value::Array(items) => items.into_iter().map(substituted).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(key, member)| (key, substituted(member))).collect()
            }
            other => other,
        }
    }

    #[test]
    fn generated_files_are_what_the_source_says() {
        let location = "s3://${LakeBucket}/lake";
        let ddl: String = Table::ALL.map(|table| ddl(table, location)).join("\n");
        let glue: Vec<Value> = Table::ALL.iter().map(|table| glue(*table, location)).collect();
        for (path, now) in [
            ("infra/athena/tables.sql".to_owned(), ddl),
            ("infra/glue/tables.json".to_owned(), format!("{:#}\n", Value::from(glue))),
            ("infra/hub/tables.json".to_owned(), format!("{:#}\n", stack())),
        ]
        .into_iter()
        .chain(Table::ALL.map(|table| (format!("schemas/docs/{}.md", table.name()), docs(table))))
        {
            assert_eq!(
                golden(&path, &now),
                now,
                "{path} is stale: KINESCOPE_BLESS=1 cargo test -p kinescope-schemas"
            );
        }
    }
}
