//! How things look: colours, errors, tables, and a closed pipe.

use comfy_table::{Table, presets};
use kinescope_schemas::Severity;
use kinescope_stages::detect::RuleError;
use std::io::{self, IsTerminal, Write};

/// Whether colours may be used on a stream: a terminal, and NO_COLOR not set.
fn colours(is_terminal: bool) -> bool {
    is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Colours on stderr.
pub fn on_stderr() -> bool {
    colours(io::stderr().is_terminal())
}

/// Colours on stdout.
pub fn on_stdout() -> bool {
    colours(io::stdout().is_terminal())
}

/// Text in an ANSI style, if styles are wanted.
pub fn styled(text: &str, code: &str, wanted: bool) -> String {
    if wanted { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Bold.
pub fn bold(text: &str, wanted: bool) -> String {
    styled(text, "1", wanted)
}

/// A severity in its colour.
pub fn severity(severity: Severity, wanted: bool) -> String {
    let code = match severity {
        Severity::Fatal | Severity::Critical => "1;31",
        Severity::High => "31",
        Severity::Medium => "33",
        Severity::Low => "36",
        _ => "2",
    };
    styled(severity.name(), code, wanted)
}

/// Writes a line to stderr; `words!` is how it is called.
pub fn words(line: std::fmt::Arguments<'_>) {
    // Whoever closed stderr does not want to know.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes data to stdout.
pub fn out(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        stdout.write_all(b"\n")?;
    }
    stdout.flush()
}

/// Whether an error only says that nobody reads on.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// Prints why a command failed, and, of a rule, the line.
pub fn error(error: &anyhow::Error) {
    let colour = on_stderr();
    words!("{} failed to {error:#}", styled("error:", "1;31", colour));
    if let Some(rule) = error.chain().find_map(|cause| cause.downcast_ref::<RuleError>()) {
        let number = rule.line.to_string();
        let margin = " ".repeat(number.len());
        words!("{margin} {}", styled(&format!("--> {}:{number}", rule.path), "34", colour));
        words!("{margin} |\n{number} | {}\n{margin} | {}", rule.text, styled("^ here", "31", colour));
    }
}

/// A table without frames.
pub fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.iter().map(|text| text.to_uppercase()));
    rows.into_iter().for_each(|row| {
        table.add_row(row);
    });
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// A number with separators, such as 4,055.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Text that an attacker may have written, with its control characters made visible.
pub fn plain(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_have_separators() {
        for (n, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(super::number(n), text);
        }
    }

    #[test]
    fn terminals_are_not_written_to_by_attackers() {
        assert_eq!(super::plain("a\x1b[31mb\n"), "a\\u{1b}[31mb\\n");
    }
}
