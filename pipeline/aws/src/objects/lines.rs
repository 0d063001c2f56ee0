//! Quarantine entries in an object: a line each, compressed or not.

use flate2::read::MultiGzDecoder;
use kinescope_pipeline::local::Redriven;
use std::io::{self, BufRead, BufReader, Read};

/// Bytes of a line: the most that is held of one message, in base64, and the rest.
const LINE_BYTES_MAX: u64 = 96 << 20;

/// The lines of an object.
pub(crate) struct Lines {
    input: Box<dyn BufRead + Send>,
    n_lines: u64,
    line: Vec<u8>,
}

impl Lines {
    pub(crate) fn new(content: Box<dyn Read + Send>) -> Lines {
        const GZIP: [u8; 2] = [0x1f, 0x8b];
        let mut content = BufReader::new(content);
        // An error here comes again when a line is taken.
        let is_gzip = content.fill_buf().is_ok_and(|start| start.starts_with(&GZIP));
        let input: Box<dyn BufRead + Send> =
            if is_gzip { Box::new(BufReader::new(MultiGzDecoder::new(content))) } else { Box::new(content) };
        Lines { input, n_lines: 0, line: Vec::new() }
    }

    /// The next entry, or the number of a line that is none and why. After a failure to read nothing more comes.
    pub(crate) fn next(&mut self) -> Option<Result<Redriven, (u64, String)>> {
        loop {
            match self.read() {
                Ok(false) => return None,
                Ok(true) if self.line.trim_ascii().is_empty() => {}
                Ok(true) => {
                    let entry = Redriven::parse(&self.line);
                    return Some(entry.map_err(|error| (self.n_lines, format!("failed to {error}"))));
                }
                Err(error) => {
                    self.input = Box::new(io::empty());
                    return Some(Err((self.n_lines, format!("failed to read the line: {error}"))));
                }
            }
        }
    }

    fn read(&mut self) -> io::Result<bool> {
        self.line.clear();
        self.n_lines += 1;
        let n_bytes = (&mut self.input).take(LINE_BYTES_MAX).read_until(b'\n', &mut self.line)?;
        if n_bytes as u64 == LINE_BYTES_MAX {
            let words = format!("it has more than {LINE_BYTES_MAX} bytes; no entry is so large");
            return Err(io::Error::new(io::ErrorKind::InvalidData, words));
        }
        Ok(n_bytes > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    const ENTRY: &str = r#"{"source":"a","record_id":"4985701bf87e4180111b7512065f412c","data":"aGk="}"#;

    fn read(content: Vec<u8>) -> Vec<Result<Vec<u8>, u64>> {
        let mut lines = Lines::new(Box::new(io::Cursor::new(content)));
        std::iter::from_fn(|| lines.next())
            .map(|entry| entry.map(|entry| entry.bytes).map_err(|(line, _)| line))
            .collect()
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn entries_stand_on_lines() {
        let hi = || Ok(b"hi".to_vec());
        let cut = gzip(ENTRY)[..20].to_vec();
        for (content, expected) in [
            (Vec::new(), vec![]),
            (ENTRY.into(), vec![hi()]),
            (format!("{ENTRY}\n\n{ENTRY}\n").into(), vec![hi(), hi()]),
            (format!("{ENTRY}\n{{}}\n{ENTRY}\n").into(), vec![hi(), Err(2), hi()]),
            (ENTRY.replace("4985", "zzzz").into(), vec![Err(1)]),
            (ENTRY.replace("aGk=", "?").into(), vec![Err(1)]),
            (gzip(ENTRY), vec![hi()]),
            (cut, vec![Err(1)]),
        ] {
            assert_eq!(read(content), expected);
        }
    }
}
