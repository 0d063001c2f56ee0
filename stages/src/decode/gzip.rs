//! gzip, of one member or several, with caps on what comes out.

use super::{DecodeError, Decoder};
use flate2::read::MultiGzDecoder;
use libdeflater::Decompressor;
use std::{
    cell::{Cell, RefCell},
    io::Read,
};

pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

thread_local! {
    /// The last output, to be written over by the next, as long as it is: fresh memory, which the system hands out in zeroed
    /// pages, would cost a third of inflating.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    /// What inflates: its tables are not made anew for each record.
    static INFLATER: RefCell<Decompressor> = RefCell::new(Decompressor::new());
}
/// A longer output is not kept.
const SPARE_BYTES_MAX: usize = 8 << 20;

/// Inflated bytes: so many, at the beginning of some room.
pub(super) struct Inflated {
    room: Vec<u8>,
    n_bytes: usize,
}

impl Drop for Inflated {
    fn drop(&mut self) {
        if self.room.capacity() <= SPARE_BYTES_MAX {
            SPARE.set(std::mem::take(&mut self.room));
        }
    }
}

impl std::ops::Deref for Inflated {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.room[..self.n_bytes]
    }
}

/// Output below this is not held to the ratio: a small run of zeros is no bomb.
const RATIO_FREE_BYTES: usize = 1 << 20;

impl Decoder<'_> {
    /// Inflates `bytes`; what the whole record may still inflate to shrinks by the result.
    pub(super) fn inflate(&mut self, bytes: &[u8]) -> Result<Inflated, DecodeError> {
        let by_ratio = bytes.len().saturating_mul(self.limits.inflate_ratio_max).max(RATIO_FREE_BYTES);
        let left = self.limits.inflated_bytes_max.saturating_sub(self.n_inflated);
        let (cap, why) =
            if by_ratio < left { (by_ratio, "the allowed ratio") } else { (left, "the allowed size") };
        let inflated = match one_member(bytes, cap) {
            Some(inflated) => inflated,
            None => members(bytes, cap)?,
        };
        if inflated.len() > cap {
            return Err(DecodeError::Bomb(why));
        }
        self.n_inflated += inflated.len();
        Ok(inflated)
    }
}

/// The fast way: one member whose size the trailer tells. The trailer can lie, and there may be a second member;
/// then this gives `None`, and the careful way decides.
fn one_member(bytes: &[u8], cap: usize) -> Option<Inflated> {
    let size = u32::from_le_bytes(*bytes.last_chunk()?) as usize;
    if size > cap || has_member(bytes.get(MAGIC.len()..)?) {
        return None;
    }
    let mut room = SPARE.take();
    if room.len() < size {
        room = vec![0; size];
    }
    let mut inflated = Inflated { room, n_bytes: size };
    let room = &mut inflated.room[..size];
    let n_bytes = INFLATER.with_borrow_mut(|inflater| inflater.gzip_decompress(bytes, room)).ok()?;
    (n_bytes == size).then_some(inflated)
}

/// Whether a member may begin somewhere in `bytes`: by chance one does in a hundred megabytes.
fn has_member(bytes: &[u8]) -> bool {
    const DEFLATE: u8 = 8;
    // These have no meaning, and nobody inflates a member that has one of them.
    const FLAGS_RESERVED: u8 = 0xe0;
    memchr::memmem::find_iter(bytes, &MAGIC)
        .any(|at| matches!(bytes[at + MAGIC.len()..], [DEFLATE, flags, ..] if flags & FLAGS_RESERVED == 0))
}

/// The careful way: any number of members, stopping one byte past the cap.
fn members(bytes: &[u8], cap: usize) -> Result<Inflated, DecodeError> {
    let mut room = Vec::new();
    let inflated = MultiGzDecoder::new(bytes).take(cap as u64 + 1).read_to_end(&mut room);
    let n_bytes = inflated.map_err(|_| DecodeError::Gzip)?;
    Ok(Inflated { room, n_bytes })
}
