//! A point as a row of the metrics table.

use super::{Key, NAMESPACE, Point, Series};
use kinescope_schemas::{
    Class, Id, Row, Severity,
    tables::{base, metrics as t},
};

/// The row. `part` tells apart the parts of one minute that were written at different times.
pub fn row(key: &Key, point: &Point, part: &[u8]) -> Row<'static> {
    let (namespace, metric, unit, origin) = match &key.series {
        Series::Derived(metric, unit) => (NAMESPACE, *metric, *unit, "derived"),
        Series::Emf(namespace, metric, unit) => (namespace.as_str(), metric.as_str(), unit.as_str(), "emf"),
    };
    let minute = key.minute_ms.to_le_bytes();
    let id = Id::of(&[
        b"metric",
        &minute,
        namespace.as_bytes(),
        metric.as_bytes(),
        key.dimensions.as_bytes(),
        part,
    ]);
    let mut row = Row::default();
    row.set(base::METADATA_UID, id.to_string());
    row.set(base::TIME, key.minute_ms);
    row.set(base::TIME_DT, key.minute_ms);
    row.set(base::CLASS_UID, Class::Base.uid());
    row.set(base::CATEGORY_UID, 0);
    row.set(base::ACTIVITY_ID, 99);
    row.set(base::TYPE_UID, 99);
    row.set(base::SEVERITY_ID, Severity::Informational.id());
    row.set(base::CATEGORY, "metric");
    row.set(base::PRODUCT_NAME, crate::detect::PRODUCT);
    row.set(t::NAMESPACE, namespace.to_owned());
    row.set(t::METRIC, metric.to_owned());
    row.set(t::UNIT, unit.to_owned());
    row.set(t::DIMENSIONS, key.dimensions.clone());
    row.set(t::ORIGIN, origin);
    row.set(t::SAMPLES, point.samples);
    row.set(t::SUM, point.sum);
    row.set(t::MIN, point.min);
    row.set(t::MAX, point.max);
    if let Some(sketch) = &point.sketch {
        for (column, q) in [(t::P50, 0.5), (t::P90, 0.9), (t::P99, 0.99)] {
            row.set(column, sketch.quantile(q).ok().flatten());
        }
        row.set(t::SKETCH, serde_json::to_string(sketch).ok());
    }
    row
}
