//! `kinescope rules test`: the inline cases, with what each selection saw where one fails, and as JUnit.

use crate::{
    Done,
    show::{number, plain},
};
use anyhow::{Context, Result, bail};
use kinescope_stages::detect::{
    About, Rules,
    cases::{self, Failure},
    explain::explain,
};
use std::{fmt::Write, fs, path::Path};

/// Runs all cases.
pub fn test(rules: &Rules, junit: Option<&Path>) -> Result<Done> {
    let (mut n_cases, mut n_failed) = (0, 0);
    let mut suites = String::new();
    for (about, failures) in cases::run_all(rules) {
        n_cases += about.cases().len() as u64;
        n_failed += failures.len() as u64;
        for failure in &failures {
            words!("failed: {}: {}: {}", about.origin, failure.case, failure.reason);
            words!("{}", why(rules, about, failure));
        }
        suite(about, &failures, rules, &mut suites);
    }
    if let Some(path) = junit {
        let xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{n_cases}\" failures=\"{n_failed}\">\n{suites}</testsuites>\n"
        );
        fs::write(path, xml).with_context(|| format!("write {}", path.display()))?;
    }
    words!(
        "{} rules, {} cases, {} failed",
        number(rules.abouts().count() as u64),
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

/// What the rule's selections saw in the case's event.
fn why(rules: &Rules, about: &About, failure: &Failure) -> String {
    let case = about.cases().iter().find(|case| case.name == failure.case);
    let Some((rule, event)) = rules.get(&about.id).zip(case.and_then(|case| case.events.first())) else {
        return String::new();
    };
    let lines = cases::with_event(event, |event| {
        let seen = explain(rules, rule, event);
        let mut lines = format!("  condition: {}", seen.condition);
        if !seen.sees {
            lines.push_str(&format!("\n  it reads as an event of {}", event.source.name()));
        }
        for selection in &seen.selections {
            lines.push_str(&format!("\n  {} is {}", selection.name, selection.holds));
            for (field, holds, values) in &selection.tests {
                let values: Vec<_> = values.iter().map(|value| plain(value)).collect();
                let values = if values.is_empty() { "nothing".to_owned() } else { values.join(" | ") };
                lines.push_str(&format!("\n    {field} is {holds}: saw {values}"));
            }
        }
        lines
    });
    lines.unwrap_or_else(|error| format!("  {error}"))
}

/// A rule as a test suite: https://github.com/testmoapp/junitxml has the form.
fn suite(about: &About, failures: &[Failure], rules: &Rules, xml: &mut String) {
    // Writing to a String cannot fail.
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{}\" file=\"{}\" tests=\"{}\" failures=\"{}\">",
        escape(&about.name),
        escape(&about.origin.path),
        about.cases().len(),
        failures.len()
    );
    for case in about.cases() {
        let name = format!("{} {}", if case.fires { "fires:" } else { "quiet:" }, case.name);
        let head = format!("    <testcase classname=\"{}\" name=\"{}\"", escape(&about.name), escape(&name));
        let _ = match failures.iter().find(|failure| failure.case == case.name) {
            None => writeln!(xml, "{head}/>"),
            Some(failure) => writeln!(
                xml,
                "{head}><failure message=\"{}\">{}</failure></testcase>",
                escape(&failure.reason),
                escape(&why(rules, about, failure))
            ),
        };
    }
    xml.push_str("  </testsuite>\n");
}

/// Text for XML; characters that XML cannot hold become U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinescope_stages::detect::from_yaml;

    #[test]
    fn a_failure_says_what_was_seen_and_xml_holds_it() {
        let yaml = "title: t\nlogsource: {product: aws, service: cloudtrail}\n\
            detection: {sel: {eventName: 'A<b>'}, condition: sel}\n\
            cases: {fires: [{name: 'x \"y\"', event: {eventSource: s.amazonaws.com, eventName: Other}}]}\n";
        let rules = Rules::new(from_yaml("r.yml", yaml).unwrap()).unwrap();
        let rule = &rules.all()[0];
        let failures = cases::run(rule);
        let mut xml = String::new();
        suite(&rule.about, &failures, &rules, &mut xml);
        assert!(xml.contains("eventName is false: saw Other"), "{xml}");
        assert!(xml.contains("name=\"fires: x &quot;y&quot;\""), "{xml}");
        assert!(test(&rules, None).is_err());
    }
}
