//! Our JSON reader against serde_json: what is JSON, and what it says.
//!
//! Differences that are meant: half a surrogate pair is U+FFFD to us and an error to them, a number that no float holds
//! is text to us and an error to them, and they stop at a depth one less than ours.

#![no_main]

use kinescope_stages::json::{Fields, Raw, Reader};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let mut reader = Reader::new(text, 0);
    let value = reader.value().map(|value| (value, reader.peek() == 0 && reader.at() == text.len()));
    let ours = match value {
        Ok((value, true)) => Some(value),
        Ok((_, false)) => None,
        Err(error) if error.what == "nested too deep" => return,
        Err(error) => {
            assert!(error.at <= text.len(), "an error behind the end");
            None
        }
    };
    // Passing over checks the form alone: no depth, no surrogates.
    let theirs = serde_json::from_str::<IgnoredAny>(text);
    assert_eq!(ours.is_some(), theirs.is_ok(), "ours {ours:?}, theirs {theirs:?}");
    if let (Some(ours), Ok(theirs)) = (ours, serde_json::from_str::<Value>(text)) {
        same(ours, &theirs);
    }
});

fn same(ours: Raw<'_>, theirs: &Value) {
    match theirs {
        Value::Null => assert!(ours.is_null()),
        Value::Bool(value) => assert_eq!(ours.bool(), Some(*value)),
        Value::Number(number) => number_is_same(ours, number),
        Value::String(text) => assert_eq!(ours.str().expect("a string").text(), text.as_str()),
        Value::Array(theirs) => {
            let ours = ours.items();
            assert_eq!(ours.len(), theirs.len());
            ours.into_iter().zip(theirs).for_each(|(ours, theirs)| same(ours, theirs));
        }
        Value::Object(theirs) => object_is_same(ours.fields(), theirs),
    }
}

/// serde_json does not round every float as Rust does, but is never further off than the last digits.
fn number_is_same(ours: Raw<'_>, theirs: &serde_json::Number) {
    const OFF_MAX: f64 = 1e-14;
    if theirs.is_i64() {
        assert_eq!(ours.i64(), theirs.as_i64());
    }
    let (ours, theirs) = (ours.f64().expect("a number that they hold"), theirs.as_f64().expect("a number"));
    assert!((ours - theirs).abs() <= theirs.abs() * OFF_MAX, "ours {ours}, theirs {theirs}");
}

/// Of members of one name they keep the last and we the first, so only the names and the last value are compared.
fn object_is_same(ours: Fields<'_>, theirs: &serde_json::Map<String, Value>) {
    for (name, value) in theirs {
        let last = ours.0.iter().rev().find(|(key, _)| key == name).expect("a member that they have");
        same(last.1, value);
    }
    assert!(ours.0.iter().all(|(key, _)| theirs.contains_key(&**key)));
}
