//! Events as the stages make them, without the pipeline around them.

use kinescope_schemas::{Event, Id};
use kinescope_stages::{
    classify::classify,
    decode::{Bad, DecodeError, Envelope, Input, Limits, Message, Visitor, decode},
    parse::{Settings, parse},
};
use std::{fs, path::Path};

/// Looks at every event in the bytes, classified; how many pieces could not be read.
pub fn each(bytes: &[u8], look: &mut dyn FnMut(&Event<'_>)) -> usize {
    each_inside(&Envelope::default(), bytes, look)
}

/// The same of bytes about which something is known already, as of what was in quarantine.
pub fn each_inside(envelope: &Envelope<'_>, bytes: &[u8], look: &mut dyn FnMut(&Event<'_>)) -> usize {
    let mut reading = Reading { look, n_bad: 0 };
    let input = Input { bytes, record_id: Id::of(&[bytes]), offset: 0, header: None, envelope };
    decode(&input, &Limits::default(), &mut reading);
    reading.n_bad
}

/// The same of a file.
pub fn each_of_file(path: &Path, look: &mut dyn FnMut(&Event<'_>)) -> usize {
    each(&fs::read(path).unwrap(), look)
}

struct Reading<'l> {
    look: &'l mut dyn FnMut(&Event<'_>),
    n_bad: usize,
}

impl Visitor for Reading<'_> {
    fn message(&mut self, message: Message<'_, '_>) -> Result<(), DecodeError> {
        let mut event = parse(message, &Settings::default())?;
        classify(&mut event);
        (self.look)(&event);
        Ok(())
    }

    fn control(&mut self) {}

    fn bad(&mut self, _: Bad<'_, '_>) {
        self.n_bad += 1;
    }
}
