//! Rule sets to match.

use kinescope_schemas::Event;
use kinescope_stages::detect::{Rule, Rules, builtin, from_yaml};
use std::{env, fs, path::Path};

/// Our own pack, and each folder in `KINESCOPE_RULES` (separated as `PATH` is), by the folder's name.
pub fn rule_sets() -> Vec<(String, Rules)> {
    let mut sets = vec![("builtin".to_owned(), builtin().unwrap())];
    let folders = env::var_os("KINESCOPE_RULES").unwrap_or_default();
    for folder in env::split_paths(&folders).filter(|folder| !folder.as_os_str().is_empty()) {
        let name = folder.file_name().expect("a folder of rules has a name").to_string_lossy().into_owned();
        sets.push((name, Rules::new(read(&folder)).unwrap()));
    }
    sets
}

/// The rules of all .yml files of a folder, in order of name.
fn read(folder: &Path) -> Vec<Rule> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("failed to read rules from {}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yml"))
        .collect();
    paths.sort();
    let rules = paths
        .iter()
        .flat_map(|path| from_yaml(&path.display().to_string(), &fs::read_to_string(path).unwrap()).unwrap());
    rules.collect()
}

/// How many rules match, over all events.
pub fn n_findings(rules: &Rules, events: &[Event<'_>]) -> u64 {
    let mut n = 0;
    events.iter().for_each(|event| rules.matching(event, |_| n += 1));
    n
}
