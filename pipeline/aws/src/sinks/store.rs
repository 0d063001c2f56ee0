//! DynamoDB: how items are put, and agents, each under a derived key, so that writing again changes nothing.

use crate::{
    edge::{Edge, fail},
    layout,
    limits::{DYNAMODB_CALL_BYTES_MAX, DYNAMODB_ITEMS_MAX},
    pages,
    port::{Aws, CallError, Called, Item, PutIf, Range},
    send::{Patience, packs},
};
use kinescope_pipeline::{Answers, Output, output::Agent};
use std::collections::BTreeMap;

/// Enters what an output says of agents.
pub async fn write<A: Aws>(edge: &Edge<A>, patience: &Patience, output: &Output, now_ms: i64) -> Answers {
    let mut answers = Answers { n_items: output.agents.len() as u64, ..Answers::default() };
    for heard in heard(&output.agents) {
        if let Err(error) = agent(edge, patience, &heard, now_ms).await {
            fail(&mut answers, heard.owners, &error);
        }
    }
    answers
}

/// Puts items, 25 at a time; the places of those that were not written.
pub(crate) async fn put_all<A: Aws>(
    edge: &Edge<A>,
    patience: &Patience,
    items: &[Item],
) -> Vec<(usize, CallError)> {
    let table = &edge.names.table;
    let packs =
        packs(0..items.len(), DYNAMODB_ITEMS_MAX, DYNAMODB_CALL_BYTES_MAX, |at| layout::size(&items[*at]));
    let put = |pack: Vec<usize>| {
        let call = edge.aws.put_items(table, pack.iter().map(|at| items[*at].clone()).collect());
        async move {
            let unwritten = |at| {
                let words = "the table left it unprocessed".to_owned();
                (at, CallError { action: "put items into", resource: table.clone(), words, may_pass: true })
            };
            Ok(call.await?.into_iter().map(unwritten).collect())
        }
    };
    patience.send("put items into DynamoDB", packs, put).await
}

/// What an output says of one agent.
struct Heard<'o> {
    owners: Vec<u32>,
    newest: &'o Agent,
    first_ms: i64,
}

/// All that is said of each agent.
fn heard(agents: &[(u32, Agent)]) -> Vec<Heard<'_>> {
    let mut by_id = BTreeMap::<(&str, &str, &str), Heard<'_>>::new();
    for (owner, agent) in agents {
        let heard = by_id
            .entry((agent.id.as_str(), agent.account.as_str(), agent.region.as_str()))
            .or_insert_with(|| Heard { owners: Vec::new(), newest: agent, first_ms: agent.time_ms });
        heard.owners.push(*owner);
        heard.first_ms = heard.first_ms.min(agent.time_ms);
        if (agent.time_ms, &agent.state) > (heard.newest.time_ms, &heard.newest.state) {
            heard.newest = agent;
        }
    }
    by_id.into_values().collect()
}

/// Enters an agent's word, unless the table has a newer one; in whatever order words come, the first time is the
/// earliest and the last the latest.
async fn agent<A: Aws>(edge: &Edge<A>, patience: &Patience, heard: &Heard<'_>, now_ms: i64) -> Called<()> {
    let agent = heard.newest;
    let table = &edge.names.table;
    let (pk, sk) = (
        layout::agents_pk(&agent.id),
        [&agent.id, &agent.account, &agent.region].map(|text| layout::name(text)).join("#"),
    );
    let range = Range { pk: pk.clone(), from: sk.clone(), to: sk.clone(), ..Range::default() };
    loop {
        let known = pages::query(&edge.aws, table, patience, "read an agent from", range.clone()).await?;
        let known = known.into_iter().next();
        let (first, last) = known.as_ref().map_or((heard.first_ms, i64::MIN), |item| {
            (layout::number(item, "first_seen"), layout::number(item, "last_seen"))
        });
        let is_newer = known
            .as_ref()
            .is_none_or(|item| (agent.time_ms, agent.state.as_str()) > (last, layout::text(item, "state")));
        if !is_newer && heard.first_ms >= first {
            return Ok(());
        }
        let mut item = match &known {
            Some(item) if !is_newer => item.clone(),
            _ => layout::item(&pk, &sk, now_ms),
        };
        if is_newer {
            for (attribute, text) in [
                ("id", &agent.id),
                ("account", &agent.account),
                ("region", &agent.region),
                ("state", &agent.state),
                ("version", &agent.version),
            ] {
                layout::put_some(&mut item, attribute, layout::cut(text));
            }
            layout::put_number(&mut item, "last_seen", agent.time_ms);
        }
        layout::put_number(&mut item, "first_seen", heard.first_ms.min(first));
        // Each write has a number of its own, so that no two that began from the same item can both be made.
        let n_writes = known.as_ref().map_or(0, |item| layout::number(item, "n_writes"));
        layout::put_number(&mut item, "n_writes", n_writes + 1);
        let was = known.as_ref().and_then(|item| item.get("n_writes").cloned());
        let put = || {
            edge.aws
                .put_if(table, vec![PutIf { item: item.clone(), attribute: "n_writes", was: was.clone() }])
        };
        if patience.call("enter an agent in", put).await? {
            return Ok(());
        }
    }
}
