//! Aggregates of the Kinesis Producer Library whose sum is right, whatever they hold: arbitrary bytes alone would never
//! hit on an MD5.

#![no_main]

use kinescope_fuzz::{input, travel};
use kinescope_stages::{decode::Envelope, detect::Rules, parse::Settings};
use libfuzzer_sys::fuzz_target;
use md5::{Digest, Md5};

fuzz_target!(|protobuf: &[u8]| {
    let mut aggregate = vec![0xF3, 0x89, 0x9A, 0xC2];
    aggregate.extend(protobuf);
    aggregate.extend(&Md5::digest(protobuf)[..]);
    travel(&input(&aggregate, &Envelope::default()), &Settings::default(), &Rules::default());
});
