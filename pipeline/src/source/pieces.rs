//! Reads something of any length in pieces that are cut between messages.

use super::{HELD_BYTES_MAX, Hash, PIECE_BYTES, capture};
use crate::batch::Content;
use flate2::read::MultiGzDecoder;
use kinescope_stages::decode::{Items, Limits, Then, is_flow_header, last_boundary, list_items, list_start};
use std::{
    fs::File,
    io::{self, Cursor, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

pub(super) const GZIP: [u8; 2] = [0x1f, 0x8b];
const KPL: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];

/// Lines of a piece of a long record, as far as it can be cut between them: of short ones, such as VPC flow records, rows
/// are many times the bytes. Its last piece has what is left, which is no more bytes than any other.
pub(super) const PIECE_LINES_MAX: usize = 2_048;
/// A header line is no longer than this.
const HEADER_BYTES_MAX: usize = 1 << 10;

const SHORT_LIST: &str = "a list of records, which is cut short: fetch it again and redrive";
const BROKEN_LIST: &str =
    "the rest of a list of records, which goes on with something else than a record: mend it and redrive";

/// A piece: its offset in the inflated text, what it holds, and whether it is the last.
pub(super) struct Cut {
    pub(super) offset: u64,
    pub(super) content: Content,
    pub(super) last: bool,
}

/// More of the input has to come first: it is one that [arrives](super::Arriving).
#[derive(Debug)]
pub struct Hungry;

/// The pieces of one input.
pub(super) struct Pieces<'r> {
    input: Box<dyn Read + Send + 'r>,
    /// What passes of an input that is as it is read.
    passing: Option<Passing<'r>>,
    /// Of compressed input, how much of it was read.
    compressed: Option<Arc<AtomicU64>>,
    buffer: Vec<u8>,
    offset: u64,
    /// Bytes to look for a cut in. Kept while more is waited for, so that cuts lie where they would lie without waiting.
    wanted: usize,
    under: Under,
    done: bool,
    path: Option<PathBuf>,
}

/// What is under way where the buffer begins.
enum Under {
    /// Messages.
    Messages,
    /// Items of a list of records, which go as the messages that they are.
    Items,
    /// What goes in parts up to the end of its line, for no use but to be kept: why.
    Refused(String),
    /// Binary data, which is not cut.
    Binary,
}

/// Whether a compressed file must be read in pieces though it is small: it says that it inflates to a lot.
pub(super) fn inflates_large(bytes: &[u8]) -> bool {
    const INFLATED_WHOLE_MAX: u32 = 16 << 20;
    size(bytes) > INFLATED_WHOLE_MAX
}

/// Whether a compressed file should be read in pieces, by how it begins: a capture, whose lines are records of their own, or
/// more lines or records than a piece may have.
pub(super) fn inflates_to_pieces(bytes: &[u8]) -> bool {
    const LOOK_BYTES: u64 = 1 << 10;
    let mut start = Vec::new();
    // What cannot be inflated is neither; decoding says what is wrong.
    let _ = MultiGzDecoder::new(bytes).take(LOOK_BYTES).read_to_end(&mut start);
    let is_large = bytes.len() > PIECE_BYTES || size(bytes) as usize > 2 * PIECE_BYTES;
    if is_large && (start.contains(&b'\n') || list_start(&start).is_some()) {
        return true;
    }
    start.trim_ascii_start().starts_with(b"{")
        && memchr::memmem::find(&start, b"\"SequenceNumber\"").is_some()
}

/// Bytes that gzip inflates to, as it says.
fn size(bytes: &[u8]) -> u32 {
    bytes.last_chunk().map_or(0, |size| u32::from_le_bytes(*size))
}

/// The header line that a file of VPC flow records begins with.
pub(super) fn flow_header(bytes: &[u8]) -> Option<Arc<str>> {
    let start = &bytes[..bytes.len().min(HEADER_BYTES_MAX)];
    let line = &start[..memchr::memchr(b'\n', start)?];
    let line = std::str::from_utf8(line).ok()?.trim_ascii();
    is_flow_header(line).then(|| line.into())
}

