use super::*;
use std::collections::BTreeSet;

#[test]
fn names_are_unique_and_tell_their_subject() {
    let names: Vec<&str> = all().map(|fact| fact.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    for fact in all() {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
        assert!(fact.name.chars().all(is_plain) && fact.name.split('.').count() == 2, "{}", fact.name);
        assert!(
            !fact.about.is_empty() && fact.about.len() <= 110 && !fact.about.ends_with('.'),
            "{}",
            fact.name
        );
        assert!(std::ptr::eq(named(&format!("{PREFIX}{}", fact.name)).unwrap(), fact));
    }
    assert!(named("fact.nothing.here").is_none() && named("call.succeeded").is_none());
}
