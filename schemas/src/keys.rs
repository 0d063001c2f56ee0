//! What columns are called in a row on its way through Firehose, which is paid for by the byte: by name, names would be
//! half of it. `infra/hub/delivery.yaml` tells Firehose which column each key means.

use crate::table::Table;

/// The key of the day that a row is partitioned by. No column's key is as long.
pub const DAY_KEY: &str = "day";

/// The key of the column at a place: `a` to `z`, then `a0` to `z0`, `a1` and so on. Columns are only ever added at a
/// table's end, so a key once given keeps its meaning. All are lower-case, for Firehose makes no difference.
pub fn key(column: usize) -> String {
    let letters = 'a'..='z';
    let n_letters = letters.clone().count();
    let letter = letters.clone().nth(column % n_letters).unwrap_or(*letters.start());
    match column / n_letters {
        0 => letter.to_string(),
        round => format!("{letter}{}", round - 1),
    }
}

/// The columns of a table and their keys.
pub fn keys(table: Table) -> impl Iterator<Item = (&'static str, String)> {
    table.spec().columns.iter().enumerate().map(|(at, column)| (column.name.as_str(), key(at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contract::{EVENT_DAY, logical_name},
        row::COLUMNS_MAX,
    };
    use std::{collections::HashSet, fs, path::PathBuf};

    #[test]
    fn keys_are_a_contract() {
        for (column, expected) in
            [(0, "a"), (1, "b"), (25, "z"), (26, "a0"), (51, "z0"), (52, "a1"), (71, "t1")]
        {
            assert_eq!(key(column), expected);
        }
    }

    #[test]
    fn no_key_means_two_things() {
        let mut all: HashSet<String> = (0..COLUMNS_MAX).map(key).collect();
        assert_eq!(all.len(), COLUMNS_MAX);
        assert!(all.insert(DAY_KEY.to_owned()) && all.insert(EVENT_DAY.to_owned()));
        for (name, _) in Table::ALL.into_iter().flat_map(keys) {
            assert!(!all.contains(name), "{name} is a key too");
        }
    }

    /// Where the mapping begins and ends in the template.
    const BEGIN: &str = "# keys: written by KINESCOPE_BLESS=1 cargo test -p kinescope-schemas\n";
    const END: &str = "# end of keys\n";
    const INDENT: &str = "                  ";
    const LINE_CHARS_MAX: usize = 120;

    /// Each table's mapping, from column to key: a condition names the table, and Firehose is told its columns alone.
    fn mappings() -> String {
        let of_table = |table: Table| {
            let keys = keys(table).map(|(name, key)| format!("{name}: \"{key}\""));
            format!("{INDENT}!If [{}, {{\n{}\n{INDENT}}},\n", condition(table), wrapped(keys))
        };
        let ends = "]".repeat(Table::ALL.len());
        format!("{}{INDENT}!Ref AWS::NoValue{ends}\n{INDENT}", Table::ALL.map(of_table).concat())
    }

    /// What the template calls the condition that it is about this table.
    fn condition(table: Table) -> String {
        format!("Is{}", logical_name(table))
    }

    fn wrapped(entries: impl Iterator<Item = String>) -> String {
        let mut lines = vec![String::new()];
        for entry in entries {
            let is_full = |line: &String| INDENT.len() + line.len() + entry.len() + 5 > LINE_CHARS_MAX;
            if lines.last().is_none_or(is_full) {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                line.push_str(&format!("{entry}, "));
            }
        }
        let lines: Vec<String> = lines.iter().map(|line| format!("{INDENT}  {}", line.trim_end())).collect();
        lines.join("\n").trim_end_matches(',').to_owned()
    }

    #[test]
    fn the_template_tells_firehose_these_keys() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../infra/hub/delivery.yaml");
        let text = fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once(BEGIN).unwrap();
        let (_, after) = rest.split_once(END).unwrap();
        let now = format!("{before}{BEGIN}{}{END}{after}", mappings());
        if std::env::var_os("KINESCOPE_BLESS").is_some() {
            fs::write(&path, &now).unwrap();
        }
        let written = fs::read_to_string(&path).unwrap();
        assert!(written == now, "delivery.yaml is stale: KINESCOPE_BLESS=1 cargo test -p kinescope-schemas");
        for table in Table::ALL {
            let asked = format!("{}: !Equals [!Ref Table, {}]", condition(table), table.name());
            assert!(before.contains(&asked), "delivery.yaml has no condition `{asked}`");
        }
        let query = format!("\"{{{EVENT_DAY}:.{DAY_KEY}}}\"");
        assert!(after.contains(&query) || before.contains(&query), "delivery.yaml partitions by another key");
    }
}
