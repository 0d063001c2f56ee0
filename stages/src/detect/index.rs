//! Which rules could match an event: a look-up by service and operation, or how it begins, by another exact value, or by words.
//!
//! From each rule's condition follows what any event that matches must have. The index may offer a rule that does not
//! match, never withhold one that does.

use super::{
    field::{Field, Subject},
    needs::words_of,
    rule::Rule,
    text::with_lower_case,
    words::Words,
};
use foldhash::HashMap;
use kinescope_schemas::{Event, Source, tables::api_activity as t};
use kinescope_sigma::Key;

/// Longest key that is looked up in place.
const KEY_BYTES_MAX: usize = 192;

/// So many rules without a key are worth a pass over the event's text.
const WORDS_RULES_MIN: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Index {
    /// By lower-case "service\0operation", "service\0" or "\0operation".
    by_key: HashMap<Box<[u8]>, Vec<usize>>,
    /// Whether there are keys of only a service, and of only an operation.
    has_service: bool,
    has_operation: bool,
    /// By lower-case service, or "" for any: rules that say how the operation begins.
    by_beginning: HashMap<Box<[u8]>, Vec<Beginnings>>,
    /// By the value of another field.
    by_field: Vec<ByValue>,
    /// By words in the text.
    words: Words,
    /// CloudTrail rules without any of these.
    unkeyed: Vec<usize>,
    /// Rules on other sources.
    by_source: HashMap<Source, Vec<usize>>,
}

/// A rule that asks for an operation that begins in one of these ways, in lower case.
#[derive(Debug)]
struct Beginnings {
    starts: Vec<String>,
    at: usize,
}

/// The rules that ask a field for a value.
#[derive(Debug)]
struct ByValue {
    field: Field,
    /// By lower-case value.
    rules: HashMap<String, Vec<usize>>,
    /// How long the values are, a bit each: most events are told by that alone that no rule asks for theirs.
    lengths: u64,
}

impl ByValue {
    fn add(&mut self, value: &str, at: usize) {
        self.lengths |= ByValue::length(value);
        self.rules.entry(value.to_owned()).or_default().push(at);
    }

    /// Calls `each` with every rule that asks for the value.
    fn candidates(&self, value: &str, each: &mut impl FnMut(usize)) {
        // The lower case of other alphabets may be longer or shorter.
        if value.is_ascii() && self.lengths & ByValue::length(value) == 0 {
            return;
        }
        with_lower_case(value, |value| self.rules.get(value).into_iter().flatten().for_each(|at| each(*at)));
    }

    fn length(value: &str) -> u64 {
        1 << value.len().min(63)
    }
}

impl Index {
    pub(super) fn new(rules: &[Rule]) -> Index {
        let mut index = Index::default();
        let mut by_words = Vec::new();
        for (at, rule) in rules.iter().enumerate() {
            for source in rule.sources() {
                if *source == Source::CloudTrail {
                    index.add(at, rule, &mut by_words);
                } else {
                    index.by_source.entry(*source).or_default().push(at);
                }
            }
        }
        let words = if by_words.len() < WORDS_RULES_MIN { None } else { Words::new(&by_words) };
        match words {
            Some(words) => index.words = words,
            None => index.unkeyed.extend(by_words.iter().map(|(_, at)| at)),
        }
        index
    }

    fn add(&mut self, at: usize, rule: &Rule, by_words: &mut Vec<(Vec<String>, usize)>) {
        match &rule.key {
            Key::Never => {}
            Key::Call { services, operations, begins: true } => self.add_beginnings(at, services, operations),
            Key::Call { services, operations, begins: false } => self.add_call(at, services, operations),
            Key::Field(path, values) => self.add_field(at, path, values),
            Key::Other => {
                let compiled = rule.detection.get();
                match words_of(compiled, &compiled.condition) {
                    Some(words) => by_words.push((words, at)),
                    None => self.unkeyed.push(at),
                }
            }
        }
    }

    fn add_call(&mut self, at: usize, services: &[String], operations: &[String]) {
        self.has_service |= operations.is_empty();
        self.has_operation |= services.is_empty();
        let any = [String::new()];
        let services = if services.is_empty() { &any } else { services };
        let operations = if operations.is_empty() { &any } else { operations };
        for operation in operations {
            for service in services {
                let key = [service.as_bytes(), b"\0", operation.as_bytes()].concat();
                self.by_key.entry(key.into()).or_default().push(at);
            }
        }
    }

    fn add_beginnings(&mut self, at: usize, services: &[String], starts: &[String]) {
        let any = [String::new()];
        for service in if services.is_empty() { &any } else { services } {
            let beginnings = Beginnings { starts: starts.to_vec(), at };
            self.by_beginning.entry(service.as_bytes().into()).or_default().push(beginnings);
        }
    }

    fn add_field(&mut self, at: usize, path: &str, values: &[String]) {
        let known = self.by_field.iter().position(|by_value| by_value.field.path == path);
        let place = known.unwrap_or_else(|| {
            let field = Field::of_event(path);
            self.by_field.push(ByValue { field, rules: HashMap::default(), lengths: 0 });
            self.by_field.len() - 1
        });
        values.iter().for_each(|value| self.by_field[place].add(value, at));
    }

    /// Calls `each` with the place of every rule that could match, once.
    pub(super) fn candidates(&self, subject: &Subject<'_>, mut each: impl FnMut(usize)) {
        let event = subject.event;
        if event.source != Source::CloudTrail {
            self.by_source.get(&event.source).into_iter().flatten().for_each(|at| each(*at));
            return;
        }
        self.unkeyed.iter().for_each(|at| each(*at));
        self.keyed(event, &mut each);
        for by_value in &self.by_field {
            if let Some(Some(value)) = subject.slot(&by_value.field) {
                by_value.candidates(&value, &mut each);
            }
        }
        self.words.candidates(event.raw, each);
    }

    fn keyed(&self, event: &Event<'_>, each: &mut impl FnMut(usize)) {
        let (service, operation) = (event.row.str(t::API_SERVICE_NAME), event.row.str(t::API_OPERATION));
        let mut buffer = [0u8; KEY_BYTES_MAX];
        let n_bytes = service.len() + 1 + operation.len();
        match buffer.get_mut(..n_bytes).filter(|_| service.is_ascii() && operation.is_ascii()) {
            Some(key) => {
                key[..service.len()].copy_from_slice(service.as_bytes());
                key[service.len() + 1..].copy_from_slice(operation.as_bytes());
                key.make_ascii_lowercase();
                self.look_up(key, service.len(), each);
            }
            None => {
                let (service, operation) = (service.to_lowercase(), operation.to_lowercase());
                self.look_up(format!("{service}\0{operation}").as_bytes(), service.len(), each);
            }
        }
    }

    fn look_up(&self, key: &[u8], n_service: usize, each: &mut impl FnMut(usize)) {
        let mut rules = |key: &[u8]| self.by_key.get(key).into_iter().flatten().for_each(|at| each(*at));
        rules(key);
        if self.has_service {
            rules(&key[..=n_service]);
        }
        if self.has_operation {
            rules(&key[n_service..]);
        }
        if self.by_beginning.is_empty() {
            return;
        }
        let (service, operation) = (&key[..n_service], &key[n_service + 1..]);
        for beginnings in
            [service, b""].iter().filter_map(|service| self.by_beginning.get(*service)).flatten()
        {
            if beginnings.starts.iter().any(|start| operation.starts_with(start.as_bytes())) {
                each(beginnings.at);
            }
        }
    }
}