impl<'r> Pieces<'r> {
    /// Pieces of `input`; `n_bytes` counts what is read of it, before inflating, and `hash` takes it.
    pub(super) fn new(
        mut input: impl Read + Send + 'r,
        n_bytes: Option<&'r AtomicU64>,
        path: Option<&Path>,
        hash: Option<Hash>,
    ) -> Pieces<'r> {
        let n_read = Arc::new(AtomicU64::new(0));
        let passing = Passing { n_bytes, n_read: n_read.clone(), hash };
        let mut magic = Vec::new();
        // An error here comes again when the rest is read.
        let _ = (&mut input).take(KPL.len() as u64).read_to_end(&mut magic);
        let compressed = magic.starts_with(&GZIP);
        let under = if magic == KPL { Under::Binary } else { Under::Messages };
        let all = Cursor::new(magic).chain(input);
        // Only what is read through is wrapped: a plain reader fills memory that nobody had to clear.
        let (input, passing): (Box<dyn Read + Send + 'r>, _) = if compressed {
            (Box::new(MultiGzDecoder::new(Watched { input: all, passing })), None)
        } else {
            (Box::new(all), Some(passing))
        };
        Pieces {
            input,
            passing,
            compressed: compressed.then_some(n_read),
            buffer: Vec::new(),
            offset: 0,
            wanted: PIECE_BYTES,
            under,
            done: false,
            path: path.map(Path::to_owned),
        }
    }

    /// Whether it begins as a capture does.
    pub(super) fn is_capture(&mut self) -> bool {
        // An error here comes again when the pieces are taken.
        let _ = self.fill(PIECE_BYTES);
        capture::is_capture(&self.buffer)
    }

    /// Reads until the buffer has so many bytes; whether the input ended.
    fn fill(&mut self, n_bytes: usize) -> io::Result<bool> {
        let missing = n_bytes.saturating_sub(self.buffer.len());
        self.buffer.reserve_exact(missing.min(PIECE_BYTES) + 1);
        let before = self.buffer.len();
        let n = (&mut self.input).take(missing as u64).read_to_end(&mut self.buffer);
        if let Some(passing) = &self.passing {
            // Also of a read that failed in the end.
            if self.buffer.len() > before {
                passing.note(&self.buffer[before..]);
            }
            if n.as_ref().is_ok_and(|n| *n < missing) {
                passing.note(&[]);
            }
        }
        Ok(n? < missing)
    }

    fn is_bomb(&self) -> bool {
        // Below what is held at most, or a bomb without line breaks would be taken for a long message first.
        const RATIO_FREE_BYTES: u64 = 32 << 20;
        let n_inflated = self.offset + self.buffer.len() as u64;
        let ratio_max = Limits::default().inflate_ratio_max as u64;
        let allowed = |read: &Arc<AtomicU64>| read.load(Ordering::Relaxed).saturating_mul(ratio_max);
        self.compressed.as_ref().is_some_and(|read| n_inflated > allowed(read).max(RATIO_FREE_BYTES))
    }

    /// The first bytes of the buffer, as a piece.
    fn cut(&mut self, n_bytes: usize, last: bool) -> Cut {
        let rest = self.buffer.split_off(n_bytes);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        self.done = last;
        self.wanted = PIECE_BYTES;
        let content = match &self.under {
            Under::Refused(why) => Content::Refused(format!("failed to decode {why}"), bytes),
            _ => Content::Bytes(bytes),
        };
        Cut { offset, content, last }
    }

    /// Passes over what only encloses messages.
    fn pass(&mut self, n_bytes: usize) {
        self.buffer.drain(..n_bytes);
        self.offset += n_bytes as u64;
    }

    /// The next piece of an input that is all there.
    pub(super) fn next(&mut self) -> Option<Cut> {
        self.try_next().ok().flatten()
    }

    /// The next piece.
    pub(super) fn try_next(&mut self) -> Result<Option<Cut>, Hungry> {
        while !self.done {
            let filled = self.fill(self.wanted);
            if self.is_bomb() {
                return Ok(Some(self.broken(
                    "gzip data that inflates beyond the allowed ratio: raise the limit if it is no bomb",
                )));
            }
            if filled.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                return Err(Hungry);
            }
            let ended = matches!(filled, Ok(true));
            if !ended && let Some(n_bytes) = self.long_list() {
                self.pass(n_bytes);
                self.under = Under::Items;
            }
            if let Some(piece) = self.items(ended) {
                return Ok(Some(piece));
            }
            let cut = self.boundary(ended);
            let piece = match filled {
                _ if cut > 0 => {
                    let piece = self.cut(cut, false);
                    self.under = Under::Messages;
                    piece
                }
                Err(error) => self.broken(&self.why(&error)),
                Ok(true) => self.cut(self.buffer.len(), true),
                Ok(false) if self.buffer.len() >= HELD_BYTES_MAX => {
                    self.under = Under::Refused(format!(
                        "a message of more than {HELD_BYTES_MAX} bytes: split what wrote it; this is one part of it"
                    ));
                    self.cut(self.buffer.len(), false)
                }
                Ok(false) => {
                    self.wanted = (self.wanted * 2).min(HELD_BYTES_MAX);
                    continue;
                }
            };
            return Ok(Some(piece));
        }
        Ok(None)
    }

    /// Where to cut: between messages, of which the last are one piece, or behind the line that is refused.
    fn boundary(&self, ended: bool) -> usize {
        match self.under {
            Under::Messages if ended => 0,
            Under::Messages => {
                let lines_end = memchr::memchr_iter(b'\n', &self.buffer).nth(PIECE_LINES_MAX);
                let cut = lines_end.map_or(0, |end| last_boundary(&self.buffer[..end]));
                if cut > 0 { cut } else { last_boundary(&self.buffer) }
            }
            Under::Refused(_) => memchr::memchr(b'\n', &self.buffer).map_or(0, |newline| newline + 1),
            Under::Items | Under::Binary => 0,
        }
    }

    /// If messages are under way and the next is a list of records that does not end in the buffer: bytes of what opens it.
    fn long_list(&self) -> Option<usize> {
        let start = list_start(&self.buffer).filter(|_| matches!(self.under, Under::Messages))?;
        (list_items(&self.buffer[start..]).then == Then::More).then_some(start)
    }

    /// If items are under way: those that are whole.
    fn items(&mut self, ended: bool) -> Option<Cut> {
        let Under::Items = self.under else { return None };
        let Items { n_bytes, then } = list_items(&self.buffer);
        let (n_bytes, n_enclosing, under) = match then {
            Then::End(n) => (n_bytes, n, Under::Messages),
            _ if n_bytes > 0 => (n_bytes, 0, Under::Items),
            Then::More if !ended => return None,
            Then::More => (self.last_item(), 0, Under::Refused(SHORT_LIST.to_owned())),
            Then::Broken => (0, 0, Under::Refused(BROKEN_LIST.to_owned())),
        };
        let piece = self.cut(n_bytes, false);
        self.pass(n_enclosing);
        self.under = under;
        Some(piece)
    }

    /// What there is of a last item, which is a message that may be cut short.
    fn last_item(&self) -> usize {
        if self.buffer.trim_ascii_start().starts_with(b"{") { self.buffer.len() } else { 0 }
    }

    fn why(&self, error: &io::Error) -> String {
        match self.compressed {
            Some(_) => "gzip data, which is cut short or damaged: fetch it again and redrive".to_owned(),
            None => format!("the file: {error}"),
        }
    }

    /// The rest, which cannot be read; of a file that was inflated, all of its own bytes that we hold at most.
    fn broken(&mut self, why: &str) -> Cut {
        self.done = true;
        let mut bytes = std::mem::take(&mut self.buffer);
        if let (Some(path), Some(_)) = (&self.path, &self.compressed)
            && let Ok(file) = File::open(path)
        {
            bytes.clear();
            // What cannot be read again is missing from the entry, which still names the file.
            let _ = file.take(HELD_BYTES_MAX as u64).read_to_end(&mut bytes);
        }
        Cut {
            offset: self.offset,
            content: Content::Refused(format!("failed to decode {why}"), bytes),
            last: true,
        }
    }
}

/// Counts and hashes what is read.
struct Passing<'c> {
    n_bytes: Option<&'c AtomicU64>,
    n_read: Arc<AtomicU64>,
    hash: Option<Hash>,
}

impl Passing<'_> {
    /// What was read; nothing at the end.
    fn note(&self, bytes: &[u8]) {
        if let Some(n_bytes) = self.n_bytes {
            n_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        }
        self.n_read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if let Some(hash) = &self.hash {
            hash.update(bytes);
        }
    }
}

/// A reader whose bytes are noted.
struct Watched<'c, R> {
    input: R,
    passing: Passing<'c>,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        if !buffer.is_empty() {
            self.passing.note(&buffer[..n]);
        }
        Ok(n)
    }
}
