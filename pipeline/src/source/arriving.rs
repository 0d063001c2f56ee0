//! A record that arrives bit by bit, such as an object that is fetched in ranges: bytes go in, pieces come out.
//!
//! Nobody waits in here. When a piece needs bytes that have not come, that is said, and cuts lie where they would lie if
//! all had been there from the start.

use super::{
    capture, is_one_piece,
    pieces::{Cut, Hungry, Pieces, flow_header},
};
use crate::batch::{Content, Piece, Record};
use kinescope_stages::decode::Envelope;
use std::{
    collections::VecDeque,
    io::{self, Read},
    sync::{Arc, Mutex, PoisonError},
};

/// A record that arrives.
pub struct Arriving {
    record: Arc<Record>,
    tray: Tray,
    /// What is cut; `None` of a record that is one piece.
    pieces: Option<Pieces<'static>>,
    is_capture: bool,
    n_lines: u64,
    header: Option<Arc<str>>,
    ready: VecDeque<Piece>,
}

/// Bytes that came and were not taken.
#[derive(Clone, Default)]
struct Tray(Arc<Mutex<Bytes>>);

#[derive(Default)]
struct Bytes {
    bytes: VecDeque<u8>,
    is_all: bool,
}

impl Tray {
    fn put(&self, bytes: Vec<u8>, is_all: bool) {
        let mut tray = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tray.bytes.extend(bytes);
        tray.is_all = is_all;
    }
}

impl Read for Tray {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut tray = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tray.bytes.is_empty() && !tray.is_all && !buffer.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        tray.bytes.read(buffer)
    }
}

impl Arriving {
    /// Begins with a record's first bytes, of which there should be enough to tell what it is: a megabyte, or all.
    pub fn begin(record: Arc<Record>, first: Vec<u8>, is_all: bool) -> Arriving {
        let tray = Tray::default();
        let mut arriving = Arriving {
            record,
            tray: tray.clone(),
            pieces: None,
            is_capture: false,
            n_lines: 0,
            header: None,
            ready: VecDeque::new(),
        };
        if is_all && is_one_piece(&first) {
            arriving.ready.push_back(arriving.piece(0, true, Content::Bytes(first)));
            return arriving;
        }
        tray.put(first, is_all);
        let mut pieces = Pieces::new(tray, None, None, None);
        arriving.is_capture = pieces.is_capture();
        arriving.pieces = Some(pieces);
        arriving
    }

    /// Takes more bytes.
    pub fn put(&mut self, bytes: Vec<u8>, is_all: bool) {
        self.tray.put(bytes, is_all);
    }

