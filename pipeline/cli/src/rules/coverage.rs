//! `kinescope rules coverage`: ATT&CK and CIS by rule, as tables and as a layer for the ATT&CK Navigator.

use super::matrix::{CIS, TACTICS};
use crate::{
    Done,
    show::{bold, on_stdout, out, table},
};
use anyhow::{Context, Result};
use kinescope_stages::detect::{About, Rules};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, fs, path::Path};

/// Rules of a control that are named.
const NAMED_MAX: usize = 3;

/// Prints both tables; writes the layer if a file is named.
pub fn coverage(rules: &Rules, navigator: Option<&Path>) -> Result<Done> {
    let colour = on_stdout();
    let techniques = by_technique(rules);
    let rows = TACTICS.iter().flat_map(|(_, tactic, list)| {
        list.iter().enumerate().map(|(at, (id, name))| {
            let (n_rules, subs) = covered(rules, &techniques, id);
            let tactic = if at == 0 { (*tactic).to_owned() } else { String::new() };
            let n_rules = if n_rules == 0 { "–".to_owned() } else { n_rules.to_string() };
            vec![tactic, (*id).to_owned(), (*name).to_owned(), n_rules, subs]
        })
    });
    let attack = table(&["tactic", "technique", "name", "rules", "sub-techniques"], rows);
    let rows = (1..).zip(CIS).map(|(n, what)| {
        let (old, new) = (format!("cis.4.{n}"), format!("cis.5.{n}"));
        let has = |about: &&About| about.tags.contains(&old) && about.tags.contains(&new);
        let names: Vec<&str> = rules.abouts().filter(has).map(|rule| rule.name.as_str()).collect();
        let more = names.len().saturating_sub(NAMED_MAX);
        let mut named = names[..names.len().min(NAMED_MAX)].join(" ");
        if more > 0 {
            named.push_str(&format!(" and {more} more"));
        }
        let n_rules = if names.is_empty() { "–".to_owned() } else { names.len().to_string() };
        vec![format!("4.{n} / 5.{n}"), (*what).to_owned(), n_rules, named]
    });
    let cis = table(&["control", "watches for", "rules", "such as"], rows);
    out(&format!(
        "{}\n{attack}\n\n{}\n{cis}",
        bold("MITRE ATT&CK, cloud matrix (IaaS)", colour),
        bold("CIS AWS Foundations Benchmark, monitoring (up to v5 / from v6)", colour)
    ))?;
    if let Some(path) = navigator {
        fs::write(path, layer(&techniques).to_string())
            .with_context(|| format!("write {}", path.display()))?;
    }
    let all: Vec<&str> =
        TACTICS.iter().flat_map(|(_, _, list)| list.iter().map(|(id, _)| *id)).collect::<Vec<_>>();
    let unique: std::collections::BTreeSet<&str> = all.into_iter().collect();
    let n = unique.iter().filter(|id| covered(rules, &techniques, id).0 > 0).count();
    words!("{n} of {} techniques and {} of {} controls have a rule", unique.len(), n_cis(rules), CIS.len());
    Ok(Done::Well)
}

fn n_cis(rules: &Rules) -> usize {
    let has = |n: usize| rules.abouts().any(|about| about.tags.contains(&format!("cis.4.{n}")));
    (1..=CIS.len()).filter(|n| has(*n)).count()
}

/// Rules by technique and sub-technique.
fn by_technique(rules: &Rules) -> BTreeMap<String, Vec<&About>> {
    let mut map: BTreeMap<String, Vec<&About>> = BTreeMap::new();
    for about in rules.abouts() {
        about.techniques().for_each(|id| map.entry(id).or_default().push(about));
    }
    map
}

/// How many rules a technique has with its sub-techniques, and how many each of these.
fn covered(rules: &Rules, techniques: &BTreeMap<String, Vec<&About>>, id: &str) -> (usize, String) {
    let is_of = |other: &str| other == id || other.strip_prefix(id).is_some_and(|rest| rest.starts_with('.'));
    let n = rules.abouts().filter(|about| about.techniques().any(|other| is_of(&other))).count();
    let subs = techniques.iter().filter(|(other, _)| *other != id && is_of(other));
    let subs: Vec<_> = subs.map(|(sub, rules)| format!("{} {}", &sub[id.len()..], rules.len())).collect();
    (n, subs.join(" · "))
}

/// A layer of the ATT&CK Navigator, format 4.5: a score a technique, which is how many rules there are.
fn layer(techniques: &BTreeMap<String, Vec<&About>>) -> Json {
    let most = techniques.values().map(Vec::len).max().unwrap_or(1);
    let list: Vec<_> = techniques
        .iter()
        .map(|(id, rules)| {
            let names: Vec<&str> = rules.iter().map(|about| about.name.as_str()).collect();
            json!({"techniqueID": id, "score": rules.len(), "comment": names.join(", "), "enabled": true})
        })
        .collect();
    json!({
        "name": "Kinescope",
        "versions": {"attack": "19", "navigator": "5.1.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "description": "How many rules detect each technique",
        "filters": {"platforms": ["IaaS"]},
        "techniques": list,
        "gradient": {"colors": ["#e8f4fdff", "#0b5394ff"], "minValue": 0, "maxValue": most},
        "showTacticRowBackground": true,
        "selectSubtechniquesWithParent": false
    })
}
