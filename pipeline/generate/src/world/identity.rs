//! Who makes the calls.

use super::user_agents::Tool;
use super::{ACCOUNTS, APPS, REGIONS};
use crate::random::{Random, Weighted};

const N_USERS: usize = 60;
const N_ROLES: usize = 100;
const N_SSO: usize = 44;
const N_FEDERATED: usize = 6;

const PEOPLE: [&str; 22] = [
    "alice", "akua", "ana", "arnav", "carlos", "diego", "efua", "jane", "john", "jorge", "kwaku", "kwesi",
    "li", "maria", "martha", "mary", "mateo", "nikhil", "paulo", "richard", "saanvi", "shirley",
];
const PERMISSION_SETS: [&str; 4] = ["ReadOnlyAccess", "PowerUserAccess", "Developer", "DataAnalyst"];
const LINKED: [(&str, &str); 7] = [
    ("AWSServiceRoleForAutoScaling", "autoscaling.amazonaws.com"),
    ("AWSServiceRoleForECS", "ecs.amazonaws.com"),
    ("AWSServiceRoleForAmazonEKS", "eks.amazonaws.com"),
    ("AWSServiceRoleForConfig", "config.amazonaws.com"),
    ("AWSServiceRoleForSecurityHub", "securityhub.amazonaws.com"),
    ("AWSServiceRoleForAmazonSSM", "ssm.amazonaws.com"),
    ("AWSServiceRoleForResourceExplorer", "resource-explorer-2.amazonaws.com"),
];
const SERVICES: [&str; 9] = [
    "lambda.amazonaws.com",
    "ec2.amazonaws.com",
    "ecs-tasks.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "delivery.logs.amazonaws.com",
    "firehose.amazonaws.com",
    "events.amazonaws.com",
    "states.amazonaws.com",
    "config.amazonaws.com",
];

/// A caller: an identity together with the tool and the place from which it calls.
pub(crate) struct Identity {
    pub(crate) account: &'static str,
    pub(crate) arn: String,
    /// The `userIdentity` of its events, a template in which only `$c` (start of the session) is open.
    pub(crate) json: String,
    pub(crate) source_ip: String,
    pub(crate) user_agent: String,
    pub(crate) home_region: &'static str,
    /// Calls from a browser carry `sessionCredentialFromConsole`.
    pub(crate) from_console: bool,
    /// A service calls from inside: no address, no TLS details.
    pub(crate) is_service: bool,
}

/// All callers but AWS services acting on their own.
pub(crate) fn ordinary(random: &mut Random, by_account: &Weighted) -> Vec<Identity> {
    let mut all = Vec::new();
    for idx in 0..N_USERS {
        let account = ACCOUNTS[by_account.draw(random)];
        all.push(user(random, account, idx));
    }
    for idx in 0..N_ROLES {
        let account = ACCOUNTS[by_account.draw(random)];
        all.push(workload(random, account, idx));
    }
    for idx in 0..N_SSO {
        let account = ACCOUNTS[by_account.draw(random)];
        all.push(sso(random, account, idx));
    }
    for account in [0, 1, 2, 3, 5, 8] {
        all.extend(
            LINKED.iter().take(5).map(|(role, service)| linked(random, ACCOUNTS[account], role, service)),
        );
    }
    for idx in 0..N_FEDERATED {
        let account = ACCOUNTS[by_account.draw(random)];
        all.push(federated(random, account, idx));
    }
    all
}

/// AWS services acting on their own. Their account is that of the resource they act on.
pub(crate) fn services() -> Vec<Identity> {
    SERVICES.iter().map(|service| aws_service(service)).collect()
}

/// The `userIdentity` of an IAM user with long-term credentials.
pub(crate) fn user_json(random: &mut Random, account: &str, name: &str) -> String {
    let (principal, key) = (random.example_id("AIDA"), random.example_id("AKIA"));
    format!(
        r#"{{"type":"IAMUser","principalId":"{principal}","arn":"arn:aws:iam::{account}:user/{name}","accountId":"{account}","accessKeyId":"{key}","userName":"{name}"}}"#
    )
}

/// The `userIdentity` of a session of the role at `path` (empty, or ending in a slash).
pub(crate) fn session_json(
    random: &mut Random,
    account: &str,
    path: &str,
    role: &str,
    session: &str,
) -> String {
    role_session(random, account, &RoleSession { path, role, session, mfa: false, extra: "" })
}

struct RoleSession<'a> {
    path: &'a str,
    role: &'a str,
    session: &'a str,
    mfa: bool,
    /// Members after the session context, with the comma before them.
    extra: &'a str,
}

fn role_session(random: &mut Random, account: &str, of: &RoleSession<'_>) -> String {
    let (principal, key) = (random.example_id("AROA"), random.example_id("ASIA"));
    let RoleSession { path, role, session, mfa, extra } = of;
    format!(
        r#"{{"type":"AssumedRole","principalId":"{principal}:{session}","arn":"arn:aws:sts::{account}:assumed-role/{role}/{session}","accountId":"{account}","accessKeyId":"{key}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{principal}","arn":"arn:aws:iam::{account}:role/{path}{role}","accountId":"{account}","userName":"{role}"}},"attributes":{{"creationDate":"$c","mfaAuthenticated":"{mfa}"}}}}{extra}}}"#
    )
}

