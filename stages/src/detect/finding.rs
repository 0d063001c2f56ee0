//! A finding: a rule matched an event. It becomes a row of the findings table, and by that OCSF's detection finding.

use super::{
    Correlation,
    correlate::Correlated,
    explain::facts_used,
    rule::{About, Rule},
};
use crate::{
    facts::Lists,
    json::{Raw, Str},
    parse::without_secrets,
};
use kinescope_schemas::{
    Class, Event, Id, Row, Severity, Source, Table, Value, ocsf,
    tables::{
        api_activity as api, base, findings as t, http_activity as http, network_activity as network,
        operations,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use std::{borrow::Cow, collections::BTreeMap};

/// What our findings call their product.
pub const PRODUCT: &str = ocsf::OURSELVES;

/// A rule matched an event. It waits to be written, so it has what is written, and no row.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Derived from the event and the rule.
    pub uid: Id,
    /// The key of the event that it is about; of a correlation, which is about many, its own id.
    pub event: Id,
    /// Of the rule.
    pub severity: Severity,
    /// Of the event, milliseconds since 1970.
    pub time_ms: i64,
    /// The rule's id.
    pub rule: String,
    /// The rule's family.
    pub family: String,
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The resource that alerts are folded by: the one it was done to, or who did it.
    pub resource: String,
    /// Who did it.
    pub actor: String,
    /// What it says.
    pub title: String,
    /// OCSF's detection finding, as JSON.
    pub ocsf: String,
}

impl Finding {
    /// Makes the finding, and its row of the lake. The lists are those that the rule was matched with: its facts are told
    /// again from them.
    pub fn new<'r>(event: &'r Event<'_>, rule: &'r Rule, lists: &Lists) -> (Finding, Row<'r>) {
        let uid = Id::of(&[b"finding", &event.key.0, rule.about.id.as_bytes()]);
        let actor = actor(event);
        let resources = resources(event);
        let named = resources.first().and_then(|first| first.uid.clone()).unwrap_or_default();
        let resource: [Cow<'r, str>; 3] = [named.into(), place(event).into(), actor.into()];
        let resource = resource.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        let mut row = Row::default();
        head(&mut row, &rule.about, uid, event.time_ms());
        row.set(base::LOG_NAME, event.source.name());
        for column in [base::CLOUD_ACCOUNT_UID, base::CLOUD_REGION] {
            row.set(column, Value::text_or_null(event.row.str(column)));
        }
        let related = [Related { uid: event.uid(), type_uid: event.row.int(base::TYPE_UID) }];
        row.set(t::RELATED_EVENTS, text_of(&related));
        if !resources.is_empty() {
            row.set(t::RESOURCES, text_of(&resources));
        }
        row.set(t::EVIDENCES, evidences(event));
        row.set(base::UNMAPPED, facts(event, rule, lists));
        row.set(t::ACTOR_UID, Value::text_or_null(actor));
        row.set(t::RESOURCE_UID, Value::text_or_null(resource.clone()));
        let finding = Finding {
            uid,
            event: event.key,
            severity: rule.about.severity,
            time_ms: event.time_ms(),
            rule: rule.about.id.clone(),
            family: rule.about.family.clone(),
            account: event.row.str(base::CLOUD_ACCOUNT_UID).to_owned(),
            region: event.row.str(base::CLOUD_REGION).to_owned(),
            resource: resource.into(),
            actor: actor.to_owned(),
            title: rule.about.title.clone(),
            ocsf: ocsf::finding_text(&row),
        };
        (finding, row)
    }

    /// The finding of a correlation that held, and its row: its events are counted, the first of them named.
    pub fn of_correlation<'c>(correlation: &'c Correlation, found: &Correlated) -> (Finding, Row<'c>) {
        let about = &correlation.about;
        let mut row = Row::default();
        head(&mut row, about, found.uid, found.time_ms);
        row.set(base::LOG_NAME, "correlation");
        row.set(base::CLOUD_ACCOUNT_UID, Value::text_or_null(found.account.clone()));
        row.set(base::CLOUD_REGION, Value::text_or_null(found.region.clone()));
        row.set(t::FIRST_SEEN_TIME, found.first_ms);
        row.set(t::LAST_SEEN_TIME, found.last_ms);
        row.set(t::COUNT, found.n_events as i64);
        let related: Vec<Json> = found.events.iter().map(|uid| json!({"uid": uid})).collect();
        row.set(t::RELATED_EVENTS, Json::from(related).to_string());
        let group: Map<String, Json> = correlation
            .group_names
            .iter()
            .cloned()
            .zip(found.group.iter().map(|value| json!(value)))
            .collect();
        let of_group = found.group.iter().filter(|value| !value.is_empty());
        let resource = of_group.cloned().collect::<Vec<_>>().join(" ");
        let evidence = json!({"data": {"group": group, "events": found.n_events}});
        row.set(t::EVIDENCES, json!([evidence]).to_string());
        row.set(t::RESOURCE_UID, Value::text_or_null(resource.clone()));
        row.set(t::ACTOR_UID, Value::text_or_null(resource.clone()));
        let finding = Finding {
            uid: found.uid,
            event: found.uid,
            severity: about.severity,
            time_ms: found.time_ms,
            rule: about.id.clone(),
            family: about.family.clone(),
            account: found.account.clone(),
            region: found.region.clone(),
            actor: resource.clone(),
            resource,
            title: about.title.clone(),
            ocsf: ocsf::finding_text(&row),
        };
        (finding, row)
    }
}

