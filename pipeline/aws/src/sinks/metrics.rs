//! Metrics: the points of a batch as items by service and hour, and as rows of the lake.
//!
//! Points of different batches add up, so every item and row is of a part (see [`lane`](crate::lane)) and counts only
//! with it.

use crate::{layout, limits::DYNAMODB_ITEM_BYTES_MAX, port::Item};
use kinescope_schemas::Id;
use kinescope_stages::derive::{Key, Point};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is left of an item for its keys and names.
const POINTS_BYTES_MAX: usize = DYNAMODB_ITEM_BYTES_MAX - 4_096;
/// The service of what is about none.
pub const NO_SERVICE: &str = "-";

/// A point as the table has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Milliseconds since 1970 of the minute's start.
    pub minute_ms: i64,
    /// The namespace.
    pub namespace: String,
    /// The metric.
    pub metric: String,
    /// The unit.
    pub unit: String,
    /// JSON object of the dimensions.
    pub dimensions: String,
    /// Samples.
    pub samples: f64,
    /// Their sum.
    pub sum: f64,
    /// Their least.
    pub min: f64,
    /// Their greatest.
    pub max: f64,
}

/// The items of a part's points, and those that say which services there are.
pub fn items(points: &[(Key, Point)], lane: &str, last: &str, part: Id, now_ms: i64) -> Vec<Item> {
    let mut by_place = BTreeMap::<(String, i64), Vec<&(Key, Point)>>::new();
    for point in points {
        let place = (layout::name(&service(point.0.set.dimensions())), layout::hour_of(point.0.minute_ms));
        by_place.entry(place).or_default().push(point);
    }
    let mut items = Vec::new();
    let mut services = BTreeSet::new();
    for ((service, hour_ms), points) in by_place {
        services.insert((layout::services_pk(hour_ms), service.clone()));
        for (chunk, text) in texts(&points).into_iter().enumerate() {
            let sk = format!("{part}#{chunk:04}");
            let mut item = layout::item(layout::metric_pk(&service, hour_ms), sk, now_ms);
            crate::lane::mark(&mut item, lane, last, part);
            layout::put_zipped(&mut item, "points", &text);
            items.push(item);
        }
    }
    items.extend(services.into_iter().map(|(pk, service)| layout::item(pk, service, now_ms)));
    items
}

/// The service that a set of dimensions names.
fn service(dimensions: &str) -> String {
    let dimensions: Map<String, Json> = serde_json::from_str(dimensions).unwrap_or_default();
    let named = ["service", "Service", "ServiceName"].iter().find_map(|name| dimensions.get(*name)?.as_str());
    named.filter(|name| !name.is_empty()).unwrap_or(NO_SERVICE).to_owned()
}

/// Points as lines of JSON, as many texts as items need.
fn texts(points: &[&(Key, Point)]) -> Vec<String> {
    let mut texts = vec![String::new()];
    for (key, point) in points {
        let set = &key.set;
        let line = json!([
            key.minute_ms,
            set.namespace(),
            set.metric(),
            set.unit(),
            set.dimensions(),
            point.samples,
            point.sum,
            point.min,
            point.max
        ])
        .to_string();
        if texts.last().is_some_and(|text| text.len() + line.len() > POINTS_BYTES_MAX) {
            texts.push(String::new());
        }
        if let Some(text) = texts.last_mut() {
            text.push_str(&line);
            text.push('\n');
        }
    }
    texts
}

/// The points of items, those of one minute and set merged.
pub fn merged(items: &[Item]) -> Vec<Stored> {
    let mut merged = BTreeMap::<(i64, String, String, String, String), Stored>::new();
    let texts: Vec<String> = items.iter().map(|item| layout::unzipped(item, "points")).collect();
    for line in texts.iter().flat_map(|text| text.lines()) {
        let Some(point) = stored(line) else { continue };
        let key = (
            point.minute_ms,
            point.namespace.clone(),
            point.metric.clone(),
            point.unit.clone(),
            point.dimensions.clone(),
        );
        match merged.get_mut(&key) {
            Some(sum) => {
                sum.samples += point.samples;
                sum.sum += point.sum;
                sum.min = sum.min.min(point.min);
                sum.max = sum.max.max(point.max);
            }
            None => drop(merged.insert(key, point)),
        }
    }
    merged.into_values().collect()
}

fn stored(line: &str) -> Option<Stored> {
    let (minute_ms, namespace, metric, unit, dimensions, samples, sum, min, max) =
        serde_json::from_str(line).ok()?;
    Some(Stored { minute_ms, namespace, metric, unit, dimensions, samples, sum, min, max })
}
