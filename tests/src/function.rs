//! A hub's function in a world, and what it said.

use crate::{
    mapping::names,
    world::{Faults, World},
};
use kinescope_aws::{Hub, hub};
use kinescope_lambda::{serve, telemetry::Telemetry};
use kinescope_pipeline::{Config, Stages};
use kinescope_stages::detect::builtin;
use serde_json::Value as Json;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};
use tokio::time::Instant;

/// When everything happens: 2026-03-02T09:00:00Z, in milliseconds since 1970.
pub const NOW_MS: i64 = 1_772_442_000_000;

/// An environment of the function, which has seen nothing.
pub struct Function {
    /// The services.
    pub world: World,
    hub: Hub<World>,
    telemetry: Telemetry,
    said: Arc<Mutex<Vec<Json>>>,
}

impl Function {
    /// An environment in a world of its own, with these faults.
    pub fn new(seed: u64, faults: Faults) -> Function {
        Function::of(World::new(seed, faults))
    }

    /// A new environment in a world.
    pub fn of(world: World) -> Function {
        let config = Config::default();
        // Rules take a second to make, and tests make many environments.
        static STAGES: OnceLock<Arc<Stages>> = OnceLock::new();
        let made = || Arc::new(hub::stages(builtin().unwrap(), &Config::default()).unwrap());
        let stages = STAGES.get_or_init(made).clone();
        let said = Arc::<Mutex<Vec<Json>>>::default();
        let hears = said.clone();
        let telemetry = Telemetry::new("test", move |line| {
            hears.lock().unwrap().push(serde_json::from_str(line).unwrap());
        });
        Function { hub: Hub::new(world.clone(), names(), stages, config), world, telemetry, said }
    }

    /// Invokes it, with a minute's time.
    pub async fn serve(&self, payload: &Json) -> Result<Json, String> {
        self.serve_within(payload, Duration::from_secs(60)).await
    }

    /// Invokes it.
    pub async fn serve_within(&self, payload: &Json, time: Duration) -> Result<Json, String> {
        let until = Instant::now() + time;
        let served = serve(&self.hub, &self.telemetry, &payload.to_string(), until, NOW_MS).await;
        assert!(Instant::now() <= until, "late");
        for said in self.said.lock().unwrap().iter() {
            assert_eq!(said["LedgerImbalance"], 0.0, "{said}");
        }
        served.map_err(|error| format!("{error:#}"))
    }

    /// What was said last.
    pub fn said(&self) -> Json {
        self.said.lock().unwrap().last().cloned().unwrap()
    }
}

impl World {
    /// Rows of a table of the lake that differ.
    pub fn rows(&self, table: &str) -> usize {
        let holdings = self.holdings();
        let lines = holdings.lines.get(&format!("kinescope-{table}"));
        lines.map_or(0, |lines| lines.iter().collect::<BTreeSet<_>>().len())
    }

    /// A sum over what all lanes entered, such as `/events/accepted`.
    pub fn entered(&self, sum: &str) -> u64 {
        let holdings = self.holdings();
        let done = holdings.items.iter().filter(|((_, sk), _)| sk.starts_with("done#"));
        let ledger =
            |item| serde_json::from_str::<Json>(kinescope_aws::layout::text(item, "ledger")).unwrap();
        done.map(|(_, item)| ledger(item).pointer(sum).unwrap().as_u64().unwrap()).sum()
    }

    /// What lies in quarantine: keys and lines.
    pub fn quarantined(&self) -> Vec<(String, String)> {
        let holdings = self.holdings();
        let of_quarantine =
            holdings.objects.iter().filter(|(key, _)| key.starts_with("quarantine/quarantine/"));
        of_quarantine
            .map(|(key, bytes)| {
                (key["quarantine/".len()..].to_owned(), String::from_utf8(bytes.clone()).unwrap())
            })
            .collect()
    }
}
