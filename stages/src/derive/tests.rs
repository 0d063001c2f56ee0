use super::*;

fn key(minute: i64, metric: &'static str, dimensions: &str) -> Key {
    Key {
        minute_ms: minute * MINUTE_MS,
        series: Series::Derived(metric, "Count"),
        dimensions: dimensions.to_owned(),
    }
}

fn point(values: &[f64]) -> Point {
    let mut point = Point::default();
    values.iter().for_each(|value| point.add(*value, true));
    point
}

#[test]
fn points_add_up_however_they_are_cut() {
    let values: Vec<f64> = (1..=100).map(f64::from).collect();
    let whole = point(&values);
    let mut parts = Point::default();
    for chunk in values.chunks(7) {
        parts.merge(point(chunk));
    }
    assert_eq!(
        (whole.samples, whole.sum, whole.min, whole.max),
        (parts.samples, parts.sum, parts.min, parts.max)
    );
    let median = |point: &Point| point.sketch.as_ref().unwrap().quantile(0.5).unwrap().unwrap();
    assert!((median(&whole) - median(&parts)).abs() < 1e-9);
    assert!((median(&whole) - 50.0).abs() < 2.0);
}

#[test]
fn dimensions_past_the_cap_fall_into_one_and_are_counted() {
    let mut minutes = Minutes::default();
    let n = DIMENSION_SETS_MAX + 5;
    for at in 0..n {
        minutes.add(HashMap::from_iter([(key(0, "events", &format!("{{\"a\":\"{at}\"}}")), point(&[1.0]))]));
    }
    assert_eq!(minutes.n_samples_other, 5);
    let closed = minutes.close(true);
    assert_eq!(closed.len(), DIMENSION_SETS_MAX + 1);
    assert_eq!(closed.iter().map(|(_, point)| point.samples).sum::<f64>(), n as f64);
}

#[test]
fn the_oldest_minutes_close_first() {
    let mut minutes = Minutes::default();
    let n = OPEN_POINTS_MAX as i64 + 10;
    minutes.add((0..n).map(|minute| (key(minute, "events", "{}"), point(&[1.0]))).collect());
    let closed = minutes.close(false);
    assert_eq!(
        closed.iter().map(|(key, _)| key.minute_ms / MINUTE_MS).collect::<Vec<_>>(),
        (0..10).collect::<Vec<_>>()
    );
    assert_eq!(minutes.close(true).len(), OPEN_POINTS_MAX);
}
