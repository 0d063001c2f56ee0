//! JSON's escapes.

use wide::{u8x16, u8x32};

/// Bytes at a look.
const STEP: usize = 32;
/// Bytes that copies of what was looked at may begin in.
const NEAR: usize = 2 * STEP;
/// Room to begin with: a usual message.
const ROOM_MIN: usize = 4 << 10;
/// Whether the processor that is built for puts bytes in another order by one instruction.
const SHUFFLES: bool = cfg!(any(target_feature = "ssse3", target_feature = "neon"));

/// Undoes the escapes of a string that begins at `at`, without knowing its end before: says where the quote behind it is,
/// and how many bytes at the beginning of `room` are its value; what lies behind them stays, so that room is made but
/// once. `None` unless they are all of a quote, a backslash or a slash, as they are where JSON
/// was put into a string: what is left to do then is to take the backslashes out, many bytes at a look.
pub(super) fn undo_simple(bytes: &[u8], mut at: usize, room: &mut Vec<u8>) -> Option<(usize, usize)> {
    let mut n_bytes = 0;
    let mut is_escaped = 0;
    loop {
        let rest = bytes.get(at..)?;
        let end;
        let near = match rest.first_chunk() {
            Some(near) => near,
            None => {
                end = padded(rest);
                &end
            }
        };
        let looked = Looked::at(*near.first_chunk()?, &mut is_escaped)?;
        if room.len() < n_bytes + NEAR {
            room.resize((2 * room.len()).max(ROOM_MIN), 0);
        }
        let to = room[n_bytes..].first_chunk_mut()?;
        let n_escapes =
            if SHUFFLES { shuffle_out(near, looked.escapes, to) } else { copy_out(near, looked.escapes, to) };
        if let Some(end) = looked.end {
            return Some((at + end, n_bytes + end - n_escapes));
        }
        n_bytes += STEP - n_escapes;
        at += STEP;
    }
}

/// Copies a chunk without its escaping backslashes, piece by piece; how many there were.
#[inline(always)]
fn copy_out(near: &[u8; NEAR], mut escapes: u32, to: &mut [u8; NEAR]) -> usize {
    let (mut from, mut n_bytes) = (0, 0);
    loop {
        copy(near, from, &mut to[n_bytes..]);
        if escapes == 0 {
            return from - n_bytes;
        }
        let escape = escapes.trailing_zeros() as usize;
        n_bytes += escape - from;
        from = escape + 1;
        escapes &= escapes - 1;
    }
}

/// The same, eight bytes at a time: how many escapes there are would be guessed wrongly for every other chunk.
#[inline(always)]
fn shuffle_out(near: &[u8; NEAR], escapes: u32, to: &mut [u8; NEAR]) -> usize {
    const UPPER: u64 = 0x0808_0808_0808_0808;
    let mut n_bytes = 0;
    let mut put = |bytes: &[u8], mask: u8| {
        to[n_bytes..n_bytes + 8].copy_from_slice(bytes);
        n_bytes += 8 - mask.count_ones() as usize;
    };
    for (at, half) in near.as_chunks::<16>().0[..STEP / 16].iter().enumerate() {
        let [lower, upper, ..] = (escapes >> (16 * at)).to_le_bytes();
        let places = [KEPT[usize::from(lower)], KEPT[usize::from(upper)] + UPPER];
        let places = u128::from(places[0]) | u128::from(places[1]) << 64;
        let kept = u8x16::new(*half).shuffle(u8x16::new(places.to_le_bytes())).to_array();
        put(&kept[..8], lower);
        put(&kept[8..], upper);
    }
    STEP - n_bytes
}

/// For each set of places among eight, a bit each: the other places in their order, a byte each.
static KEPT: [u64; 256] = {
    let mut kept = [0; 256];
    let mut mask = 0;
    while mask < 256 {
        let (mut place, mut n) = (0, 0);
        while place < 8 {
            if mask >> place & 1 == 0 {
                kept[mask] |= place << (8 * n);
                n += 1;
            }
            place += 1;
        }
        mask += 1;
    }
    kept
};

/// What lies in a chunk of a string.
struct Looked {
    /// A bit for each backslash that escapes something.
    escapes: u32,
    /// Where the string ends.
    end: Option<usize>,
}

impl Looked {
    /// `None` if an escape is not simple, or a byte is none that a string may have. `is_escaped` is 1 if the byte before
    /// the chunk was a backslash that escapes.
    fn at(chunk: [u8; STEP], is_escaped: &mut u32) -> Option<Looked> {
        let chunk = u8x32::new(chunk);
        let all = u8x32::splat;
        let backslashes = chunk.simd_eq(all(b'\\')).to_bitmask();
        let quotes = chunk.simd_eq(all(b'"')).to_bitmask();
        let controls = chunk.min(all(0x1f)).simd_eq(chunk).to_bitmask();
        let (escapes, escaped) = escapes(backslashes, is_escaped);
        let ends = quotes & !escaped;
        let before_end = (ends & ends.wrapping_neg()).wrapping_sub(1);
        let mut wrong = escaped & !(quotes | backslashes);
        if wrong & before_end != 0 {
            wrong &= !chunk.simd_eq(all(b'/')).to_bitmask();
        }
        ((wrong | controls) & before_end == 0).then_some(Looked {
            escapes: escapes & before_end,
            end: (ends != 0).then_some(ends.trailing_zeros() as usize),
        })
    }
}

