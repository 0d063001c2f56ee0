//! The rules of the house, held to by a machine.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_tests::binary::repository;
use std::{
    fs,
    path::{Path, PathBuf},
};

const LINES_MAX: usize = 450;

/// Rust files below a folder of the repository, without what is built.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// Calls `look` with every file's path from the repository's root, and with its text.
fn each(mut look: impl FnMut(&str, &str)) {
    let mut paths = Vec::new();
    sources(repository(), &mut paths);
    assert!(paths.len() > 100, "{} files", paths.len());
    for path in paths {
        let name = path.strip_prefix(repository()).unwrap().to_str().unwrap();
        look(name, &fs::read_to_string(&path).unwrap());
    }
}

/// Whether a whole file is tests or benches.
fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap();
    path.starts_with("tests/")
        || path.starts_with("benches/")
        || path.contains("/tests/")
        || matches!(name, "tests.rs" | "testing.rs")
}

/// The lines that are neither comments nor tests, which stand at a file's end or are modules in files of their own.
fn code(text: &str) -> Vec<(usize, &str)> {
    let mut code = Vec::new();
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if line.starts_with("#[cfg(test)]") {
            if lines.next().is_none_or(|(_, next)| !next.ends_with(';')) {
                break;
            }
        } else if !line.trim_start().starts_with("//") {
            code.push((number, line));
        }
    }
    code
}

/// The places in code outside tests where one of the words stands, in files that are looked at.
fn places(words: &[&str], is_looked_at: impl Fn(&str) -> bool) -> Vec<String> {
    let mut places = Vec::new();
    each(|path, text| {
        if is_test(path) || !is_looked_at(path) {
            return;
        }
        for (number, line) in code(text) {
            places.extend(
                words
                    .iter()
                    .filter(|word| line.contains(**word))
                    .map(|word| format!("{path}:{number}: {word}")),
            );
        }
    });
    places
}

#[test]
fn nothing_is_left_undone() {
    let words = [".unwrap()", "todo!", "unimplemented!", "dbg!(", "#[allow(", "#![allow("];
    assert_eq!(places(&words, |_| true), [""; 0]);
}

#[test]
fn no_test_is_ignored_and_none_sleeps() {
    let mut places = Vec::new();
    each(|path, text| {
        let words = [["#[ig", "nore"].concat(), ["thread::sl", "eep"].concat()];
        if words.iter().any(|word| text.contains(word)) && is_test(path) {
            places.push(path.to_owned());
        }
    });
    assert_eq!(places, [""; 0]);
}

#[test]
fn files_have_one_subject() {
    let mut long = Vec::new();
    each(|path, text| {
        let n_lines = text.lines().count();
        if n_lines > LINES_MAX {
            long.push(format!("{path} has {n_lines} lines"));
        }
    });
    assert_eq!(long, [""; 0]);
}

#[test]
fn only_one_crate_knows_aws() {
    assert_eq!(places(&["aws_sdk", "aws_config"], |path| !path.starts_with("pipeline/aws/")), [""; 0]);
}

#[test]
fn stages_know_no_time_no_network_and_no_environment() {
    let words = [
        "std::fs",
        "std::net::Tcp",
        "std::net::Udp",
        "std::env",
        "SystemTime",
        "Instant",
        "std::process",
        "tokio",
    ];
    let is_stage = |path: &str| path.starts_with("stages/") && path != "stages/build.rs";
    assert_eq!(places(&words, is_stage), [""; 0]);
}

#[test]
fn schemas_and_stages_depend_on_nothing_above_them() {
    for (folder, above) in [
        ("schemas", &["kinescope_stages", "kinescope_pipeline", "kinescope_generate"][..]),
        ("stages", &["kinescope_pipeline", "kinescope_generate"]),
        (
            "stages/sigma",
            &["kinescope_schemas", "kinescope_stages", "kinescope_pipeline", "kinescope_generate"],
        ),
        ("pipeline/generate", &["kinescope_schemas", "kinescope_stages", "kinescope_pipeline"]),
    ] {
        assert_eq!(places(above, |path| path.starts_with(&format!("{folder}/src/"))), [""; 0]);
    }
}
