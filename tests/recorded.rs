//! What the pack finds in recorded traffic: a snapshot of counts, so that a changed rule shows as a changed snapshot,
//! and the bars that it has to keep. Runs where KINESCOPE_RECORDED names the recordings;
//! KINESCOPE_BLESS=1 writes the snapshot anew.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_pipeline::{Config, scan::scan, source::Files};
use kinescope_schemas::Severity;
use kinescope_stages::detect::{Rules, builtin, correlate::State};
use kinescope_tests::traffic::recorded;
use std::{collections::BTreeMap, env, fs, path::Path};

/// What is found in a folder: by rule, severity and how often.
struct Found {
    n_events: u64,
    by_rule: BTreeMap<String, (Severity, u64)>,
}

impl Found {
    fn new(rules: &Rules, folder: &Path) -> Found {
        let files = Files::list(&[folder.to_owned()]).unwrap();
        let mut by_rule: BTreeMap<String, (Severity, u64)> = BTreeMap::new();
        let mut states = vec![State::default(); rules.correlations().len()];
        let scanned = scan(&files, &Config::default(), |event| {
            rules.judge(
                event,
                |rule| {
                    let name = format!("{}/{}", rule.about.family, rule.about.name);
                    by_rule.entry(name).or_insert((rule.about.severity, 0)).1 += 1;
                },
                |at, hit| states[at].add(&rules.correlations()[at], &hit),
            );
        });
        for (at, (state, correlation)) in states.iter().zip(rules.correlations()).enumerate() {
            let n = state.findings(at, correlation).len() as u64;
            if n > 0 {
                let about = &correlation.about;
                by_rule.insert(format!("{}/{}", about.family, about.name), (about.severity, n));
            }
        }
        Found { n_events: scanned.unwrap().n_events, by_rule }
    }

    fn n_from(&self, severity: Severity) -> u64 {
        self.by_rule.values().filter(|(of, _)| *of >= severity).map(|(_, n)| n).sum()
    }
}

#[test]
fn findings_are_those_of_the_snapshot() {
    let Some(folder) = recorded() else { return };
    let rules = builtin().unwrap();
    let mut text = String::from("# recording, rule, level, findings\n");
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    for name in names {
        let found = Found::new(&rules, &folder.join(&name));
        for (rule, (severity, n)) in found.by_rule {
            text.push_str(&format!("{}\t{rule}\t{}\t{n}\n", name.to_string_lossy(), severity.name()));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/recorded_findings.tsv");
    if env::var_os("KINESCOPE_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap();
    let differ = |a: &str, b: &str| -> Vec<String> {
        a.lines().filter(|line| !b.lines().any(|other| other == *line)).map(str::to_owned).collect()
    };
    let (gone, new) = (differ(&known, &text), differ(&text, &known));
    assert!(
        gone.is_empty() && new.is_empty(),
        "findings changed; if that is meant, KINESCOPE_BLESS=1 writes the snapshot anew\ngone: {gone:#?}\nnew: {new:#?}"
    );
}

/// Nothing bad is known of this traffic, so what is found there is noise.
#[test]
fn ordinary_traffic_is_quiet() {
    let Some(folder) = recorded().map(|folder| folder.join("opensearch_catalog")).filter(|path| path.exists())
    else {
        return;
    };
    let found = Found::new(&builtin().unwrap(), &folder);
    assert!(found.n_events > 800);
    let n_loud = found.n_from(Severity::Medium);
    assert!(n_loud * 100 <= found.n_events * 2, "{n_loud} of {}: {:?}", found.n_events, found.by_rule);
}
