//! Metrics: the points of a batch as items by group of services and hour, and as rows of the lake.
//!
//! Points of different batches add up, so every item and row is of a part (see [`lane`](crate::lane)) and counts only
//! with it.

use crate::{layout, limits::DYNAMODB_ITEM_BYTES_MAX, port::Item, told::Told};
use kinescope_schemas::Id;
use kinescope_stages::derive::{Key, Point};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is left of an item for its keys and names.
const POINTS_BYTES_MAX: usize = DYNAMODB_ITEM_BYTES_MAX - 4_096;
/// The service of what is about none.
pub const NO_SERVICE: &str = "-";

/// A point as the table has it: a list of its members, in this order.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
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

/// The items that say which services of which days there are, but for those that the table is known to have: one key has all
/// of a day, and would be hot if every batch wrote it anew.
pub fn services(points: &[(Key, Point)], told: &Told<(String, String)>, now_ms: i64) -> Vec<Item> {
    let of_point = |(key, _): &(Key, Point)| {
        (layout::services_pk(key.minute_ms), layout::name(&service(key.set.dimensions())))
    };
    let services: BTreeSet<_> = points.iter().map(of_point).collect();
    let untold = services.into_iter().filter(|key| !told.has(key));
    untold.map(|(pk, service)| layout::item(pk, service, now_ms)).collect()
}

/// The items of a part's points.
pub fn items(points: &[(Key, Point)], lane: &str, last: &str, part: Id, now_ms: i64) -> Vec<Item> {
    let mut by_place = BTreeMap::<String, Vec<&(Key, Point)>>::new();
    for point in points {
        let (key, _) = point;
        let pk = layout::metric_pk(&service(key.set.dimensions()), key.minute_ms);
        by_place.entry(pk).or_default().push(point);
    }
    let mut items = Vec::new();
    for (pk, points) in by_place {
        for (chunk, text) in texts(&points).into_iter().enumerate() {
            let sk = format!("{part}#{chunk:04}");
            let mut item = layout::item(&pk, sk, now_ms);
            crate::lane::mark(&mut item, lane, last, part);
            layout::put_zipped(&mut item, "points", &text);
            items.push(item);
        }
    }
    items
}

/// The service that a set of dimensions names.
pub(crate) fn service(dimensions: &str) -> String {
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
    let texts = items.iter().filter_map(|item| layout::unzipped(layout::bytes(item, "points")));
    let texts: Vec<String> = texts.collect();
    for line in texts.iter().flat_map(|text| text.lines()) {
        let Ok(point) = serde_json::from_str::<Stored>(line) else { continue };
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
