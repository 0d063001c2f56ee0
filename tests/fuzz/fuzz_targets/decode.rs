//! Arbitrary bytes along the pure stages, with the built-in rules.

#![no_main]

use kinescope_fuzz::{input, travel};
use kinescope_stages::{
    decode::Envelope,
    detect::{Rules, builtin},
    parse::Settings,
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static RULES: LazyLock<Rules> = LazyLock::new(|| builtin().expect("our own rules load"));

fuzz_target!(|bytes: &[u8]| {
    let travelled = travel(&input(bytes, &Envelope::default()), &Settings::default(), &RULES);
    let n = travelled.n_events + travelled.n_control + travelled.n_bad;
    // A list without items and a header without lines hold nothing; what is neither may not vanish.
    let may_be_empty = bytes.iter().any(|byte| b"[v{$\x1f\xf3".contains(byte));
    assert!(n > 0 || may_be_empty, "bytes that vanished: {travelled:?}");
});
