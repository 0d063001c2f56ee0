//! SNS: an alert for what was found, once however often its records come, and one for a storm.
//!
//! Findings of one rule, account and resource in one window fold into one alert. The first batch that has one claims it
//! in the table, sends it and enters that it was sent; what any batch found is kept as a part, and when the window is over
//! [`sweep`](crate::sweep) sends how many there were in all. A minute has a measure of alerts; the rest waits for the
//! sweep's digest.

use crate::{
    edge::{Edge, fail},
    layout,
    limits::{CALLS_AT_ONCE_MAX, SNS_CALL_BYTES_MAX, SNS_ENTRIES_MAX},
    pages,
    port::{Aws, CallError, Called, Item, Notice, PutIf, Range},
    send::{Patience, packs},
    sinks::store::put_all,
    told::Told,
};
use futures_util::{StreamExt, stream};
use kinescope_pipeline::{
    Answers, Output,
    alert::{Alert, MINUTE_MS, NAMED_MAX},
    config::Alerts,
};
use kinescope_schemas::Id;
use kinescope_stages::detect::Finding;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashSet};

pub mod due;
mod notice;

pub use notice::notice;

/// Titles that an alert names besides its own.
pub(crate) const TITLES_MAX: usize = 10;
/// Bytes of a text that an alert shows.
const TEXT_BYTES_MAX: usize = 1 << 10;
/// Events that a part tells apart; more are only counted.
const EVENTS_MAX: usize = 4_096;
/// How long a batch may take, and so who claimed an alert to send it: as long as a Lambda may run.
pub(crate) const BATCH_MS_MAX: i64 = 15 * MINUTE_MS;

/// What this environment knows of alerts: most of what a rule finds folds into an alert that was seen to a moment ago.
#[derive(Debug, Default)]
pub struct SeenTo {
    /// Those that were sent.
    sent: Told<Id>,
    /// When which are looked at again.
    due: Told<(i64, Id)>,
}

/// What a batch found for one alert.
#[derive(Debug)]
pub struct Fold {
    /// The alert, of this batch alone.
    pub alert: Alert,
    /// The events, each once.
    pub events: BTreeSet<Id>,
    /// The record of the first of them: who claims the alert.
    claimant: Id,
    /// Who has to come again if it cannot be sent.
    owners: BTreeSet<u32>,
}

/// Folds the findings of an output, without those of some owners.
pub fn fold(folds: &mut BTreeMap<Id, Fold>, output: &Output, settings: &Alerts, without: &HashSet<u32>) {
    let window_ms = i64::from(settings.window_minutes) * MINUTE_MS;
    let mut by_event = BTreeMap::<Id, Vec<(u32, &Finding)>>::new();
    for (owner, finding) in &output.findings {
        if finding.severity >= settings.severity_min && !without.contains(owner) {
            by_event.entry(finding.event).or_default().push((*owner, finding));
        }
    }
    for (event, mut findings) in by_event {
        findings.sort_by(|(_, a), (_, b)| b.severity.cmp(&a.severity).then_with(|| a.rule.cmp(&b.rule)));
        let Some((owner, worst)) = findings.first() else { continue };
        let uid = Alert::uid_of(&worst.rule, &worst.account, &worst.resource, worst.time_ms, window_ms);
        let claimant = output.records.get(*owner as usize).map_or(event, |tally| tally.record.id);
        let fold = folds.entry(uid).or_insert_with(|| Fold {
            alert: alert(uid, worst),
            events: BTreeSet::new(),
            claimant,
            owners: BTreeSet::new(),
        });
        fold.owners.insert(*owner);
        fold.events.insert(event);
        fold.add(&findings);
    }
}

