//! Files that somebody wrote to do harm: each is refused with its line, or compiles within limits, and quickly.

use super::super::*;
use kinescope_sigma::*;

/// The line and words of the error; no line if the file loads.
fn check(name: &str, text: &str, expected: Option<(usize, &str)>) {
    match (from_yaml("hostile.yml", text), expected) {
        (Ok(_), None) => {}
        (Err(error), Some((line, words))) => {
            assert!(error.reason.contains(words) && error.line == line, "{name}: {error}");
            assert!(error.reason.len() < 400, "{name}: {} bytes", error.reason.len());
        }
        (Ok(_), Some(_)) => panic!("{name} loads"),
        (Err(error), None) => panic!("{name}: {error}"),
    }
}

const HEAD: &str = "title: t\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n";

fn condition(condition: &str) -> String {
    format!("{HEAD}  s: {{a: b}}\n  condition: {condition}\n")
}

fn values(modifiers: &str, n: usize, value: impl Fn(usize) -> String) -> String {
    let list: String = (0..n).map(|at| format!("      - '{}'\n", value(at))).collect();
    format!("{HEAD}  s:\n    a{modifiers}:\n{list}  condition: s\n")
}

#[test]
fn nesting() {
    check("brackets", &format!("a: {}{}", "[".repeat(10_000), "]".repeat(10_000)), Some((1, "open at once")));
    check("braces", &"{a: ".repeat(200_000), Some((1, "open at once")));
    check(
        "fewer brackets",
        &format!("a: {}{}", "[".repeat(900), "]".repeat(900)),
        Some((1, "recursion limit")),
    );
    check("dashes", &format!("a: 1\nb:\n {}x", "- ".repeat(10_000)), Some((3, "recursion limit")));
    check("questions", &"? ".repeat(10_000), Some((1, "recursion limit")));
    let steps: String = (0..500).map(|at| format!("{}a:\n", " ".repeat(at))).collect();
    check("indentation", &steps, Some((129, "recursion limit")));
    check(
        "parentheses",
        &condition(&format!("{}s{}", "(".repeat(10_000), ")".repeat(10_000))),
        Some((5, "ondition")),
    );
}

#[test]
fn chains() {
    check("nots", &condition(&"not ".repeat(16_000)), Some((5, "at most 2000 of")));
    check("fewer nots", &condition(&format!("{}s", "not ".repeat(300))), Some((5, "at most 250 of")));
    check(
        "hidden nots",
        &condition(&format!("\"{}s\"", "no\\x74 ".repeat(16_000))),
        Some((5, "at most 2000 of")),
    );
    check(
        "folded nots",
        &condition(&format!("\"{}s\"", "no\\\nt ".repeat(16_000))),
        Some((2_005, "at most 2000 of")),
    );
    check("ands", &condition(&format!("s{}", " and s or s".repeat(5_000))), Some((5, "at most 2000 of")));
    check("as many as may be", &condition(&format!("{}s", "not ".repeat(NOTS_MAX - 10))), None);
    check("long", &condition(&format!("s{}", " and s or s".repeat(900))), None);
    let selections: String = (0..200).map(|at| format!("  s{at}: {{a: b}}\n")).collect();
    let all = format!("{HEAD}{selections}  condition: [{}]\n", "1 of s*, ".repeat(100));
    check("selectors", &all, Some((204, "at most 10000 selections")));
}

#[test]
fn sizes() {
    check("a long file", &"x: y\n".repeat(10_000_000), Some((1, "a file of rules has")));
    check(
        "a long rule",
        &values("", 100_000, |at| format!("term {at}")),
        Some((1, "a rule has at most 1048576")),
    );
    check("many terms", &values("", 60_000, |at| format!("{at}")), Some((5, "at most 50000 values")));
    check("terms", &values("|contains", 5_000, |at| format!("term {at}")), None);
    check("documents", &"---\ntitle: x\n".repeat(20_000), Some((2, "detection")));
    check(
        "repeats",
        &format!("{}{}", condition("s"), "---\naction: repeat\ntitle: u\n".repeat(200)),
        Some((307, "repeats")),
    );
}

#[test]
fn expressions() {
    check(
        "repeated repetitions",
        &values("|re", 1, |_| "((a{99}){99}){99}".to_owned()),
        Some((5, "once compiled")),
    );
    check("many", &values("|re", 101, |at| format!("x{at}.*y")), Some((5, "at most 100 regular")));
    check(
        "nested",
        &values("|re", 1, |_| format!("{}a{}", "(".repeat(10_000), ")".repeat(10_000))),
        Some((5, "regex")),
    );
    check("wildcards", &values("", 101, |at| format!("x{at}*y")), Some((5, "inner wildcards")));
    // Harmless to an engine that does not go back.
    check("catastrophic elsewhere", &values("|re", 1, |_| "^(a+)+$".to_owned()), None);
    check("dashes", &values("|windash", 1, |_| "-".repeat(12)), Some((5, "more than 50000 values")));
}

#[test]
fn anchors() {
    let level = |at: usize| format!("a{at}: &a{at} [{}]\n", vec![format!("*a{}", at - 1); 9].join(","));
    let levels: String = (1..12).map(level).collect();
    check("a bomb", &format!("a0: &a0 [x,x,x,x,x,x,x,x,x]\n{levels}"), Some((1, "repetition limit")));
    let long = format!("a0: &a0 [{}]\n{levels}", vec!["x"; 100_000].join(","));
    check("a long bomb", &long, Some((2, "no anchors and aliases")));
    check("itself", "a: &a [*a]\n", Some((1, "recursion limit")));
}

#[test]
fn what_is_no_rule() {
    let binary: String =
        (0..10_000u32).map(|at| char::from((at.wrapping_mul(2_654_435_761) >> 13) as u8)).collect();
    check("binary", &binary, Some((1, "control characters")));
    for (text, line, words) in [
        ("", 1, "no rule"),
        ("\n\n# nothing\n---\n", 1, "no rule"),
        ("just text", 1, "mapping"),
        ("- a\n- b\n", 1, "mapping"),
        ("title: t\n", 1, "detection"),
        ("title: t\ndetection: {s: {a: b}}\n", 2, "condition"),
        ("title: t\ndetection: {s: {a: b}, condition: ''}\n", 2, "ondition"),
        ("title: t\ndetection: {s: {a: b}, condition: [s, 5]}\n", 2, "condition"),
        ("title: t\ndetection: {s: {a: b}, condition: []}\n", 2, "no condition"),
        ("\u{feff}", 1, ""),
    ] {
        check(text, text, Some((line, words)));
    }
}
