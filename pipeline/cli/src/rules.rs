//! `kinescope rules`, and loading rules for everything else.

use crate::{
    Done,
    args::{self, ListArgs, RulesCommand},
    process::config,
    show::{bold, number, on_stdout, out, plain, severity, table},
};
use anyhow::{Context, Result, bail};
use kinescope_stages::{
    detect::{About, Rule, Rules},
    facts::{self, Lists},
};

use std::{
    fs,
    path::{Path, PathBuf},
};

mod check;
mod coverage;
mod load;
mod matrix;
mod stats;
mod test;

use load::from_paths;
pub use load::load;

/// Runs the command.
pub fn run(args: &args::Rules) -> Result<Done> {
    let (config, _) = config(args.config.as_deref())?;
    let lists = &config.lists;
    match &args.command {
        RulesCommand::List(args) => list(args, lists),
        RulesCommand::Show { id, rules } => show(&load(rules, lists)?, id),
        RulesCommand::Facts => list_facts(),
        RulesCommand::Check { paths, strict } => check::check(&from_paths(paths, lists)?, *strict),
        RulesCommand::Test { paths, junit } => test::test(&from_paths(paths, lists)?.rules, junit.as_deref()),
        RulesCommand::Compile { paths, out } => compile(paths, out, lists),
        RulesCommand::Coverage { rules, navigator } => {
            coverage::coverage(&load(rules, lists)?, navigator.as_deref())
        }
        RulesCommand::Stats { inputs, rules } => stats::stats(&load(rules, lists)?, &config, inputs),
        RulesCommand::Diff { old, new, inputs } => stats::diff(old, new, &config, inputs),
    }
}

fn list(args: &ListArgs, lists: &Lists) -> Result<Done> {
    let rules = load(&args.rules, lists)?;
    let is_wanted = |about: &&About| {
        let technique = |wanted: &String| {
            about.techniques().any(|technique| {
                technique.eq_ignore_ascii_case(wanted)
                    || technique.to_lowercase().starts_with(&format!("{}.", wanted.to_lowercase()))
            })
        };
        args.family.as_ref().is_none_or(|family| about.family == *family)
            && args.level.is_none_or(|level| about.severity == level)
            && args.technique.as_ref().is_none_or(technique)
            && args.source.as_ref().is_none_or(|name| sources(&rules, about).contains(&name.as_str()))
    };
    let colour = on_stdout();
    let listed: Vec<&About> = rules.abouts().filter(is_wanted).collect();
    let rows = listed.iter().map(|about| {
        vec![
            about.family.clone(),
            about.name.clone(),
            severity(about.severity, colour),
            about.techniques().collect::<Vec<_>>().join(" "),
            plain(&about.title),
        ]
    });
    out(&table(&["family", "rule", "level", "att&ck", "catches"], rows))?;
    words!("{} rules", number(listed.len() as u64));
    Ok(Done::Well)
}

/// The sources whose events a rule, or the rules of a correlation, see.
fn sources(rules: &Rules, about: &About) -> Vec<&'static str> {
    let of = |rule: &Rule| rule.sources().iter().map(|source| source.name()).collect::<Vec<_>>();
    match (rules.get(&about.id), rules.correlation(&about.id)) {
        (Some(rule), _) => of(rule),
        (None, Some(correlation)) => correlation.rules.iter().flat_map(|at| of(&rules.all()[*at])).collect(),
        (None, None) => Vec::new(),
    }
}

fn show(rules: &Rules, id: &str) -> Result<Done> {
    let Some(about) = rules.about(id) else {
        bail!("show {id}: there is no such rule; `kinescope rules list` names them")
    };
    let colour = on_stdout();
    let mut page = format!(
        "{}\n{} · {} · {} · {}\n",
        bold(&plain(&about.title), colour),
        severity(about.severity, colour),
        sources(rules, about).join(" "),
        about.id,
        about.origin
    );
    let tags = about.tags.join(", ");
    if !tags.is_empty() {
        page.push_str(&format!("{tags}\n"));
    }
    page.push_str(&format!("\n{}\n", about.description));
    for (title, lines) in [("When it is wrong", &about.false_positives), ("References", &about.references)] {
        if !lines.is_empty() {
            page.push_str(&format!(
                "\n{}\n{}\n",
                bold(title, colour),
                lines.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n")
            ));
        }
    }
    if !about.cases().is_empty() {
        page.push_str(&format!("\n{}\n", bold("Cases", colour)));
        for case in about.cases() {
            page.push_str(&format!("  {} {}\n", if case.fires { "fires" } else { "quiet" }, case.name));
        }
    }
    page.push_str(&format!("\n{}\n{}", bold("The rule", colour), about.origin.text));
    out(&page)?;
    Ok(Done::Well)
}

/// Writes rules as one file that is read at once. They are put together first, so that what is wrong with them is said
/// here and not at a start.
fn compile(paths: &[PathBuf], out: &Path, lists: &Lists) -> Result<Done> {
    let linked = from_paths(paths, lists)?;
    linked.warnings.iter().for_each(|warning| words!("warning: {warning}"));
    let bytes = kinescope_pipeline::rules::compile(paths)?;
    fs::write(out, &bytes).with_context(|| format!("write {}", out.display()))?;
    words!(
        "{} rules and {} correlations in {} ({} bytes): --rules reads it",
        number(linked.rules.all().len() as u64),
        number(linked.rules.correlations().len() as u64),
        out.display(),
        number(bytes.len() as u64)
    );
    Ok(Done::Well)
}

fn list_facts() -> Result<Done> {
    let rows = facts::all().map(|fact| {
        vec![format!("{}{}", facts::PREFIX, fact.name), fact.kind().to_owned(), fact.about.to_owned()]
    });
    out(&table(&["field", "kind", "what it means"], rows))?;
    words!("{} facts", number(facts::all().count() as u64));
    Ok(Done::Well)
}
