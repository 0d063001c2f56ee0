//! Just enough of HTTP/1.1 to talk to emulators on this machine, and to stand between one and the binary.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
};

/// A request or an answer.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// Method, path and version, or version, status and reason.
    pub first: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// All of it.
    pub body: Vec<u8>,
}

impl Message {
    /// A request with a body.
    pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Message {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Message { first: format!("{method} {path} HTTP/1.1"), headers, body: body.to_vec() }
    }

    /// An answer in JSON.
    pub fn json(status: u16, body: &serde_json::Value) -> Message {
        let headers = vec![("content-type".to_owned(), "application/x-amz-json-1.1".to_owned())];
        Message { first: format!("HTTP/1.1 {status} -"), headers, body: body.to_string().into_bytes() }
    }

    /// The status of an answer.
    pub fn status(&self) -> u16 {
        self.first.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// A header's value; "" if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(one, _)| one == name).map_or("", |(_, value)| value)
    }

    /// Reads one; `None` when the other side has hung up.
    pub fn read(from: &mut impl BufRead) -> io::Result<Option<Message>> {
        let Some(first) = line(from)? else { return Ok(None) };
        let mut message = Message { first, ..Message::default() };
        while let Some(text) = line(from)?.filter(|text| !text.is_empty()) {
            let (name, value) = text.split_once(':').unwrap();
            message.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        if message.header("transfer-encoding") == "chunked" {
            message.body = chunks(from)?;
        } else if let Ok(n_bytes) = message.header("content-length").parse::<u64>() {
            from.take(n_bytes).read_to_end(&mut message.body)?;
        }
        Ok(Some(message))
    }

    /// Writes it.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut bytes = format!("{}\r\n", self.first).into_bytes();
        for (name, value) in &self.headers {
            if name != "content-length" && name != "transfer-encoding" {
                write!(bytes, "{name}: {value}\r\n")?;
            }
        }
        write!(bytes, "content-length: {}\r\n\r\n", self.body.len())?;
        bytes.extend_from_slice(&self.body);
        to.write_all(&bytes)?;
        to.flush()
    }

    /// Sends a request to a port of this machine; the answer.
    pub fn send(&self, port: u16) -> io::Result<Message> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        self.write(&mut stream)?;
        Message::read(&mut BufReader::new(stream))?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

fn line(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut text = String::new();
    let n_bytes = from.read_line(&mut text)?;
    Ok((n_bytes > 0).then(|| text.trim_end().to_owned()))
}

fn chunks(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = line(from)?.unwrap_or_default();
        let n_bytes = u64::from_str_radix(&size, 16).unwrap();
        from.take(n_bytes).read_to_end(&mut body)?;
        line(from)?;
        if n_bytes == 0 {
            return Ok(body);
        }
    }
}
