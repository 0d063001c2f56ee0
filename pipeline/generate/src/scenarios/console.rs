//! Stories about the console: a sign-in without MFA, and a guesser of passwords.

use super::{Actor, Step, Story};
use crate::random::Random;
use crate::scenarios::step::Scene;
use crate::world::ACCOUNTS;

const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36";
const GUESSER: &str = "python-requests/2.31.0";
const N_GUESSES: usize = 25;
const NO_MFA: &str =
    r#"{"LoginTo":"https://console.aws.amazon.com/console/home","MobileVersion":"No","MFAUsed":"No"}"#;

/// A user signs in with a password alone and looks around.
pub(super) fn console_without_mfa(random: &mut Random) -> Story {
    let account = ACCOUNTS[12];
    let user = Actor::of(console_user(random, account, "richard"), ("198.51.100.140", BROWSER));
    let mut scene = Scene { random, account, region: "us-east-1", actor: user };
    let steps = vec![
        scene
            .write("signin", "ConsoleLogin", "null")
            .answers(r#"{"ConsoleLogin":"Success"}"#)
            .with(NO_MFA)
            .expects("console_login_without_mfa"),
        scene.read("iam", "GetAccountSummary", "null"),
        scene.read("ec2", "DescribeRegions", r#"{"regionSet":{}}"#),
        scene.read("health", "DescribeEventAggregates", r#"{"aggregateField":"eventTypeCategory"}"#),
    ];
    Story { name: "console_without_mfa", title: "User signs in without MFA", account, steps, is_burst: false }
}

/// One address tries password after password.
pub(super) fn failed_login_burst(random: &mut Random) -> Story {
    let account = ACCOUNTS[13];
    let mut steps = Vec::with_capacity(N_GUESSES);
    for idx in 0..N_GUESSES {
        let name = ["admin", "HIDDEN_DUE_TO_SECURITY_REASONS", "mateo", "root-admin", "shirley"][idx % 5];
        let actor = Actor::of(console_user(random, account, name), ("203.0.113.250", GUESSER));
        let mut scene = Scene { random, account, region: "us-east-1", actor };
        steps.push(failed_login(&mut scene));
    }
    Story {
        name: "failed_login_burst",
        title: "One address guesses passwords",
        account,
        steps,
        is_burst: true,
    }
}

fn failed_login(scene: &mut Scene<'_>) -> Step {
    scene
        .write("signin", "ConsoleLogin", "null")
        .answers(r#"{"ConsoleLogin":"Failure"}"#)
        .with(NO_MFA)
        .fails("", "Failed authentication")
        .expects("console_login_failed")
}

/// The identity of a sign-in: no session yet, and an access key id that is there but empty.
fn console_user(random: &mut Random, account: &str, name: &str) -> String {
    let principal = random.example_id("AIDA");
    format!(
        r#"{{"type":"IAMUser","principalId":"{principal}","arn":"arn:aws:iam::{account}:user/{name}","accountId":"{account}","accessKeyId":"","userName":"{name}"}}"#
    )
}
