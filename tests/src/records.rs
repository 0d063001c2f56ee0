//! Files as records, cut into pieces as a source cuts what is too long to be held.

use kinescope_pipeline::{Content, Piece, Record, Stages, lake::DayRange};
use kinescope_schemas::Id;
use kinescope_stages::{
    decode::{Envelope, Limits, is_flow_header, last_boundary},
    detect::builtin,
    parse::Settings,
};
use std::{fs, ops::Range, path::Path, sync::Arc};

use crate::traffic::START_MS;

/// Stages with our own rules.
pub fn stages() -> Stages {
    Stages {
        rules: builtin().unwrap(),
        limits: Limits::default(),
        settings: Settings::default(),
        days: DayRange::until(START_MS),
    }
}

/// The record of a file, whole if it is binary, and else in about so many pieces.
pub fn pieces(index: u64, path: &Path, n_pieces: usize) -> Vec<Piece> {
    let bytes = fs::read(path).unwrap();
    let record = Arc::new(Record {
        index,
        source: path.display().to_string(),
        id: Id::of(&[&bytes]),
        file_id: Default::default(),
        arrival_ms: None,
        envelope: Envelope::default(),
    });
    let is_text = std::str::from_utf8(&bytes).is_ok();
    let ranges = ranges(&bytes, if is_text { n_pieces } else { 1 });
    let first = bytes.split(|byte| *byte == b'\n').next().and_then(|line| std::str::from_utf8(line).ok());
    let header: Option<Arc<str>> = first.filter(|line| is_flow_header(line)).map(Into::into);
    let n = ranges.len();
    let piece = |(at, range): (usize, Range<usize>)| Piece {
        record: record.clone(),
        offset: range.start as u64,
        header: header.clone().filter(|_| range.start > 0),
        last: at + 1 == n,
        content: Content::Bytes(bytes[range].to_vec()),
    };
    ranges.into_iter().enumerate().map(piece).collect()
}

/// Cuts between messages.
fn ranges(bytes: &[u8], n_parts: usize) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (mut start, mut end) = (0, 0);
    while start < bytes.len() {
        end = (end + bytes.len().div_ceil(n_parts)).min(bytes.len());
        let cut = if end == bytes.len() { end } else { start + last_boundary(&bytes[start..end]) };
        if cut > start {
            ranges.push(start..cut);
            start = cut;
        }
    }
    ranges
}
