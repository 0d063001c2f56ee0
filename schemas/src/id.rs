//! Derived ids: the same input gives the same id on every machine, in every run and in every version.

use serde::{Serialize, Serializer};
use std::{fmt, str::FromStr};

/// A 128-bit id cut from BLAKE3. Attackers write much of what is hashed, so it must resist collisions.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Id(pub [u8; 16]);

impl Id {
    /// The id of a list of parts. Lengths are hashed too, so ("ab", "c") and ("a", "bc") differ.
    pub fn of(parts: &[&[u8]]) -> Id {
        // Short lists are joined first: one hashing call on one block instead of two calls a part.
        let n_bytes: usize = parts.iter().map(|part| part.len() + 4).sum();
        let mut joined = [0u8; 256];
        if n_bytes <= joined.len() {
            let mut at = 0;
            for part in parts {
                joined[at..at + 4].copy_from_slice(&(part.len() as u32).to_le_bytes());
                joined[at + 4..at + 4 + part.len()].copy_from_slice(part);
                at += 4 + part.len();
            }
            return Id::cut(blake3::hash(&joined[..at]));
        }
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u32).to_le_bytes());
            hasher.update(part);
        }
        Id::cut(hasher.finalize())
    }

    /// The first half of a BLAKE3 hash.
    pub fn cut(hash: blake3::Hash) -> Id {
        let mut id = [0; 16];
        id.copy_from_slice(&hash.as_bytes()[..16]);
        Id(id)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl FromStr for Id {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Id, Self::Err> {
        let number = u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 32 && text.is_ascii());
        number.map(|number| Id(number.to_be_bytes())).ok_or("an id has 32 hexadecimal digits")
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(Id::of(&[b"ab", b"c"]), Id::of(&[b"a", b"bc"]));
        let long = [b'x'; 300];
        assert_ne!(Id::of(&[&long, b"c"]), Id::of(&[&long[1..], b"xc"]));
    }

    #[test]
    fn ids_are_a_contract() {
        assert_eq!(Id::of(&[b"a", b"b"]).to_string(), "4985701bf87e4180111b7512065f412c");
        assert_eq!("4985701bf87e4180111b7512065f412c".parse(), Ok(Id::of(&[b"a", b"b"])));
        assert!("+985701bf87e4180111b7512065f412".parse::<Id>().is_err());
    }
}
