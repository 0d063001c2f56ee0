//! `bootstrap`: what the runtime of AWS Lambda starts.

// The future of an invocation has all calls of all services in it.
#![recursion_limit = "256"]

use anyhow::Context;
use kinescope_aws::{
    Hub, Names, Sdk,
    agent::{self, Agent},
    hub, sdk,
};
use kinescope_lambda::{now_ms, serve, serve_agent, telemetry::Telemetry, until};
use kinescope_pipeline::{Config, rules};
use kinescope_stages::detect::RuleSet;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use std::{env, fs, path::Path, sync::Arc};

/// Rules of the user's own, beside the binary.
const RULES: &str = "rules";
/// The user's settings, beside the binary.
const CONFIG: &str = "kinescope.toml";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    if let Some(settings) = agent::Settings::read(|name| env::var(name).ok()).context("failed to start")? {
        return run_agent(settings).await;
    }
    let names = Names::read(|name| env::var(name).ok()).context("failed to start")?;
    let telemetry = Telemetry::new(&names.stage, |line| println!("{line}"));
    let hub = made(names).context("failed to start")?;
    let (hub, telemetry) = (&hub, &telemetry);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| async move {
        let now_ms = now_ms();
        let until = until(event.context.deadline, now_ms);
        // The whole chain of why, in one line: that is all that the log and the caller see.
        let served = serve(hub, telemetry, event.payload.get(), until, now_ms).await;
        served.map_err(|error| lambda_runtime::Error::from(format!("{error:#}")))
    }))
    .await
}

/// The function of an agent, which has no rules and no table.
async fn run_agent(settings: agent::Settings) -> Result<(), lambda_runtime::Error> {
    let agent = Agent::new(Sdk::new(&sdk::settings_of_function()), settings);
    let agent = &agent;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| async move {
        let now_ms = now_ms();
        let until = until(event.context.deadline, now_ms);
        let served = serve_agent(agent, event.payload.get(), until, now_ms).await;
        served.map_err(|error| lambda_runtime::Error::from(format!("{error:#}")))
    }))
    .await
}

/// The hub, with the rules and settings that lie beside the binary.
fn made(names: Names) -> Result<Hub<Sdk>, anyhow::Error> {
    let folder = env::var("LAMBDA_TASK_ROOT").unwrap_or_else(|_| ".".to_owned());
    let folder = Path::new(&folder);
    let config = match fs::read_to_string(folder.join(CONFIG)) {
        Ok(text) => Config::from_toml(&text).with_context(|| format!("failed to read {CONFIG}"))?,
        Err(_) => Config::default(),
    };
    let mut rules = RuleSet::new(config.lists.clone());
    rules.read_builtin_without_texts()?;
    if folder.join(RULES).is_dir() {
        rules::read(&folder.join(RULES), &mut rules)?;
    }
    let stages = Arc::new(hub::stages(rules.link(now_ms())?.rules, &config)?);
    Ok(Hub::new(Sdk::new(&sdk::settings_of_function()), names, stages, config))
}
