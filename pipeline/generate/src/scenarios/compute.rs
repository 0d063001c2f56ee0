//! Stories about compute: machines for mining, and a function with a back door.

use super::{Actor, Step, Story};
use crate::random::Random;
use crate::scenarios::step::Scene;
use crate::world::ACCOUNTS;

const GO: &str = "aws-sdk-go/1.44.157 (go1.19.3; linux; amd64)";
const BOTO: &str = "Boto3/1.35.10 md/Botocore#1.35.10 ua/2.0 os/linux#6.1.0 lang/python#3.11.2";
const REGIONS: [&str; 4] = ["us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1"];

/// GPU machines are launched in one region after another.
pub(super) fn crypto_mining(random: &mut Random) -> Story {
    let account = ACCOUNTS[10];
    let actor = Actor::user(random, account, "svc-terraform", ("198.51.100.99", GO));
    let mut scene = Scene { random, account, region: REGIONS[0], actor };
    let mut steps = vec![
        scene.read("servicequotas", "GetServiceQuota", r#"{"serviceCode":"ec2","quotaCode":"L-417A185B"}"#),
        scene.read("ec2", "DescribeInstanceTypes", r#"{"DescribeInstanceTypesRequest":{"MaxResults":100}}"#),
    ];
    for region in REGIONS {
        for kind in ["p4d.24xlarge", "g5.48xlarge"] {
            steps.push(launch(&mut scene, kind).in_region(region));
        }
    }
    Story {
        name: "crypto_mining",
        title: "GPU machines are launched for mining",
        account,
        steps,
        is_burst: false,
    }
}

fn launch(scene: &mut Scene<'_>, kind: &str) -> Step {
    let (token, image) = (scene.random.uuid(), scene.random.hex(16));
    let (reservation, instance) = (scene.random.hex(16), scene.random.hex(16));
    let account = scene.account;
    let params = format!(
        r#"{{"instancesSet":{{"items":[{{"imageId":"ami-0{image}","minCount":1,"maxCount":1,"keyName":"k1"}}]}},"instanceType":"{kind}","blockDeviceMapping":{{}},"monitoring":{{"enabled":false}},"disableApiTermination":true,"disableApiStop":true,"clientToken":"{token}"}}"#
    );
    scene
        .write("ec2", "RunInstances", params)
        .answers(format!(
            r#"{{"requestId":"{token}","reservationId":"r-0{reservation}","ownerId":"{account}","groupSet":{{}},"instancesSet":{{"items":[{{"instanceId":"i-0{instance}","imageId":"ami-0{image}","instanceState":{{"code":0,"name":"pending"}},"instanceType":"{kind}"}}]}}}}"#
        ))
        .expects("instance_gpu_launched")
}

/// A function's code is replaced and the function opened to the internet.
pub(super) fn lambda_backdoor(random: &mut Random) -> Story {
    let (account, region) = (ACCOUNTS[9], "eu-west-1");
    let actor = Actor::session(random, account, ("ci-deploy", "build-5512"), ("203.0.113.201", BOTO));
    let revision = random.uuid();
    let mut scene = Scene { random, account, region, actor };
    let (name, arn) =
        ("identity-handler", format!("arn:aws:lambda:{region}:{account}:function:identity-handler"));
    let statement = format!(
        r#"{{\"Sid\":\"public\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"lambda:InvokeFunction\",\"Resource\":\"{arn}\"}}"#
    );
    let steps = vec![
        scene.read("lambda", "ListFunctions20150331", "null"),
        scene.read("lambda", "GetFunction20150331v2", format!(r#"{{"functionName":"{name}"}}"#)),
        scene
            .write(
                "lambda",
                "UpdateFunctionCode20150331v2",
                format!(r#"{{"functionName":"{name}","publish":false,"dryRun":false}}"#),
            )
            .answers(format!(
                r#"{{"functionName":"{name}","functionArn":"{arn}","runtime":"nodejs22.x","role":"arn:aws:iam::{account}:role/identity-handler-role","handler":"index.handler","codeSize":48213,"timeout":30,"memorySize":512,"lastModified":"$z","version":"$LATEST","revisionId":"{revision}"}}"#
            ))
            .expects("function_code_replaced"),
        scene
            .write(
                "lambda",
                "AddPermission20150331v2",
                format!(r#"{{"functionName":"{name}","statementId":"public","action":"lambda:InvokeFunction","principal":"*"}}"#),
            )
            .answers(format!(r#"{{"statement":"{statement}"}}"#))
            .expects("function_permission_public"),
        scene
            .write("lambda", "CreateFunctionUrlConfig", format!(r#"{{"functionName":"{name}","authType":"NONE"}}"#))
            .answers(format!(
                r#"{{"functionUrl":"https://abcdefexample.lambda-url.{region}.on.aws/","functionArn":"{arn}","authType":"NONE","creationTime":"$z"}}"#
            ))
            .expects("function_url_public"),
    ];
    Story {
        name: "lambda_backdoor",
        title: "Function gets new code and a public address",
        account,
        steps,
        is_burst: false,
    }
}