    /// The next piece; `None` behind the last.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, Hungry> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            let Some(pieces) = &mut self.pieces else { return Ok(None) };
            match pieces.try_next()? {
                None => return Ok(None),
                Some(cut) if self.is_capture => self.lines(cut),
                Some(cut) => self.cut(cut),
            }
        }
    }

    fn piece(&self, offset: u64, last: bool, content: Content) -> Piece {
        Piece { record: self.record.clone(), offset, header: None, last, content }
    }

    fn cut(&mut self, cut: Cut) {
        let header = self.header.clone();
        if let (None, Content::Bytes(bytes), 0) = (&header, &cut.content, cut.offset) {
            self.header = flow_header(bytes);
        }
        let piece = self.piece(cut.offset, cut.last, cut.content);
        self.ready.push_back(Piece { header, ..piece });
    }

    /// Of a capture each line is known by its own place, as if it had come by the stream; the record is all of them.
    fn lines(&mut self, cut: Cut) {
        match cut.content {
            Content::Bytes(bytes) => {
                for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
                    self.n_lines += 1;
                    let (source, id, data) = capture::line(line, &self.record.source, self.n_lines);
                    let record = Arc::new(Record {
                        index: self.record.index,
                        source,
                        id,
                        file_id: self.record.file_id.clone(),
                        arrival_ms: self.record.arrival_ms,
                        envelope: Envelope::default(),
                    });
                    let content = Content::Bytes(data);
                    self.ready.push_back(Piece { record, offset: 0, header: None, last: false, content });
                }
            }
            content => self.ready.push_back(self.piece(cut.offset, false, content)),
        }
        if cut.last {
            // Nothing more: it only says that all lines were there.
            self.ready.push_back(self.piece(cut.offset, true, Content::Known));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::pieces::PIECE_LINES_MAX;
    use flate2::{Compression, write::GzEncoder};
    use kinescope_schemas::Id;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// What comes out when so many bytes come at a time: source, offset, whether last, and the bytes.
    fn pieces(bytes: &[u8], step: usize) -> Vec<(String, u64, bool, Vec<u8>)> {
        let record = Arc::new(Record {
            index: 0,
            source: "s".to_owned(),
            id: Id::of(&[b"r"]),
            file_id: Default::default(),
            arrival_ms: Some(0),
            envelope: Envelope::default(),
        });
        let mut chunks = bytes.chunks(step).peekable();
        let first = chunks.next().unwrap_or_default().to_vec();
        let mut arriving = Arriving::begin(record, first, chunks.peek().is_none());
        let mut found = Vec::new();
        loop {
            match arriving.next_piece() {
                Ok(None) => return found,
                Err(Hungry) => {
                    let chunk = chunks.next().unwrap().to_vec();
                    arriving.put(chunk, chunks.peek().is_none());
                }
                Ok(Some(piece)) => {
                    let bytes = match piece.content {
                        Content::Bytes(bytes) => bytes,
                        Content::Refused(reason, _) => reason.into_bytes(),
                        Content::Known => b"known".to_vec(),
                    };
                    found.push((piece.record.source.clone(), piece.offset, piece.last, bytes));
                }
            }
        }
    }

    #[test]
    fn cuts_lie_where_they_lie_without_waiting() {
        let line = "{\"eventVersion\":\"1.08\",\"eventID\":\"a\",\"text\":\"0123456789\"}\n";
        let text = line.repeat(60_000).into_bytes();
        let long = [vec![b'x'; 3 << 20], b"\n".to_vec(), text.clone()].concat();
        let members = [gzip(&text), gzip(&text)].concat();
        let cut_short = members[..members.len() - 9].to_vec();
        let short = b"a line\n".repeat(300_000);
        let list = format!("{{\"Records\":[{}]}}\n", line.repeat(60_000).trim_ascii_end().replace('\n', ","));
        for (name, bytes) in [
            ("nothing", &b""[..]),
            ("small", b"a line\n"),
            ("text", &text),
            ("short lines", &short),
            ("a long line", &long),
            ("a long list", list.as_bytes()),
            ("gzip", &members),
            ("a long list in gzip", &gzip(list.as_bytes())),
            ("cut short", &cut_short),
        ] {
            let whole = pieces(bytes, usize::MAX);
            assert!(whole.iter().rev().skip(1).all(|piece| !piece.2), "{name}");
            assert!(whole.last().is_some_and(|piece| piece.2), "{name}");
            // The first bytes have to tell what it is, as those of a range do.
            for step in [1 << 20, (1 << 20) + 7_777, 3 << 20] {
                assert!(pieces(bytes, step) == whole, "{name} by {step}");
            }
        }
        assert_eq!(pieces(&text, 1 << 20).concat_bytes(), text);
    }

    #[test]
    fn a_piece_has_so_many_lines_unless_one_message_has_more() {
        let lines = "a line\n".repeat(100_000);
        let spread = format!("{{\n{}}}\n", "  \"a\": 1,\n".repeat(3 * PIECE_LINES_MAX));
        let text = [lines.as_str(), &spread, &lines].concat();
        let found = pieces(text.as_bytes(), usize::MAX);
        let n_lines = |piece: &[u8]| piece.iter().filter(|byte| **byte == b'\n').count();
        let many: Vec<_> =
            found.iter().filter(|piece| !piece.2 && n_lines(&piece.3) > PIECE_LINES_MAX).collect();
        assert!(many.len() == 1 && many[0].3.starts_with(spread.as_bytes()));
        assert!(found.concat_bytes() == text.as_bytes());
    }

    #[test]
    fn lines_behind_one_that_is_too_long_are_read() {
        let long = vec![b'x'; (64 << 20) + 5];
        for rest in [&b"a\n"[..], &b"a\nb\n".repeat(1 << 18)] {
            let found = pieces(&[&long, &b"\n"[..], rest].concat(), usize::MAX);
            let (refused, read): (Vec<_>, Vec<_>) = found
                .into_iter()
                .partition(|piece| piece.3.starts_with(b"failed to decode a message of more"));
            assert_eq!(refused.len(), 2);
            assert!(read.concat_bytes() == rest);
        }
    }

    trait ConcatBytes {
        fn concat_bytes(self) -> Vec<u8>;
    }

    impl ConcatBytes for Vec<(String, u64, bool, Vec<u8>)> {
        fn concat_bytes(self) -> Vec<u8> {
            self.into_iter().flat_map(|(.., bytes)| bytes).collect()
        }
    }

    #[test]
    fn a_line_of_a_capture_has_its_own_place() {
        let line = |at: u32| {
            format!(
                "{{\"SequenceNumber\":\"{at}\",\"PartitionKey\":\"k\",\"Data\":\"aGk=\",\"ShardId\":\"shardId-000000000000\"}}\n"
            )
        };
        let capture = (0..2).map(line).collect::<String>();
        for bytes in [capture.as_bytes().to_vec(), gzip(capture.as_bytes())] {
            let of_line = |at: u32| (format!("shardId-000000000000:{at}"), 0, false, b"hi".to_vec());
            let end = ("s".to_owned(), 0, true, b"known".to_vec());
            assert_eq!(pieces(&bytes, usize::MAX), [of_line(0), of_line(1), end]);
        }
    }
}
