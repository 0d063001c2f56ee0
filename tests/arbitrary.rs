//! Bytes that nobody meant: whatever comes, nothing panics, the ledger adds up, and the lake can be read.

#![expect(clippy::unwrap_used, reason = "a test")]

use fastrand::Rng;
use kinescope_generate::Shape;
use kinescope_stages::json::{JsonError, Raw, Reader};
use kinescope_tests::{
    binary::{self, process_args},
    mutate::mutate,
    output::Results,
    python::script,
    traffic::{Traffic, files, recorded_files, samples},
};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use std::fs;

/// Payloads to spoil: files, and single lines of them.
fn corpus() -> Vec<Vec<u8>> {
    const LINES_OF_FILE: usize = 30;
    const BYTES_MAX: usize = 64 << 10;
    let traffic = Traffic::new(Shape::Mixed, 600, 41);
    let mut recorded = recorded_files();
    Rng::with_seed(1).shuffle(&mut recorded);
    recorded.truncate(10);
    let mut corpus = Vec::new();
    for path in [files(&samples()), traffic.files(), recorded].concat() {
        let bytes = fs::read(path).unwrap();
        if std::str::from_utf8(&bytes).is_ok() {
            corpus.extend(bytes.split(|byte| *byte == b'\n').take(LINES_OF_FILE).map(<[u8]>::to_vec));
        }
        corpus.push(bytes);
    }
    corpus.retain(|bytes| !bytes.is_empty() && bytes.len() < BYTES_MAX);
    corpus
}

#[test]
fn whatever_comes_is_accounted_for() {
    const N_FILES: usize = 1_500;
    let corpus = corpus();
    let mut chance = Rng::with_seed(43);
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir(&input).unwrap();
    for at in 0..N_FILES {
        let [one, other] = [(); 2].map(|()| &corpus[chance.usize(..corpus.len())]);
        let bytes = if at % 20 == 0 {
            (0..chance.usize(1..2_000)).map(|_| chance.u8(..)).collect()
        } else {
            mutate(one, other, &mut chance)
        };
        fs::write(input.join(format!("{at:05}")), bytes).unwrap();
    }
    let ran = binary::run(process_args(&[&input], &out));
    if ran.code != Some(0) {
        panic!("{:?} on the files in {}\n{}", ran.code, folder.keep().display(), ran.err);
    }
    let ledger = Results::at(&out).ledger();
    assert!(
        ledger.records.r#in >= N_FILES as u64 && ledger.events.accepted > 0 && ledger.events.quarantined > 0
    );
    let contract = folder.path().join("contract.json");
    fs::write(&contract, binary::run(["schema", "json"]).out).unwrap();
    script("lake.py", [&out, &contract]);
}

/// The value as our reader sees it, by opening every object and list.
fn opened(raw: Raw<'_>) -> Value {
    match raw.0.as_bytes()[0] {
        b'{' => {
            let fields = raw.fields().0.into_iter();
            Value::Object(
                fields.map(|(name, value)| (name.into_owned(), opened(value))).collect::<Map<_, _>>(),
            )
        }
        b'[' => raw.items().into_iter().map(opened).collect(),
        b'"' => Value::from(raw.text().unwrap().into_owned()),
        // Numbers and words have no structure of their own.
        _ => serde_json::from_str(raw.0).unwrap(),
    }
}

/// The value that the text is, and nothing after it.
fn read(text: &str) -> Result<Raw<'_>, JsonError> {
    let mut reader = Reader::new(text, 0);
    let value = reader.value()?;
    reader.peek();
    if reader.at() == text.len() { Ok(value) } else { Err(JsonError { what: "more text", at: reader.at() }) }
}

#[test]
fn our_json_reader_agrees_with_serde_json() {
    let corpus: Vec<String> = corpus()
        .into_iter()
        .filter_map(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| text.starts_with('{'))
        .collect();
    let mut chance = Rng::with_seed(47);
    let (mut n_good, mut n_bad) = (0, 0);
    for _ in 0..6_000 {
        let [one, other] = [(); 2].map(|()| corpus[chance.usize(..corpus.len())].as_bytes());
        let Ok(text) = String::from_utf8(mutate(one, other, &mut chance)) else { continue };
        let ours = read(&text);
        let theirs = serde_json::from_str::<IgnoredAny>(&text);
        if ours.as_ref().is_err_and(|error| error.what == "nested too deep") {
            continue;
        }
        assert_eq!(ours.is_ok(), theirs.is_ok(), "{ours:?} {theirs:?} {text}");
        // Half of a surrogate pair and numbers beyond a float are JSON, but no value of serde_json's.
        if let (Ok(ours), Ok(theirs)) = (ours, serde_json::from_str::<Value>(&text)) {
            assert_eq!(opened(ours), theirs, "{text}");
            n_good += 1;
        } else {
            n_bad += 1;
        }
    }
    assert!(n_good > 500 && n_bad > 500, "{n_good} good, {n_bad} bad");
}
