//! An agent's function: what it asks log groups, what it tells the hub, and what is not its own.

use kinescope_aws::{
    agent::{Agent, Settings},
    port::LogEvent,
};
use kinescope_lambda::serve_agent;
use kinescope_tests::{
    function::{Function, NOW_MS},
    world::{Faults, World},
};
use serde_json::{Value as Json, json};
use std::time::Duration;
use tokio::time::Instant;

const QUIET: Faults = Faults { throttled: 0.0, down: 0.0, unheard: 0.0, unanswered: 0.0, refused: 0.0 };

fn log(group: &str, events: &[(i64, &str)]) -> (String, Vec<LogEvent>) {
    let event = |(at, (time_ms, message)): (usize, &(i64, &str))| LogEvent {
        id: at.to_string(),
        stream: "s".to_owned(),
        time_ms: *time_ms,
        message: (*message).to_owned(),
    };
    (group.to_owned(), events.iter().enumerate().map(event).collect())
}

fn agent(world: &World) -> Agent<World> {
    let settings = Settings {
        log_groups: vec!["/a".to_owned(), "/gone".to_owned(), "/b".to_owned()],
        pattern: "ERROR".to_owned(),
        bus: "bus".to_owned(),
        id: "agent-111122223333-eu-west-1".to_owned(),
        period_ms: 300_000,
    };
    Agent::new(world.clone(), settings)
}

#[tokio::test(start_paused = true)]
async fn an_agent_tells_the_hub_of_errors_by_shape_and_the_hub_counts_them_once() {
    let faults = Faults { throttled: 0.2, unanswered: 0.1, refused: 0.7, ..QUIET };
    let world = World::new(3, faults);
    // The last period that is over for a minute began ten minutes ago.
    let time_ms = NOW_MS - 7 * 60_000;
    let orders: Vec<String> = (0..10).map(|at| format!("ERROR order {at} failed")).collect();
    let orders: Vec<(i64, &str)> =
        (0..).zip(&orders).map(|(at, message)| (time_ms + at, message.as_str())).collect();
    // Behind many pages on which nothing is found.
    let mut of_b = vec![(time_ms, "INFO fine"); 100];
    of_b.extend([(time_ms, "ERROR \"quoted\" é"), (time_ms - 30 * 60_000, "ERROR long ago")]);
    world.holdings().log_events.extend([log("/a", &orders), log("/b", &of_b)]);
    let ask = json!({"kinescope": "query-error-logs"}).to_string();
    for _ in 0..2 {
        let until = Instant::now() + Duration::from_secs(900);
        let error = serve_agent(&agent(&world), &ask, until, NOW_MS).await.unwrap_err().to_string();
        // A group that is not there costs the others nothing.
        assert!(error.contains("/gone: ResourceNotFoundException"), "{error}");
    }
    world.mend();
    let told = world.holdings().bus["bus"].clone();
    assert!(told.len() >= 4, "{}", told.len());
    assert!(world.holdings().faults.contains_key("refused"));
    let function = Function::of(world);
    for (at, event) in told.iter().enumerate() {
        let detail: Json = serde_json::from_str(&event.detail).unwrap();
        let of_bus = json!({"version": "0", "id": at.to_string(), "detail-type": event.detail_type, "source": event.source,
            "account": "111122223333", "time": "2026-03-02T08:59:00Z", "region": "eu-west-1", "resources": [], "detail": detail});
        function.serve(&of_bus).await.unwrap();
    }
    let holdings = function.world.holdings();
    let rows: Vec<Json> = holdings.lines["kinescope-operations"]
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut messages: Vec<&str> = rows.iter().map(|row| row["message"].as_str().unwrap()).collect();
    messages.sort_unstable();
    assert_eq!(messages, ["ERROR \"quoted\" é", "ERROR order 0 failed"]);
    assert!(rows.iter().all(|row| row["name"] == "agent-111122223333-eu-west-1"), "{rows:?}");
    assert!(
        rows.iter().any(|row| row.to_string().contains(r#"\"detail.count\":10"#)
            || row.to_string().contains("\\\"detail.count\\\":\\\"10\\\"")),
        "{rows:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_agent_says_which_log_group_is_too_large_to_search() {
    let world = World::new(1, QUIET);
    let lines = vec![(NOW_MS - 7 * 60_000, "INFO fine"); 1_600];
    world.holdings().log_events.extend([log("/a", &lines), log("/b", &[]), log("/gone", &[])]);
    let until = Instant::now() + Duration::from_secs(60);
    let asked = agent(&world).query_error_logs(until, NOW_MS).await;
    assert_eq!((asked.n_found, asked.n_told, asked.n_cut), (0, 0, 2));
    assert!(
        asked.errors[0].contains("find errors in /a: there is more than 500 pages"),
        "{:?}",
        asked.errors
    );
}

#[tokio::test(start_paused = true)]
async fn each_function_refuses_what_is_the_others() {
    let function = Function::new(1, QUIET);
    let error = function.serve(&json!({"kinescope": "query-error-logs"})).await.unwrap_err();
    assert!(error.contains("this is a hub's function"), "{error}");
    let until = Instant::now() + Duration::from_secs(60);
    let agent = agent(&function.world);
    let error = serve_agent(&agent, r#"{"kinescope":"sweep"}"#, until, NOW_MS).await.unwrap_err().to_string();
    assert!(error.contains("this is an agent's function"), "{error}");
}
