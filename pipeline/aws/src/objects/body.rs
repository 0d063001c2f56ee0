//! An object's content as it is read: piece by piece, over breaks of the line.

use super::{Listed, Objects};
use crate::{
    access::{Fault, Kind, chain},
    stream::Backoff,
};
use aws_sdk_s3::primitives::ByteStream;
use std::{
    io::{self, Read},
    sync::{Arc, Mutex},
};

/// The first fault that reading could not get over: whoever reads sees an end only, and must not take it for one.
pub(super) type Broken = Arc<Mutex<Option<Fault>>>;

/// The content of an object.
pub(super) struct Body {
    objects: Objects,
    object: Listed,
    /// Bytes that came.
    offset: u64,
    stream: Option<ByteStream>,
    chunk: io::Cursor<Vec<u8>>,
    broken: Broken,
}

impl Body {
    /// The content, of which the start is on its way.
    pub(super) fn new(objects: Objects, object: Listed, stream: ByteStream, broken: Broken) -> Body {
        Body { objects, object, offset: 0, stream: Some(stream), chunk: io::Cursor::default(), broken }
    }

    /// What comes next; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut backoff = Backoff::default();
        loop {
            let mut stream = match self.stream.take() {
                Some(stream) => stream,
                // The line broke: go on where it did.
                None => self.objects.open(&self.object, self.offset).await?,
            };
            let words = match stream.try_next().await {
                Ok(Some(bytes)) => {
                    self.offset += bytes.len() as u64;
                    self.stream = Some(stream);
                    return Ok(Some(bytes.to_vec()));
                }
                Ok(None) if self.offset >= self.object.n_bytes => return Ok(None),
                Ok(None) => format!("it ended after {} of {} bytes", self.offset, self.object.n_bytes),
                Err(error) => chain(&error),
            };
            let address = self.objects.address(&self.object.key);
            let Some(wait) = backoff.wait() else {
                return Err(Fault::other(Kind::Transient, "read", &address, words));
            };
            tokio::time::sleep(wait).await;
        }
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.chunk.read(buffer)?;
        if n > 0 || buffer.is_empty() || self.offset >= self.object.n_bytes {
            return Ok(n);
        }
        let runtime = self.objects.access.runtime.clone();
        match runtime.block_on(self.next()) {
            Ok(bytes) => self.chunk = io::Cursor::new(bytes.unwrap_or_default()),
            Err(fault) => {
                let error = io::Error::other(fault.to_string());
                if let Ok(mut broken) = self.broken.lock() {
                    broken.get_or_insert(fault);
                }
                return Err(error);
            }
        }
        self.chunk.read(buffer)
    }
}
