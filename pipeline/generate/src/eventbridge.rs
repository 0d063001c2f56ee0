//! EventBridge's envelope.

use crate::clock::Clock;
use crate::cloudtrail::{EventType, TrailEvent};
use crate::random::Random;

/// What the envelope says of the event inside.
pub(crate) struct Envelope<'a> {
    pub(crate) detail_type: &'a str,
    pub(crate) source: &'a str,
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
    /// JSON array.
    pub(crate) resources: &'a str,
}

impl Envelope<'_> {
    /// Appends the envelope around `detail`, which is JSON.
    pub(crate) fn push(&self, detail: &str, clock: &Clock, random: &mut Random, out: &mut String) {
        out.push_str("{\"version\":\"0\",\"id\":\"");
        random.push_uuid(out);
        for (name, text) in [
            ("detail-type", self.detail_type),
            ("source", self.source),
            ("account", self.account),
            ("time", clock.iso()),
            ("region", self.region),
        ] {
            for part in ["\",\"", name, "\":\"", text] {
                out.push_str(part);
            }
        }
        for part in ["\",\"resources\":", self.resources, ",\"detail\":", detail, "}"] {
            out.push_str(part);
        }
    }
}

/// Appends a CloudTrail event as EventBridge delivers it.
pub(crate) fn push_trail_event(event: &TrailEvent<'_>, random: &mut Random, out: &mut String) {
    let detail_type = match event.header.event_type {
        EventType::ApiCall => "AWS API Call via CloudTrail",
        EventType::ConsoleSignIn => "AWS Console Sign In via CloudTrail",
        EventType::ServiceEvent => "AWS Service Event via CloudTrail",
    };
    let source = ["aws.", event.header.service].concat();
    let envelope = Envelope {
        detail_type,
        source: &source,
        account: event.header.account,
        region: event.header.region,
        resources: "[]",
    };
    envelope.push(event.json, event.clock, random, out);
}
