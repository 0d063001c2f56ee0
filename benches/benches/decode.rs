//! decode: envelopes off, and the messages passed over, which is the least that anybody does with them.

use criterion::{Criterion, criterion_group, criterion_main};
use kinescope_benches::{Corpus, group, kpl_pieces, load, recorded, visit};
use kinescope_generate::Shape;
use kinescope_pipeline::Piece;
use kinescope_stages::decode::Body;
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

criterion_group!(benches, decode);
criterion_main!(benches);
