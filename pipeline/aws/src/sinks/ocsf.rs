//! Findings' OCSF forms as the table has them, small: a write is paid for by the kilobyte, and a finding is mostly names
//! of members and what AWS always says.
//!
//! It is zlib's format (RFC 1950) with a preset dictionary, a text of what findings have in common. Whatever reads zlib
//! reads it, given the dictionary: in Python `zlib.decompressobj(zdict=open("finding.dict", "rb").read())`.

use flate2::{Compress, Compression, Decompress, FlushDecompress, Status, write::ZlibEncoder};
use std::io::Write;

/// What findings have in common, the commonest last. What was written with it can only be read with it, so it is not to
/// be changed: a better one is another file, and which one is wanted the bytes say themselves.
const DICTIONARY: &[u8] = include_bytes!("ocsf/finding.dict");
/// Bytes that text may inflate to: 400 KB, the largest item, at the most that DEFLATE can.
const TEXT_BYTES_MAX: usize = 400_000 * 1_032;

/// Text, squeezed.
pub fn squeezed(text: &str) -> Vec<u8> {
    let mut compress = Compress::new(Compression::default(), true);
    // A stream that has not begun takes any dictionary, and writing to memory cannot fail.
    let _ = compress.set_dictionary(DICTIONARY);
    let mut encoder = ZlibEncoder::new_with_compress(Vec::new(), compress);
    let _ = encoder.write_all(text.as_bytes());
    encoder.finish().unwrap_or_default()
}

/// The text that was squeezed; `None` if it is damaged, or was written otherwise.
pub fn unsqueezed(bytes: &[u8]) -> Option<String> {
    let mut inflate = Decompress::new(true);
    // The first look ends where the dictionary is asked for.
    let asked = inflate.decompress(bytes, &mut [], FlushDecompress::None);
    asked.err()?.needs_dictionary()?;
    inflate.set_dictionary(DICTIONARY).ok()?;
    let mut text = Vec::new();
    loop {
        text.reserve(bytes.len() * 8);
        let rest = bytes.get(usize::try_from(inflate.total_in()).ok()?..)?;
        let n_before = (inflate.total_in(), text.len());
        let status = inflate.decompress_vec(rest, &mut text, FlushDecompress::None).ok()?;
        if status == Status::StreamEnd {
            return String::from_utf8(text).ok();
        }
        // Cut short, or a bomb.
        if n_before == (inflate.total_in(), text.len()) || text.len() > TEXT_BYTES_MAX {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout;
    use kinescope_schemas::Id;

    #[test]
    fn what_is_squeezed_is_read() {
        let common = std::str::from_utf8(DICTIONARY).unwrap();
        for (text, n_bytes_max) in [
            ("", 20),
            ("é", 20),
            (common, 100),
            (&"a".repeat(3_000_000), 4_000),
            (r#"{"status_id":1,"type_uid":200401,"metadata":{"log_name":"cloudtrail"}}"#, 60),
        ] {
            let bytes = squeezed(text);
            assert_eq!(unsqueezed(&bytes).as_deref(), Some(text));
            let n_bytes = bytes.len();
            assert!(n_bytes <= n_bytes_max, "{n_bytes} bytes for {}", &text[..text.floor_char_boundary(80)]);
        }
    }

    #[test]
    fn what_is_damaged_is_no_text() {
        let whole = squeezed(&"text ".repeat(99));
        for n_bytes in 0..whole.len() {
            assert_eq!(unsqueezed(&whole[..n_bytes]), None, "{n_bytes} bytes");
        }
        assert_eq!(unsqueezed(&layout::zipped("gzip has no dictionary")), None);
    }

    #[test]
    fn the_dictionary_stays_as_it_is() {
        assert_eq!(Id::of(&[DICTIONARY]).to_string(), "db48aeb961f53c4d214f03f5ddeee2b5");
    }
}
