use super::*;

/// Points of one sample each: minute, metric, value of a dimension.
fn points(samples: impl IntoIterator<Item = (i64, &'static str, String)>) -> Points {
    let mut points = Points::default();
    for (minute, metric, value) in samples {
        At { points: &mut points, minute_ms: minute * MINUTE_MS }.count(metric, &[("a", &value)]);
    }
    points
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
        minutes.add(points([(0, "events", at.to_string())]));
    }
    assert_eq!(minutes.n_samples_other, 5);
    let closed = minutes.close(true);
    assert_eq!(closed.len(), DIMENSION_SETS_MAX + 1);
    assert_eq!(closed.iter().map(|(_, point)| point.samples).sum::<f64>(), n as f64);
    let other: Vec<_> = closed.iter().filter(|(key, _)| key.set.dimensions().contains("other")).collect();
    assert_eq!(other.len(), 1);
    assert_eq!((other[0].0.set.metric(), other[0].1.samples), ("events", 5.0));
}

#[test]
fn series_past_the_cap_fall_into_one_and_nothing_is_lost() {
    let mut minutes = Minutes::default();
    let n = DIMENSION_SETS_TOTAL_MAX + 3_000;
    for at in 0..n {
        let mut points = Points::default();
        let series =
            Series { is_emf: true, namespace: "Shop", metric: &format!("metric {at}"), unit: "Count" };
        At { points: &mut points, minute_ms: 0 }.add(series, &[], 1.0, false);
        minutes.add(points);
    }
    assert_eq!(minutes.n_samples_other, 3_000);
    let closed = minutes.close(true);
    assert_eq!(closed.len(), DIMENSION_SETS_TOTAL_MAX + 1);
    assert_eq!(closed.iter().map(|(_, point)| point.samples).sum::<f64>(), n as f64);
}

#[test]
fn names_cannot_pretend_to_be_other_names() {
    let mut points = Points::default();
    for (namespace, metric) in [("a", "b\u{1f}c"), ("a\u{1f}b", "c"), ("a b", "c")] {
        let series = Series { is_emf: true, namespace, metric, unit: "" };
        At { points: &mut points, minute_ms: 0 }.add(series, &[("k", "v\u{1f}\"")], 1.0, false);
    }
    let mut minutes = Minutes::default();
    minutes.add(points);
    let closed = minutes.close(true);
    let names: Vec<_> = closed.iter().map(|(key, _)| (key.set.namespace(), key.set.metric())).collect();
    assert_eq!(names, [("a", "b c"), ("a b", "c")]);
    assert_eq!(closed[0].0.set.dimensions(), r#"{"k":"v\u001f\""}"#);
}

/// Sets are known by what tells them apart, however their parts are spread.
#[test]
fn an_application_cannot_add_to_a_metric_of_ours() {
    let mut points = Points::default();
    let mut at = At { points: &mut points, minute_ms: 0 };
    let values = ["1", "eu-west-1", "Low", "cloudtrail"];
    at.count(
        "events",
        &[("account", "1"), ("region", values[1]), ("severity", "Low"), ("source", values[3])],
    );
    at.count(
        "events",
        &[("account", "1e"), ("region", "u-west-1"), ("severity", "Low"), ("source", values[3])],
    );
    for (namespace, unit, name, value) in
        [("1", "eu-west-1", "Low", "cloudtrail"), ("1", "eu-west-1", "", "Low")]
    {
        let series = Series { is_emf: true, namespace, metric: "events", unit };
        at.add(series, &[(name, value)], 1.0, false);
    }
    let mut minutes = Minutes::default();
    minutes.add(points);
    assert_eq!(minutes.close(true).iter().map(|(_, point)| point.samples).collect::<Vec<_>>(), [1.0; 4]);
}

#[test]
fn the_oldest_minutes_close_first() {
    let mut minutes = Minutes::default();
    let n = OPEN_POINTS_MAX as i64 + 10;
    minutes.add(points((0..n).map(|minute| (minute, "events", "x".to_owned()))));
    let closed = minutes.close(false);
    assert_eq!(
        closed.iter().map(|(key, _)| key.minute_ms / MINUTE_MS).collect::<Vec<_>>(),
        (0..n - OPEN_POINTS_KEPT as i64).collect::<Vec<_>>()
    );
    assert_eq!(minutes.close(true).len(), OPEN_POINTS_KEPT);
}

/// However minutes come, and whatever is closed on the way, every sample is in one point of its minute and set, but for
/// those that come when their minute is closed.
#[test]
fn samples_out_of_order_add_up() {
    let mut random = fastrand::Rng::with_seed(3);
    let mut minutes = Minutes::default();
    let mut closed = Vec::new();
    let n_samples = 90_000;
    for batch in 0..30 {
        let sample = |_| {
            let minute = batch * 300 + random.i64(0..300);
            (minute, ["events", "calls"][random.usize(..2)], random.u8(..9).to_string())
        };
        minutes.add(points((0..n_samples / 30).map(sample)));
        closed.extend(minutes.close(false));
    }
    assert!(!closed.is_empty() && closed.len() < n_samples);
    closed.extend(minutes.close(true));
    assert_eq!(closed.iter().map(|(_, point)| point.samples).sum::<f64>(), n_samples as f64);
    let mut keys: Vec<_> = closed.iter().map(|(key, _)| (key.minute_ms, &key.set)).collect();
    assert!(keys.is_sorted_by_key(|(minute_ms, _)| *minute_ms));
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), closed.len());
}
