//! `kinescope explain`: how an event is read, and why rules match it or do not.

use crate::{
    Done, args,
    process::config,
    rules,
    show::{bold, on_stdout, out, plain, severity, styled, table},
};
use anyhow::{Context, Result, bail};
use kinescope_schemas::{Event, Id, Severity, ocsf, tables::base};
use kinescope_stages::{
    classify::classify,
    decode::{Bad, DecodeError, Envelope, Input, Limits, Message, Visitor, decode},
    detect::{Rule, Rules, explain::explain},
    facts::{PREFIX, View, holding},
    parse::{Settings, parse},
};
use std::{
    fs,
    io::{self, Read},
    mem::ManuallyDrop,
};

/// Runs the command.
pub fn run(args: &args::Explain) -> Result<Done> {
    let (config, _) = config(args.config.as_deref())?;
    // The process ends with this: to free them one by one is a twelfth of what explaining one event takes.
    let rules = ManuallyDrop::new(rules::load(&args.rules, &config.lists)?);
    let asked = match &args.rule {
        Some(id) => Some(asked(&rules, id)?),
        None => None,
    };
    let bytes = read(&args.event)?;
    let mut explaining =
        Explaining { rules: &rules, asked, page: String::new(), n_events: 0, colour: on_stdout() };
    let input = Input {
        bytes: &bytes,
        record_id: Id::of(&[&bytes]),
        offset: 0,
        header: None,
        envelope: &Envelope::default(),
    };
    decode(&input, &Limits::default(), &mut explaining);
    if explaining.n_events == 0 && explaining.page.is_empty() {
        bail!("explain: there is no event in it");
    }
    out(&explaining.page)?;
    Ok(Done::Well)
}

/// The rule of this id or name, or the rules whose matches the correlation counts.
fn asked<'r>(rules: &'r Rules, id: &str) -> Result<Vec<&'r Rule>> {
    if let Some(correlation) = rules.correlation(id) {
        return Ok(correlation.rules.iter().map(|at| &rules.all()[*at]).collect());
    }
    let rule = rules.get(id);
    Ok(vec![rule.with_context(|| {
        format!("explain {id}: there is no such rule; `kinescope rules list` names them")
    })?])
}

/// The event itself, a file, or standard input.
fn read(event: &str) -> Result<Vec<u8>> {
    if event.trim_start().starts_with(['{', '[']) {
        return Ok(event.as_bytes().to_vec());
    }
    if event == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).context("read standard input")?;
        return Ok(bytes);
    }
    fs::read(event).with_context(|| format!("read {event}"))
}

struct Explaining<'r> {
    rules: &'r Rules,
    /// The rules that were asked for; of a correlation, those that it counts.
    asked: Option<Vec<&'r Rule>>,
    page: String,
    n_events: u64,
    colour: bool,
}

/// Events of one input that are explained; the rest are counted.
const EVENTS_MAX: u64 = 20;

impl Visitor for Explaining<'_> {
    fn message(&mut self, message: Message<'_, '_>) -> Result<(), DecodeError> {
        let path = message.context.frame.path();
        let mut event = parse(message, &Settings::default())?;
        let severity = classify(&mut event);
        self.n_events += 1;
        if self.n_events <= EVENTS_MAX {
            self.event(&event, severity, &path);
        }
        Ok(())
    }

    fn control(&mut self) {
        self.page.push_str("A control message: it says that a subscription works, and is acknowledged.\n");
    }

    fn bad(&mut self, bad: Bad<'_, '_>) {
        self.page.push_str(&format!("Goes to quarantine: failed to decode {}\n", bad.error));
    }
}

impl Explaining<'_> {
    fn event(&mut self, event: &Event<'_>, level: Severity, path: &str) {
        let row = &event.row;
        let title = format!("{} event {}", event.source.name(), plain(event.uid()));
        self.page.push_str(&format!("{}\n", bold(&title, self.colour)));
        if !path.is_empty() {
            self.page.push_str(&format!("inside {path}\n"));
        }
        let reason = row.str(base::SEVERITY_REASON);
        self.page.push_str(&format!(
            "severity {} because {reason}; a {} act; table {}\n",
            severity(level, self.colour),
            row.str(base::CATEGORY),
            event.table.name()
        ));
        self.facts(event);
        match self.asked.clone() {
            Some(rules) => rules.into_iter().for_each(|rule| self.one(event, rule)),
            None => self.all(event),
        }
        self.page.push('\n');
    }

    /// The facts that say something about it.
    fn facts(&mut self, event: &Event<'_>) {
        let rows = holding(&View::new(event, self.rules.lists())).into_iter().map(|(fact, told)| {
            let values = told.values().iter().map(|value| plain(value)).collect::<Vec<_>>().join(" | ");
            vec![format!("{PREFIX}{}", fact.name), values, fact.about.to_owned()]
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            self.page.push_str(&format!("{}\n", table(&["fact", "value", "what it means"], rows)));
        }
    }

    /// Every rule that the index chooses, and the event in OCSF.
    fn all(&mut self, event: &Event<'_>) {
        let mut rows = Vec::new();
        self.rules.trying(event, |rule, matches| {
            rows.push(vec![
                if matches { "matches" } else { "no" }.to_owned(),
                rule.about.name.clone(),
                severity(rule.about.severity, self.colour),
                plain(&rule.about.title),
            ]);
        });
        rows.sort_by(|a, b| a[1].cmp(&b[1]));
        self.page.push_str(&format!("{} of {} rules come near it\n", rows.len(), self.rules.all().len()));
        if !rows.is_empty() {
            self.page.push_str(&format!("{}\n", table(&["", "rule", "level", "catches"], rows)));
        }
        self.page.push_str(&format!("{:#}\n", ocsf::to_json(event)));
    }

    fn one(&mut self, event: &Event<'_>, rule: &Rule) {
        let told = explain(self.rules, rule, event);
        let yes = |holds: bool| {
            if holds { styled("true", "32", self.colour) } else { styled("false", "31", self.colour) }
        };
        let mut page = format!(
            "rule {}: {}\nmatches: {}\n",
            rule.about.name,
            plain(&rule.about.title),
            yes(told.matches)
        );
        if !told.sees {
            page.push_str("it looks at events of another source\n");
        } else if !told.candidate {
            page.push_str("the index does not choose it: service, operation or another value that it demands is not there\n");
        } else {
            page.push_str(
                "the index chooses it: what it demands of service, operation and the like is there\n",
            );
        }
        page.push_str(&format!("condition: {}\n", told.condition));
        for selection in &told.selections {
            page.push_str(&format!("  {} {}\n", yes(selection.holds), selection.name));
            for (field, holds, seen) in &selection.tests {
                let seen = if seen.is_empty() {
                    "nothing there".to_owned()
                } else {
                    seen.iter().map(|text| plain(text)).collect::<Vec<_>>().join(" | ")
                };
                page.push_str(&format!("    {} {field}: {seen}\n", yes(*holds)));
            }
        }
        self.page.push_str(&page);
    }
}
