//! An event as facts look at it.

use super::{Fact, Lists, Told, members, network, policy};
use kinescope_schemas::{
    Event, Source,
    tables::{api_activity as t, base, network_activity as flow},
};
use serde_json::Value as Json;
use std::{
    borrow::Cow,
    cell::{OnceCell, RefCell},
    net::IpAddr,
};

/// Bytes of a request or an answer that are opened. CloudTrail writes no event above 1 MB.
const OPENED_BYTES_MAX: usize = 1 << 20;

/// An event and the user's lists, with what facts share: each part is worked out once, when it is first asked for.
pub struct View<'e> {
    pub(super) event: &'e Event<'e>,
    pub(super) lists: &'e Lists,
    request: OnceCell<Json>,
    response: OnceCell<Json>,
    openings: OnceCell<Vec<network::Opening>>,
    policies: OnceCell<policy::Policies>,
    /// The facts that were asked for, with what they said: many rules ask the same of an event.
    told: RefCell<Vec<(&'static Fact, Told)>>,
}

impl<'e> View<'e> {
    /// Wraps an event.
    pub fn new(event: &'e Event<'e>, lists: &'e Lists) -> View<'e> {
        View {
            event,
            lists,
            request: OnceCell::new(),
            response: OnceCell::new(),
            openings: OnceCell::new(),
            policies: OnceCell::new(),
            told: RefCell::default(),
        }
    }

    /// What a fact says of the event, worked out once.
    pub fn tell(&self, fact: &'static Fact) -> Told {
        let told = self.told.borrow().iter().find(|(known, _)| std::ptr::eq(*known, fact)).cloned();
        if let Some((_, told)) = told {
            return told;
        }
        let told = fact.tell(self);
        self.told.borrow_mut().push((fact, told.clone()));
        told
    }

    /// Whether CloudTrail wrote it.
    pub(super) fn is_call(&self) -> bool {
        self.event.source == Source::CloudTrail
    }

    /// A slot of a CloudTrail event as text, "" if it is empty or the event another one.
    pub(super) fn slot(&self, column: usize) -> &str {
        if self.is_call() { self.event.row.str(column) } else { "" }
    }

    /// The service that was called, without the domain: `ec2`. "" if it was no call.
    pub(super) fn service(&self) -> &str {
        let name = self.slot(t::API_SERVICE_NAME);
        name.split('.').next().unwrap_or(name)
    }

    /// The operation, without the date and version that some services append.
    pub(super) fn operation(&self) -> &str {
        bare_operation(self.slot(t::API_OPERATION))
    }

    /// Whether the call was one of these operations of a service.
    pub(super) fn is(&self, service: &str, operations: &[&str]) -> bool {
        self.service() == service && operations.contains(&self.operation())
    }

    /// What the call asked for; null if nothing, if it cannot be read, or if it is too long.
    pub(super) fn request(&self) -> &Json {
        let request = self.request.get_or_init(|| self.json(t::API_REQUEST_DATA));
        // Newer calls of EC2 wrap all they ask for: {"ModifySecurityGroupRulesRequest": {...}}.
        match request.as_object().and_then(|members| members.iter().next().filter(|_| members.len() == 1)) {
            Some((name, inner)) if name.ends_with("Request") && inner.is_object() => inner,
            _ => request,
        }
    }

    /// What the call answered, without session tokens; null if nothing.
    pub(super) fn response(&self) -> &Json {
        self.response.get_or_init(|| self.json(t::API_RESPONSE_DATA))
    }

    fn json(&self, column: usize) -> Json {
        let text = self.slot(column);
        if text.len() > OPENED_BYTES_MAX {
            Json::Null
        } else {
            serde_json::from_str(text).unwrap_or_default()
        }
    }

    /// Whether the call asked for something that is too much to open.
    pub(super) fn is_request_too_long(&self) -> bool {
        self.slot(t::API_REQUEST_DATA).len() > OPENED_BYTES_MAX
    }

    /// CloudTrail's additional data; null if there is none.
    pub(super) fn additional(&self) -> Json {
        self.json(t::ADDITIONAL_EVENT_DATA)
    }

    /// The member of the request at a path.
    pub(super) fn asked(&self, path: &str) -> &Json {
        members::at(self.request(), path)
    }

    /// The member of the request at a path, as text; "" if there is none.
    pub(super) fn asked_text(&self, path: &str) -> Cow<'_, str> {
        members::text(self.asked(path)).unwrap_or_default()
    }

    /// Whether the request sets a flag so.
    pub(super) fn asked_flag(&self, path: &str, value: bool) -> bool {
        members::flag(self.asked(path)) == Some(value)
    }

    /// Whether the request has a member, null and empty text not counting.
    pub(super) fn asks(&self, path: &str) -> bool {
        match self.asked(path) {
            Json::Null => false,
            Json::String(text) => !text.is_empty(),
            _ => true,
        }
    }

    /// What a change of a network lets pass.
    pub(super) fn openings(&self) -> &[network::Opening] {
        self.openings.get_or_init(|| network::openings(self))
    }

    /// The policies that a call sets.
    pub(super) fn policies(&self) -> &policy::Policies {
        self.policies.get_or_init(|| policy::policies(self))
    }

    /// The account that the event happened in.
    pub(super) fn account(&self) -> &str {
        self.event.row.str(base::CLOUD_ACCOUNT_UID)
    }

    /// Whether an account is neither the event's own, nor one of the user's, nor trusted.
    pub(super) fn is_foreign(&self, account: &str) -> bool {
        let listed = |list: &[String]| list.iter().any(|known| known == account);
        super::lists::is_account(account)
            && !self.account().is_empty()
            && account != self.account()
            && !listed(&self.lists.own_accounts)
            && !listed(&self.lists.trusted_accounts)
    }

    /// The source's address of a flow record.
    pub(super) fn flow_source(&self) -> Option<IpAddr> {
        self.flow_address(flow::SRC_ENDPOINT_IP)
    }

    /// The destination's address of a flow record.
    pub(super) fn flow_destination(&self) -> Option<IpAddr> {
        self.flow_address(flow::DST_ENDPOINT_IP)
    }

    fn flow_address(&self, column: usize) -> Option<IpAddr> {
        if self.event.source == Source::VpcFlow { self.event.row.str(column).parse().ok() } else { None }
    }

    /// The address that the call came from, if it has one.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.slot(t::SRC_ENDPOINT_IP).parse().ok()
    }
}

/// The operation without its version: `AddPermission` of `AddPermission20150331v2`, `CreateFunction` of
/// `CreateFunction2020_05_31`.
fn bare_operation(operation: &str) -> &str {
    let bytes = operation.as_bytes();
    let is_version = |at: usize| {
        bytes[at..].starts_with(b"20")
            && bytes[at..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'_').count() >= 8
    };
    let end = (1..bytes.len()).find(|at| is_version(*at)).unwrap_or(operation.len());
    operation.get(..end).unwrap_or(operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_lose_their_version() {
        for (operation, bare) in [
            ("AddPermission20150331v2", "AddPermission"),
            ("CreateFunction2020_05_31", "CreateFunction"),
            ("GetObject", "GetObject"),
            ("ListObjectsV2", "ListObjectsV2"),
            ("20150331", "20150331"),
            ("", ""),
            ("Describe2026", "Describe2026"),
        ] {
            assert_eq!(bare_operation(operation), bare);
        }
    }
}
