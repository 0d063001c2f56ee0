//! Sources read records. This one reads files, folders and standard input: each file, or each line of a capture, is a
//! record. What is too large to be held is read in pieces that are cut between messages.

use crate::{
    batch::{Content, Piece, Record},
    local::Redriven,
    process::is_group,
};
use kinescope_schemas::Id;
use kinescope_stages::decode::Envelope;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::SyncSender,
    },
};

mod arriving;
mod capture;
mod feed;
mod files;
mod hash;
mod pieces;

pub use arriving::Arriving;
pub use capture::Captured;
pub use feed::{Fed, Feed, FeedError};
use files::is_stdin;
pub use files::{Files, Paths, SourceError};
pub use hash::file_id;
use hash::{Hash, Start};
pub use pieces::Hungry;
use pieces::Pieces;

/// A file up to this size is one piece.
const PIECE_BYTES: usize = 512 << 10;
/// The same of a file that is compressed and holds what cannot be cut, such as CloudWatch's logs: what is inflated in one go
/// costs half of what is inflated bit by bit, and waits as it is until then.
const PIECE_BYTES_GZIP: usize = 2 << 20;
/// A message that is longer than this is refused without being held whole, and so is a file that is no text.
const HELD_BYTES_MAX: usize = 64 << 20;

/// What is too long to be read at once.
struct Long<'p> {
    /// Of its record.
    id: Id,
    /// By its content, if that is known.
    file_id: Option<Id>,
    /// A file's.
    path: Option<&'p Path>,
}

/// Reads all files and sends them in [groups](is_group). Ends early, in silence, when nobody takes them any more.
pub struct Reader<'r> {
    sender: SyncSender<Vec<Piece>>,
    group: Vec<Piece>,
    n_group_bytes: usize,
    n_records: u64,
    /// Bytes read so far, for the progress.
    pub n_bytes: &'r AtomicU64,
    /// `None` where no run was finished before.
    is_known: Option<&'r IsKnown<'r>>,
}

/// Whether a finished run already has the record with this id.
pub type IsKnown<'r> = dyn Fn(Id) -> bool + Sync + 'r;

/// Nobody takes groups any more: a sink failed, and has said so.
#[derive(Debug)]
pub struct Closed;

type Sent = Result<(), Closed>;

impl<'r> Reader<'r> {
    /// A reader that sends to `sender`.
    pub fn new(
        sender: SyncSender<Vec<Piece>>,
        n_bytes: &'r AtomicU64,
        is_known: Option<&'r IsKnown<'r>>,
    ) -> Self {
        Reader { sender, group: Vec::new(), n_group_bytes: 0, n_records: 0, n_bytes, is_known }
    }

    /// Reads everything.
    pub fn read(mut self, files: &Files) -> Sent {
        for path in files.paths() {
            match path {
                Ok(path) => self.file(&path)?,
                // It was there when the run began.
                Err(error) => self.unreadable(error.path().to_owned(), format!("failed to read {error}"))?,
            }
        }
        self.flush()
    }

    /// Sends what a quarantine held.
    pub fn redrive(mut self, entries: Vec<Redriven>) -> Sent {
        entries.into_iter().try_for_each(|entry| self.again(entry, None))?;
        self.flush()
    }

    /// Sends what a feed hands out for one run.
    pub fn feed(mut self, feed: &mut dyn Feed) -> Sent {
        let is_known = self.is_known;
        while let Some(fed) = feed.next(&|id| is_known.is_some_and(|is_known| is_known(id))) {
            self.fed(fed)?;
        }
        self.flush()
    }

    fn knows(&self, id: Id) -> bool {
        self.is_known.is_some_and(|is_known| is_known(id))
    }

    fn fed(&mut self, fed: Fed) -> Sent {
        match fed {
            Fed::Record { source, id, data } => {
                self.n_bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
                let record = self.record(source, id, None, Envelope::default());
                self.send(Piece {
                    record,
                    offset: 0,
                    header: None,
                    last: true,
                    content: Content::Bytes(data),
                })
            }
            Fed::Object { source, id, content } => self.object(source, id, content),
            Fed::Refused { source, id, done_id, reason } => self.refused(source, id, done_id, reason),
            Fed::Again { entry, object_id } => {
                self.n_bytes.fetch_add(entry.bytes.len() as u64, Ordering::Relaxed);
                self.again(*entry, Some(object_id))
            }
        }
    }

    fn again(&mut self, entry: Redriven, file_id: Option<Id>) -> Sent {
        let Redriven { source, offset, envelope, id, bytes } = entry;
        let record = self.record(source, id, file_id, envelope);
        self.send(Piece { record, offset, header: None, last: true, content: Content::Bytes(bytes) })
    }

    fn refused(&mut self, source: String, id: Id, done_id: Id, reason: String) -> Sent {
        let known = self.knows(done_id);
        let record = self.record(source, id, Some(done_id), Envelope::default());
        let content = if known { Content::Known } else { Content::Refused(reason, Vec::new()) };
        self.send(Piece { record, offset: 0, header: None, last: true, content })
    }

    fn object(&mut self, source: String, id: Id, mut content: Box<dyn Read + Send>) -> Sent {
        let mut start = Vec::new();
        // An error here comes again when the rest is read.
        let _ = read_start(&mut content, &mut start);
        if !is_one_piece(&start) {
            let long = Long { id, file_id: Some(id), path: None };
            return self.stream(source, long, io::Cursor::new(start).chain(content));
        }
        self.n_bytes.fetch_add(start.len() as u64, Ordering::Relaxed);
        self.whole(source, id, start)
    }

