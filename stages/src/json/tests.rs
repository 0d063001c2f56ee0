use super::*;

/// Reads the text as one value and nothing after it.
fn read(text: &str) -> Result<&str, JsonError> {
    let mut reader = Reader::new(text, 0);
    let value = reader.skip()?;
    reader.peek();
    if reader.at() == text.len() { Ok(value) } else { reader.error("text after the value") }
}

#[test]
fn agrees_with_serde_json_on_what_is_json() {
    let texts = [
        "{}",
        "[]",
        "{\"a\":1}",
        " [1, 2.5e-3 ,\t-0] ",
        "\"\\u00e9\\n\\\"\"",
        "null",
        "tru",
        "[1,]",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "01",
        "-",
        "1.",
        "1e",
        "\"\u{1}\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "[1 2]",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}",
        "\"",
        "\"\\",
        "",
        "[[[[]]]]",
        "{\"a\":{\"b\":[{}]}}",
        "nul",
        "truefalse",
        "\"long enough for a step of eight \\\\ and\"",
        "[\"é\",\"日本\"]",
        "]",
        "}",
    ];
    for text in texts {
        let theirs = serde_json::from_str::<serde_json::Value>(text);
        assert_eq!(read(text).is_ok(), theirs.is_ok(), "{text}");
    }
}

#[test]
fn depth_has_a_limit_and_the_stack_does_not_matter() {
    let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    assert!(read(&deep(JSON_DEPTH_MAX as usize)).is_ok());
    assert_eq!(read(&deep(100_000)).unwrap_err().what, "nested too deep");
}
