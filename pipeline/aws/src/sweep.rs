//! The sweep, once a minute: says how many there were of what was folded into one alert, and sends what had no room in
//! its minute, or whose batch died, as a digest.

use crate::{
    edge::Edge,
    lane, layout, pages,
    port::{Aws, Called, Item, Range},
    send::Patience,
    sinks::{
        alerts::{self, BATCH_MS_MAX, STATE, due},
        store::put_all,
    },
};
use kinescope_pipeline::{
    alert::{Alert, NAMED_MAX, digest},
    config::Alerts,
};
use kinescope_schemas::Id;
use std::collections::{BTreeSet, HashMap, HashSet, hash_map::Entry};

/// Alerts that one sweep looks at in one bucket; the next goes on with the others.
const DUE_MAX: usize = 200;

/// What a sweep did.
#[derive(Debug, Default, PartialEq)]
pub struct Swept {
    /// Alerts that were looked at.
    pub n_due: usize,
    /// Alerts whose count was sent.
    pub n_counted: usize,
    /// Alerts that went into the digest.
    pub n_digested: usize,
}

/// Looks at the alerts that are due.
pub async fn sweep<A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    settings: &Alerts,
    now_ms: i64,
) -> Called<Swept> {
    let mut swept = Swept::default();
    // Those that were looked at, and whether one has to look again.
    let mut looked = HashMap::new();
    let (mut unsent, mut over) = (Vec::new(), Vec::new());
    for bucket in 0..layout::BUCKETS {
        let range = Range {
            pk: due::pk(bucket),
            from: String::new(),
            to: layout::sortable(now_ms),
            n_max: Some(DUE_MAX),
            ..Range::default()
        };
        let action = "read what is due from";
        for due in pages::query(&edge.aws, &edge.names.table, patience, action, range).await? {
            let mut waits = false;
            for fold in due::folds(&due) {
                if let Entry::Vacant(entry) = looked.entry(fold) {
                    let look = look(edge, patience, fold, now_ms).await?;
                    entry.insert(matches!(look, Look::Waiting));
                    match look {
                        Look::Counted => swept.n_counted += 1,
                        Look::Unsent(alert, state) => unsent.push((*alert, state)),
                        Look::Same | Look::Waiting => {}
                    }
                }
                waits |= looked[&fold];
            }
            if !waits {
                over.push(due);
            }
            if looked.len() >= (usize::from(bucket) + 1) * DUE_MAX {
                break;
            }
        }
    }
    swept.n_due = looked.len();
    swept.n_digested = unsent.len();
    send_digest(edge, patience, settings, unsent, now_ms).await?;
    for due in over {
        done_with(edge, patience, &due).await?;
    }
    Ok(swept)
}

enum Look {
    /// There were more than was said, and now it is said.
    Counted,
    /// All is said.
    Same,
    /// Nothing was said yet.
    Unsent(Box<Alert>, Item),
    /// Its batch may still be at work.
    Waiting,
}

async fn look<A: Aws>(edge: &Edge<A>, patience: &Patience, fold: Id, now_ms: i64) -> Called<Look> {
    let range = Range { pk: layout::alert_pk(fold), from: String::new(), to: "~".into(), ..Range::default() };
    let items = pages::query(&edge.aws, &edge.names.table, patience, "read an alert from", range).await?;
    let (states, parts): (Vec<Item>, Vec<Item>) =
        items.into_iter().partition(|item| layout::text(item, layout::SK) == STATE);
    let Some(mut state) = states.into_iter().next() else { return Ok(Look::Same) };
    let parts = lane::counting(&edge.aws, &edge.names.table, patience, parts).await?;
    let Some(alert) = total(&state, &parts) else { return Ok(Look::Same) };
    let sent = layout::number(&state, "sent").unsigned_abs();
    if sent == 0 {
        // Of a batch that has entered what it did nobody can come back for the alert.
        let is_over = !parts.is_empty() || now_ms - layout::number(&state, "claimed_ms") > BATCH_MS_MAX;
        return Ok(if is_over { Look::Unsent(Box::new(alert), state) } else { Look::Waiting });
    }
    if alert.count <= sent {
        return Ok(Look::Same);
    }
    let update =
        Alert { uid: Id::of(&[b"update", &alert.uid.0, &alert.count.to_le_bytes()]), ..alert.clone() };
    if let Some((_, error)) = alerts::publish(edge, patience, &[&update]).await.into_iter().next() {
        return Err(error);
    }
    layout::put_number(&mut state, "sent", alert.count);
    put(edge, patience, state).await?;
    Ok(Look::Counted)
}

/// The alert of all parts, each event counted once: it may have come by two ways.
fn total(state: &Item, parts: &[Item]) -> Option<Alert> {
    let mut alert = alerts::read_alert(state)?;
    let mut events = HashSet::new();
    let (mut n_more, mut n_findings) = (0, 0);
    let mut findings = BTreeSet::new();
    for part in parts {
        let Some(of_part) = alerts::read_alert(part) else { continue };
        events.extend(layout::bytes(part, "events").as_chunks::<16>().0.iter().copied());
        n_more += layout::number(part, "n_more").unsigned_abs();
        n_findings += of_part.n_findings;
        alert.first_ms = alert.first_ms.min(of_part.first_ms);
        alert.last_ms = alert.last_ms.max(of_part.last_ms);
        findings.extend(of_part.findings);
        alert.actors.extend(of_part.actors);
        alert.titles.extend(of_part.titles);
    }
    if !parts.is_empty() {
        alert.count = events.len() as u64 + n_more;
        alert.n_findings = n_findings;
        alert.findings = findings.into_iter().take(NAMED_MAX).collect();
        alert.actors = alert.actors.into_iter().take(NAMED_MAX).collect();
        alert.titles = alert.titles.into_iter().take(alerts::TITLES_MAX).collect();
    }
    Some(alert)
}

/// Sends what nobody sent: one by one as far as the minute has room, and the rest as a digest.
async fn send_digest<A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    settings: &Alerts,
    mut unsent: Vec<(Alert, Item)>,
    now_ms: i64,
) -> Called<()> {
    unsent.sort_by_key(|(alert, _)| std::cmp::Reverse(alert.severity));
    let n_free = alerts::measure(edge, patience, settings, unsent.len(), now_ms).await?;
    let rest = unsent.split_off(n_free.min(unsent.len()));
    let singly: Vec<&Alert> = unsent.iter().map(|(alert, _)| alert).collect();
    if let Some((_, error)) = alerts::publish(edge, patience, &singly).await.into_iter().next() {
        return Err(error);
    }
    let folded: Vec<Alert> = rest.iter().map(|(alert, _)| alert.clone()).collect();
    if let Some(digest) = digest(now_ms, &folded) {
        alerts::publish_digest(edge, patience, &digest).await?;
    }
    for (alert, mut state) in unsent.into_iter().chain(rest) {
        layout::put_number(&mut state, "sent", alert.count.max(1));
        put(edge, patience, state).await?;
    }
    Ok(())
}

async fn put<A: Aws>(edge: &Edge<A>, patience: &Patience, item: Item) -> Called<()> {
    put_all(edge, patience, &[item]).await.into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
}

async fn done_with<A: Aws>(edge: &Edge<A>, patience: &Patience, due: &Item) -> Called<()> {
    let (pk, sk) = (layout::text(due, layout::PK), layout::text(due, layout::SK));
    patience.call("take what was due from", || edge.aws.delete_item(&edge.names.table, pk, sk)).await
}
