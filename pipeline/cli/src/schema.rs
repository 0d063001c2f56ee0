//! `kinescope schema`.

use crate::{
    Done,
    args::{self, Form},
    show::out,
};
use anyhow::{Result, bail};
use kinescope_schemas::{Table, contract};
use serde_json::Value;

/// Runs the command.
pub fn run(args: &args::Schema) -> Result<Done> {
    let tables: Vec<Table> = match &args.table {
        None => Table::ALL.to_vec(),
        Some(name) => Table::ALL.into_iter().filter(|table| table.name() == name).collect(),
    };
    if tables.is_empty() {
        bail!("show the schema: a table is one of {}", Table::ALL.map(Table::name).join(", "));
    }
    let location = args.location.trim_end_matches('/');
    let list = |make: &dyn Fn(Table) -> Value| {
        format!("{:#}", Value::from(tables.iter().map(|table| make(*table)).collect::<Vec<_>>()))
    };
    let text = |make: &dyn Fn(Table) -> String| {
        tables.iter().map(|table| make(*table)).collect::<Vec<_>>().join("\n")
    };
    out(&match args.form {
        Form::Ddl => text(&|table| contract::ddl(table, location)),
        Form::Docs => text(&contract::docs),
        Form::Glue => list(&|table| contract::glue(table, location)),
        Form::Json => list(&contract::json),
    })?;
    Ok(Done::Well)
}
