//! A point as a row of the metrics table.

use super::{Key, Point};
use kinescope_schemas::{
    Class, Row, Severity,
    tables::{base, metrics as t},
};

/// The row. Minute, metric and dimensions say which point it is; parts of one point add up.
pub fn row<'k>(key: &'k Key, point: &Point) -> Row<'k> {
    let set = &key.set;
    let mut row = Row::default();
    row.set(base::TIME, key.minute_ms);
    row.set(base::TIME_DT, key.minute_ms);
    row.set(base::CLASS_UID, Class::Base.uid());
    row.set(base::SEVERITY_ID, Severity::Informational.id());
    row.set(t::NAMESPACE, set.namespace());
    row.set(t::METRIC, set.metric());
    row.set(t::UNIT, set.unit());
    row.set(t::DIMENSIONS, set.dimensions());
    row.set(t::ORIGIN, if set.is_emf() { "emf" } else { "derived" });
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
