//! Loading rules, from our pack and from files.

use crate::args::RuleArgs;
use anyhow::{Context, Result, bail};
use kinescope_stages::detect::{Rule, Rules, builtin, from_yaml};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The rules that the arguments ask for. A rule that does not load fails, before anything is run.
pub fn load(args: &RuleArgs) -> Result<Rules> {
    let mut rules =
        if args.no_builtin_rules { Vec::new() } else { builtin().context("load our own rules")? };
    for path in &args.rules {
        rules.extend(read(path)?);
    }
    Rules::new(rules).context("load rules")
}

/// The rules of these paths; our own pack if there are none.
pub(super) fn from_paths(paths: &[PathBuf]) -> Result<Rules> {
    if paths.is_empty() {
        return load(&RuleArgs::default());
    }
    load(&RuleArgs { rules: paths.to_vec(), no_builtin_rules: true })
}

/// The rules of a file, or of all .yml and .yaml files of a folder.
fn read(path: &Path) -> Result<Vec<Rule>> {
    let mut files = Vec::new();
    list_files(path, &mut files).with_context(|| format!("read rules from {}", path.display()))?;
    if files.is_empty() {
        bail!("load rules: there is no .yml file in {}", path.display());
    }
    let mut rules = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
        rules.extend(from_yaml(&file.display().to_string(), &text).context("load rules")?);
    }
    Ok(rules)
}

fn list_files(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries =
        fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    for entry in entries {
        let is_yaml = entry.extension().is_some_and(|end| end == "yml" || end == "yaml");
        if entry.is_dir() || is_yaml {
            list_files(&entry, files)?;
        }
    }
    Ok(())
}