/// The backslashes that escape something, and what they escape: in a row of backslashes it is every other one. Without
/// a branch, by the carry of a subtraction, as simdjson does it.
pub(crate) fn escapes(backslashes: u32, is_escaped: &mut u32) -> (u32, u32) {
    const ODD: u32 = 0xAAAA_AAAA;
    let may_escape = backslashes & !*is_escaped;
    let after = may_escape << 1;
    let codes = (after | ODD).wrapping_sub(may_escape) ^ ODD;
    let escaped = codes ^ (backslashes | *is_escaped);
    let escapes = codes & backslashes;
    *is_escaped = escapes >> (u32::BITS - 1);
    (escapes, escaped)
}

/// The end of the input with zeros behind it, which no string may have.
fn padded(rest: &[u8]) -> [u8; NEAR] {
    let mut near = [0; NEAR];
    near[..rest.len()].copy_from_slice(rest);
    near
}

/// Copies from a place on. Always as many bytes, which costs less than to copy just those that are wanted; the next copy
/// begins where those end.
#[inline(always)]
fn copy(near: &[u8; NEAR], from: usize, to: &mut [u8]) {
    if let (Some(from), Some(to)) = (near[from..].first_chunk::<STEP>(), to.first_chunk_mut::<STEP>()) {
        *to = *from;
    }
}

/// Undoes the escapes of a string that a reader has passed. Half a surrogate pair becomes U+FFFD.
pub(super) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        let kind = rest.as_bytes().get(at + 1).copied().unwrap_or_default();
        let mut n_bytes = 2;
        match kind {
            b'n' => text.push('\n'),
            b't' => text.push('\t'),
            b'r' => text.push('\r'),
            b'b' => text.push('\u{8}'),
            b'f' => text.push('\u{c}'),
            b'u' => {
                let (character, n) = unicode(&rest[at..]);
                text.push(character);
                n_bytes = n;
            }
            other => text.push(other as char),
        }
        rest = rest.get(at + n_bytes..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// The character of a `\uXXXX` escape, or of two that form a pair, and how many bytes they take.
fn unicode(escape: &str) -> (char, usize) {
    let unit = |at: usize| {
        let hex = escape.get(at..at + 6).and_then(|text| text.strip_prefix("\\u"))?;
        u32::from_str_radix(hex, 16).ok()
    };
    let first = unit(0).unwrap_or(0xFFFD);
    if let (0xD800..=0xDBFF, Some(second @ 0xDC00..=0xDFFF)) = (first, unit(6)) {
        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A build takes one of the two ways.
    #[test]
    fn what_is_shuffled_is_what_is_copied() {
        let mut random = fastrand::Rng::with_seed(7);
        for n in 0..10_000 {
            let near: [u8; NEAR] = std::array::from_fn(|_| random.u8(..));
            let escapes =
                if n % 2 == 0 { random.u32(..) } else { random.u32(..) & random.u32(..) & random.u32(..) };
            let kept = (0..STEP).filter(|place| escapes >> place & 1 == 0).map(|place| near[place]);
            let kept: Vec<u8> = kept.collect();
            for take_out in [copy_out, shuffle_out] {
                let mut to = [0; NEAR];
                assert_eq!(take_out(&near, escapes, &mut to), STEP - kept.len());
                assert_eq!(to[..kept.len()], kept, "{escapes:032b}");
            }
        }
    }

    #[test]
    fn unescapes_as_serde_json_does() {
        for raw in ["plain", "\\u00e9\\ud83d\\ude00", "a\\nb\\tc\\\\d\\/e\\\"f\\b\\f\\r", "日本\\u65e5"] {
            let theirs: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
            assert_eq!(unescape(raw), theirs);
        }
        assert_eq!(unescape("\\ud800x"), "\u{fffd}x");
    }

    /// Whatever the bytes and wherever they lie, both ways come to the same.
    #[test]
    fn what_is_simple_is_undone_as_the_rest_is() {
        let mut random = fastrand::Rng::with_seed(5);
        let mut room = Vec::new();
        let mut n_simple = 0;
        let pieces = [
            "\\\"",
            "\\\\",
            "\\/",
            "\\\\\\\"",
            "eventName",
            "é",
            ":",
            "0123456789abcdef0123456789abcdef",
            "\\n",
            "\t",
            "",
        ];
        for n in 0..20_000 {
            // Of two kinds: with and without what is not simple.
            let n_kinds = if n % 2 == 0 { 8 } else { pieces.len() };
            let raw: String = (0..random.usize(..40)).map(|_| pieces[random.usize(..n_kinds)]).collect();
            let before = &"0123456789".repeat(4)[..random.usize(..40)];
            let text = format!("{before}\"{raw}\"{}", &"\",\"id\":\"".repeat(9)[..random.usize(..73)]);
            let undone = undo_simple(text.as_bytes(), before.len() + 1, &mut room);
            let theirs: Result<String, _> = serde_json::from_str(&format!("\"{raw}\""));
            let is_simple = theirs.is_ok() && !raw.contains("\\n");
            assert_eq!(undone.is_some(), is_simple, "{text}");
            n_simple += usize::from(is_simple);
            if let (Some((end, n_bytes)), Ok(theirs)) = (undone, theirs) {
                assert_eq!(end, before.len() + 1 + raw.len());
                assert_eq!(room[..n_bytes], *theirs.as_bytes(), "{text}");
            }
        }
        assert!(n_simple > 10_000);
        for open in ["", "a", "\\", "\\\"", &"0".repeat(64)] {
            assert!(undo_simple(open.as_bytes(), 0, &mut room).is_none(), "{open}");
        }
    }
}
