//! Levels, by name or number, as six words.

/// The level of a name of any case, or of a number: pino's and bunyan's tens, or syslog's 0 to 7.
pub(super) fn normal(text: &str) -> Option<&'static str> {
    let text = text.trim_ascii();
    if let Ok(number) = text.parse::<u8>() {
        return of_number(number);
    }
    const LONGEST: usize = 13;
    let mut lower = [0; LONGEST];
    let lower = lower.get_mut(..text.len())?;
    lower.copy_from_slice(text.as_bytes());
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"trace" | b"verbose" | b"finest" | b"finer" | b"silly" | b"trc" => "trace",
        b"debug" | b"dbg" | b"fine" | b"config" => "debug",
        b"info" | b"information" | b"informational" | b"inf" | b"notice" | b"log" | b"default" => "info",
        b"warn" | b"warning" | b"wrn" => "warn",
        b"error" | b"err" | b"severe" => "error",
        b"fatal" | b"critical" | b"crit" | b"panic" | b"dpanic" | b"emergency" | b"emerg" | b"alert"
        | b"ftl" => "fatal",
        _ => return None,
    })
}

fn of_number(number: u8) -> Option<&'static str> {
    Some(match number {
        0..=2 => "fatal",
        3 => "error",
        4 => "warn",
        5 | 6 => "info",
        7 => "debug",
        10..=19 => "trace",
        20..=29 => "debug",
        30..=39 => "info",
        40..=49 => "warn",
        50..=59 => "error",
        60..=69 => "fatal",
        _ => return None,
    })
}

/// The level of a word that marks one in plain text, where fewer words are believed than in a member named "level".
pub(super) fn of_word(word: &str) -> Option<&'static str> {
    const WORDS: [&str; 12] = [
        "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "ERR", "FATAL", "CRITICAL", "PANIC",
        "SEVERE",
    ];
    WORDS.iter().find(|known| known.eq_ignore_ascii_case(word)).and_then(|known| normal(known))
}
