//! Spoils bytes, by seed: what a broken producer, a cut connection or an attacker could make of a payload.

use fastrand::Rng;

/// What is put in: values at the edges of what parsers take, and pieces of the formats that we know.
const TOKENS: &[&[u8]] = &[
    b"null",
    b"{}",
    b"[]",
    b"\"\"",
    b"\"-\"",
    b"-1",
    b"1e999",
    b"-9223372036854775809",
    b"99999999999999999999999",
    b"0.1e-7",
    b"\\ud800",
    b"\\u0000",
    b"\"\\",
    b"\n",
    b"\r\n\t",
    b" - ",
    b"{\"a\":",
    b"[[[[",
    b"\"Records\":[",
    b"\"logEvents\":",
    b"\"detail-type\":",
    b"\xFF",
    b"\xC3",
    b"\xE2\x80\xA8",
    b"\xF0\x9F\x98\x80",
    b"\0",
    b"\x1f\x8b\x08",
    b"9999-12-31T23:59:60Z",
    b"0000-00-00",
];

/// A spoilt copy; `other` is what a part may be taken from.
pub fn mutate(bytes: &[u8], other: &[u8], chance: &mut Rng) -> Vec<u8> {
    let mut spoilt = bytes.to_vec();
    for _ in 0..chance.usize(1..4) {
        let range = range(spoilt.len(), chance);
        match chance.u8(0..8) {
            0 => spoilt.truncate(range.start),
            1 => drop(spoilt.drain(range)),
            2 => drop(spoilt.splice(range.start..range.start, TOKENS[chance.usize(..TOKENS.len())].to_vec())),
            3 => drop(spoilt.splice(range, TOKENS[chance.usize(..TOKENS.len())].to_vec())),
            4 => spoilt[range].iter_mut().for_each(|byte| *byte ^= 1 << chance.u8(0..8)),
            5 => spoilt[range].fill(b"{}[]\",:0-\\ \n"[chance.usize(..12)]),
            6 => {
                let part = other[self::range(other.len(), chance)].to_vec();
                drop(spoilt.splice(range, part));
            }
            _ => {
                let part = spoilt[range.clone()].to_vec();
                drop(spoilt.splice(range.end..range.end, part));
            }
        }
    }
    spoilt
}

/// Mostly a short range, now and then a long one.
fn range(n: usize, chance: &mut Rng) -> std::ops::Range<usize> {
    let start = chance.usize(..=n);
    let n_max = if chance.u8(0..4) == 0 { n - start } else { (n - start).min(12) };
    start..start + chance.usize(..=n_max)
}
