//! `kinescope rules`, and loading rules for everything else.

use crate::{
    Done,
    args::{ListArgs, RulesCommand},
    show::{bold, number, on_stdout, out, plain, severity, table},
};
use anyhow::{Result, bail};
use kinescope_stages::{
    detect::{Rule, Rules},
    facts,
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
pub fn run(command: &RulesCommand) -> Result<Done> {
    match command {
        RulesCommand::List(args) => list(args),
        RulesCommand::Show { id, rules } => show(&load(rules)?, id),
        RulesCommand::Facts => list_facts(),
        RulesCommand::Check { paths, strict } => check::check(&from_paths(paths)?, *strict),
        RulesCommand::Test { paths, junit } => test::test(&from_paths(paths)?, junit.as_deref()),
        RulesCommand::Coverage { rules, navigator } => {
            coverage::coverage(&load(rules)?, navigator.as_deref())
        }
        RulesCommand::Stats { inputs, rules, config } => stats::stats(rules, config.as_deref(), inputs),
        RulesCommand::Diff { old, new, inputs, config } => stats::diff(old, new, config.as_deref(), inputs),
    }
}

fn list(args: &ListArgs) -> Result<Done> {
    let rules = load(&args.rules)?;
    let is_wanted = |rule: &&Rule| {
        let technique = |wanted: &String| {
            rule.techniques().any(|technique| {
                technique.eq_ignore_ascii_case(wanted)
                    || technique.to_lowercase().starts_with(&format!("{}.", wanted.to_lowercase()))
            })
        };
        args.family.as_ref().is_none_or(|family| rule.family == *family)
            && args.level.is_none_or(|level| rule.severity == level)
            && args.technique.as_ref().is_none_or(technique)
            && args
                .source
                .as_ref()
                .is_none_or(|name| rule.sources().iter().any(|source| source.name() == name))
    };
    let colour = on_stdout();
    let rules: Vec<&Rule> = rules.all().iter().filter(is_wanted).collect();
    let rows = rules.iter().map(|rule| {
        vec![
            rule.family.clone(),
            rule.name.clone(),
            severity(rule.severity, colour),
            rule.techniques().collect::<Vec<_>>().join(" "),
            plain(&rule.title),
        ]
    });
    out(&table(&["family", "rule", "level", "att&ck", "catches"], rows))?;
    words!("{} rules", number(rules.len() as u64));
    Ok(Done::Well)
}

fn show(rules: &Rules, id: &str) -> Result<Done> {
    let Some(rule) = rules.get(id) else {
        bail!("show {id}: there is no such rule; `kinescope rules list` names them")
    };
    let colour = on_stdout();
    let mut page = format!(
        "{}\n{} · {} · {}\n",
        bold(&plain(&rule.title), colour),
        severity(rule.severity, colour),
        rule.id,
        rule.origin
    );
    let tags = rule.tags.join(", ");
    if !tags.is_empty() {
        page.push_str(&format!("{tags}\n"));
    }
    page.push_str(&format!("\n{}\n", rule.description));
    for (title, lines) in [("When it is wrong", &rule.false_positives), ("References", &rule.references)] {
        if !lines.is_empty() {
            page.push_str(&format!(
                "\n{}\n{}\n",
                bold(title, colour),
                lines.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n")
            ));
        }
    }
    if !rule.cases.is_empty() {
        page.push_str(&format!("\n{}\n", bold("Cases", colour)));
        for case in &rule.cases {
            page.push_str(&format!("  {} {}\n", if case.fires { "fires" } else { "quiet" }, case.name));
        }
    }
    page.push_str(&format!("\n{}\n{}", bold("The rule", colour), rule.origin.text));
    out(&page)?;
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
