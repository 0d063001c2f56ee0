//! Modifiers that make other values of a rule's value: placeholders, dashes, encodings. They work in the order in
//! which the rule writes them, so that `wide|base64offset` is the base64 of UTF-16.

use crate::facts::Lists;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD as BASE64};
use rsigma_parser::{Modifier, SigmaString, SpecialChar, StringPart};

/// Values that one value of a rule may become.
pub const VARIANTS_MAX: usize = 50_000;

/// What `windash` takes for a dash.
const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// A value on its way.
#[derive(Clone)]
enum Value {
    Text(SigmaString),
    Bytes(Vec<u8>),
}

/// Whether a modifier makes other values of a value.
pub(super) fn is_variant(modifier: Modifier) -> bool {
    use Modifier::*;
    matches!(modifier, Expand | WindAsh | Wide | Utf16be | Utf16 | Base64 | Base64Offset)
}

/// The values that a value becomes; itself if no modifier says anything.
pub(super) fn variants(
    string: &SigmaString,
    modifiers: &[Modifier],
    lists: &Lists,
) -> Result<Vec<SigmaString>, String> {
    let mut values = vec![Value::Text(string.clone())];
    for modifier in modifiers {
        let step: fn(Value, &Lists) -> Result<Vec<Value>, String> = match modifier {
            Modifier::Expand => expand,
            Modifier::WindAsh => windash,
            Modifier::Wide => |value, _| utf16(value, u16::to_le_bytes, &[]),
            Modifier::Utf16be => |value, _| utf16(value, u16::to_be_bytes, &[]),
            Modifier::Utf16 => |value, _| utf16(value, u16::to_le_bytes, &[0xFF, 0xFE]),
            Modifier::Base64 => |value, _| Ok(vec![raw(&padded(&bytes(value)?))]),
            Modifier::Base64Offset => |value, _| Ok(offsets(&bytes(value)?)),
            _ => continue,
        };
        let mut next = Vec::new();
        for value in values {
            next.extend(step(value, lists)?);
            check_number(next.len())?;
        }
        values = next;
    }
    values.into_iter().map(finish).collect()
}

fn check_number(n: usize) -> Result<(), String> {
    if n > VARIANTS_MAX { Err(format!("it stands for more than {VARIANTS_MAX} values")) } else { Ok(()) }
}

fn finish(value: Value) -> Result<SigmaString, String> {
    match value {
        Value::Text(string) => Ok(string),
        Value::Bytes(bytes) => String::from_utf8(bytes)
            .map(|text| SigmaString::from_raw(&text))
            .map_err(|_| "in UTF-16 it is no text any more: base64 should follow".to_owned()),
    }
}

fn raw(text: &str) -> Value {
    Value::Text(SigmaString::from_raw(text))
}

fn bytes(value: Value) -> Result<Vec<u8>, String> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        Value::Text(string) => Ok(plain(&string)?.into_bytes()),
    }
}

fn plain(string: &SigmaString) -> Result<String, String> {
    string
        .as_plain()
        .ok_or_else(|| "a wildcard cannot be encoded: write \\* or \\? for the character".to_owned())
}

fn utf16<const N: usize>(
    value: Value,
    encode: fn(u16) -> [u8; N],
    mark: &[u8],
) -> Result<Vec<Value>, String> {
    let Value::Text(string) = value else { return Err("it is in UTF-16 already".to_owned()) };
    let text = plain(&string)?;
    let encoded = mark.iter().copied().chain(text.encode_utf16().flat_map(encode));
    Ok(vec![Value::Bytes(encoded.collect())])
}

