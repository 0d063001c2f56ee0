//! Looks at every event of some input, once each and in order, and keeps nothing: for questions about recorded
//! traffic, such as what a set of rules finds in it.

use crate::{
    batch::{Content, Piece},
    config::{Config, ConfigError},
    source::{Files, Reader},
    window::Window,
};
use kinescope_schemas::Event;
use kinescope_stages::{
    classify::classify,
    decode::{Bad, DecodeError, Input, Limits, Message, Visitor, decode},
    parse::{Settings, parse},
};
use std::{
    sync::{atomic::AtomicU64, mpsc::sync_channel},
    thread,
};

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Events, each once.
    pub n_events: u64,
    /// Copies of them.
    pub n_duplicates: u64,
    /// Messages that could not be read.
    pub n_bad: u64,
}

/// Calls `look` with every classified event.
pub fn scan(
    files: &Files,
    config: &Config,
    look: impl FnMut(&Event<'_>) + Send,
) -> Result<Scanned, ConfigError> {
    let (sender, groups) = sync_channel::<Vec<Piece>>(1);
    let mut looking = Looking {
        look,
        limits: config.limits(),
        settings: config.settings()?,
        window: Window::default(),
        scanned: Scanned::default(),
    };
    thread::scope(|scope| {
        scope.spawn(move || {
            // Nobody stops taking groups here.
            let _ = Reader::new(sender, &AtomicU64::new(0), None).read(files);
        });
        groups.iter().flatten().for_each(|piece| looking.piece(&piece));
    });
    Ok(looking.scanned)
}

struct Looking<F> {
    look: F,
    limits: Limits,
    settings: Settings,
    window: Window,
    scanned: Scanned,
}

impl<F: FnMut(&Event<'_>)> Looking<F> {
    fn piece(&mut self, piece: &Piece) {
        let Content::Bytes(bytes) = &piece.content else {
            self.scanned.n_bad += u64::from(matches!(piece.content, Content::Refused(..)));
            return;
        };
        let input = Input {
            bytes,
            record_id: piece.record.id,
            offset: piece.offset,
            header: piece.header.as_deref(),
            envelope: &piece.record.envelope,
        };
        let limits = self.limits;
        decode(&input, &limits, self);
    }
}

impl<F: FnMut(&Event<'_>)> Visitor for Looking<F> {
    fn message(&mut self, message: Message<'_, '_>) -> Result<(), DecodeError> {
        let mut event = parse(message, &self.settings)?;
        if self.window.contains(event.key) {
            self.scanned.n_duplicates += 1;
            return Ok(());
        }
        self.window.insert(event.key);
        self.scanned.n_events += 1;
        classify(&mut event);
        (self.look)(&event);
        Ok(())
    }

    fn control(&mut self) {}

    fn bad(&mut self, _: Bad<'_, '_>) {
        self.scanned.n_bad += 1;
    }
}
