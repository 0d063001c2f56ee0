//! Ordinary traffic: the fleet going about its work, with nothing in it that deserves an alarm.

use super::data::DATA;
use super::op::Op;
use super::reads::{READS, SERVICE_READS};
use super::writes::WRITES;
use super::{EventType, Header, Record, rare};
use crate::clock::Clock;
use crate::random::{Random, Weighted};
use crate::template::Scene;
use crate::world::identity::Identity;
use crate::world::{GLOBAL_REGION, World};

const VERSIONS: [&str; 5] = ["1.08", "1.09", "1.10", "1.11", "1.11"];
/// One call in so many fails.
const N_CALLS_PER_FAILURE: u64 = 30;

/// Makes one background event after the other.
pub(super) struct Background {
    pub(super) world: World,
    pub(super) random: Random,
    pub(super) scene: Scene,
    by_read: Weighted,
    by_service_read: Weighted,
    by_data: Weighted,
    by_write: Weighted,
    pub(super) text: Scratch,
}

/// Members under construction, kept so that their memory serves the next event too.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) identity: String,
    pub(super) user_agent: String,
    pub(super) params: String,
    pub(super) response: String,
    pub(super) additional: String,
    pub(super) resources: String,
    pub(super) request_id: String,
    pub(super) event_id: String,
    pub(super) shared_id: String,
    pub(super) message: String,
    pub(super) host: String,
}

impl Background {
    pub(super) fn new(seed: u64) -> Background {
        let weights = |ops: &[Op]| Weighted::new(ops.iter().map(|op| op.weight));
        Background {
            world: World::new(seed),
            random: Random::new(seed, "background"),
            scene: Scene::new(),
            by_read: weights(&READS),
            by_service_read: weights(&SERVICE_READS),
            by_data: weights(&DATA),
            by_write: weights(&WRITES),
            text: Scratch::default(),
        }
    }

    /// Appends the next event: 60 % reads, 30 % data events, 9 % writes, and a few rare ones.
    pub(super) fn write(&mut self, clock: &Clock, out: &mut String) -> Header {
        match self.random.below(1_000) {
            0..80 => {
                let op = &SERVICE_READS[self.by_service_read.draw(&mut self.random)];
                self.call_by_service(op, clock, out)
            }
            80..600 => {
                let op = &READS[self.by_read.draw(&mut self.random)];
                self.call(op, clock, out)
            }
            600..900 => {
                let op = &DATA[self.by_data.draw(&mut self.random)];
                self.call(op, clock, out)
            }
            900..992 => {
                let op = &WRITES[self.by_write.draw(&mut self.random)];
                self.call(op, clock, out)
            }
            _ => rare::write(self, clock, out),
        }
    }

    fn call(&mut self, op: &Op, clock: &Clock, out: &mut String) -> Header {
        let Background { world, random, scene, text, .. } = self;
        let who = world.identity(random);
        let region = match op.is_global() {
            true => GLOBAL_REGION,
            false if random.one_in(8) => world.region(random),
            false => who.home_region,
        };
        scene.set(who.account, region, clock, random);
        let error = if random.one_in(N_CALLS_PER_FAILURE) { text.fail(op, who, random) } else { None };
        text.fill(op, who, error.is_some(), (scene, clock, random));
        push(op, who, text, error, (scene, clock, random), out)
    }

    fn call_by_service(&mut self, op: &Op, clock: &Clock, out: &mut String) -> Header {
        let Background { world, random, scene, text, .. } = self;
        let who = world.service(random);
        scene.set(world.account(random), world.region(random), clock, random);
        text.fill(op, who, false, (scene, clock, random));
        random.push_uuid(&mut text.shared_id);
        push(op, who, text, None, (scene, clock, random), out)
    }
}

/// What a template is filled from.
pub(super) type Filling<'a> = (&'a Scene, &'a Clock, &'a mut Random);

