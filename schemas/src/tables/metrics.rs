//! Metric points.

/// Documentation of the table.
pub const DOC: &str = "Numbers per minute: derived from events, carried by EMF logs, or sent by a metric stream. \
Points of one minute, metric and set of dimensions add up (sum of sum and count, min of min, max of max): \
always aggregate, and a late part of a minute costs nothing. Rows are base events (class 0).";

columns! { super::base::END;
    /// Namespace: Kinescope for derived points, else the source's own.
    NAMESPACE "unmapped.namespace" Text;
    /// Metric name.
    METRIC "unmapped.metric" Text;
    /// Unit.
    UNIT "unmapped.unit" Text;
    /// Dimensions: JSON object, keys in order.
    DIMENSIONS "unmapped.dimensions" JsonText;
    /// derived, emf or stream.
    ORIGIN "unmapped.origin" Text;
    /// How many samples.
    SAMPLES "unmapped.samples" Double;
    /// Their sum.
    SUM "unmapped.sum" Double;
    /// Their least.
    MIN "unmapped.min" Double;
    /// Their greatest.
    MAX "unmapped.max" Double;
    /// Median, of metrics with a distribution.
    P50 "unmapped.p50" Double;
    /// 90th percentile.
    P90 "unmapped.p90" Double;
    /// 99th percentile.
    P99 "unmapped.p99" Double;
    /// The mergeable sketch that the percentiles come from (DDSketch, JSON).
    SKETCH "unmapped.sketch" JsonText;
}
