//! Loading rules, from our pack and from files.

use crate::{args::RuleArgs, process::now_ms};
use anyhow::{Context, Result};
use kinescope_pipeline::rules::read;
use kinescope_stages::{
    detect::{Linked, RuleSet, Rules},
    facts::Lists,
};
use std::path::PathBuf;

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
