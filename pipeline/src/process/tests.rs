use super::*;
use crate::batch::Record;
use kinescope_stages::decode::Envelope;
use std::sync::{Arc, OnceLock};

/// A piece of so many bytes, which is its record's last or not.
pub(crate) fn piece(n_bytes: usize, last: bool) -> Piece {
    let record = Record {
        index: 0,
        source: String::new(),
        id: Id::of(&[]),
        file_id: OnceLock::new(),
        arrival_ms: None,
        envelope: Envelope::default(),
    };
    let content = Content::Bytes(vec![b'x'; n_bytes]);
    Piece { record: Arc::new(record), offset: 0, header: None, last, content }
}

/// Pieces of short lines are cut by how many these are, and two of them would be twice as many.
#[test]
fn what_is_small_goes_together_and_what_was_cut_alone() {
    const CUT: bool = false;
    const WHOLE: bool = true;
    for (pieces, expected) in [
        (vec![], vec![]),
        (vec![(9, WHOLE), (9, WHOLE), (9, WHOLE)], vec![3]),
        (vec![(GROUP_BYTES - 1, WHOLE), (1, WHOLE), (1, WHOLE)], vec![2, 1]),
        (vec![(240_000, CUT), (240_000, CUT), (9, WHOLE), (9, WHOLE)], vec![1, 1, 2]),
        (vec![(9, WHOLE), (240_000, CUT), (9, WHOLE)], vec![2, 1]),
    ] {
        let batch: Vec<Piece> = pieces.into_iter().map(|(n_bytes, last)| piece(n_bytes, last)).collect();
        assert_eq!(groups(&batch).iter().map(|group| group.len()).collect::<Vec<_>>(), expected);
    }
}
