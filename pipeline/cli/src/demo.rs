//! `kinescope demo`: generated traffic with attacks woven in, end to end, and whether all of them were found.

use crate::{
    Done,
    args::{self, RuleArgs},
    generate,
    process::{now_ms, with_progress},
    rules,
    show::{bold, number, on_stderr, styled, table},
    summary,
};
use anyhow::{Context, Result, bail};
use kinescope_generate::{Options, Scenario, Shape};
use kinescope_pipeline::{
    Config,
    local::{Input, Run},
    source::Files,
};
use kinescope_stages::{detect::Rules, facts::Lists};
use std::{
    collections::HashSet,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

/// Runs the command.
pub fn run(args: &args::Demo) -> Result<Done> {
    let colour = on_stderr();
    words!(
        "{} 25 accounts, 7 Regions, {} events, attacks woven in",
        bold("Generating traffic:", colour),
        number(args.events)
    );
    let start_ms = kinescope_stages::parse::time::epoch_ms(generate::START).unwrap_or_default();
    let options =
        Options { n_events: args.events, seed: args.seed, shape: Shape::Mixed, start_ms, broken: true };
    let traffic = args.out.join("input");
    let manifest = generate::traffic(&options, &traffic)?;
    words!(
        "{} CloudTrail, flow logs, load balancers, applications, GuardDuty and more, as a stream would carry them\n",
        bold("Processing it:", colour)
    );
    let results = args.out.join("results");
    let report = with_progress(Run {
        input: Input::Files(Files::list(std::slice::from_ref(&traffic))?),
        out: results.clone(),
        rules: rules::load(&RuleArgs::default(), &Lists::default())?,
        config: Config::default(),
        config_text: String::new(),
        only_findings: false,
        n_threads: 0,
        now_ms: now_ms(),
    })?;
    summary::print(&report, &results);
    let n_missing = scenarios(&manifest.scenarios, &report.rules, &results, colour)?;
    if report.ledger.events.quarantined != manifest.n_broken {
        bail!(
            "account for the broken pieces: {} woven in, {} in quarantine",
            manifest.n_broken,
            report.ledger.events.quarantined
        );
    }
    if n_missing > 0 {
        bail!("find {n_missing} of {} scenarios: please report this", manifest.scenarios.len());
    }
    Ok(Done::Well)
}

/// Compares what was woven in with what was found; how many scenarios were not found whole.
fn scenarios(woven: &[Scenario], rules: &Rules, results: &Path, colour: bool) -> Result<usize> {
    let found = found(&results.join("findings.jsonl")).context("read findings.jsonl")?;
    let mut n_missing = 0;
    let mut rows = Vec::new();
    for scenario in woven {
        let is_found = |rule: &str, event: &str| {
            rules.get(rule).is_some_and(|rule| found.contains(&(rule.about.id.clone(), event.to_owned())))
        };
        let n =
            scenario.expects.iter().filter(|expected| is_found(&expected.rule, &expected.event_uid)).count();
        let whole = n == scenario.expects.len();
        n_missing += usize::from(!whole);
        let mark = if whole { styled("found", "32", colour) } else { styled("MISSED", "1;31", colour) };
        rows.push(vec![
            mark,
            format!("{n}/{}", scenario.expects.len()),
            scenario.title.clone(),
            scenario.account.clone(),
        ]);
    }
    let n_found = woven.len() - n_missing;
    words!("\n{}", bold(&format!("{n_found} of {} scenarios found", woven.len()), colour));
    words!("{}", table(&["", "events", "scenario", "account"], rows));
    Ok(n_missing)
}

/// Rule and event of every finding.
fn found(path: &Path) -> Result<HashSet<(String, String)>> {
    let mut found = HashSet::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let finding: serde_json::Value = serde_json::from_str(&line?)?;
        let info = &finding["finding_info"];
        let rule = info["analytic"]["uid"].as_str().unwrap_or_default();
        for event in info["related_events"].as_array().into_iter().flatten() {
            found.insert((rule.to_owned(), event["uid"].as_str().unwrap_or_default().to_owned()));
        }
    }
    Ok(found)
}
