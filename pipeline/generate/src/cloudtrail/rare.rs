//! Rare but ordinary events: sign-ins with MFA, federation, anonymous reads, and the root identity where a
//! service acts for an account. They have the odd forms that a reader must survive.

use super::background::Background;
use super::{EventType, Header, Record};
use crate::clock::Clock;
use crate::world::GLOBAL_REGION;
use crate::world::identity::user_json;

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SIGNER: &str = "aws-sdk-go-v2/1.39.6 ua/2.1 os/linux lang/go#1.24.7 md/GOOS#linux md/GOARCH#arm64";
const BUCKET_OBJECT: &str = r#"[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::$b/$k"},{"accountId":"$a","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::$b"}]"#;
const FEDERATED: &str = r#"{"subjectType":"persistent","issuer":"https://idp.example.com/saml","credentials":{"accessKeyId":"ASIA$oEXAMPLE","sessionToken":"IQoJb3JpZ2luX2VjE$h$h$h","expiration":"$z"},"nameQualifier":"$l","assumedRoleUser":{"assumedRoleId":"AROA$oEXAMPLE:ana","arn":"arn:aws:sts::$a:assumed-role/$q-analyst/ana"},"subject":"ana","audience":"https://signin.aws.amazon.com/saml"}"#;
const WEB: &str = r#"{"subjectFromWebIdentityToken":"system:serviceaccount:prod:$q","credentials":{"accessKeyId":"ASIA$oEXAMPLE","sessionToken":"IQoJb3JpZ2luX2VjE$h$h$h","expiration":"$z"},"assumedRoleUser":{"assumedRoleId":"AROA$oEXAMPLE:$q","arn":"arn:aws:sts::$a:assumed-role/$q-pod-role/$q"},"provider":"arn:aws:iam::$a:oidc-provider/oidc.eks.$r.amazonaws.com/id/EXAMPLE539D4633E53DE1B71EXAMPLE","audience":"sts.amazonaws.com"}"#;

/// A rare event: templates, and the members that no table row has.
struct Rare {
    service: &'static str,
    name: &'static str,
    /// JSON template.
    identity: &'static str,
    source_ip: &'static str,
    user_agent: &'static str,
    /// JSON template.
    params: &'static str,
    /// JSON template.
    response: &'static str,
    /// JSON template.
    additional: &'static str,
    /// JSON template.
    resources: &'static str,
    host: &'static str,
    event_type: EventType,
    read_only: bool,
    management: bool,
}

const PLAIN: Rare = Rare {
    service: "sts",
    name: "",
    identity: "",
    source_ip: "",
    user_agent: SIGNER,
    params: "null",
    response: "null",
    additional: "",
    resources: "",
    host: "",
    event_type: EventType::ApiCall,
    read_only: true,
    management: true,
};

const SAML: Rare = Rare {
    name: "AssumeRoleWithSAML",
    identity: r#"{"type":"SAMLUser","principalId":"$l:ana","userName":"ana","identityProvider":"$l"}"#,
    user_agent: BROWSER,
    params: r#"{"sAMLAssertionID":"_$u","roleSessionName":"ana","principalTags":{"team":"$q"},"durationSeconds":3600,"roleArn":"arn:aws:iam::$a:role/$q-analyst","principalArn":"arn:aws:iam::$a:saml-provider/example-idp"}"#,
    response: FEDERATED,
    resources: r#"[{"accountId":"$a","type":"AWS::IAM::Role","ARN":"arn:aws:iam::$a:role/$q-analyst"},{"accountId":"$a","type":"AWS::IAM::SAMLProvider","ARN":"arn:aws:iam::$a:saml-provider/example-idp"}]"#,
    host: "signin.aws.amazon.com",
    ..PLAIN
};

const WEB_IDENTITY: Rare = Rare {
    name: "AssumeRoleWithWebIdentity",
    identity: r#"{"type":"WebIdentityUser","principalId":"arn:aws:iam::$a:oidc-provider/oidc.eks.$r.amazonaws.com/id/EXAMPLE539D4633E53DE1B71EXAMPLE:sts.amazonaws.com:system:serviceaccount:prod:$q","userName":"system:serviceaccount:prod:$q","identityProvider":"arn:aws:iam::$a:oidc-provider/oidc.eks.$r.amazonaws.com/id/EXAMPLE539D4633E53DE1B71EXAMPLE"}"#,
    params: r#"{"roleArn":"arn:aws:iam::$a:role/$q-pod-role","roleSessionName":"$q"}"#,
    response: WEB,
    resources: r#"[{"accountId":"$a","type":"AWS::IAM::Role","ARN":"arn:aws:iam::$a:role/$q-pod-role"}]"#,
    host: "sts.us-east-1.amazonaws.com",
    ..PLAIN
};

const ANONYMOUS: Rare = Rare {
    service: "s3",
    name: "GetObject",
    identity: r#"{"type":"AWSAccount","principalId":"","accountId":"anonymous"}"#,
    user_agent: "[Mozilla/5.0 (compatible; ExampleBot/2.1; +https://www.example.com/bot.html)]",
    params: r#"{"bucketName":"$b","Host":"$b.s3.$r.amazonaws.com","key":"$k"}"#,
    additional: r#"{"CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"x-amz-id-2":"$h","bytesTransferredOut":$n}"#,
    resources: BUCKET_OBJECT,
    host: "s3.amazonaws.com",
    management: false,
    ..PLAIN
};

