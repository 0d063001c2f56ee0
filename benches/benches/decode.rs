//! decode: envelopes off, and the messages passed over, which is the least that anybody does with them. And inflating, over
//! libdeflate alone.

#![expect(clippy::unwrap_used, reason = "benches fail loudly")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kinescope_benches::{Corpus, group, kpl_pieces, load, recorded, visit};
use kinescope_generate::Shape;
use kinescope_pipeline::{Content, Piece};
use kinescope_stages::decode::Body;
use libdeflater::{CompressionLvl, Compressor, Decompressor};
use std::hint::black_box;

fn decode(criterion: &mut Criterion) {
    let pieces = |shape| Corpus::of(shape).pieces();
    let mut inputs = vec![
        ("cwl_gzip".to_owned(), pieces(Shape::Cwl)),
        ("records_gzip".to_owned(), pieces(Shape::Records)),
        ("jsonl".to_owned(), pieces(Shape::Jsonl)),
        ("kpl".to_owned(), kpl_pieces(pieces(Shape::Capture))),
    ];
    inputs.extend(recorded().map(|corpus| (corpus.name.clone(), corpus.pieces())));
    let mut group = group(criterion, "decode");
    for (name, pieces) in inputs {
        group.throughput(load(&pieces).throughput());
        group.bench_function(name, |bencher| bencher.iter(|| pass_over(&pieces)));
    }
    group.finish();
}

fn pass_over(pieces: &[Piece]) -> u64 {
    visit(black_box(pieces), |message| {
        if let Body::CloudTrail(reader) = message.body {
            reader.skip()?;
        }
        Ok(())
    })
}

/// What caps, checks and memory of our own add to libdeflate: payloads of logs made one line, of which nothing is left to do
/// but to look whether it is UTF-8.
fn inflate(criterion: &mut Criterion) {
    let mut pieces = Corpus::of(Shape::Cwl).pieces();
    let mut lines = Vec::new();
    for piece in &mut pieces {
        let Content::Bytes(payload) = &mut piece.content else { continue };
        lines.push(line_of(payload));
        *payload = zipped(lines.last().unwrap());
    }
    let n_bytes = lines.iter().map(Vec::len).sum::<usize>() as u64;
    let mut group = group(criterion, "inflate");
    group.throughput(Throughput::Bytes(n_bytes));
    group.bench_function("decode", |bencher| bencher.iter(|| visit(black_box(&pieces), |_| Ok(()))));
    let mut room = vec![0; lines.iter().map(Vec::len).max().unwrap()];
    let mut inflater = Decompressor::new();
    group.bench_function("libdeflate", |bencher| {
        bencher.iter(|| {
            for (piece, line) in black_box(&pieces).iter().zip(&lines) {
                let Content::Bytes(payload) = &piece.content else { continue };
                inflater.gzip_decompress(payload, &mut room[..line.len()]).unwrap();
            }
        });
    });
    group.finish();
}

/// The text of a payload, as a line that is no JSON.
fn line_of(payload: &[u8]) -> Vec<u8> {
    let size = u32::from_le_bytes(*payload.last_chunk().unwrap()) as usize;
    let mut text = vec![0; size];
    Decompressor::new().gzip_decompress(payload, &mut text).unwrap();
    [b"line: ", text.as_slice()].concat()
}

fn zipped(text: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::default());
    let mut bytes = vec![0; compressor.gzip_compress_bound(text.len())];
    let n_bytes = compressor.gzip_compress(text, &mut bytes).unwrap();
    bytes.truncate(n_bytes);
    bytes
}

criterion_group!(benches, decode, inflate);
criterion_main!(benches);
