//! Rules by words that must stand in an event's text: one pass finds those of all rules.

use aho_corasick::AhoCorasick;

#[derive(Debug, Default)]
pub(super) struct Words {
    automaton: Option<AhoCorasick>,
    /// The rules of each word.
    of_word: Vec<Vec<usize>>,
    /// All of them.
    all: Vec<usize>,
}

impl Words {
    /// From each rule's words, of which one must be there. `None` if they are more than the automaton takes.
    pub(super) fn new(rules: &[(Vec<String>, usize)]) -> Option<Words> {
        let mut words = std::collections::BTreeMap::<&str, Vec<usize>>::new();
        for (list, at) in rules {
            list.iter().for_each(|word| words.entry(word).or_default().push(*at));
        }
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(words.keys()).ok()?;
        let all = rules.iter().map(|(_, at)| *at).collect();
        Some(Words { automaton: Some(automaton), of_word: words.into_values().collect(), all })
    }

    /// Calls `each` with every rule of which a word is there, once.
    pub(super) fn candidates(&self, text: &str, mut each: impl FnMut(usize)) {
        let Some(automaton) = &self.automaton else { return };
        if !is_literal(text) {
            return self.all.iter().for_each(|at| each(*at));
        }
        let mut found: Vec<usize> = Vec::new();
        for hit in automaton.find_overlapping_iter(text) {
            found.extend(&self.of_word[hit.pattern().as_usize()]);
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().for_each(each);
    }
}

/// Whether letters and digits of values stand in the text as they are, and in no other alphabet, whose lower case may
/// be ours: "\u212A" is a K.
fn is_literal(text: &str) -> bool {
    let is_escaped = |at: usize| matches!(text.as_bytes().get(at + 1), Some(b'u' | b'/'));
    text.is_ascii() && !memchr::memchr_iter(b'\\', text.as_bytes()).any(is_escaped)
}
