//! Where in a rule's text something stands. The YAML reader keeps no places, so words are looked for.

/// Line and column, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
}

/// The place of the last of some words, each of which is looked for behind the one before, from its own line on. Words
/// that are not found are passed over.
pub fn find<'w>(text: &str, words: impl IntoIterator<Item = &'w str>) -> Place {
    let mut place = Place { line: 1, column: 1 };
    for word in words.into_iter().filter(|word| !word.is_empty()) {
        let mut lines = (1..).zip(text.lines()).skip(place.line - 1);
        // On the line of the words before, what comes behind them.
        let behind = |line: usize| if line == place.line { place.column - 1 } else { 0 };
        let found = lines.find_map(|(line, text)| Some((line, text, position(text, word, behind(line))?)));
        if let Some((line, text, at)) = found {
            let column = text[..at].chars().count() + 1;
            place = Place { line, column };
        }
    }
    place
}

/// The byte from which on the word stands in the line, not as a part of a longer one. `behind` is in characters.
fn position(line: &str, word: &str, behind: usize) -> Option<usize> {
    let from = line.char_indices().nth(behind).map_or(line.len(), |(at, _)| at);
    let goes_on = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let is_whole = |at: usize| {
        let (before, behind) = (line[..at].chars().next_back(), line[at + word.len()..].chars().next());
        let goes_before = goes_on(before) && goes_on(word.chars().next());
        let goes_behind = goes_on(behind) && goes_on(word.chars().next_back());
        !goes_before && !goes_behind
    };
    line[from..].match_indices(word).map(|(at, _)| at + from).find(|at| is_whole(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_behind_one_another() {
        let text = "title: a condition:\ndetection:\n  é: {data: 1, a|re: x}\n  sel:\n    data: 2\n    a: 3\n  condition: sel\n";
        for (words, line, column) in [
            (&["detection:", "sel:", "a"][..], 6, 5),
            (&["detection:", "é:", "a|"], 3, 16),
            (&["detection:", "condition:"], 7, 3),
            (&["detection:", "none:", "data:"], 3, 7),
            (&["none"], 1, 1),
            (&[""], 1, 1),
        ] {
            assert_eq!(find(text, words.iter().copied()), Place { line, column }, "{words:?}");
        }
    }
}
