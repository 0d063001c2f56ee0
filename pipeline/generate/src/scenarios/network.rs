//! Stories about EC2's edges: ports opened to the world, and a disk given to the world.

use super::{Actor, Step, Story};
use crate::random::Random;
use crate::scenarios::step::Scene;
use crate::world::ACCOUNTS;

const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36";
const CLI: &str = "aws-cli/2.27.1 md/awscrt#0.26.1 ua/2.1 os/windows#11 md/arch#amd64 lang/python#3.13.3";

/// SSH is opened to all of IPv4, and the remote desktop to all of IPv6.
pub(super) fn security_group_opened(random: &mut Random) -> Story {
    let account = ACCOUNTS[8];
    let actor = Actor::session(random, account, ("Developer", "john@example.com"), ("192.0.2.45", BROWSER));
    let group = format!("sg-0{}", random.hex(16));
    let mut scene = Scene { random, account, region: "eu-central-1", actor };
    let steps = vec![
        scene.read(
            "ec2",
            "DescribeSecurityGroups",
            format!(r#"{{"securityGroupSet":{{}},"securityGroupIdSet":{{"items":[{{"groupId":"{group}"}}]}},"filterSet":{{}}}}"#),
        ),
        open_port(&mut scene, &group, 22, (r#"{"items":[{"cidrIp":"0.0.0.0/0"}]}"#, "{}")),
        open_port(&mut scene, &group, 3389, ("{}", r#"{"items":[{"cidrIpv6":"::/0"}]}"#)),
    ];
    Story {
        name: "security_group_opened",
        title: "Remote access is opened to the world",
        account,
        steps,
        is_burst: false,
    }
}

fn open_port(scene: &mut Scene<'_>, group: &str, port: u16, (ipv4, ipv6): (&str, &str)) -> Step {
    let params = format!(
        r#"{{"groupId":"{group}","ipPermissions":{{"items":[{{"ipProtocol":"tcp","fromPort":{port},"toPort":{port},"groups":{{}},"ipRanges":{ipv4},"ipv6Ranges":{ipv6},"prefixListIds":{{}}}}]}}}}"#
    );
    let (request, rule, account) = (scene.random.uuid(), scene.random.hex(16), scene.account);
    scene
        .write("ec2", "AuthorizeSecurityGroupIngress", params)
        .answers(format!(
            r#"{{"requestId":"{request}","_return":true,"securityGroupRuleSet":{{"items":[{{"groupOwnerId":"{account}","groupId":"{group}","securityGroupRuleId":"sgr-0{rule}","isEgress":false,"ipProtocol":"tcp","fromPort":{port},"toPort":{port}}}]}}}}"#
        ))
        .expects("security_group_admin_port_opened")
}

/// A disk is copied to a snapshot and the snapshot given to everybody.
pub(super) fn snapshot_shared(random: &mut Random) -> Story {
    let account = ACCOUNTS[11];
    let actor = Actor::user(random, account, "svc-backup", ("203.0.113.9", CLI));
    let (volume, snapshot, request) = (random.hex(16), random.hex(16), random.uuid());
    let mut scene = Scene { random, account, region: "us-east-1", actor };
    let steps = vec![
        scene.read("ec2", "DescribeVolumes", r#"{"volumeSet":{},"filterSet":{}}"#),
        scene
            .write("ec2", "CreateSnapshot", format!(r#"{{"volumeId":"vol-0{volume}","description":"migration"}}"#))
            .answers(format!(
                r#"{{"requestId":"{request}","snapshotId":"snap-0{snapshot}","volumeId":"vol-0{volume}","status":"pending","ownerId":"{account}","volumeSize":"200","encrypted":false}}"#
            )),
        scene
            .write(
                "ec2",
                "ModifySnapshotAttribute",
                format!(r#"{{"snapshotId":"snap-0{snapshot}","createVolumePermission":{{"add":{{"items":[{{"group":"all"}}]}}}},"attributeType":"CREATE_VOLUME_PERMISSION"}}"#),
            )
            .answers(format!(r#"{{"requestId":"{request}","_return":true}}"#))
            .expects("snapshot_or_image_public"),
    ];
    Story {
        name: "snapshot_shared",
        title: "Snapshot of a disk is made public",
        account,
        steps,
        is_burst: false,
    }
}
