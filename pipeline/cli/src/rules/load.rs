//! Loading rules, from our pack and from files.

use crate::{args::RuleArgs, process::now_ms};
use anyhow::{Context, Result, bail};
use kinescope_stages::{
    detect::{Linked, RuleSet, Rules},
    facts::Lists,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The rules that the arguments ask for. A rule that does not load fails, before anything is run; warnings are printed.
pub fn load(args: &RuleArgs, lists: &Lists) -> Result<Rules> {
    let linked = link(args, lists)?;
    linked.warnings.iter().for_each(|warning| words!("warning: {warning}"));
    Ok(linked.rules)
}

/// The same with the warnings, of which nothing is said.
pub(super) fn link(args: &RuleArgs, lists: &Lists) -> Result<Linked> {
    let mut set = RuleSet::new(lists.clone());
    if !args.no_builtin_rules {
        set.read_builtin().context("load our own rules")?;
    }
    for path in &args.rules {
        read(path, &mut set)?;
    }
    set.link(now_ms()).context("load rules")
}

/// The rules of these paths; our own pack if there are none.
pub(super) fn from_paths(paths: &[PathBuf], lists: &Lists) -> Result<Linked> {
    let no_builtin_rules = !paths.is_empty();
    link(&RuleArgs { rules: paths.to_vec(), no_builtin_rules }, lists)
}

/// Adds what a file says, or all .yml and .yaml files of a folder.
fn read(path: &Path, set: &mut RuleSet) -> Result<()> {
    let mut files = Vec::new();
    list_files(path, &mut files).with_context(|| format!("read rules from {}", path.display()))?;
    if files.is_empty() {
        bail!("load rules: there is no .yml file in {}", path.display());
    }
    for file in files {
        // Bytes that are no text are the parser's to refuse, with their place.
        let bytes = fs::read(&file).with_context(|| format!("read {}", file.display()))?;
        set.read(&file.display().to_string(), &String::from_utf8_lossy(&bytes)).context("load rules")?;
    }
    Ok(())
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
