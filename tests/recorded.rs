//! What the pack finds in recorded traffic: a snapshot of counts, so that a changed rule shows as a changed snapshot,
//! and the bars that it has to keep. Runs where KINESCOPE_RECORDED names the recordings;
//! KINESCOPE_BLESS=1 writes the snapshot anew.

#![expect(clippy::unwrap_used, reason = "a test")]

use kinescope_pipeline::{Config, scan::scan, source::Files};
use kinescope_schemas::Severity;
use kinescope_stages::detect::{Rules, builtin, correlate::State};
use kinescope_tests::traffic::recorded;
use std::{collections::BTreeMap, env, fs, path::Path};

/// What is found in a folder: by rule, severity and how often.
struct Found {
    n_events: u64,
    by_rule: BTreeMap<String, (Severity, u64)>,
}

impl Found {
    fn new(rules: &Rules, folder: &Path) -> Found {
        let files = Files::list(&[folder.to_owned()]).unwrap();
        let mut by_rule: BTreeMap<String, (Severity, u64)> = BTreeMap::new();
        let mut states = vec![State::default(); rules.correlations().len()];
        let scanned = scan(&files, &Config::default(), |event| {
            rules.judge(
                event,
                |rule| {
                    let name = format!("{}/{}", rule.about.family, rule.about.name);
                    by_rule.entry(name).or_insert((rule.about.severity, 0)).1 += 1;
                },
                |at, hit| states[at].add(&rules.correlations()[at], &hit),
            );
        });
        for (at, (state, correlation)) in states.iter().zip(rules.correlations()).enumerate() {
            let n = state.findings(at, correlation).len() as u64;
            if n > 0 {
                let about = &correlation.about;
                by_rule.insert(format!("{}/{}", about.family, about.name), (about.severity, n));
            }
        }
        Found { n_events: scanned.unwrap().n_events, by_rule }
    }

    fn n_from(&self, severity: Severity) -> u64 {
        self.by_rule.values().filter(|(of, _)| *of >= severity).map(|(_, n)| n).sum()
    }
}

#[test]
fn findings_are_those_of_the_snapshot() {
    let Some(folder) = recorded() else { return };
    let rules = builtin().unwrap();
    let mut text = String::from("# recording, rule, level, findings\n");
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    for name in names {
        let found = Found::new(&rules, &folder.join(&name));
        for (rule, (severity, n)) in found.by_rule {
            text.push_str(&format!("{}\t{rule}\t{}\t{n}\n", name.to_string_lossy(), severity.name()));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/recorded_findings.tsv");
    if env::var_os("KINESCOPE_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap();
    let differ = |a: &str, b: &str| -> Vec<String> {
        a.lines().filter(|line| !b.lines().any(|other| other == *line)).map(str::to_owned).collect()
    };
    let (gone, new) = (differ(&known, &text), differ(&text, &known));
    assert!(
        gone.is_empty() && new.is_empty(),
        "findings changed; if that is meant, KINESCOPE_BLESS=1 writes the snapshot anew\ngone: {gone:#?}\nnew: {new:#?}"
    );
}

/// Nothing bad is known of this traffic, so what is found there is noise.
#[test]
fn ordinary_traffic_is_quiet() {
    let Some(folder) =
        recorded().map(|folder| folder.join("opensearch_catalog")).filter(|path| path.exists())
    else {
        return;
    };
    let found = Found::new(&builtin().unwrap(), &folder);
    assert!(found.n_events > 800);
    let n_loud = found.n_from(Severity::Medium);
    assert!(n_loud * 100 <= found.n_events * 2, "{n_loud} of {}: {:?}", found.n_events, found.by_rule);
}

/// The attacks that the invictus recording holds, in a background of Terraform: the call that makes each, and the rule
/// that names it.
const ATTACKS: &[(&str, &str, &str)] = &[
    ("passwords of Windows machines fetched", "GetPasswordData", "ec2/windows_password_read_denied"),
    ("a machine's credentials stolen by a command", "SendCommand", "services/ssm_command_sent"),
    ("all secrets read", "GetSecretValue", "secrets/secrets_spree"),
    ("encrypted parameters read", "GetParameters", "secrets/parameters_batch_read"),
    ("a trail deleted", "DeleteTrail", "defences/trail_tampering_failed"),
    ("a trail deleted for good", "DeleteTrail", "defences/trail_deleted"),
    ("a trail's events left out", "PutEventSelectors", "defences/trail_event_selectors_narrowed"),
    ("a trail's files made to expire", "PutBucketLifecycle", "s3/bucket_lifecycle_short"),
    ("a trail stopped", "StopLogging", "defences/trail_tampering_failed"),
    ("the organization left", "LeaveOrganization", "organizations/organization_leave_refused"),
    ("flow logs removed", "DeleteFlowLogs", "network/flow_logs_deleted"),
    ("start-up scripts downloaded", "DescribeInstanceAttribute", "ec2/user_data_read"),
    ("unusual machines launched", "RunInstances", "ec2/instance_gpu_launched"),
    ("port 22 opened", "AuthorizeSecurityGroupIngress", "security_groups/security_group_admin_port_opened"),
    ("an image shared", "ModifyImageAttribute", "ec2/snapshot_or_image_shared"),
    ("a disk's snapshot shared", "ModifySnapshotAttribute", "ec2/snapshot_or_image_shared"),
    ("a database's snapshot shared", "ModifyDBSnapshotAttribute", "rds/database_snapshot_shared"),
    ("a bucket's policy given a back door", "PutBucketPolicy", "s3/bucket_policy_foreign"),
    ("console entered without MFA", "ConsoleLogin", "iam/console_login_without_mfa"),
    ("a role given a back door", "UpdateAssumeRolePolicy", "iam/role_trust_foreign_account"),
    ("a user given a back door", "CreateAccessKey", "iam/access_key_created_for_other_user"),
    ("an administrator made", "AttachUserPolicy", "iam/admin_policy_attached"),
    ("a password set for a user", "CreateLoginProfile", "iam/login_profile_created"),
    ("a function given a back door", "AddPermission20150331v2", "lambda/function_permission_public"),
    ("a function's code replaced", "UpdateFunctionCode20150331v2", "lambda/function_code_replaced_by_person"),
    ("a trust anchor planted", "CreateTrustAnchor", "iam/trust_anchor_of_outside_authority"),
    ("a profile of Roles Anywhere made", "CreateProfile", "iam/roles_anywhere_profile_created"),
    ("keys tried by a tool for attacks", "GetCallerIdentity", "iam/leaked_key_tool"),
];

/// What the pack may find at medium or above in the same recording that is none of these.
const BACKGROUND_MAX: u64 = 12;

#[test]
fn every_attack_is_named() {
    let Some(folder) = recorded().map(|folder| folder.join("invictus")).filter(|path| path.exists()) else {
        return;
    };
    let rules = builtin().unwrap();
    let found = Found::new(&rules, &folder);
    for (attack, call, rule) in ATTACKS {
        let (severity, _) =
            found.by_rule.get(*rule).unwrap_or_else(|| panic!("{attack} ({call}): {rule} is quiet"));
        assert!(*severity >= Severity::Medium, "{attack}: {rule} is {}", severity.name());
    }
    let named: u64 = ATTACKS
        .iter()
        .map(|(.., rule)| *rule)
        .collect::<std::collections::BTreeSet<_>>()
        .iter()
        .map(|rule| found.by_rule[*rule].1)
        .sum();
    let others = found.n_from(Severity::Medium) - named;
    assert!(others <= BACKGROUND_MAX, "{others} findings are about something else: {:?}", found.by_rule);
}
