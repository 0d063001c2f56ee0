//! AWS Health events. One event may come in pages, each an EventBridge event of its own.

use std::io;

use super::{Place, ServiceEvent};
use crate::clock::Clock;

/// Service, event type code, category and description.
const KINDS: [(&str, &str, &str, &str); 4] = [
    (
        "EC2",
        "AWS_EC2_PERSISTENT_INSTANCE_RETIREMENT_SCHEDULED",
        "scheduledChange",
        "EC2 has detected degradation of the hardware that hosts your instance.",
    ),
    (
        "RDS",
        "AWS_RDS_OPERATIONAL_ISSUE",
        "issue",
        "We are investigating increased error rates for Amazon RDS.",
    ),
    (
        "LAMBDA",
        "AWS_LAMBDA_PLANNED_LIFECYCLE_EVENT",
        "scheduledChange",
        "A runtime that your functions use reaches its end of support.",
    ),
    ("IAM", "AWS_RISK_CREDENTIALS_EXPOSED", "issue", "Credentials of your account were found in public."),
];
const TIME: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// Pages still to come.
#[derive(Default)]
pub(super) struct Pages {
    second: Option<Page>,
}

struct Page {
    account: &'static str,
    region: &'static str,
    event: ServiceEvent,
}

impl Pages {
    /// Account and region of the page that waits, which it shares with the page before.
    pub(super) fn waiting_place(&self) -> Option<(&'static str, &'static str)> {
        self.second.as_ref().map(|page| (page.account, page.region))
    }

    /// The next page: the second of an event that was begun, or the first of a new one.
    pub(super) fn event(&mut self, place: &mut Place<'_>) -> io::Result<ServiceEvent> {
        if let Some(second) = self.second.take() {
            return Ok(second.event);
        }
        let n_pages = if place.random.one_in(3) { 2 } else { 1 };
        let (kind, token) = (place.random.below(KINDS.len() as u64) as usize, place.random.hex(64));
        if n_pages == 2 {
            let event = page(place, kind, &token, (2, n_pages))?;
            self.second = Some(Page { account: place.account, region: place.region, event });
        }
        page(place, kind, &token, (1, n_pages))
    }
}

fn page(
    place: &mut Place<'_>,
    kind: usize,
    token: &str,
    (number, n_pages): (u64, u64),
) -> io::Result<ServiceEvent> {
    let Place { account, region, clock, random } = place;
    let (service, code, category, description) = KINDS[kind];
    let instance = random.hex(16);
    let (start, updated) = (clock.spelled(TIME)?, Clock::new(clock.ms() + 60_000)?.spelled(TIME)?);
    // Delivery goes to a backup region too: the region affected stands in the detail alone.
    let event_region = "eu-west-1";
    let (head, tail) = token.split_at(32);
    let detail = format!(
        r#"{{"eventArn":"arn:aws:health:{event_region}::event/{service}/{code}/{code}_{tail}","service":"{service}","eventScopeCode":"ACCOUNT_SPECIFIC","eventTypeCode":"{code}","eventTypeCategory":"{category}","communicationId":"{head}{tail}-{number}","startTime":"{start}","lastUpdatedTime":"{updated}","statusCode":"open","eventRegion":"{event_region}","eventDescription":[{{"language":"en_US","latestDescription":"{description}"}}],"affectedEntities":[{{"entityValue":"i-0{instance}","status":"IMPAIRED","lastUpdatedTime":"{updated}"}}],"affectedAccount":"{account}","page":"{number}","totalPages":"{n_pages}","backupEvent":"{}"}}"#,
        *region != event_region
    );
    Ok(ServiceEvent {
        detail_type: "AWS Health Event",
        source: "aws.health",
        resources: format!(r#"["i-0{instance}"]"#),
        detail,
    })
}
