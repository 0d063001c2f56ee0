//! What is kept of an event: its row, its findings, and what the hot store and the summary want of it.

use super::Road;
use crate::{
    lake::{DayRange, Rows},
    output::{Agent, Notable},
};
use foldhash::HashMap;
use kinescope_schemas::{
    Event, Severity, Source, Table,
    tables::{api_activity as api, base, http_activity as http, logs, operations as ops},
};
use kinescope_stages::decode::Envelope;
use std::{borrow::Cow, hash::BuildHasher};

/// Identities that are counted apart in one group; the summary shows the busiest of them.
const IDENTITIES_MAX: usize = 512;

/// Accepted events by source, and by who called.
#[derive(Debug, Default)]
pub struct Seen {
    /// By source, in the order of [`Source::ALL`].
    pub by_source: [u64; Source::ALL.len()],
    /// By identity, up to a number of identities.
    pub by_identity: Identities,
}

impl Seen {
    fn event(&mut self, event: &Event<'_>) {
        self.by_source[event.source as usize] += 1;
        let who = event.row.str(api::ACTOR_USER_UID);
        if event.source == Source::CloudTrail && !who.is_empty() {
            self.by_identity.add(who, 1, IDENTITIES_MAX);
        }
    }

    /// Adds another's counts, keeping the busiest identities.
    pub fn add(&mut self, other: &Seen) {
        self.by_source.iter_mut().zip(other.by_source).for_each(|(n, more)| *n += more);
        for (who, n) in other.by_identity.iter() {
            self.by_identity.add(who, n, usize::MAX);
        }
        if self.by_identity.places.len() > 4 * IDENTITIES_MAX {
            self.by_identity = self.by_identity.busiest(2 * IDENTITIES_MAX);
        }
    }
}

/// Identities, and how often each called. Nearly all of a group's are gone with it, so their names lie one behind the
/// other and are found by a hash, seeded at random: two that share one would be counted together.
#[derive(Debug)]
pub struct Identities {
    names: String,
    /// By hash: where the name begins and ends, and how often it came.
    places: HashMap<u64, (u32, u32, u64)>,
}

impl Default for Identities {
    /// Room for as many as a group counts.
    fn default() -> Self {
        const NAME_BYTES_USUAL: usize = 64;
        Identities {
            names: String::with_capacity(IDENTITIES_MAX * NAME_BYTES_USUAL),
            places: HashMap::with_capacity_and_hasher(IDENTITIES_MAX, Default::default()),
        }
    }
}

impl Identities {
    /// Counts one that called so often, unless it is new and there are so many already.
    fn add(&mut self, who: &str, n: u64, n_max: usize) {
        let hash = self.places.hasher().hash_one(who);
        if let Some((_, _, count)) = self.places.get_mut(&hash) {
            *count += n;
        } else if self.places.len() < n_max {
            let start = self.names.len() as u32;
            self.names.push_str(who);
            self.places.insert(hash, (start, self.names.len() as u32, n));
        }
    }

    /// Each of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.places.values().map(|(start, end, n)| (&self.names[*start as usize..*end as usize], *n))
    }

    fn busiest(&self, n: usize) -> Identities {
        let mut all: Vec<_> = self.iter().collect();
        all.select_nth_unstable_by(n, |(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
        let mut busiest = Identities::default();
        all[..n].iter().for_each(|(who, n_calls)| busiest.add(who, *n_calls, n));
        busiest
    }
}

impl Road<'_> {
    /// Keeps an event of a day.
    pub(super) fn keep(&mut self, event: &Event<'_>, severity: Severity, day: Option<i64>) {
        let owner = self.owner();
        self.output.keys.push((owner, event.key));
        self.output.seen.event(event);
        if self.stages.settings.only_findings {
            return;
        }
        self.output.points.add_event(event, severity);
        Rows::of(&mut self.rows, event.table, day).push(&event.row, owner);
        if severity >= Severity::Medium || is_change(event) {
            self.output.notable.push((owner, notable(event, severity)));
        }
        if event.source == Source::Agent {
            self.output.agents.push((owner, agent(event)));
        }
    }

    pub(super) fn day_of(&mut self, time_ms: i64) -> Option<i64> {
        let around = self.tally().record.arrival_ms.map(DayRange::around);
        around.unwrap_or(self.stages.days).day_of(time_ms)
    }
}

/// A change to the account itself: not a look, and not a write of data.
fn is_change(event: &Event<'_>) -> bool {
    let row = &event.row;
    event.source == Source::CloudTrail
        && !row.is_true(api::READ_ONLY)
        && row[api::MANAGEMENT_EVENT] != false.into()
}

fn notable(event: &Event<'_>, severity: Severity) -> Notable {
    let row = &event.row;
    let text = |column: usize| row.str(column).to_owned();
    let (service, operation, actor) = match event.table {
        Table::ApiActivity => {
            (text(api::API_SERVICE_NAME), text(api::API_OPERATION), text(api::ACTOR_USER_UID))
        }
        Table::HttpActivity => {
            (text(http::DST_ENDPOINT_NAME), text(http::HTTP_METHOD), text(http::SRC_ENDPOINT_IP))
        }
        Table::Operations => (text(ops::SERVICE), text(base::EVENT_CODE), text(ops::NAME)),
        Table::Logs => (text(logs::SERVICE), text(logs::LEVEL), text(base::LOG_NAME)),
        _ => (text(base::PRODUCT_NAME), text(base::EVENT_CODE), String::new()),
    };
    Notable {
        key: event.key,
        uid: event.uid().to_owned(),
        time_ms: event.time_ms(),
        severity,
        source: event.source.name(),
        category: text(base::CATEGORY),
        account: text(base::CLOUD_ACCOUNT_UID),
        region: text(base::CLOUD_REGION),
        service,
        operation,
        actor,
        message: line(row.str(base::MESSAGE), row.str(base::STATUS_DETAIL)),
    }
}

/// A line for a person, cut at a character.
fn line(message: &str, detail: &str) -> String {
    const MESSAGE_BYTES_MAX: usize = 512;
    let text = if message.is_empty() { detail } else { message };
    text[..text.floor_char_boundary(MESSAGE_BYTES_MAX)].to_owned()
}

fn agent(event: &Event<'_>) -> Agent {
    let text = |column: usize| event.row.str(column).to_owned();
    Agent {
        id: text(ops::NAME),
        account: text(base::CLOUD_ACCOUNT_UID),
        region: text(base::CLOUD_REGION),
        state: text(ops::STATE),
        version: text(ops::VERSION),
        time_ms: event.time_ms(),
    }
}

/// The envelope, to be kept longer than the message.
pub(super) fn owned(envelope: &Envelope<'_>) -> Envelope<'static> {
    let own = |text: &Option<Cow<'_, str>>| text.as_ref().map(|text| Cow::Owned(text.to_string()));
    Envelope {
        account: own(&envelope.account),
        region: own(&envelope.region),
        log_group: own(&envelope.log_group),
        log_stream: own(&envelope.log_stream),
        log_event_id: own(&envelope.log_event_id),
        time_ms: envelope.time_ms,
        detail_type: own(&envelope.detail_type),
        bus_source: own(&envelope.bus_source),
        bus_id: own(&envelope.bus_id),
        resources: own(&envelope.resources),
    }
}