impl Scratch {
    /// Fills the members that depend on the operation and its caller.
    pub(super) fn fill(&mut self, op: &Op, who: &Identity, failed: bool, from: Filling<'_>) {
        let (scene, clock, random) = from;
        self.clear();
        scene.expand(&mut self.identity, &who.json, clock, random);
        scene.expand(&mut self.params, op.params, clock, random);
        let response = if failed { "null" } else { op.response };
        scene.expand(&mut self.response, response, clock, random);
        scene.expand(&mut self.additional, op.additional, clock, random);
        scene.expand(&mut self.resources, op.resources, clock, random);
        random.push_uuid(&mut self.event_id);
        self.fill_s3_forms(op, who, random);
        if !who.is_service {
            self.fill_host(op, scene);
        }
    }

    /// S3 has request ids of its own form, and puts user agents in brackets.
    fn fill_s3_forms(&mut self, op: &Op, who: &Identity, random: &mut Random) {
        if op.service == "s3" {
            random.push_upper(&mut self.request_id, 16);
            self.user_agent.push('[');
            self.user_agent.push_str(&who.user_agent);
            self.user_agent.push(']');
        } else {
            random.push_uuid(&mut self.request_id);
            self.user_agent.push_str(&who.user_agent);
        }
    }

    fn fill_host(&mut self, op: &Op, scene: &Scene) {
        if op.service == "s3" {
            scene.push_bucket(&mut self.host);
            self.host.push('.');
        }
        self.host.push_str(op.service);
        if !op.is_global() {
            self.host.push('.');
            self.host.push_str(scene.region);
        }
        self.host.push_str(".amazonaws.com");
    }

    /// Draws an error for the call, with its message in `message`.
    fn fail(&mut self, op: &Op, who: &Identity, random: &mut Random) -> Option<&'static str> {
        self.message.clear();
        let denied = if op.service == "ec2" { "Client.UnauthorizedOperation" } else { "AccessDenied" };
        let (code, message) = match (op.service, random.below(4)) {
            ("s3", 0..2) if !op.management => ("NoSuchKey", "The specified key does not exist."),
            ("dynamodb", 0..2) => ("ConditionalCheckFailedException", "The conditional request failed"),
            ("ecr" | "ecs" | "logs", 0..2) => ("ResourceNotFoundException", "The resource does not exist."),
            (_, 2) => ("ThrottlingException", "Rate exceeded"),
            _ => (denied, ""),
        };
        self.message.push_str(message);
        if message.is_empty() {
            for part in ["User: ", &who.arn, " is not authorized to perform: ", op.service, ":", op.name] {
                self.message.push_str(part);
            }
            self.message.push_str(" on resource: * because no identity-based policy allows the action");
        }
        Some(code)
    }

    fn clear(&mut self) {
        let members = [
            &mut self.identity,
            &mut self.user_agent,
            &mut self.params,
            &mut self.response,
            &mut self.additional,
            &mut self.resources,
            &mut self.request_id,
            &mut self.event_id,
            &mut self.shared_id,
            &mut self.host,
        ];
        for member in members {
            member.clear();
        }
    }
}

fn push(
    op: &Op,
    who: &Identity,
    text: &Scratch,
    error: Option<&'static str>,
    (scene, clock, random): Filling<'_>,
    out: &mut String,
) -> Header {
    Record {
        version: random.pick(&VERSIONS),
        identity: &text.identity,
        time: clock.iso(),
        service: op.service,
        name: op.name,
        region: scene.region,
        source_ip: &who.source_ip,
        user_agent: &text.user_agent,
        error: error.map(|code| (code, text.message.as_str())),
        params: &text.params,
        response: &text.response,
        additional: &text.additional,
        request_id: &text.request_id,
        event_id: &text.event_id,
        read_only: op.read_only,
        resources: &text.resources,
        event_type: EventType::ApiCall,
        management: op.management,
        account: scene.account,
        shared_id: &text.shared_id,
        host: &text.host,
        from_console: who.from_console && op.management,
    }
    .push(out);
    Header {
        account: scene.account,
        region: scene.region,
        service: op.service,
        event_type: EventType::ApiCall,
    }
}
