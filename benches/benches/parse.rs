//! parse: messages to events. They come as plain text, of which decoding finds the ends and little more.

use criterion::{Criterion, criterion_group, criterion_main};
use kinescope_benches::{Corpus, group, lines, load, recorded, visit};
use kinescope_generate::Shape;
use kinescope_stages::parse::{Settings, parse};
use std::hint::black_box;

fn parse_messages(criterion: &mut Criterion) {
    let pieces = |shape| Corpus::of(shape).pieces();
    let app_logs = lines(pieces(Shape::Mixed), |piece| piece.record.source.ends_with("-logs.gz"));
    let mut inputs = vec![
        ("cloudtrail".to_owned(), pieces(Shape::Jsonl)),
        ("flow_line".to_owned(), pieces(Shape::Flow)),
        ("alb_line".to_owned(), pieces(Shape::Alb)),
        ("app_log".to_owned(), app_logs),
    ];
    inputs.extend(recorded().map(|corpus| (corpus.name.clone(), corpus.pieces())));
    let settings = Settings::default();
    let mut group = group(criterion, "parse");
    for (name, pieces) in inputs {
        group.throughput(load(&pieces).throughput());
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                visit(&pieces, |message| {
                    black_box(parse(message, &settings)?);
                    Ok(())
                })
            })
        });
    }
    group.finish();
}

criterion_group!(benches, parse_messages);
criterion_main!(benches);