fn padded(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// What base64 makes of the bytes at each of the three places where they can begin, less the characters that depend on
/// what stands before and behind.
fn offsets(bytes: &[u8]) -> Vec<Value> {
    let mut values = Vec::new();
    for n_before in 0..3 {
        let text = BASE64.encode([&[0; 2][..n_before], bytes].concat());
        let n_bits = (n_before + bytes.len()) * 8;
        let (start, end) = ((n_before * 8).div_ceil(6), n_bits / 6);
        if let Some(sure) = text.get(start..end).filter(|sure| !sure.is_empty()) {
            values.push(raw(sure));
        }
    }
    values
}

fn windash(value: Value, _: &Lists) -> Result<Vec<Value>, String> {
    let Value::Text(string) = value else { return Err("windash comes before an encoding".to_owned()) };
    let mut variants = vec![SigmaString { parts: Vec::new(), original: String::new() }];
    for part in &string.parts {
        let StringPart::Plain(text) = part else {
            variants.iter_mut().for_each(|variant| variant.parts.push(part.clone()));
            continue;
        };
        let mut texts = vec![String::new()];
        for character in text.chars() {
            if character != '-' {
                texts.iter_mut().for_each(|text| text.push(character));
                continue;
            }
            check_number(texts.len() * variants.len() * DASHES.len())?;
            texts = texts.iter().flat_map(|text| DASHES.map(|dash| format!("{text}{dash}"))).collect();
        }
        variants = product(
            &variants,
            &texts.into_iter().map(|text| vec![StringPart::Plain(text)]).collect::<Vec<_>>(),
        );
    }
    Ok(variants.into_iter().map(|variant| Value::Text(joined(variant))).collect())
}

/// Every beginning with every continuation.
fn product(variants: &[SigmaString], continuations: &[Vec<StringPart>]) -> Vec<SigmaString> {
    let each = |variant: &SigmaString, more: &Vec<StringPart>| SigmaString {
        parts: [variant.parts.clone(), more.clone()].concat(),
        original: String::new(),
    };
    variants.iter().flat_map(|variant| continuations.iter().map(move |more| each(variant, more))).collect()
}

/// Puts the values of lists in the place of their names. What is no name between percent signs stays as it is.
fn expand(value: Value, lists: &Lists) -> Result<Vec<Value>, String> {
    let Value::Text(string) = value else { return Err("expand comes before an encoding".to_owned()) };
    let mut variants = vec![SigmaString { parts: Vec::new(), original: String::new() }];
    for part in &string.parts {
        let StringPart::Plain(text) = part else {
            variants = product(&variants, &[vec![part.clone()]]);
            continue;
        };
        let mut rest = text.as_str();
        while let Some((before, name, after)) = placeholder(rest) {
            let list = lists.expand(name).ok_or_else(|| format!("there is no list {name}"))?;
            check_number(variants.len().saturating_mul(list.len()))?;
            let continuations: Vec<Vec<StringPart>> = list
                .iter()
                .map(|value| {
                    [vec![StringPart::Plain(before.to_owned())], SigmaString::new(value).parts].concat()
                })
                .collect();
            variants = product(&variants, &continuations);
            rest = after;
        }
        variants = product(&variants, &[vec![StringPart::Plain(rest.to_owned())]]);
    }
    Ok(variants.into_iter().map(|variant| Value::Text(joined(variant))).collect())
}

/// The first `%name%`: what stands before it, the name, what follows.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
    };
    let (start, _) = text
        .match_indices('%')
        .find(|(at, _)| text[at + 1..].split_once('%').is_some_and(|(name, _)| is_name(name)))?;
    let (name, after) = text[start + 1..].split_once('%')?;
    Some((&text[..start], name, after))
}

/// Pieces of plain text that came to stand beside one another become one; the original, which numbers, regular
/// expressions, networks and names of fields are read from, is what was made.
fn joined(string: SigmaString) -> SigmaString {
    let mut parts: Vec<StringPart> = Vec::new();
    let mut original = String::new();
    for part in string.parts {
        match (&part, parts.last_mut()) {
            (StringPart::Plain(more), Some(StringPart::Plain(text))) => text.push_str(more),
            _ => parts.push(part.clone()),
        }
        match &part {
            StringPart::Plain(text) => original.push_str(text),
            StringPart::Special(SpecialChar::WildcardMulti) => original.push('*'),
            StringPart::Special(SpecialChar::WildcardSingle) => original.push('?'),
        }
    }
    parts.retain(|part| !matches!(part, StringPart::Plain(text) if text.is_empty()));
    SigmaString { parts, original }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, modifiers: &[Modifier], expected: Result<&[&str], &str>) {
        let custom = [
            ("admins".to_owned(), vec!["alice".to_owned(), "ops-*".to_owned()]),
            ("none".to_owned(), vec![]),
        ];
        let lists = Lists { custom: custom.into(), ..Lists::default() };
        let show = |string: &SigmaString| joined(string.clone()).original;
        let made = variants(&SigmaString::new(value), modifiers, &lists);
        let made = made.map(|list| list.iter().map(show).collect::<Vec<_>>());
        match (made, expected) {
            (Ok(made), Ok(expected)) => assert_eq!(made, expected, "{value} {modifiers:?}"),
            (Err(error), Err(words)) => assert!(error.contains(words), "{value} {modifiers:?}: {error}"),
            (made, expected) => panic!("{value} {modifiers:?}: {made:?}, not {expected:?}"),
        }
    }

    #[test]
    fn values_become_others() {
        use Modifier::*;
        check("x-*", &[], Ok(&["x-*"]));
        check("foobar", &[Base64], Ok(&["Zm9vYmFy"]));
        check("foo", &[Base64Offset], Ok(&["Zm9v", "Zvb", "mb2"]));
        check("/bin/bash", &[Base64Offset], Ok(&["L2Jpbi9iYXNo", "9iaW4vYmFza", "vYmluL2Jhc2"]));
        check("ab", &[Wide], Ok(&["a\0b\0"]));
        check("ab", &[Utf16be], Ok(&["\0a\0b"]));
        check("ping", &[Wide, Base64], Ok(&["cABpAG4AZwA="]));
        check("é", &[Wide, Base64], Ok(&["6QA="]));
        check("ab", &[Utf16, Base64], Ok(&["//5hAGIA"]));
        check("é", &[Wide], Err("base64"));
        check("a*", &[Base64], Err("wildcard"));
        check("-a", &[WindAsh], Ok(&["-a", "/a", "–a", "—a", "―a"]));
        check(&"-".repeat(20), &[WindAsh], Err("more than"));
        check("u/%admins%!", &[Expand], Ok(&["u/alice!", "u/ops-*!"]));
        check("%admins%%admins%", &[Expand], Ok(&["alicealice", "aliceops-*", "ops-*alice", "ops-*ops-*"]));
        check("%none%", &[Expand], Ok(&[]));
        check("100%", &[Expand], Ok(&["100%"]));
        check("%a b%admins%", &[Expand], Ok(&["%a balice", "%a bops-*"]));
        check("%unknown%", &[Expand], Err("no list unknown"));
        check(&"%admins%".repeat(20), &[Expand], Err("more than"));
    }
}
