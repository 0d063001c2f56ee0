//! The parts of a story.

use std::rc::Rc;

use crate::clock::Clock;
use crate::cloudtrail::{EventType, Header, Record};
use crate::random::Random;
use crate::world::identity::{session_json, user_json};

/// An attack in one account.
pub(super) struct Story {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) account: &'static str,
    pub(super) steps: Vec<Step>,
    /// Whether its steps follow each other within seconds.
    pub(super) is_burst: bool,
}

/// Who acts, and from where.
pub(super) struct Actor {
    /// The `userIdentity`, in which `$c` stands for the start of the session.
    identity: String,
    source_ip: &'static str,
    user_agent: &'static str,
    is_service: bool,
}

/// One event of a story.
pub(crate) struct Step {
    pub(super) rule: Option<&'static str>,
    pub(super) event_id: String,
    request_id: String,
    actor: Rc<Actor>,
    header: Header,
    name: &'static str,
    params: String,
    response: String,
    additional: String,
    resources: String,
    error: Option<(&'static str, &'static str)>,
    read_only: bool,
    management: bool,
}

/// What the steps of a story have in common.
pub(super) struct Scene<'a> {
    pub(super) random: &'a mut Random,
    pub(super) account: &'static str,
    pub(super) region: &'static str,
    pub(super) actor: Rc<Actor>,
}

impl Actor {
    /// An IAM user with an access key.
    pub(super) fn user(
        random: &mut Random,
        account: &str,
        name: &str,
        from: (&'static str, &'static str),
    ) -> Rc<Actor> {
        Actor::of(user_json(random, account, name), from)
    }

    /// A session of a role.
    pub(super) fn session(
        random: &mut Random,
        account: &str,
        (role, session): (&str, &str),
        from: (&'static str, &'static str),
    ) -> Rc<Actor> {
        Actor::of(session_json(random, account, "", role, session), from)
    }

    /// An identity, an address and a user agent.
    pub(super) fn of(identity: String, (source_ip, user_agent): (&'static str, &'static str)) -> Rc<Actor> {
        Rc::new(Actor { identity, source_ip, user_agent, is_service: false })
    }

    /// An AWS service acting on its own.
    pub(super) fn service(name: &'static str) -> Rc<Actor> {
        let identity = format!(r#"{{"type":"AWSService","invokedBy":"{name}"}}"#);
        Rc::new(Actor { identity, source_ip: name, user_agent: name, is_service: true })
    }

    /// The same identity from the same place with another tool.
    pub(super) fn with_tool(&self, user_agent: &'static str) -> Rc<Actor> {
        Actor::of(self.identity.clone(), (self.source_ip, user_agent))
    }
}

impl Scene<'_> {
    /// A management call that writes.
    pub(super) fn write(
        &mut self,
        service: &'static str,
        name: &'static str,
        params: impl Into<String>,
    ) -> Step {
        let event_type = if service == "signin" { EventType::ConsoleSignIn } else { EventType::ApiCall };
        Step {
            rule: None,
            event_id: self.random.uuid(),
            request_id: if service == "signin" { String::new() } else { self.random.uuid() },
            actor: Rc::clone(&self.actor),
            header: Header { account: self.account, region: self.region, service, event_type },
            name,
            params: params.into(),
            response: "null".to_owned(),
            additional: String::new(),
            resources: String::new(),
            error: None,
            read_only: false,
            management: true,
        }
    }

    /// A management call that reads.
    pub(super) fn read(
        &mut self,
        service: &'static str,
        name: &'static str,
        params: impl Into<String>,
    ) -> Step {
        let mut step = self.write(service, name, params);
        step.read_only = true;
        step
    }
}

impl Step {
    /// The rule that must fire on this event.
    pub(super) fn expects(mut self, rule: &'static str) -> Step {
        self.rule = Some(rule);
        self
    }

    pub(super) fn answers(mut self, response: impl Into<String>) -> Step {
        self.response = response.into();
        self
    }

    pub(super) fn with(mut self, additional: impl Into<String>) -> Step {
        self.additional = additional.into();
        self
    }

    pub(super) fn on(mut self, resources: impl Into<String>) -> Step {
        self.resources = resources.into();
        self
    }

    pub(super) fn by(mut self, actor: &Rc<Actor>) -> Step {
        self.actor = Rc::clone(actor);
        self
    }

    pub(super) fn in_region(mut self, region: &'static str) -> Step {
        self.header.region = region;
        self
    }

    /// Code and message, either of which may be empty.
    pub(super) fn fails(mut self, code: &'static str, message: &'static str) -> Step {
        self.error = Some((code, message));
        self
    }

    pub(super) fn on_data(mut self) -> Step {
        self.management = false;
        self
    }

    /// Appends the event as of the clock's time.
    pub(crate) fn write(&self, clock: &Clock, out: &mut String) -> Header {
        let identity = self.actor.identity.replace("$c", clock.hour_iso());
        let response = self.response.replace("$z", clock.iso());
        let host = self.host();
        Record {
            version: "1.11",
            identity: &identity,
            time: clock.iso(),
            service: self.header.service,
            name: self.name,
            region: self.header.region,
            source_ip: self.actor.source_ip,
            user_agent: self.actor.user_agent,
            error: self.error,
            params: &self.params,
            response: &response,
            additional: &self.additional,
            request_id: &self.request_id,
            event_id: &self.event_id,
            read_only: self.read_only,
            resources: &self.resources,
            event_type: self.header.event_type,
            management: self.management,
            account: self.header.account,
            shared_id: "",
            host: &host,
            from_console: false,
        }
        .push(out);
        self.header
    }

    fn host(&self) -> String {
        let Header { service, region, .. } = self.header;
        match service {
            _ if self.actor.is_service => String::new(),
            "iam" => "iam.amazonaws.com".to_owned(),
            "signin" => format!("{region}.signin.aws.amazon.com"),
            _ => format!("{service}.{region}.amazonaws.com"),
        }
    }
}
