//! CloudWatch metric streams → metric points, and what EMF logs carry.

use super::{any_text, begin, key_of, set_class, set_time, text, time::lenient_ms, unmapped::Unmapped};
use crate::{
    decode::Context,
    json::{Fields, Raw},
};
use kinescope_schemas::{
    Class, Event, Source, Table,
    tables::{base, logs, metrics as t},
};
use std::borrow::Cow;

pub(super) fn parse<'a>(fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Option<Event<'a>> {
    if fields.has("metric_stream_name") && fields.has("metric_name") {
        return Some(stream(fields, raw, context));
    }
    fields.at(&["_aws", "CloudWatchMetrics"]).map(|_| emf(fields, raw, context))
}

fn stream<'a>(fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Event<'a> {
    let mut event = begin(Source::MetricStream, Table::Metrics, key_of(context, raw), raw, context);
    let row = &mut event.row;
    set_class(row, Class::Base, 99);
    set_time(row, fields.text("timestamp").and_then(|text| lenient_ms(&text)), context);
    row.set(base::PRODUCT_NAME, "CloudWatch");
    row.set(base::LOG_NAME, text(fields.get("metric_stream_name")));
    if let Some(account) = fields.text("account_id") {
        row.set(base::CLOUD_ACCOUNT_UID, account);
    }
    if let Some(region) = fields.text("region") {
        row.set(base::CLOUD_REGION, region);
    }
    row.set(t::ORIGIN, "stream");
    row.set(t::NAMESPACE, text(fields.get("namespace")));
    row.set(t::METRIC, text(fields.get("metric_name")));
    row.set(t::UNIT, text(fields.get("unit")));
    row.set(t::DIMENSIONS, any_text(fields.get("dimensions")));
    let value = fields.get("value").map(Raw::fields).unwrap_or_default();
    let number = |name: &str| value.get(name).and_then(Raw::f64);
    row.set(t::SAMPLES, number("count"));
    row.set(t::SUM, number("sum"));
    row.set(t::MIN, number("min"));
    row.set(t::MAX, number("max"));
    row.set(base::UNMAPPED, Unmapped::rest("value.", &value, &["count", "sum", "min", "max"]));
    event
}

/// An EMF line is a log line too; its numbers are derived from it.
fn emf<'a>(fields: &Fields<'a>, raw: &'a str, context: Context<'a, '_>) -> Event<'a> {
    let mut event = super::application::parse_json(fields, raw, context);
    event.source = Source::Emf;
    event.row.set(logs::LOG_FORMAT, "emf");
    if let Some(ms) = fields.at(&["_aws", "Timestamp"]).and_then(Raw::i64) {
        event.row.set(base::TIME, ms);
        event.row.set(base::TIME_DT, ms);
    }
    event
}

/// One number of an EMF line.
#[derive(Debug, PartialEq)]
pub struct EmfPoint<'a> {
    /// Its namespace.
    pub namespace: Cow<'a, str>,
    /// Its name.
    pub metric: Cow<'a, str>,
    /// Its unit, or "None".
    pub unit: Cow<'a, str>,
    /// Names and values of the dimensions.
    pub dimensions: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The samples.
    pub values: Vec<f64>,
}

/// The numbers that an EMF line carries: each metric once, under its first, most detailed set of dimensions, so that
/// sums over a metric do not count it twice. EMF allows 100 metrics a directive and 100 values a metric.
pub fn emf_points(raw: &str) -> Vec<EmfPoint<'_>> {
    const METRICS_MAX: usize = 100;
    const VALUES_MAX: usize = 100;
    let fields = Raw(raw).fields();
    let mut points = Vec::new();
    for directive in fields.at(&["_aws", "CloudWatchMetrics"]).map(Raw::items).unwrap_or_default() {
        let directive = directive.fields();
        let namespace = directive.text("Namespace").unwrap_or_default();
        let sets = directive.get("Dimensions").map(Raw::items).unwrap_or_default();
        let names = sets.iter().map(|set| set.items()).max_by_key(Vec::len).unwrap_or_default();
        let dimensions: Vec<_> = names
            .iter()
            .filter_map(|name| name.text().and_then(|name| Some((name.clone(), fields.text(&name)?))))
            .collect();
        for metric in directive.get("Metrics").map(Raw::items).unwrap_or_default() {
            let metric = metric.fields();
            let Some(name) = metric.text("Name") else { continue };
            let value = fields.get(&name);
            let values = match value {
                Some(list) if list.is_array() => {
                    list.items().into_iter().filter_map(Raw::f64).take(VALUES_MAX).collect()
                }
                Some(one) => one.f64().into_iter().collect(),
                None => Vec::new(),
            };
            if !values.is_empty() && points.len() < METRICS_MAX {
                let unit = metric.text("Unit").unwrap_or("None".into());
                points.push(EmfPoint {
                    namespace: namespace.clone(),
                    metric: name,
                    unit,
                    dimensions: dimensions.clone(),
                    values,
                });
            }
        }
    }
    points
}
