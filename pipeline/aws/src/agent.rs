//! An agent's function: asks log groups that are too large to subscribe for errors, and tells the hub's bus of them.
//!
//! It remembers nothing. Time is cut into periods of the schedule's length; a run looks at the last two that are over, and
//! what it tells of is named after group, period and shape. So a run that was missed, late or made twice loses nothing
//! and says nothing twice: the hub knows what it has heard of. Lines that reach CloudWatch Logs a period late count only
//! if nothing of their shape was told of.

use crate::{
    limits::{EVENTBRIDGE_CALL_BYTES_MAX, EVENTBRIDGE_ENTRIES_MAX},
    port::{AgentAws, BusEvent, CallError, Called, LogQuery},
    send::{Patience, packs},
};
use tokio::time::Instant;

mod shapes;

use shapes::Shapes;

/// Who the events are from.
pub const SOURCE: &str = "monitoring.agent.error-logs";
/// What kind they are.
pub const DETAIL_TYPE: &str = "Agent Error Logs";
/// How long a period has been over before it is looked at: log events reach CloudWatch Logs in seconds.
const LATE_MS: i64 = 60_000;
/// Periods that a run looks at.
const PERIODS: i64 = 2;
/// Pages of one question. Of a large group most may be empty: a page is what was searched in one go (CloudWatch Logs API
/// reference, FilterLogEvents).
const PAGES_MAX: usize = 500;
/// Bytes of messages of one question; a page has up to 1 MB.
const BYTES_MAX: usize = 8 << 20;
/// The schedule's period unless the environment says another.
const PERIOD_MINUTES: i64 = 5;

/// What an agent's function is told by its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The log groups.
    pub log_groups: Vec<String>,
    /// What counts as an error, in CloudWatch Logs' filter syntax.
    pub pattern: String,
    /// The hub's bus, by ARN.
    pub bus: String,
    /// What the agent is called.
    pub id: String,
    /// How often it runs, in milliseconds.
    pub period_ms: i64,
}

