//! `kinescope rules`, and loading rules for everything else.

use crate::{
    Done,
    args::{RuleArgs, RulesCommand},
    show::{bold, number, on_stdout, out, plain, severity, table},
};
use anyhow::{Context, Result, bail};
use kinescope_stages::detect::{Linked, Lists, RuleSet, Rules, builtin, cases};
use std::{
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

/// Cases that a rule should have of each kind.
const CASES_MIN: usize = 2;

/// Runs the command.
pub fn run(command: &RulesCommand) -> Result<Done> {
    match command {
        RulesCommand::List(args) => list(&load(args)?),
        RulesCommand::Show { id, rules } => show(&load(rules)?, id),
        RulesCommand::Check { paths } => check(&from_paths(paths)?),
        RulesCommand::Test { paths } => test(&from_paths(paths)?.rules),
    }
}

/// The rules that the arguments ask for. A rule that does not load fails, before anything is run.
pub fn load(args: &RuleArgs) -> Result<Rules> {
    let linked = load_all(args)?;
    if !linked.correlations.is_empty() {
        words!("warning: {} correlations are checked, but not run", linked.correlations.len());
    }
    Ok(linked.rules)
}

fn load_all(args: &RuleArgs) -> Result<Linked> {
    let mut set = RuleSet::default();
    if !args.no_builtin_rules {
        set.rules = builtin().context("load our own rules")?;
    }
    for path in &args.rules {
        read(path, &mut set)?;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    set.link(i64::try_from(now.as_millis()).unwrap_or(i64::MAX)).context("load rules")
}

fn from_paths(paths: &[PathBuf]) -> Result<Linked> {
    if paths.is_empty() {
        return load_all(&RuleArgs::default());
    }
    load_all(&RuleArgs { rules: paths.to_vec(), no_builtin_rules: true })
}

/// Adds the rules of a file, or of all .yml and .yaml files of a folder.
fn read(path: &Path, set: &mut RuleSet) -> Result<()> {
    let mut files = Vec::new();
    list_files(path, &mut files).with_context(|| format!("read rules from {}", path.display()))?;
    if files.is_empty() {
        bail!("load rules: there is no .yml file in {}", path.display());
    }
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
        set.read(&file.display().to_string(), &text, &Lists::new()).context("load rules")?;
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

fn list(rules: &Rules) -> Result<Done> {
    let colour = on_stdout();
    let rows = rules.all().iter().map(|rule| {
        vec![
            rule.family.clone(),
            rule.name.clone(),
            severity(rule.severity, colour),
            rule.techniques().collect::<Vec<_>>().join(" "),
            plain(&rule.title),
        ]
    });
    out(&table(&["family", "rule", "level", "att&ck", "catches"], rows))?;
    words!("{} rules", number(rules.all().len() as u64));
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

fn check(linked: &Linked) -> Result<Done> {
    for warning in &linked.warnings {
        words!("warning: {warning}");
    }
    let rules = &linked.rules;
    let mut n_lacking = 0;
    for rule in rules.all() {
        let n = |fires| rule.cases.iter().filter(|case| case.fires == fires).count();
        if n(true) < CASES_MIN || n(false) < CASES_MIN {
            n_lacking += 1;
            words!(
                "warning: {}: {} cases that fire and {} that do not; {CASES_MIN} of each tell whether it works",
                rule.origin,
                n(true),
                n(false)
            );
        }
    }
    words!(
        "{} rules load, {} of them without enough cases",
        number(rules.all().len() as u64),
        number(n_lacking)
    );
    Ok(Done::Well)
}

fn test(rules: &Rules) -> Result<Done> {
    let (mut n_cases, mut n_failed) = (0, 0);
    for rule in rules.all() {
        n_cases += rule.cases.len() as u64;
        for failure in cases::run(rule) {
            n_failed += 1;
            words!("failed: {}: {}: {}", rule.origin, failure.case, failure.reason);
        }
    }
    words!(
        "{} rules, {} cases, {} failed",
        number(rules.all().len() as u64),
        number(n_cases),
        number(n_failed)
    );
    if n_failed > 0 {
        bail!(
            "pass {n_failed} cases: `kinescope explain EVENT --rule NAME` shows why a rule does or does not fire"
        );
    }
    Ok(Done::Well)
}
