//! `kinescope rules check`: what is wrong with rules that load.

use super::matrix::{OTHER_TACTICS, TACTICS};
use crate::{Done, show::number};
use anyhow::{Result, bail};
use kinescope_stages::detect::{About, Linked};

/// Cases that a rule should have of each kind.
const CASES_MIN: usize = 2;
/// Namespaces of tags: Sigma's own, and CIS.
const NAMESPACES: &[&str] =
    &["attack", "car", "cis", "cve", "d3fend", "detection", "emerging-threats", "stp", "tlp"];

/// Warns of what makes rules less than they could be; with `strict`, a warning is a failure.
pub fn check(linked: &Linked, strict: bool) -> Result<Done> {
    linked.warnings.iter().for_each(|warning| words!("warning: {warning}"));
    let mut n_warnings = linked.warnings.len();
    let rules = &linked.rules;
    // What only feeds a correlation is described and tried by the correlation.
    for about in rules.abouts().filter(|about| !rules.is_silent(about)) {
        let warnings = warnings(about);
        if !warnings.is_empty() {
            n_warnings += 1;
            words!("warning: {}: {}", about.origin, warnings.join("; "));
        }
    }
    let mut names: Vec<&About> = rules.abouts().collect();
    names.sort_by_key(|about| &about.name);
    for pair in names.windows(2).filter(|pair| pair[0].name == pair[1].name) {
        n_warnings += 1;
        words!("warning: {}: it is called {} as {} is", pair[1].origin, pair[1].name, pair[0].origin);
    }
    let n_cases: usize = rules.abouts().map(|about| about.cases().len()).sum();
    words!(
        "{} rules and {} correlations load with {} cases; {} warnings",
        number(rules.all().len() as u64),
        number(rules.correlations().len() as u64),
        number(n_cases as u64),
        number(n_warnings as u64)
    );
    if strict && n_warnings > 0 {
        bail!("check the rules without a warning: there are {n_warnings}");
    }
    Ok(Done::Well)
}

fn warnings(about: &About) -> Vec<String> {
    let mut warnings = Vec::new();
    let n = |fires| about.cases().iter().filter(|case| case.fires == fires).count();
    if n(true) < CASES_MIN || n(false) < CASES_MIN {
        warnings.push(format!(
            "it has {} cases that fire and {} that do not; {CASES_MIN} of each tell whether it works",
            n(true),
            n(false)
        ));
    }
    for (is_missing, what) in [
        (about.description.is_empty(), "description"),
        (about.false_positives.is_empty(), "list of false positives"),
        (about.references.is_empty(), "reference"),
        (about.techniques().next().is_none(), "ATT&CK technique"),
    ] {
        if is_missing {
            warnings.push(format!("it has no {what}"));
        }
    }
    let mut tags: Vec<&String> = about.tags.iter().collect();
    tags.sort();
    if let Some(twice) = tags.windows(2).find(|pair| pair[0] == pair[1]) {
        warnings.push(format!("the tag {} is there twice", twice[0]));
    }
    warnings.extend(tags.into_iter().filter_map(|tag| wrong_tag(tag)));
    warnings
}

/// What is wrong with a tag.
fn wrong_tag(tag: &str) -> Option<String> {
    let (namespace, name) = tag.split_once('.').unwrap_or((tag, ""));
    if !NAMESPACES.contains(&namespace) || name.is_empty() {
        return Some(format!("the tag {tag} has no known namespace: {}", NAMESPACES.join(", ")));
    }
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_right = match (namespace, name.split_at_checked(1)) {
        ("cis", _) => name.split('.').all(|part| digits(part, part.len()) && !part.is_empty()),
        ("attack", Some(("t", id))) if id.starts_with(|c: char| c.is_ascii_digit()) => {
            let (technique, sub) = id.split_once('.').unwrap_or((id, "000"));
            digits(technique, 4) && digits(sub, 3)
        }
        ("attack", Some(("g" | "s", id))) if id.starts_with(|c: char| c.is_ascii_digit()) => digits(id, 4),
        ("attack", _) => TACTICS.iter().any(|(tactic, ..)| *tactic == name) || OTHER_TACTICS.contains(&name),
        _ => true,
    };
    (!is_right).then(|| format!("the tag {tag} is no tactic, technique or control"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn tags() {
        for (tag, is_right) in [
            ("attack.t1562.008", true),
            ("attack.t1562", true),
            ("attack.defense-impairment", true),
            ("attack.command-and-control", true),
            ("attack.g0016", true),
            ("cis.4.15", true),
            ("cve.2021-44228", true),
            ("attack.t156", false),
            ("attack.t1562.08", false),
            ("attack.defense-evasion", false),
            ("cis.4.", false),
            ("attack", false),
            ("mitre.t1562", false),
        ] {
            assert_eq!(super::wrong_tag(tag).is_none(), is_right, "{tag}");
        }
    }
}