/// A session of another account in ours: `accountId` and `recipientAccountId` differ.
const CROSS_ACCOUNT: Rare = Rare {
    name: "AssumeRole",
    identity: r#"{"type":"AWSAccount","principalId":"AROA$oEXAMPLE:deploy","accountId":"111122223333"}"#,
    params: r#"{"roleArn":"arn:aws:iam::$a:role/deployment","roleSessionName":"deploy","externalId":"$u","durationSeconds":900}"#,
    response: r#"{"credentials":{"accessKeyId":"ASIA$oEXAMPLE","sessionToken":"IQoJb3JpZ2luX2VjE$h$h$h","expiration":"$z"},"assumedRoleUser":{"assumedRoleId":"AROA$oEXAMPLE:deploy","arn":"arn:aws:sts::$a:assumed-role/deployment/deploy"}}"#,
    resources: r#"[{"accountId":"$a","type":"AWS::IAM::Role","ARN":"arn:aws:iam::$a:role/deployment"}]"#,
    host: "sts.us-east-1.amazonaws.com",
    ..PLAIN
};

/// Not a use of the root user: a service acts for the account, and says so twice.
const ROOT_SERVICE: Rare = Rare {
    service: "health",
    name: "DescribeAffectedAccountsForOrganization",
    identity: r#"{"type":"Root","principalId":"$a","arn":"arn:aws:iam::$a:root","accountId":"$a","invokedBy":"health.amazonaws.com"}"#,
    source_ip: "health.amazonaws.com",
    user_agent: "health.amazonaws.com",
    event_type: EventType::ServiceEvent,
    ..PLAIN
};

/// Appends a rare event.
pub(super) fn write(from: &mut Background, clock: &Clock, out: &mut String) -> Header {
    match from.random.below(16) {
        0..5 => sign_in(from, clock, out),
        5..8 => push(from, &SAML, clock, out),
        8..11 => push(from, &WEB_IDENTITY, clock, out),
        11..13 => push(from, &ANONYMOUS, clock, out),
        13..15 => push(from, &CROSS_ACCOUNT, clock, out),
        _ => push(from, &ROOT_SERVICE, clock, out),
    }
}

/// A user signs in to the console with MFA and succeeds.
fn sign_in(from: &mut Background, clock: &Clock, out: &mut String) -> Header {
    let account = from.world.account(&mut from.random);
    let name = from.random.pick(&["martha", "nikhil", "saanvi", "shirley"]);
    let identity = user_json(&mut from.random, account, name);
    // Whoever signs in with a password has no access key yet.
    let identity = identity.split(r#","accessKeyId""#).next().unwrap_or_default().to_owned();
    let identity = format!(r#"{identity},"userName":"{name}"}}"#);
    let rare = Rare {
        service: "signin",
        name: "ConsoleLogin",
        user_agent: BROWSER,
        response: r#"{"ConsoleLogin":"Success"}"#,
        additional: r#"{"LoginTo":"https://console.aws.amazon.com/console/home?hashArgs=%23&isauthcode=true","MobileVersion":"No","MFAIdentifier":"arn:aws:iam::$a:mfa/phone","MFAUsed":"Yes"}"#,
        host: "us-east-1.signin.aws.amazon.com",
        event_type: EventType::ConsoleSignIn,
        read_only: false,
        ..PLAIN
    };
    push_by(from, &rare, (account, &identity), clock, out)
}

fn push(from: &mut Background, rare: &Rare, clock: &Clock, out: &mut String) -> Header {
    let account = from.world.account(&mut from.random);
    push_by(from, rare, (account, rare.identity), clock, out)
}

fn push_by(
    from: &mut Background,
    rare: &Rare,
    (account, identity): (&'static str, &str),
    clock: &Clock,
    out: &mut String,
) -> Header {
    let Background { random, scene, .. } = from;
    scene.set(account, GLOBAL_REGION, clock, random);
    let mut expand = |template: &str| {
        let mut text = String::new();
        scene.expand(&mut text, template, clock, random);
        text
    };
    let (params, response) = (expand(rare.params), expand(rare.response));
    let (additional, resources) = (expand(rare.additional), expand(rare.resources));
    let identity = expand(identity);
    let mut source_ip = rare.source_ip.to_owned();
    if source_ip.is_empty() {
        random.push_public_ipv4(&mut source_ip);
    }
    // Sign-ins have no request id.
    let request_id = if rare.service == "signin" { String::new() } else { random.uuid() };
    Record {
        version: "1.11",
        identity: &identity,
        time: clock.iso(),
        service: rare.service,
        name: rare.name,
        region: GLOBAL_REGION,
        source_ip: &source_ip,
        user_agent: rare.user_agent,
        error: None,
        params: &params,
        response: &response,
        additional: &additional,
        request_id: &request_id,
        event_id: &random.uuid(),
        read_only: rare.read_only,
        resources: &resources,
        event_type: rare.event_type,
        management: rare.management,
        account,
        shared_id: "",
        host: rare.host,
        from_console: false,
    }
    .push(out);
    Header { account, region: GLOBAL_REGION, service: rare.service, event_type: rare.event_type }
}
