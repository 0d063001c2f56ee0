//! derive: turns events and findings into metric points per minute.
//!
//! A point's dimensions are few and bounded: past a cap the rest falls into one `other`, and how much fell is counted.
//! Points add up, so that a minute may be written in parts and a batch may be cut anywhere.

use crate::{classify, parse};
use kinescope_schemas::{
    Event, Severity, Source, Table,
    tables::{api_activity as api, base, http_activity as http, logs, network_activity as network},
};
use sketches_ddsketch::{Config, DDSketch};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

mod known;
mod minutes;
mod set;

pub use minutes::Minutes;
use set::Series;
pub use set::Set;

/// Sets of dimensions that one metric may have in a run.
pub const DIMENSION_SETS_MAX: usize = 5_000;
/// Sets of dimensions that all metrics of a run may have together.
pub const DIMENSION_SETS_TOTAL_MAX: usize = 20_000;
/// Points that are kept open; when there are more, the oldest minutes are closed until there are
/// [`OPEN_POINTS_KEPT`]: many together cost less than each by itself.
pub const OPEN_POINTS_MAX: usize = 20_000;
/// Points that stay open when minutes are closed.
pub const OPEN_POINTS_KEPT: usize = 10_000;
/// Bytes of one dimension's value.
pub const DIMENSION_BYTES_MAX: usize = 128;
/// Namespace of the points that we derive.
pub const NAMESPACE: &str = "Kinescope";

const MINUTE_MS: i64 = 60_000;

/// What a point is about.
#[derive(Clone, Debug)]
pub struct Key {
    /// Milliseconds since 1970 of the minute's start.
    pub minute_ms: i64,
    /// What this run's minutes number the set by, from 0, in the order in which sets came.
    pub number: u32,
    /// Namespace, metric, unit and dimensions.
    pub set: Arc<Set>,
}

/// What was measured.
#[derive(Clone, Default)]
pub struct Point {
    /// Samples.
    pub samples: f64,
    /// Their sum.
    pub sum: f64,
    /// Their least.
    pub min: f64,
    /// Their greatest.
    pub max: f64,
    /// Their distribution, where somebody will ask for percentiles.
    pub sketch: Option<Box<DDSketch>>,
}

impl Point {
    fn add(&mut self, value: f64, distribution: bool) {
        self.min = if self.samples == 0.0 { value } else { self.min.min(value) };
        self.max = if self.samples == 0.0 { value } else { self.max.max(value) };
        self.samples += 1.0;
        self.sum += value;
        if distribution {
            self.sketch.get_or_insert_with(|| Box::new(DDSketch::new(Config::defaults()))).add(value);
        }
    }

    /// The value that so much of its samples lie below, where a distribution is kept.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        self.sketch.as_ref()?.quantile(q).ok().flatten()
    }

    /// The distribution, to be merged with others.
    pub fn sketch_json(&self) -> Option<String> {
        serde_json::to_string(self.sketch.as_ref()?).ok()
    }

    /// Adds another part of the same minute.
    pub fn merge(&mut self, other: Point) {
        if self.samples == 0.0 {
            return *self = other;
        }
        if other.samples == 0.0 {
            return;
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.samples += other.samples;
        self.sum += other.sum;
        match (&mut self.sketch, other.sketch) {
            // Both have the default configuration, so they merge.
            (Some(mine), Some(theirs)) => drop(mine.merge(&theirs)),
            (mine @ None, theirs) => *mine = theirs,
            _ => {}
        }
    }
}

/// Points under way. A minute's samples usually follow one another, so a set's latest point is tried, and what does
/// not belong to it begins another: parts of one point add up.
pub struct Points {
    /// Tells these points from all others of the process, so that a thread knows which of its sets are theirs.
    id: u64,
    /// The sets, and where the latest point of each is.
    sets: Vec<(Arc<Set>, usize)>,
    /// Set, minute, point.
    points: Vec<(u32, i64, Point)>,
}

impl Default for Points {
    fn default() -> Self {
        Points::with_capacity(0)
    }
}

impl Points {
    /// With room for so many.
    pub fn with_capacity(n: usize) -> Points {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Points { id, sets: Vec::with_capacity(n), points: Vec::with_capacity(n) }
    }

    fn add_set(&mut self, set: Arc<Set>) -> u32 {
        self.sets.push((set, usize::MAX));
        self.sets.len() as u32 - 1
    }

    /// Derives what an event is worth.
    pub fn add_event(&mut self, event: &Event<'_>, severity: Severity) {
        let row = &event.row;
        let mut at = At { points: self, minute_ms: event.time_ms().div_euclid(MINUTE_MS) * MINUTE_MS };
        let account = ("account", row.str(base::CLOUD_ACCOUNT_UID));
        at.count(
            "events",
            &[
                account,
                ("region", row.str(base::CLOUD_REGION)),
                ("severity", severity.name()),
                ("source", event.source.name()),
            ],
        );
        match event.table {
            Table::ApiActivity => at.call(event),
            Table::NetworkActivity => at.flow(event),
            Table::HttpActivity => at.request(event),
            Table::Logs => at.log(event),
            _ => {}
        }
    }

    /// Counts a finding.
    pub fn add_finding(&mut self, finding: &crate::detect::Finding) {
        let mut at = At { points: self, minute_ms: finding.time_ms.div_euclid(MINUTE_MS) * MINUTE_MS };
        at.count(
            "findings",
            &[("account", &finding.account), ("rule", &finding.rule), ("severity", finding.severity.name())],
        );
    }
}

struct At<'p> {
    points: &'p mut Points,
    minute_ms: i64,
}

