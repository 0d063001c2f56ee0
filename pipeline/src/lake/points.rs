//! Closed minutes as rows of the metrics table, column by column: they are many and all alike, so no row is made first.

use super::{
    Closed, DayRange,
    rows::{self, Empty},
};
use arrow_array::{
    ArrayRef, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
    builder::StringBuilder,
};
use arrow_schema::ArrowError;
use kinescope_schemas::{
    Class, Id, Severity, Table,
    tables::{base, metrics as t},
};
use kinescope_stages::derive::{Key, Point, Set};
use std::sync::Arc;

/// The rows of points that are sorted by minute. Minute, metric and dimensions say which point a row is; parts of one
/// point add up. Where parts may come twice they have a name, of which each row's id is derived.
pub fn of_points(points: &[(Key, Point)], days: DayRange, part: Option<Id>) -> Vec<Closed> {
    let day_of = |(key, _): &(Key, Point)| days.day_of(key.minute_ms);
    let of_a_day = points.chunk_by(|a, b| day_of(a) == day_of(b));
    let closed = of_a_day.map(|points| {
        let day = points.first().and_then(day_of);
        Ok(Closed { table: Table::Metrics, day, owners: vec![0; points.len()], batch: batch(points, part)? })
    });
    rows::fitting(closed)
}

fn batch(points: &[(Key, Point)], part: Option<Id>) -> Result<RecordBatch, ArrowError> {
    let schema = &Table::Metrics.spec().schema;
    let n = points.len();
    let minutes = || points.iter().map(|(key, _)| key.minute_ms);
    let text = |part: fn(&Set) -> &str| -> ArrayRef {
        let texts = || points.iter().map(|(key, _)| part(&key.set));
        let mut array = StringBuilder::with_capacity(n, texts().map(str::len).sum());
        texts().for_each(|text| array.append_value(text));
        Arc::new(array.finish())
    };
    let number = |part: fn(&Point) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(points.iter().map(|(_, point)| part(point))))
    };
    let quantile = |q: f64| -> ArrayRef {
        Arc::new(points.iter().map(|(_, point)| point.quantile(q)).collect::<Float64Array>())
    };
    let id = |id: i64| -> ArrayRef { Arc::new(Int32Array::from_value(id as i32, n)) };
    let mut empty = Empty::new(n);
    let mut columns: Vec<ArrayRef> =
        schema.fields().iter().map(|field| empty.column(field.data_type())).collect();
    for (column, array) in [
        (base::TIME, Arc::new(Int64Array::from_iter_values(minutes())) as ArrayRef),
        (
            base::TIME_DT,
            Arc::new(TimestampMillisecondArray::from_iter_values(minutes()).with_timezone("UTC")) as ArrayRef,
        ),
        (base::CLASS_UID, id(Class::Base.uid())),
        (base::SEVERITY_ID, id(Severity::Informational.id())),
        (t::NAMESPACE, text(Set::namespace)),
        (t::METRIC, text(Set::metric)),
        (t::UNIT, text(Set::unit)),
        (t::DIMENSIONS, text(Set::dimensions)),
        (t::ORIGIN, text(|set| if set.is_emf() { "emf" } else { "derived" })),
        (t::SAMPLES, number(|point| point.samples)),
        (t::SUM, number(|point| point.sum)),
        (t::MIN, number(|point| point.min)),
        (t::MAX, number(|point| point.max)),
    ] {
        columns[column] = array;
    }
    if let Some(part) = part {
        columns[base::METADATA_UID] = Arc::new(StringArray::from_iter_values(
            points.iter().map(|(key, _)| row_id(part, key).to_string()),
        ));
    }
    if points.iter().any(|(_, point)| point.sketch.is_some()) {
        for (column, q) in [(t::P50, 0.5), (t::P90, 0.9), (t::P99, 0.99)] {
            columns[column] = quantile(q);
        }
        columns[t::SKETCH] =
            Arc::new(points.iter().map(|(_, point)| point.sketch_json()).collect::<StringArray>());
    }
    RecordBatch::try_new(schema.clone(), columns)
}