fn alert(uid: Id, worst: &Finding) -> Alert {
    Alert {
        uid,
        first_ms: worst.time_ms,
        last_ms: worst.time_ms,
        severity: worst.severity,
        rule: worst.rule.clone(),
        family: cut(&worst.family),
        title: cut(&worst.title),
        account: cut(&worst.account),
        region: cut(&worst.region),
        resource: cut(&worst.resource),
        count: 0,
        findings: Vec::new(),
        actors: BTreeSet::new(),
        titles: BTreeSet::new(),
        n_findings: 0,
    }
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned()
}

impl Fold {
    /// Adds the findings of an event, the worst first.
    fn add(&mut self, findings: &[(u32, &Finding)]) {
        let Some((_, worst)) = findings.first() else { return };
        let alert = &mut self.alert;
        alert.count = self.events.len() as u64;
        alert.n_findings += findings.len() as u64;
        alert.first_ms = alert.first_ms.min(worst.time_ms);
        alert.last_ms = alert.last_ms.max(worst.time_ms);
        if alert.findings.len() < NAMED_MAX {
            alert.findings.push(worst.uid.to_string());
        }
        if alert.actors.len() < NAMED_MAX && !worst.actor.is_empty() {
            alert.actors.insert(cut(&worst.actor));
        }
        for (_, finding) in findings {
            if alert.titles.len() < TITLES_MAX {
                alert.titles.insert(cut(&finding.title));
            }
        }
    }

    /// The part of the alert that a batch found.
    pub fn part(&self, part: Id, now_ms: i64) -> Item {
        let mut item = layout::item(layout::alert_pk(self.alert.uid), part.to_string(), now_ms);
        put_alert(&mut item, &self.alert);
        let events = self.events.iter().take(EVENTS_MAX).flat_map(|event| event.0).collect();
        layout::put_bytes(&mut item, "events", events);
        layout::put_number(&mut item, "n_more", self.events.len().saturating_sub(EVENTS_MAX));
        item
    }
}

/// Sends what no batch has sent yet.
pub async fn announce<A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    settings: &Alerts,
    folds: &BTreeMap<Id, Fold>,
    seen_to: &SeenTo,
    now_ms: i64,
) -> Answers {
    let mut answers =
        Answers { n_items: folds.values().map(|fold| fold.owners.len() as u64).sum(), ..Answers::default() };
    let window_ms = i64::from(settings.window_minutes) * MINUTE_MS;
    let unplanned = due::plan_ends(edge, patience, folds.values(), seen_to, window_ms, now_ms).await;
    unplanned.iter().for_each(|(fold, error)| fail(&mut answers, fold.owners.iter().copied(), error));
    let unplanned: BTreeSet<Id> = unplanned.iter().map(|(fold, _)| fold.alert.uid).collect();
    let planned = folds.values().filter(|fold| !unplanned.contains(&fold.alert.uid));
    let unsent = planned.filter(|fold| !seen_to.sent.has(&fold.alert.uid));
    let claims = unsent.map(async |fold| (fold, claim(edge, patience, fold, now_ms).await));
    let claims: Vec<_> = stream::iter(claims).buffered(CALLS_AT_ONCE_MAX).collect().await;
    let mut mine = Vec::new();
    for (fold, claim) in claims {
        match claim {
            Ok(Claim::Mine(state)) => mine.push((fold, state)),
            Ok(Claim::Sent) => seen_to.sent.add([fold.alert.uid]),
            Ok(Claim::Theirs) => {}
            Err(error) => fail(&mut answers, fold.owners.iter().copied(), &error),
        }
    }
    match measure(edge, patience, settings, mine.len(), now_ms).await {
        Ok(n_free) => send(edge, patience, mine, n_free, seen_to, now_ms, &mut answers).await,
        Err(error) => {
            mine.iter().for_each(|(fold, _)| fail(&mut answers, fold.owners.iter().copied(), &error));
        }
    }
    answers
}

