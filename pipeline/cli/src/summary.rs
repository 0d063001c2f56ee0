//! What a run says at its end.

use crate::show::{bold, number, on_stderr, plain, severity, table};
use kinescope_pipeline::local::Report;
use kinescope_schemas::{Severity, Source};
use std::path::Path;

const ROWS_MAX: usize = 12;
const BAR_CHARS: u64 = 24;

/// Prints the summary.
pub fn print(report: &Report, out: &Path) {
    let colour = on_stderr();
    headline(report, colour);
    ledger(report, colour);
    sources(report, colour);
    findings(report, colour);
    identities(report, colour);
    places(report, out, colour);
}

fn title(text: &str, colour: bool) {
    words!("\n{}", bold(text, colour));
}

fn headline(report: &Report, colour: bool) {
    let ledger = &report.ledger;
    let n = ledger.events.r#in;
    let rate = (n as f64 / ledger.seconds.max(1e-3)) as u64;
    let mib = ledger.bytes_in as f64 / f64::from(1 << 20);
    let words = format!(
        "{} events from {} records, {mib:.1} MiB in {:.1} s: {} events/s",
        number(n),
        number(ledger.records.r#in),
        ledger.seconds,
        number(rate)
    );
    words!("{}", bold(&words, colour));
    if report.unchanged {
        words!("Nothing new: a finished run has all of this input already, and nothing was changed.");
    }
}

fn ledger(report: &Report, colour: bool) {
    title("Ledger", colour);
    let (r, e) = (&report.ledger.records, &report.ledger.events);
    let cell = |n: u64| number(n);
    let mut rows = vec![
        vec![
            "records".into(),
            cell(r.r#in),
            cell(r.processed),
            cell(r.control),
            cell(r.duplicate),
            cell(r.quarantined),
            cell(r.redeliver),
        ],
        vec![
            "events".into(),
            cell(e.r#in),
            cell(e.accepted),
            String::new(),
            cell(e.duplicate),
            cell(e.quarantined),
            String::new(),
        ],
    ];
    for (name, sink) in &report.ledger.sinks {
        rows.push(vec![
            format!("→ {name}"),
            cell(sink.r#in),
            cell(sink.delivered),
            String::new(),
            String::new(),
            String::new(),
            cell(sink.redeliver),
        ]);
    }
    words!("{}", table(&["", "in", "done", "control", "duplicate", "quarantined", "redeliver"], rows));
    if report.n_samples_other > 0 {
        words!(
            "{} samples of metrics fell into the dimension other: see DIMENSION_SETS_MAX",
            number(report.n_samples_other)
        );
    }
    if report.n_hits_dropped > 0 {
        words!(
            "{} matches found no place in correlations, whose counts are lower bounds now: see ENTRIES_PER_GROUP_MAX",
            number(report.n_hits_dropped)
        );
    }
}

fn sources(report: &Report, colour: bool) {
    let mut list: Vec<_> =
        Source::ALL.into_iter().zip(report.seen.by_source).filter(|(_, n)| *n > 0).collect();
    list.sort_by_key(|(source, n)| (std::cmp::Reverse(*n), source.name()));
    let Some(most) = list.first().map(|(_, n)| *n) else { return };
    title("Events by source", colour);
    let bar = |n: u64| "█".repeat(((n * BAR_CHARS).div_ceil(most.max(1))) as usize);
    words!(
        "{}",
        table(
            &["source", "events", ""],
            list.iter().map(|(source, n)| vec![source.name().into(), number(*n), bar(*n)])
        )
    );
}

fn findings(report: &Report, colour: bool) {
    let found = &report.ledger.findings;
    title(&format!("Findings: {}", number(found.total)), colour);
    let of = |level: &Severity| {
        found.by_severity.get(level.name()).map(|n| format!("{} {}", number(*n), severity(*level, colour)))
    };
    words!("{}", Severity::ALL.iter().rev().filter_map(of).collect::<Vec<_>>().join(" · "));
    let mut list: Vec<_> = found.by_rule.iter().map(|(id, n)| (report.rules.about(id), id, *n)).collect();
    list.sort_by_key(|(rule, id, n)| {
        (std::cmp::Reverse(rule.map(|rule| rule.severity)), std::cmp::Reverse(*n), (*id).clone())
    });
    let rows = list.iter().take(ROWS_MAX).map(|(rule, id, n)| {
        let (level, what, attack) = rule.map_or_else(
            || (String::new(), (*id).clone(), String::new()),
            |rule| {
                (
                    severity(rule.severity, colour),
                    plain(&rule.title),
                    rule.techniques().collect::<Vec<_>>().join(" "),
                )
            },
        );
        vec![level, number(*n), what, attack]
    });
    if !list.is_empty() {
        words!("{}", table(&["severity", "count", "rule", "att&ck"], rows));
    }
    if list.len() > ROWS_MAX {
        words!("and {} more rules: see findings.jsonl", list.len() - ROWS_MAX);
    }
}

fn identities(report: &Report, colour: bool) {
    const IDENTITIES: usize = 5;
    let mut list: Vec<_> = report.seen.by_identity.iter().collect();
    list.sort_by_key(|(who, n)| (std::cmp::Reverse(*n), *who));
    if list.is_empty() {
        return;
    }
    title("Busiest identities", colour);
    words!(
        "{}",
        table(
            &["calls", "identity"],
            list.iter().take(IDENTITIES).map(|(who, n)| vec![number(*n), plain(who)])
        )
    );
}

fn places(report: &Report, out: &Path, colour: bool) {
    let out = out.display();
    title("Where things are", colour);
    let mut rows = vec![
        ("findings.jsonl", "findings, one OCSF detection finding a line"),
        ("alerts.jsonl", "what a topic would have been sent"),
        ("kinescope.db", "the hot store (SQLite): findings, events, points, agents"),
        ("quarantine.jsonl", "what could not be read, with its bytes"),
        ("ledger.json", "the account of every record and event"),
    ];
    if report.ledger.sinks.contains_key("lake") {
        rows.insert(0, ("lake/", "Parquet: <table>/event_day=YYYY-MM-DD/*.parquet"));
    }
    words!(
        "{}",
        table(&["", ""], rows.iter().map(|(file, what)| vec![format!("{out}/{file}"), (*what).into()]))
            .trim_start_matches('\n')
    );
    title("What to try next", colour);
    let worst = report
        .ledger
        .findings
        .by_rule
        .keys()
        .filter_map(|id| report.rules.about(id))
        .max_by_key(|rule| rule.severity);
    let rule = worst.map_or("root_used", |rule| rule.name.as_str());
    words!("  kinescope rules show {rule}");
    if report.ledger.sinks.contains_key("lake") {
        words!(
            "  duckdb -c \"SELECT api_service_name, api_operation, count(*) n FROM '{out}/lake/api_activity/*/*.parquet' GROUP BY ALL ORDER BY n DESC LIMIT 10\""
        );
    }
    if report.ledger.events.quarantined > 0 {
        words!("  kinescope redrive {out}");
    } else {
        words!(
            "  kinescope explain '{{\"eventSource\":\"iam.amazonaws.com\",\"eventName\":\"CreateAccessKey\"}}'"
        );
    }
}