fn row_id(part: Id, key: &Key) -> Id {
    let set = &key.set;
    Id::of(&[&part.0, &key.minute_ms.to_le_bytes(), set.series().as_bytes(), set.dimensions().as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Array, cast::AsArray, types::Float64Type};
    use kinescope_stages::{
        classify::classify,
        decode::{Bad, DecodeError, Envelope, Input, Limits, Message, Visitor, decode},
        derive::{Minutes, Points},
        parse::parse,
    };

    #[derive(Default)]
    struct Derived(Points);

    impl Visitor for Derived {
        fn message(&mut self, message: Message<'_, '_>) -> Result<(), DecodeError> {
            let mut event = parse(message, &Default::default())?;
            let severity = classify(&mut event);
            self.0.add_event(&event, severity);
            Ok(())
        }
        fn control(&mut self) {}
        fn bad(&mut self, bad: Bad<'_, '_>) {
            panic!("{}", bad.error);
        }
    }

    fn closed(text: &str, now_ms: i64) -> Vec<Closed> {
        let mut derived = Derived::default();
        let envelope = &Envelope::default();
        let input =
            Input { bytes: text.as_bytes(), record_id: Id([0; 16]), offset: 0, header: None, envelope };
        decode(&input, &Limits::default(), &mut derived);
        let mut minutes = Minutes::default();
        minutes.add(derived.0);
        of_points(&minutes.close(true), DayRange::until(now_ms), None)
    }

    #[test]
    fn every_point_is_a_row_of_its_day() {
        const NOW_MS: i64 = 1_795_161_600_000; // 2026-11-20T08:00:00Z
        let call = |time: &str| {
            format!(
                "{{\"eventVersion\":\"1.08\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\",\
                 \"eventTime\":\"{time}\"}}\n"
            )
        };
        for (times, days, samples) in [
            (vec!["2026-11-20T07:00:00Z", "2026-11-20T07:00:59Z"], vec![Some(20_777)], vec![2.0, 2.0]),
            (vec!["2026-11-20T07:00:00Z", "2026-11-20T07:01:00Z"], vec![Some(20_777)], vec![1.0; 4]),
            (
                vec!["2026-11-19T23:59:59Z", "2026-11-20T00:00:00Z"],
                vec![Some(20_776), Some(20_777)],
                vec![1.0; 4],
            ),
            (vec!["1999-01-01T00:00:00Z"], vec![None], vec![1.0; 2]),
        ] {
            let text: String = times.iter().map(|time| call(time)).collect();
            let closed = closed(&text, NOW_MS);
            assert_eq!(closed.iter().map(|rows| rows.day).collect::<Vec<_>>(), days, "{times:?}");
            let mut found: Vec<f64> = Vec::new();
            for rows in &closed {
                assert_eq!(rows.owners.len(), rows.batch.num_rows());
                found.extend(rows.batch.column(t::SAMPLES).as_primitive::<Float64Type>().values().iter());
                assert!(
                    rows.batch
                        .column(t::ORIGIN)
                        .as_string::<i32>()
                        .iter()
                        .all(|origin| origin == Some("derived"))
                );
                assert_eq!(rows.batch.column(t::P50).null_count(), rows.batch.num_rows());
            }
            assert_eq!(found, samples, "{times:?}");
        }
    }

    #[test]
    fn a_distribution_has_its_percentiles_and_counts_have_none() {
        let line = "REPORT RequestId: 8f5a2c1e-0000-4000-8000-000000000000\tDuration: 12.50 ms\tBilled Duration: 13 ms\t\
                    Memory Size: 128 MB\tMax Memory Used: 64 MB\n";
        let closed = closed(line, 0);
        let batch = &closed[0].batch;
        let metrics = batch.column(t::METRIC).as_string::<i32>();
        let medians = batch.column(t::P50).as_primitive::<Float64Type>();
        let sketches = batch.column(t::SKETCH).as_string::<i32>();
        let mut n_distributions = 0;
        for row in 0..batch.num_rows() {
            let is_distribution = metrics.value(row) == "lambda_duration";
            n_distributions += usize::from(is_distribution);
            assert_eq!(medians.is_valid(row), is_distribution, "{}", metrics.value(row));
            assert_eq!(sketches.is_valid(row), is_distribution, "{}", metrics.value(row));
            assert!(!is_distribution || (medians.value(row) - 12.5).abs() < 0.5);
        }
        assert_eq!(n_distributions, 1);
    }
}
