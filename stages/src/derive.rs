//! derive: turns events and findings into metric points per minute.
//!
//! A point's dimensions are few and bounded: past a cap the rest falls into one `other`, and how much fell is counted.
//! Points add up, so that a minute may be written in parts and a batch may be cut anywhere.

use crate::{classify, parse};
use foldhash::{HashMap, HashSet, fast::RandomState};
use kinescope_schemas::{
    Event, Severity, Source, Table,
    tables::{api_activity as api, base, http_activity as http, logs, network_activity as network},
};
use sketches_ddsketch::{Config, DDSketch};
use std::{collections::BTreeMap, hash::BuildHasher};

mod row;

pub use row::row;

/// Sets of dimensions that one metric may have in a run.
pub const DIMENSION_SETS_MAX: usize = 5_000;
/// Sets of dimensions that all metrics of a run may have together.
pub const DIMENSION_SETS_TOTAL_MAX: usize = 20_000;
/// Points that are kept open; when there are more, the oldest minutes are closed.
pub const OPEN_POINTS_MAX: usize = 20_000;
/// Bytes of one dimension's value.
pub const DIMENSION_BYTES_MAX: usize = 128;
/// Namespace of the points that we derive.
pub const NAMESPACE: &str = "Kinescope";

const MINUTE_MS: i64 = 60_000;

/// What a point is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Milliseconds since 1970 of the minute's start.
    pub minute_ms: i64,
    /// Namespace, metric, unit.
    pub series: Series,
    /// JSON object of the dimensions, keys in order.
    pub dimensions: String,
}

/// A metric's name and unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Series {
    /// Ours.
    Derived(&'static str, &'static str),
    /// An application's.
    Emf(Box<Emf>),
}

/// What an application calls its metric.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Emf {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub metric: String,
    /// Its unit.
    pub unit: String,
}

impl Series {
    /// Namespace, metric, unit.
    pub fn names(&self) -> (&str, &str, &str) {
        match self {
            Series::Derived(metric, unit) => (NAMESPACE, metric, unit),
            Series::Emf(emf) => (&emf.namespace, &emf.metric, &emf.unit),
        }
    }
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

/// Points under way.
#[derive(Default)]
pub struct Points {
    points: HashMap<Key, Point>,
}

impl Points {
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

    /// Takes everything.
    pub fn take(&mut self) -> HashMap<Key, Point> {
        std::mem::take(&mut self.points)
    }
}

struct At<'p> {
    points: &'p mut Points,
    minute_ms: i64,
}

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
        self.add(Series::Derived(metric, unit), dimensions, value, false);
    }

    fn latency(&mut self, metric: &'static str, dimensions: Dimensions<'_>, ms: Option<f64>) {
        if let Some(ms) = ms {
            self.add(Series::Derived(metric, "Milliseconds"), dimensions, ms, true);
        }
    }

    fn add(&mut self, series: Series, dimensions: Dimensions<'_>, value: f64, distribution: bool) {
        let key = Key { minute_ms: self.minute_ms, series, dimensions: json(dimensions) };
        self.points.points.entry(key).or_default().add(value, distribution);
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
            let name = |text: &str| cut(text).to_owned();
            let (namespace, metric, unit) = (name(&point.namespace), name(&point.metric), name(&point.unit));
            let series = Series::Emf(Box::new(Emf { namespace, metric, unit }));
            for value in &point.values {
                self.add(series.clone(), &dimensions, *value, false);
            }
        }
    }
}

/// At most so many bytes, cut at a character.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(DIMENSION_BYTES_MAX)]
}

fn json(dimensions: Dimensions<'_>) -> String {
    let mut json = String::with_capacity(96);
    for (name, value) in dimensions.iter().filter(|(_, value)| !value.is_empty()) {
        json.push_str(if json.is_empty() { "{" } else { "," });
        parse::quote(cut(name), &mut json);
        json.push(':');
        parse::quote(cut(value), &mut json);
    }
    json.push_str(if json.is_empty() { "{}" } else { "}" });
    json
}

/// The points of a run: what batches derived, merged, with dimensions capped and old minutes closed.
#[derive(Default)]
pub struct Minutes {
    open: BTreeMap<i64, HashMap<(Series, String), Point>>,
    n_open: usize,
    /// Hashes of the sets of dimensions that were seen, each with its series.
    seen: HashSet<u64>,
    hasher: RandomState,
    n_sets: HashMap<Series, usize>,
    /// Samples whose dimensions fell into `other`.
    pub n_samples_other: u64,
}

/// The dimensions of what is past the cap.
const OTHER: &str = "{\"other\":\"true\"}";

impl Minutes {
    /// Merges a batch's points.
    pub fn add(&mut self, points: HashMap<Key, Point>) {
        for (key, point) in points {
            let is_capped = self.is_capped(&key);
            let minute = self.open.entry(key.minute_ms).or_default();
            let dimensions = if is_capped { OTHER.to_owned() } else { key.dimensions };
            self.n_samples_other += if is_capped { point.samples as u64 } else { 0 };
            let n_before = minute.len();
            minute.entry((key.series, dimensions)).or_default().merge(point);
            self.n_open += minute.len() - n_before;
        }
    }

    /// Whether a point's dimensions are new, and one too many.
    fn is_capped(&mut self, key: &Key) -> bool {
        let hash = self.hasher.hash_one((&key.series, &key.dimensions));
        if self.seen.contains(&hash) {
            return false;
        }
        if self.seen.len() >= DIMENSION_SETS_TOTAL_MAX {
            return true;
        }
        let n_sets = self.n_sets.entry(key.series.clone()).or_default();
        if *n_sets >= DIMENSION_SETS_MAX {
            return true;
        }
        *n_sets += 1;
        self.seen.insert(hash);
        false
    }

    /// Takes the oldest minutes until few enough points are open; all of them at the end.
    pub fn close(&mut self, all: bool) -> Vec<(Key, Point)> {
        let mut closed = Vec::new();
        while all || self.n_open > OPEN_POINTS_MAX {
            let Some((minute_ms, points)) = self.open.pop_first() else { break };
            self.n_open -= points.len();
            let mut points: Vec<_> = points
                .into_iter()
                .map(|((series, dimensions), point)| (Key { minute_ms, series, dimensions }, point))
                .collect();
            points.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            closed.extend(points);
        }
        closed
    }
}

#[cfg(test)]
mod tests;