/// Names and values; names in order.
type Dimensions<'d> = &'d [(&'d str, &'d str)];

impl At<'_> {
    fn count(&mut self, metric: &'static str, dimensions: Dimensions<'_>) {
        self.sample((metric, "Count"), dimensions, 1.0);
    }

    fn sample(
        &mut self,
        (metric, unit): (&'static str, &'static str),
        dimensions: Dimensions<'_>,
        value: f64,
    ) {
        self.add(derived(metric, unit), dimensions, value, false);
    }

    fn latency(&mut self, metric: &'static str, dimensions: Dimensions<'_>, ms: Option<f64>) {
        if let Some(ms) = ms {
            self.add(derived(metric, "Milliseconds"), dimensions, ms, true);
        }
    }

    fn add(&mut self, series: Series<'_>, dimensions: Dimensions<'_>, value: f64, distribution: bool) {
        let set = known::number_in(self.points, series, dimensions);
        let Points { sets, points, .. } = &mut *self.points;
        let latest = &mut sets[set as usize].1;
        if points.get(*latest).is_none_or(|(_, minute_ms, _)| *minute_ms != self.minute_ms) {
            *latest = points.len();
            points.push((set, self.minute_ms, Point::default()));
        }
        points[*latest].2.add(value, distribution);
    }

    fn call(&mut self, event: &Event<'_>) {
        let row = &event.row;
        let (service, operation) = (row.str(api::API_SERVICE_NAME), row.str(api::API_OPERATION));
        let failed = row.int(base::STATUS_ID) == Some(2);
        let outcome = match row.str(base::STATUS_CODE) {
            _ if !failed => "success",
            code if classify::is_denied(code) => "denied",
            _ => "failed",
        };
        self.count("calls", &[("operation", operation), ("outcome", outcome), ("service", service)]);
        if failed {
            let account = row.str(base::CLOUD_ACCOUNT_UID);
            let metric = if outcome == "denied" { "calls_denied" } else { "calls_failed" };
            self.count(metric, &[("account", account), ("service", service)]);
        }
    }

    fn flow(&mut self, event: &Event<'_>) {
        let row = &event.row;
        let account = [("account", row.str(base::CLOUD_ACCOUNT_UID))];
        for (metric, unit, column) in [
            ("flow_bytes", "Bytes", network::TRAFFIC_BYTES),
            ("flow_packets", "Count", network::TRAFFIC_PACKETS),
        ] {
            if let Some(n) = row.int(column) {
                self.sample((metric, unit), &account, n as f64);
            }
        }
        match row.int(network::ACTION_ID) {
            Some(1) => self.count("flow_accepted", &account),
            Some(2) => self.count("flow_rejected", &account),
            _ => {}
        }
    }

    fn request(&mut self, event: &Event<'_>) {
        let row = &event.row;
        let metrics = match event.source {
            Source::Alb => ["alb_requests", "alb_4xx", "alb_5xx", "alb_latency"],
            _ => ["s3_requests", "s3_4xx", "s3_5xx", "s3_latency"],
        };
        let name = [("name", row.str(http::DST_ENDPOINT_NAME))];
        self.count(metrics[0], &name);
        match row.int(http::HTTP_CODE) {
            Some(400..=499) => self.count(metrics[1], &name),
            Some(500..=599) => self.count(metrics[2], &name),
            _ => {}
        }
        self.latency(metrics[3], &name, row.f64(http::HTTP_LATENCY));
    }

    fn log(&mut self, event: &Event<'_>) {
        let row = &event.row;
        let service = [("service", row.str(logs::SERVICE))];
        if matches!(row.str(logs::LEVEL), "error" | "fatal") {
            self.count("application_errors", &service);
        }
        match event.source {
            Source::Lambda => self.lambda(event, &service),
            Source::Emf => self.emf(event),
            _ => {}
        }
    }

    fn lambda(&mut self, event: &Event<'_>, function: Dimensions<'_>) {
        let row = &event.row;
        self.latency("lambda_duration", function, row.f64(logs::LAMBDA_DURATION_MS));
        for (metric, unit, column) in [
            ("lambda_billed", "Milliseconds", logs::LAMBDA_BILLED_MS),
            ("lambda_max_memory", "Megabytes", logs::LAMBDA_MAX_MEMORY_MB),
            ("lambda_cold_starts", "Milliseconds", logs::LAMBDA_INIT_MS),
        ] {
            if let Some(value) = row.f64(column) {
                self.sample((metric, unit), function, value);
            }
        }
        match row.str(logs::LAMBDA_STATUS) {
            "timeout" => self.count("lambda_timeouts", function),
            "error" => self.count("lambda_errors", function),
            _ => {}
        }
        if row.str(logs::LAMBDA_ERROR_TYPE).contains("OutOfMemory") {
            self.count("lambda_out_of_memory", function);
        }
    }

    fn emf(&mut self, event: &Event<'_>) {
        for point in parse::emf_points(event.raw) {
            let mut dimensions: Vec<(&str, &str)> =
                point.dimensions.iter().map(|(name, value)| (&**name, &**value)).collect();
            dimensions.sort_unstable();
            let series = Series {
                is_emf: true,
                namespace: &point.namespace,
                metric: &point.metric,
                unit: &point.unit,
            };
            for value in &point.values {
                self.add(series, &dimensions, *value, false);
            }
        }
    }
}

/// A metric of ours.
fn derived(metric: &'static str, unit: &'static str) -> Series<'static> {
    Series { is_emf: false, namespace: NAMESPACE, metric, unit }
}

#[cfg(test)]
mod tests;
