//! Text that holds messages: JSON values with or without separators, lines, and lines that belong together.

use super::{Bad, Body, Context, DecodeError, Decoder, list::end_of_broken};
use crate::json::Reader;
use memchr::{memchr, memrchr};

/// Bytes that are looked at to tell text from binary data.
const SNIFF_BYTES: usize = 8 << 10;

impl Decoder<'_> {
    /// Bytes that should be text.
    pub(super) fn lines<'a>(&mut self, bytes: &'a [u8], context: Context<'a, '_>) -> Result<(), DecodeError> {
        match simdutf8::basic::from_utf8(bytes) {
            Ok(text) if text.trim_ascii().is_empty() => Err(DecodeError::Empty),
            Ok(text) => {
                self.text(text, context);
                Ok(())
            }
            Err(_) if is_binary(bytes) => Err(DecodeError::Binary),
            Err(_) => {
                self.lines_apart(bytes, context);
                Ok(())
            }
        }
    }

    /// Somewhere in the text is a byte that is not UTF-8: only its own line is lost to that.
    fn lines_apart<'a>(&mut self, bytes: &'a [u8], context: Context<'a, '_>) {
        let (mut at, mut good_from) = (0, 0);
        while at < bytes.len() {
            let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n + 1);
            if let Err(error) = std::str::from_utf8(&bytes[at..end]) {
                self.good(&bytes[good_from..at], good_from, context);
                let context = Context { offset: context.offset + at as u64, ..context };
                self.visitor.bad(Bad {
                    error: DecodeError::NotUtf8(error.valid_up_to()),
                    bytes: bytes[at..end].trim_ascii_end(),
                    context,
                });
                good_from = end;
            }
            at = end;
        }
        self.good(&bytes[good_from..], good_from, context);
    }

    fn good<'a>(&mut self, bytes: &'a [u8], at: usize, context: Context<'a, '_>) {
        if let Ok(text) = std::str::from_utf8(bytes) {
            self.text(text, Context { offset: context.offset + at as u64, ..context });
        }
    }

    /// Text: one message after the other.
    fn text<'a>(&mut self, text: &'a str, context: Context<'a, '_>) {
        let mut header = context.header;
        let mut at = 0;
        loop {
            let rest = &text[at..];
            at += rest.len() - rest.trim_ascii_start().len();
            let rest = &text[at..];
            if rest.is_empty() {
                return;
            }
            let here = Context { offset: context.offset + at as u64, header, ..context };
            let (end, result) = if starts_json(rest) {
                let mut reader = Reader::new(text, at);
                match self.json(&mut reader, here) {
                    Ok(()) => (after_value(text, reader.at()), Ok(())),
                    Err(error) => (at + resume_after(rest), Err(error)),
                }
            } else {
                let n_bytes = line_with_continuation(rest);
                let line = rest[..n_bytes].trim_ascii_end();
                if is_flow_header(line) {
                    header = Some(line);
                    (at + n_bytes, Ok(()))
                } else {
                    (at + n_bytes, self.line(line, here))
                }
            };
            if let Err(error) = result {
                let last = matches!(error, DecodeError::Messages(_));
                let end = if last { text.len() } else { end };
                self.visitor.bad(Bad {
                    error,
                    bytes: text[at..end].trim_ascii_end().as_bytes(),
                    context: here,
                });
                if last {
                    return;
                }
            }
            at = end;
        }
    }

    /// A text that is one message, whatever its lines: what a log event or a notification carries.
    pub(super) fn one_text<'a>(
        &mut self,
        text: &'a str,
        context: Context<'a, '_>,
    ) -> Result<(), DecodeError> {
        self.check_depth(context)?;
        let text = text.trim_ascii();
        if starts_json(text) {
            let mut reader = Reader::new(text, 0);
            self.json(&mut reader, context)?;
            // Several values in one text are several messages.
            if reader.peek() != 0 {
                self.text(&text[reader.at()..], context);
            }
            return Ok(());
        }
        self.line(text, context)
    }

    fn line<'a>(&mut self, line: &'a str, context: Context<'a, '_>) -> Result<(), DecodeError> {
        self.too_long(line.len())?;
        self.deliver(Body::Line(line), context)
    }
}

