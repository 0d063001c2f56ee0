//! Operations are named by CamelCase words, the first of which tells what they do.

/// The first word of an operation's name: `Get` of `GetObject`, all of it if it is not CamelCase.
pub(crate) fn first_word(operation: &str) -> &str {
    let end = operation
        .bytes()
        .skip(1)
        .position(|byte| byte.is_ascii_uppercase())
        .map_or(operation.len(), |n| n + 1);
    operation.get(..end).unwrap_or(operation)
}