fn user(random: &mut Random, account: &'static str, idx: usize) -> Identity {
    let name = match PEOPLE.get(idx) {
        Some(person) => (*person).to_owned(),
        None => format!("svc-{}-{idx}", APPS[idx % APPS.len()]),
    };
    let tool = [Tool::Cli, Tool::Boto3, Tool::Terraform, Tool::Cli, Tool::Java][idx % 5];
    let json = user_json(random, account, &name);
    caller(random, account, format!("arn:aws:iam::{account}:user/{name}"), json, tool, Place::Public)
}

fn workload(random: &mut Random, account: &'static str, idx: usize) -> Identity {
    let app = APPS[idx % APPS.len()];
    let (role, session, tool) = match idx % 4 {
        0 => (format!("{app}-instance-role"), format!("i-0{}", random.hex(16)), Tool::Boto3),
        1 => (format!("{app}-handler-role"), format!("{app}-handler"), Tool::JavaScript),
        2 => (format!("{app}-task-role"), random.hex(32), Tool::Java),
        _ => (format!("{app}-pod-role"), format!("eks-prod-{app}-{}", random.hex(8)), Tool::Go),
    };
    let extra = if idx.is_multiple_of(4) { r#","ec2RoleDelivery":"2.0""# } else { "" };
    let of = RoleSession { path: "", role: &role, session: &session, mfa: false, extra };
    let json = role_session(random, account, &of);
    let arn = format!("arn:aws:sts::{account}:assumed-role/{role}/{session}");
    caller(random, account, arn, json, tool, Place::Private)
}

fn sso(random: &mut Random, account: &'static str, idx: usize) -> Identity {
    let set = PERMISSION_SETS[idx % PERMISSION_SETS.len()];
    let role = format!("AWSReservedSSO_{set}_{}", random.hex(16));
    let session = format!("{}@example.com", PEOPLE[idx % PEOPLE.len()]);
    let path = "aws-reserved/sso.amazonaws.com/eu-west-1/";
    let of = RoleSession { path, role: &role, session: &session, mfa: false, extra: "" };
    let json = role_session(random, account, &of);
    let arn = format!("arn:aws:sts::{account}:assumed-role/{role}/{session}");
    let tool = if idx.is_multiple_of(3) { Tool::Cli } else { Tool::Browser };
    caller(random, account, arn, json, tool, Place::Public)
}

fn linked(random: &mut Random, account: &'static str, role: &str, service: &str) -> Identity {
    let path = format!("aws-service-role/{service}/");
    let session = service.split('.').next().unwrap_or(service);
    let extra = format!(r#","invokedBy":"{service}""#);
    let of = RoleSession { path: &path, role, session, mfa: false, extra: &extra };
    let json = role_session(random, account, &of);
    let arn = format!("arn:aws:sts::{account}:assumed-role/{role}/{session}");
    inside(account, arn, json, service)
}

fn federated(random: &mut Random, account: &'static str, idx: usize) -> Identity {
    let (name, broker) = (PEOPLE[idx + 4], APPS[idx]);
    let (principal, key) = (random.example_id("AIDA"), random.example_id("ASIA"));
    let arn = format!("arn:aws:sts::{account}:federated-user/{name}");
    let json = format!(
        r#"{{"type":"FederatedUser","principalId":"{account}:{name}","arn":"{arn}","accountId":"{account}","accessKeyId":"{key}","sessionContext":{{"sessionIssuer":{{"type":"IAMUser","principalId":"{principal}","arn":"arn:aws:iam::{account}:user/svc-{broker}-broker","accountId":"{account}","userName":"svc-{broker}-broker"}},"attributes":{{"creationDate":"$c","mfaAuthenticated":"false"}}}}}}"#
    );
    caller(random, account, arn, json, Tool::Java, Place::Public)
}

fn aws_service(service: &'static str) -> Identity {
    let json = format!(r#"{{"type":"AWSService","invokedBy":"{service}"}}"#);
    inside("", service.to_owned(), json, service)
}

enum Place {
    Public,
    Private,
}

fn caller(
    random: &mut Random,
    account: &'static str,
    arn: String,
    json: String,
    tool: Tool,
    place: Place,
) -> Identity {
    let mut source_ip = String::new();
    match place {
        Place::Public if random.one_in(9) => random.push_ipv6(&mut source_ip),
        Place::Public => random.push_public_ipv4(&mut source_ip),
        Place::Private => random.push_private_ipv4(&mut source_ip),
    }
    Identity {
        account,
        arn,
        json,
        source_ip,
        user_agent: tool.user_agent(random),
        home_region: REGIONS[random.skewed(REGIONS.len())],
        from_console: tool == Tool::Browser,
        is_service: false,
    }
}

fn inside(account: &'static str, arn: String, json: String, service: &str) -> Identity {
    Identity {
        account,
        arn,
        json,
        source_ip: service.to_owned(),
        user_agent: service.to_owned(),
        home_region: REGIONS[account.len() % 2],
        from_console: false,
        is_service: true,
    }
}