/// Sends the alerts that this batch claimed, so many at most, and enters that they were sent.
async fn send<A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    mut mine: Vec<(&Fold, Item)>,
    n_free: usize,
    seen_to: &SeenTo,
    now_ms: i64,
    answers: &mut Answers,
) {
    // The worst go first; what the minute has no room for is left to the sweep.
    mine.sort_by_key(|(fold, _)| std::cmp::Reverse(fold.alert.severity));
    let waiting = mine.split_off(n_free.min(mine.len()));
    let soon = waiting.iter().map(|(fold, _)| (now_ms + MINUTE_MS, *fold));
    for (fold, error) in due::plan(edge, patience, soon, now_ms).await {
        fail(answers, fold.owners.iter().copied(), &error);
    }
    let alerts: Vec<&Alert> = mine.iter().map(|(fold, _)| &fold.alert).collect();
    let unsent = publish(edge, patience, &alerts).await;
    unsent.iter().for_each(|(at, error)| fail(answers, mine[*at].0.owners.iter().copied(), error));
    let sent: Vec<_> = (0..mine.len()).filter(|at| !unsent.iter().any(|(not, _)| not == at)).collect();
    let states: Vec<Item> = sent
        .iter()
        .map(|at| {
            let (fold, mut state) = (mine[*at].0, mine[*at].1.clone());
            layout::put_number(&mut state, "sent", fold.alert.count);
            state
        })
        .collect();
    let unwritten = put_all(edge, patience, &states).await;
    let is_written = |at: &usize| !unwritten.iter().any(|(not, _)| sent[*not] == *at);
    seen_to.sent.add(sent.iter().filter(|at| is_written(at)).map(|at| mine[*at].0.alert.uid));
    for (at, error) in &unwritten {
        fail(answers, mine[sent[*at]].0.owners.iter().copied(), error);
    }
}

/// Whose an alert is.
enum Claim {
    /// This batch has to send it; its state.
    Mine(Item),
    /// Another batch, or the sweep, will send it.
    Theirs,
    /// It was sent.
    Sent,
}

/// Claims an alert.
async fn claim<A: Aws>(edge: &Edge<A>, patience: &Patience, fold: &Fold, now_ms: i64) -> Called<Claim> {
    let (table, pk) = (&edge.names.table, layout::alert_pk(fold.alert.uid));
    let mut state = layout::item(&pk, STATE, now_ms);
    put_alert(&mut state, &fold.alert);
    layout::put(&mut state, "claimant", fold.claimant.to_string());
    layout::put_number(&mut state, "claimed_ms", now_ms);
    layout::put_number(&mut state, "sent", 0);
    let put =
        || edge.aws.put_if(table, vec![PutIf { item: state.clone(), attribute: layout::PK, was: None }]);
    if patience.call("claim an alert in", put).await? {
        return Ok(Claim::Mine(state));
    }
    let range = Range { pk, from: STATE.into(), to: STATE.into(), ..Range::default() };
    let theirs = pages::query(&edge.aws, table, patience, "read an alert from", range).await?;
    Ok(match theirs.into_iter().next() {
        Some(state) if layout::number(&state, "sent") > 0 => Claim::Sent,
        // Claimed by these records when they came before, and never sent: whoever claimed it died.
        Some(state) if layout::text(&state, "claimant") == fold.claimant.to_string() => Claim::Mine(state),
        _ => Claim::Theirs,
    })
}

/// How many of so many alerts this minute has room for.
pub(crate) async fn measure<A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    settings: &Alerts,
    n: usize,
    now_ms: i64,
) -> Called<usize> {
    if n == 0 {
        return Ok(0);
    }
    let pk = format!("sent#{}", layout::sortable(now_ms.div_euclid(MINUTE_MS) * MINUTE_MS));
    let ttl = layout::ttl(now_ms);
    let add = || edge.aws.add(&edge.names.table, &pk, "count", n as u64, ttl);
    let n_sent = patience.call("count the minute's alerts in", add).await?;
    let per_minute_max = u64::from(settings.per_minute_max.min(crate::limits::SNS_EMAILS_PER_MINUTE_MAX));
    let n_past = n_sent.saturating_sub(per_minute_max);
    Ok(n.saturating_sub(usize::try_from(n_past).unwrap_or(usize::MAX)))
}