/// What every finding has.
fn head<'r>(row: &mut Row<'r>, about: &'r About, uid: Id, time_ms: i64) {
    const NEW: i64 = 1;
    let class = Class::DetectionFinding.uid();
    row.set(base::METADATA_UID, uid.to_string());
    for (column, value) in [
        (base::TIME, time_ms),
        (base::TIME_DT, time_ms),
        (base::CLASS_UID, class),
        (base::CATEGORY_UID, class / 1000),
        (base::ACTIVITY_ID, NEW),
        (base::TYPE_UID, class * 100 + NEW),
        (base::SEVERITY_ID, about.severity.id()),
        (base::STATUS_ID, NEW),
        (t::ANALYTIC_TYPE_ID, 1),
        (t::CREATED_TIME, time_ms),
        (t::COUNT, 1),
    ] {
        row.set(column, value);
    }
    row.set(base::SEVERITY_REASON, "the rule's level");
    row.set(base::CATEGORY, "finding");
    row.set(base::PRODUCT_NAME, PRODUCT);
    row.set(base::MESSAGE, &*about.title);
    row.set(t::FINDING_UID, uid.to_string());
    row.set(t::FINDING_TITLE, &*about.title);
    row.set(t::FINDING_DESC, Value::text_or_null(&*about.description));
    row.set(t::ANALYTIC_UID, &*about.id);
    row.set(t::ANALYTIC_NAME, &*about.title);
    let told = about.told.get_or_init(|| Told::of(about));
    row.set(t::ATTACKS, told.attacks.as_deref());
    row.set(t::REMEDIATION_DESC, told.what_to_do.as_deref());
    row.set(t::REMEDIATION_REFERENCES, told.references.as_deref());
}

/// The event that a finding is about.
#[derive(Serialize)]
struct Related<'e> {
    uid: &'e str,
    type_uid: Option<i64>,
}

/// What all findings of a rule say alike.
#[derive(Clone, Debug)]
pub(super) struct Told {
    attacks: Option<String>,
    what_to_do: Option<String>,
    references: Option<String>,
}

impl Told {
    fn of(about: &About) -> Told {
        // A page ends with what to do; without a page there is none, and OCSF wants links only beside it.
        let what_to_do = last_sentence(&about.description);
        let references = what_to_do.as_ref().filter(|_| !about.references.is_empty());
        let references = references.map(|_| text_of(&about.references));
        Told { attacks: attacks(about), what_to_do, references }
    }
}

/// What `to_string` gives, in half the time.
fn text_of(json: &impl Serialize) -> String {
    // A value in memory can be written to memory.
    serde_json::to_string(json).unwrap_or_default()
}

/// The last sentence of a page, on one line.
fn last_sentence(page: &str) -> Option<String> {
    let words: Vec<&str> = page.split_whitespace().collect();
    let ends = |word: &&str| word.ends_with(['.', '!', '?']);
    let end = words.len().checked_sub(1)?;
    let start = words[..end].iter().rposition(ends).map_or(0, |at| at + 1);
    Some(words[start..].join(" "))
}

/// The facts that the rule asked for, each as text by its name, several values with commas between.
fn facts(event: &Event<'_>, rule: &Rule, lists: &Lists) -> Value<'static> {
    let facts: BTreeMap<String, String> = facts_used(rule, event, lists)
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(field, values)| (field, values.join(", ")))
        .collect();
    if facts.is_empty() { Value::Null } else { text_of(&facts).into() }
}