/// Whether text is an object or a list of objects, rather than a line such as `[ERROR] …` or `{name} started`.
pub fn starts_json(text: &str) -> bool {
    let mut bytes = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    matches!((bytes.next(), bytes.next()), (Some(b'{'), Some(b'"' | b'}') | None) | (Some(b'['), Some(b'{')))
}

/// A value may be followed by a comma, as in a list that lost its brackets.
fn after_value(text: &str, at: usize) -> usize {
    let rest = text[at..].trim_ascii_start();
    if rest.starts_with(',') { text.len() - rest.len() + 1 } else { at }
}

/// Where to read on after a broken value that `text` begins with: at the next of a list, else at the next line, or, when
/// the value was spread over indented lines, at the next line that is not part of it.
fn resume_after(text: &str) -> usize {
    let line_end = memchr(b'\n', text.as_bytes());
    if let Some(end) = end_of_broken(&text[..line_end.unwrap_or(text.len())]) {
        return end + 1;
    }
    let Some(first_end) = line_end else { return text.len() };
    let mut at = first_end + 1;
    let pretty = first_end < 3 || text[at..].starts_with([' ', '\t']);
    while pretty && at < text.len() && !is_boundary(text.as_bytes(), at) {
        at = memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |n| at + n + 1);
    }
    at
}

/// Bytes of the line that `text` begins with and of those that continue it: indented ones, as in a stack trace.
fn line_with_continuation(text: &str) -> usize {
    let bytes = text.as_bytes();
    let line_end = |at: usize| memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n + 1);
    let mut end = line_end(0);
    let traceback = text.starts_with("Traceback (most recent call last)");
    let mut indented = false;
    while end < bytes.len() {
        let next = &text[end..];
        let continues = next.starts_with([' ', '\t']) && !next.trim_ascii_start().is_empty();
        if continues || next.starts_with("Caused by: ") {
            indented = true;
        } else if traceback && indented {
            // The exception itself ends the traceback.
            return line_end(end);
        } else {
            break;
        }
        end = line_end(end);
    }
    end
}

/// Whether a line names the fields of the VPC flow records behind it.
pub fn is_flow_header(line: &str) -> bool {
    let word = |name: &str| line.split_ascii_whitespace().any(|word| word == name);
    line.len() < 1024 && word("srcaddr") && word("dstaddr") && !line.contains(['=', '"', '{'])
}

/// Whether a message may begin at `at`, which follows a line break: neither indented nor the inside of a value that
/// is spread over lines.
fn is_boundary(bytes: &[u8], at: usize) -> bool {
    let continued =
        matches!(bytes.get(at), Some(b' ' | b'\t' | b'}' | b']' | b'"' | b',' | b'\n' | b'\r') | None);
    !continued && !bytes[at..].starts_with(b"Caused by: ")
}

/// The last place in `bytes` where a piece of a long text may be cut so that no message is torn; 0 if there is none.
pub fn last_boundary(bytes: &[u8]) -> usize {
    let mut end = bytes.len();
    while let Some(newline) = memrchr(b'\n', &bytes[..end]) {
        if is_boundary(bytes, newline + 1) {
            return newline + 1;
        }
        end = newline;
    }
    0
}

/// Whether bytes that are not UTF-8 are no text at all: a NUL, or one in ten bytes that no text has.
fn is_binary(bytes: &[u8]) -> bool {
    let sniffed = &bytes[..bytes.len().min(SNIFF_BYTES)];
    let n_strange = sniffed.utf8_chunks().map(|chunk| chunk.invalid().len()).sum::<usize>();
    sniffed.contains(&0) || n_strange * 10 > sniffed.len()
}