    fn record(
        &mut self,
        source: String,
        id: Id,
        file_id: Option<Id>,
        envelope: Envelope<'static>,
    ) -> Arc<Record> {
        let file_id = file_id.map_or_else(OnceLock::new, OnceLock::from);
        let record =
            Arc::new(Record { index: self.n_records, source, id, file_id, arrival_ms: None, envelope });
        self.n_records += 1;
        record
    }

    fn send(&mut self, piece: Piece) -> Sent {
        self.n_group_bytes += piece.n_bytes_estimated();
        let is_group = is_group(self.n_group_bytes, &piece);
        self.group.push(piece);
        if is_group { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Sent {
        self.n_group_bytes = 0;
        let group = std::mem::take(&mut self.group);
        if group.is_empty() { Ok(()) } else { self.sender.send(group).map_err(|_| Closed) }
    }

    fn file(&mut self, path: &Path) -> Sent {
        match self.try_file(path) {
            Ok(sent) => sent,
            Err(error) => {
                let reason = format!("failed to read the file: {error}; mend it and process it again");
                self.unreadable(path.display().to_string(), reason)
            }
        }
    }

    fn unreadable(&mut self, source: String, reason: String) -> Sent {
        let id = Id::of(&[b"unreadable", source.as_bytes()]);
        self.refused(source, id, id, reason)
    }

    fn try_file(&mut self, path: &Path) -> io::Result<Sent> {
        if is_stdin(path) {
            let long = Long { id: Id::of(&[b"stream"]), file_id: None, path: None };
            return Ok(self.stream("-".to_owned(), long, io::stdin()));
        }
        let source = path.display().to_string();
        let mut file = File::open(path)?;
        let Start { bytes, id, is_all } = Start::read(&mut file)?;
        if is_all {
            self.n_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            return Ok(self.whole(source, id, bytes));
        }
        // Where nothing was done before nothing can be known, and the file is hashed while it is read.
        let file_id = if self.is_known.is_some() { Some(file_id(path)?) } else { None };
        let long = Long { id, file_id, path: Some(path) };
        Ok(self.stream(source, long, io::Cursor::new(bytes).chain(file)))
    }

    /// A file that is one piece.
    fn whole(&mut self, source: String, id: Id, bytes: Vec<u8>) -> Sent {
        let content = if self.knows(id) { Content::Known } else { Content::Bytes(bytes) };
        let record = self.record(source, id, Some(id), Envelope::default());
        self.send(Piece { record, offset: 0, header: None, last: true, content })
    }

    /// A file or stream of any length.
    fn stream(&mut self, source: String, long: Long<'_>, input: impl Read + Send) -> Sent {
        let Long { id, file_id, path } = long;
        let known = file_id.is_some_and(|id| self.knows(id));
        let hash = path.filter(|_| file_id.is_none()).map(|_| Hash::new(id));
        let mut pieces = Pieces::new(input, Some(self.n_bytes), path, hash.clone());
        let whole_id = || hash.as_ref()?.id().or_else(|| self::file_id(path?).ok());
        if pieces.is_capture() {
            // Each of its records has the file's id, the first as well as the last.
            let file_id = file_id.or_else(|| self::file_id(path?).ok());
            return self.capture(&source, pieces, file_id, known);
        }
        let record = self.record(source, id, file_id, Envelope::default());
        if known {
            return self.send(Piece { record, offset: 0, header: None, last: true, content: Content::Known });
        }
        let mut header: Option<Arc<str>> = None;
        while let Some(piece) = pieces.next() {
            let after = header.clone();
            if let (None, Content::Bytes(bytes), 0) = (&header, &piece.content, piece.offset) {
                header = pieces::flow_header(bytes);
            }
            if piece.last
                && let Some(id) = whole_id()
            {
                // It is set but once, here.
                let _ = record.file_id.set(id);
            }
            self.send(Piece {
                record: record.clone(),
                header: after,
                offset: piece.offset,
                last: piece.last,
                content: piece.content,
            })?;
        }
        Ok(())
    }

    /// A capture: each line is a record as GetRecords returns it.
    fn capture(&mut self, file: &str, mut pieces: Pieces<'_>, file_id: Option<Id>, known: bool) -> Sent {
        let mut n_lines = 0;
        while let Some(piece) = pieces.next() {
            let bytes = match piece.content {
                Content::Bytes(bytes) => bytes,
                content => {
                    let id = Id::of(&[b"part", file.as_bytes(), &piece.offset.to_le_bytes()]);
                    let record = self.record(file.to_owned(), id, file_id, Envelope::default());
                    self.send(Piece { record, offset: piece.offset, header: None, last: true, content })?;
                    continue;
                }
            };
            for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
                n_lines += 1;
                let (source, id, data) = capture::line(line, file, n_lines);
                let record = self.record(source, id, file_id, Envelope::default());
                let content = if known { Content::Known } else { Content::Bytes(data) };
                self.send(Piece { record, offset: 0, header: None, last: true, content })?;
            }
        }
        Ok(())
    }
}

/// Reads one byte more than a piece may have.
fn read_start(input: &mut impl Read, start: &mut Vec<u8>) -> io::Result<()> {
    input.take(PIECE_BYTES as u64 + 1).read_to_end(start)?;
    if start.len() > PIECE_BYTES && start.starts_with(&pieces::GZIP) && !pieces::inflates_to_pieces(start) {
        input.take((PIECE_BYTES_GZIP - PIECE_BYTES) as u64).read_to_end(start)?;
    }
    Ok(())
}

/// Whether a file's start is all of it, and may be decoded in one go.
fn is_one_piece(start: &[u8]) -> bool {
    if start.starts_with(&pieces::GZIP) {
        return start.len() <= PIECE_BYTES_GZIP
            && !pieces::inflates_large(start)
            && !pieces::inflates_to_pieces(start);
    }
    start.len() <= PIECE_BYTES && !capture::is_capture(start)
}