fn attacks(about: &About) -> Option<String> {
    // MITRE's own ids of the tactics of the enterprise matrix.
    const TACTICS: &[(&str, &str)] = &[
        ("reconnaissance", "TA0043"),
        ("resource-development", "TA0042"),
        ("initial-access", "TA0001"),
        ("execution", "TA0002"),
        ("persistence", "TA0003"),
        ("privilege-escalation", "TA0004"),
        ("stealth", "TA0005"),
        ("defense-impairment", "TA0112"),
        ("credential-access", "TA0006"),
        ("discovery", "TA0007"),
        ("lateral-movement", "TA0008"),
        ("collection", "TA0009"),
        ("command-and-control", "TA0011"),
        ("exfiltration", "TA0010"),
        ("impact", "TA0040"),
    ];
    let tactics: Vec<_> = about
        .tactics()
        .filter_map(|name| TACTICS.iter().find(|(known, _)| *known == name))
        .map(|(name, uid)| json!({"uid": uid, "name": name.replace('-', " ")}))
        .collect();
    let attacks: Vec<_> = about
        .techniques()
        .map(|technique| {
            let mut attack = json!({"technique": {"uid": technique.split('.').next()}});
            if technique.contains('.') {
                attack["sub_technique"] = json!({"uid": technique});
            }
            if let Some(tactic) = tactics.first() {
                attack["tactic"] = tactic.clone();
            }
            attack
        })
        .collect();
    (!attacks.is_empty()).then(|| text_of(&attacks))
}

/// Who did it: an ARN where there is one, an address where there is none.
fn actor<'e>(event: &'e Event<'_>) -> &'e str {
    first_of(
        event,
        match event.table {
            Table::ApiActivity => &[
                api::ACTOR_USER_UID,
                api::ACTOR_USER_UID_ALT,
                api::ACTOR_USER_NAME,
                api::ACTOR_INVOKED_BY,
                api::SRC_ENDPOINT_IP,
            ],
            Table::NetworkActivity => &[network::SRC_ENDPOINT_IP],
            Table::HttpActivity => &[http::SRC_ENDPOINT_IP],
            Table::Findings => &[t::ACTOR_UID],
            _ => &[base::LOG_NAME],
        },
    )
}

/// What alerts are folded by where nothing names resources.
fn place<'e>(event: &'e Event<'_>) -> &'e str {
    first_of(
        event,
        match event.table {
            Table::NetworkActivity => &[
                network::DST_ENDPOINT_INSTANCE_UID,
                network::DST_ENDPOINT_INTERFACE_UID,
                network::DST_ENDPOINT_IP,
            ],
            Table::HttpActivity => &[http::DST_ENDPOINT_NAME],
            Table::Findings => &[t::RESOURCE_UID],
            Table::Operations => &[operations::ARN, operations::NAME],
            Table::Logs => &[base::LOG_NAME],
            _ => &[],
        },
    )
}

/// The first of some columns that holds something.
fn first_of<'e>(event: &'e Event<'_>, columns: &[usize]) -> &'e str {
    let mut texts = columns.iter().map(|column| event.row.str(*column));
    texts.find(|text| !text.is_empty()).unwrap_or_default()
}

/// What it was done to: what CloudTrail names, else the first identifier among the parameters.
fn resources(event: &Event<'_>) -> Vec<Resource> {
    const IDS: &[&str] = &[
        "bucketName",
        "groupId",
        "instanceId",
        "functionName",
        "userName",
        "roleName",
        "trailName",
        "name",
        "detectorId",
        "dBInstanceIdentifier",
        "dBSnapshotIdentifier",
        "snapshotId",
        "imageId",
        "loadBalancerArn",
        "listenerArn",
        "resourceArn",
        "logGroupName",
        "keyId",
        "secretId",
        "networkAclId",
        "routeTableId",
        "vpcPeeringConnectionId",
        "groupName",
        "configurationRecorderName",
    ];
    if event.source != Source::CloudTrail {
        return Vec::new();
    }
    // Most calls name none.
    let named = Some(event.row.str(api::RESOURCES)).filter(|text| !text.is_empty());
    let mut named: Vec<Resource> = named.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    named.retain(|resource| resource.uid.is_some());
    if !named.is_empty() {
        return named;
    }
    let request = Raw(event.row.str(api::API_REQUEST_DATA)).fields();
    let text = |id: &str| request.get(id)?.str().map(Str::text).filter(|text| !text.is_empty());
    let first = IDS.iter().find_map(|id| Some((id, text(id)?)));
    let resource = |(id, uid): (&&str, Cow<'_, str>)| Resource {
        uid: Some(uid.into()),
        kind: Some((*id).into()),
        owner: None,
    };
    first.map(resource).into_iter().collect()
}

/// A resource as its column has it. One of which only the beginning of a name is known has no uid.
#[derive(Serialize, Deserialize)]
struct Resource {
    uid: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
}

#[derive(Serialize, Deserialize)]
struct Owner {
    account: Account,
}

#[derive(Serialize, Deserialize)]
struct Account {
    uid: String,
}

/// What shows it: the call, who made it and from where, and the event itself as it came, but for credentials. A list of one.
fn evidences(event: &Event<'_>) -> String {
    const PARTS: [&str; 5] = ["api", "actor", "src_endpoint", "dst_endpoint", "connection_info"];
    let mut list = ocsf::parts_of(event, &PARTS, ("data", &without_secrets(event.raw)));
    list.insert(0, '[');
    list.push(']');
    list
}