/// Sends alerts to the topics of their severities; the places of those that were not taken.
pub(crate) async fn publish<A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    alerts: &[&Alert],
) -> Vec<(usize, CallError)> {
    let notices: Vec<Notice> = alerts.iter().map(|alert| notice(alert, edge.names.chat)).collect();
    let mut by_topic = BTreeMap::<&str, Vec<usize>>::new();
    for (at, alert) in alerts.iter().enumerate() {
        by_topic.entry(edge.names.topic(alert.severity)).or_default().push(at);
    }
    let mut unsent = Vec::new();
    for (topic, places) in by_topic {
        let packs = packs(places, SNS_ENTRIES_MAX, SNS_CALL_BYTES_MAX, |at| notices[*at].n_bytes());
        let put = |pack: Vec<usize>| {
            let call = edge.aws.publish(topic, pack.iter().map(|at| notices[*at].clone()).collect());
            async move {
                let answers = call.await?;
                Ok(answers.into_iter().enumerate().filter_map(|(at, error)| Some((at, error?))).collect())
            }
        };
        unsent.extend(patience.send("publish to SNS", packs, put).await);
    }
    unsent
}

/// Sends a digest to the topic of the worst that it speaks for.
pub(crate) async fn publish_digest<A: Aws>(edge: &Edge<A>, patience: &Patience, digest: &Json) -> Called<()> {
    let severity = kinescope_schemas::Severity::from_id(digest["severity_id"].as_i64().unwrap_or(0));
    let (topic, notice) = (edge.names.topic(severity), notice::of_digest(digest));
    let publish = || edge.aws.publish(topic, vec![notice.clone()]);
    let answers = patience.call("publish a digest to SNS", publish).await?;
    answers.into_iter().flatten().next().map_or(Ok(()), Err)
}

/// The sort key of an alert's state.
pub const STATE: &str = "state";

/// Puts what an alert says into an item.
pub(crate) fn put_alert(item: &mut Item, alert: &Alert) {
    layout::put(item, "uid", alert.uid.to_string());
    for (attribute, number) in [
        ("first_ms", alert.first_ms),
        ("last_ms", alert.last_ms),
        ("severity", alert.severity.id()),
        ("count", alert.count as i64),
        ("n_findings", alert.n_findings as i64),
    ] {
        layout::put_number(item, attribute, number);
    }
    let lines = |texts: &BTreeSet<String>| texts.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    for (attribute, text) in [
        ("rule", &alert.rule),
        ("family", &alert.family),
        ("title", &alert.title),
        ("account", &alert.account),
        ("region", &alert.region),
        ("resource", &alert.resource),
        ("findings", &alert.findings.join("\n")),
        ("actors", &lines(&alert.actors)),
        ("titles", &lines(&alert.titles)),
    ] {
        layout::put_some(item, attribute, text);
    }
}

/// The alert that an item says.
pub(crate) fn read_alert(item: &Item) -> Option<Alert> {
    let text = |attribute| layout::text(item, attribute).to_owned();
    let lines = |attribute| layout::text(item, attribute).lines().map(str::to_owned);
    Some(Alert {
        uid: layout::text(item, "uid").parse().ok()?,
        first_ms: layout::number(item, "first_ms"),
        last_ms: layout::number(item, "last_ms"),
        severity: kinescope_schemas::Severity::from_id(layout::number(item, "severity")),
        rule: text("rule"),
        family: text("family"),
        title: text("title"),
        account: text("account"),
        region: text("region"),
        resource: text("resource"),
        count: layout::number(item, "count").unsigned_abs(),
        findings: lines("findings").collect(),
        actors: lines("actors").collect(),
        titles: lines("titles").collect(),
        n_findings: layout::number(item, "n_findings").unsigned_abs(),
    })
}
