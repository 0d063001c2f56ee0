//! Events of our own agents: heartbeats, and now and then an error.

use super::{Place, ServiceEvent};
use crate::json;

const PROBLEMS: [&str; 3] = [
    "failed to assume role kinescope-agent: AccessDenied",
    "log group \"/aws/lambda/search-handler\" has no subscription",
    "rule kinescope-forward is disabled",
];

pub(super) fn event(place: &mut Place<'_>) -> ServiceEvent {
    let is_error = place.random.one_in(6);
    let (account, region) = (place.account, place.region);
    let status = if is_error { "error" } else { "ok" };
    let mut detail = format!(
        r#"{{"agentId":"agent-{account}-{region}","accountId":"{account}","region":"{region}","version":"0.1.0","status":"{status}""#
    );
    if is_error {
        detail.push_str(",\"message\":");
        json::push_string(&mut detail, place.random.pick(&PROBLEMS));
    }
    detail.push('}');
    let (source, detail_type) = match is_error {
        true => ("monitoring.agent.error", "Agent Error"),
        false => ("monitoring.agent.heartbeat", "Agent Heartbeat"),
    };
    ServiceEvent { detail_type, source, resources: "[]".to_owned(), detail }
}
