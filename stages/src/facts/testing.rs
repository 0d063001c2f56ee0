//! What the tests of facts share: an event goes through decode and parse, and a fact's values are joined by spaces.

use super::{Lists, View, named};
use crate::detect::cases::{with_event, with_text};
use kinescope_schemas::Event;
use serde_json::{Value as Json, json};

/// The account that test events happen in.
pub(super) const ACCOUNT: &str = "111122223333";

/// A call of an IAM user of the account.
pub(super) fn call(service: &str, operation: &str, request: Json) -> Json {
    json!({
        "eventVersion": "1.11", "eventTime": "2026-11-20T08:00:00Z", "awsRegion": "eu-west-1",
        "eventSource": format!("{service}.amazonaws.com"), "eventName": operation,
        "recipientAccountId": ACCOUNT, "sourceIPAddress": "198.51.100.7", "requestParameters": request,
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": "alice",
            "arn": format!("arn:aws:iam::{ACCOUNT}:user/alice")},
    })
}

/// The event with some of its members replaced.
pub(super) fn with(mut event: Json, members: Json) -> Json {
    for (name, value) in members.as_object().expect("members") {
        event[name] = value.clone();
    }
    event
}

/// The fact's values for the event, joined by spaces.
#[track_caller]
pub(super) fn values_with(fact: &str, event: &Json, lists: &Lists) -> String {
    let fact = named(&format!("fact.{fact}")).unwrap_or_else(|| panic!("there is no fact {fact}"));
    with_event(event, |event| fact.tell(&View::new(event, lists)).values().join(" ")).expect("an event")
}

/// Asserts a fact's values.
#[track_caller]
pub(super) fn check(event: &Json, facts: &[(&str, &str)]) {
    for (fact, expected) in facts {
        assert_eq!(values_with(fact, event, &Lists::default()), *expected, "{fact} of {event:#}");
    }
}

/// Reads a line of text, such as a flow record, and looks at its event.
pub(super) fn with_line<T>(line: &str, look: impl FnMut(&Event<'_>) -> T) -> T {
    with_text(line, look).expect("an event")
}