/// Why an agent's settings are not known. Fits after "failed to".
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("read the environment: {0} is not set; the agent's template sets it")]
pub struct SettingError(&'static str);

impl Settings {
    /// From the environment that `infra/agent/template.yaml` sets; `None` if it is not an agent's.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Option<Settings>, SettingError> {
        let some = |name: &str| get(name).filter(|value| !value.is_empty());
        let Some(bus) = some("KINESCOPE_EVENT_BUS") else { return Ok(None) };
        let need = |name: &'static str| some(name).ok_or(SettingError(name));
        let groups = need("KINESCOPE_ERROR_LOG_GROUPS")?;
        let minutes = some("KINESCOPE_ERROR_MINUTES").and_then(|minutes| minutes.parse().ok());
        Ok(Some(Settings {
            log_groups: groups.split(',').map(|group| group.trim().to_owned()).collect(),
            pattern: need("KINESCOPE_ERROR_PATTERN")?,
            bus,
            id: need("KINESCOPE_AGENT_ID")?,
            period_ms: minutes.filter(|minutes| *minutes > 0).unwrap_or(PERIOD_MINUTES) * 60_000,
        }))
    }
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Asked {
    /// Log events that were found.
    pub n_found: u64,
    /// Events that the bus took.
    pub n_told: u64,
    /// Questions that had more answers than are read.
    pub n_cut: u64,
    /// What went wrong.
    pub errors: Vec<String>,
}

/// An agent's function.
pub struct Agent<A> {
    /// AWS.
    pub aws: A,
    settings: Settings,
}

impl<A: AgentAws> Agent<A> {
    /// A function with these settings.
    pub fn new(aws: A, settings: Settings) -> Agent<A> {
        Agent { aws, settings }
    }

    /// Asks all log groups and tells of what they say.
    pub async fn query_error_logs(&self, until: Instant, now_ms: i64) -> Asked {
        let patience = Patience::until(until);
        let (mut asked, mut events) = (Asked::default(), Vec::new());
        let period_ms = self.settings.period_ms;
        let end_ms = (now_ms - LATE_MS).div_euclid(period_ms) * period_ms;
        for group in &self.settings.log_groups {
            for at in (1..=PERIODS).rev() {
                let from_ms = end_ms - at * period_ms;
                match self.ask(group, from_ms, &patience, &mut asked).await {
                    Ok(shapes) => events.extend(shapes.events(&self.settings, group, from_ms)),
                    Err(error) => asked.errors.push(format!("failed to {error}")),
                }
            }
        }
        self.tell(events, &patience, &mut asked).await;
        asked
    }

    /// Asks a log group for the errors of a period.
    async fn ask(&self, group: &str, from_ms: i64, patience: &Patience, asked: &mut Asked) -> Called<Shapes> {
        let mut query = LogQuery {
            group: group.to_owned(),
            pattern: self.settings.pattern.clone(),
            from_ms,
            to_ms: from_ms + self.settings.period_ms - 1,
            next: None,
        };
        let mut shapes = Shapes::default();
        let mut n_bytes = 0;
        for _ in 0..PAGES_MAX {
            let page = patience.call("ask for errors", || self.aws.filter_logs(&query)).await?;
            asked.n_found += page.events.len() as u64;
            n_bytes += page.events.iter().map(|event| event.message.len()).sum::<usize>();
            page.events.into_iter().for_each(|event| shapes.add(event));
            query.next = page.next;
            if query.next.is_none() {
                return Ok(shapes);
            }
            if n_bytes >= BYTES_MAX {
                break;
            }
        }
        asked.n_cut += 1;
        if n_bytes == 0 {
            // Nothing to tell of it by: silence would say that there were no errors.
            let words =
                format!("there is more than {PAGES_MAX} pages to search; ask more often, or subscribe it");
            let resource = group.to_owned();
            return Err(CallError { action: "find errors in", resource, words, may_pass: false });
        }
        shapes.is_cut = true;
        Ok(shapes)
    }

    async fn tell(&self, events: Vec<BusEvent>, patience: &Patience, asked: &mut Asked) {
        let n_events = events.len() as u64;
        let size = |event: &BusEvent| event.source.len() + event.detail_type.len() + event.detail.len();
        let packs = packs(events, EVENTBRIDGE_ENTRIES_MAX, EVENTBRIDGE_CALL_BYTES_MAX, size);
        let put = |pack: Vec<BusEvent>| async move {
            let answers = self.aws.put_events(&self.settings.bus, pack).await?;
            Ok((0..).zip(answers).filter_map(|(at, answer)| Some((at, answer?))).collect())
        };
        let failed = patience.send("tell of errors", packs, put).await;
        asked.n_told = n_events - failed.len() as u64;
        asked.errors.extend(failed.into_iter().map(|(_, error)| format!("failed to {error}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_whether_it_is_an_agents() {
        let all = |name: &str| match name {
            "KINESCOPE_ERROR_LOG_GROUPS" => Some("/a, /b".to_owned()),
            "KINESCOPE_ERROR_MINUTES" => Some("15".to_owned()),
            name => Some(format!("x-{name}")),
        };
        let settings = Settings::read(all).unwrap().unwrap();
        assert_eq!(settings.log_groups, ["/a", "/b"]);
        assert_eq!(settings.period_ms, 900_000);
        assert_eq!(Settings::read(|name| all(name).filter(|_| name != "KINESCOPE_EVENT_BUS")), Ok(None));
        for missing in ["KINESCOPE_ERROR_LOG_GROUPS", "KINESCOPE_ERROR_PATTERN", "KINESCOPE_AGENT_ID"] {
            let some = |name: &str| all(name).filter(|_| name != missing);
            assert_eq!(Settings::read(some), Err(SettingError(missing)));
        }
        let without = |name: &str| all(name).filter(|_| name != "KINESCOPE_ERROR_MINUTES");
        assert_eq!(Settings::read(without).unwrap().unwrap().period_ms, 300_000);
    }
}
