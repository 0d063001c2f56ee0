use super::super::{Lists, testing::*};
use serde_json::{Value as Json, json};

/// A bucket policy of one statement.
fn bucket(statement: Json) -> Json {
    call(
        "s3",
        "PutBucketPolicy",
        json!({"bucketName": "b", "policy": "", "bucketPolicy":
        {"Version": "2012-10-17", "Statement": [statement]}}),
    )
}

fn allow(principal: Json, condition: Json) -> Json {
    json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*",
        "Condition": condition})
}

#[test]
fn who_is_everybody() {
    for (principal, public) in [
        (json!("*"), "true"),
        (json!({"AWS": "*"}), "true"),
        (json!({"AWS": ["arn:aws:iam::111122223333:root", "*"]}), "true"),
        (json!({"*": "*"}), "true"),
        (json!({"AWS": "arn:aws:iam::111122223333:root"}), "false"),
        (json!({"Service": "cloudtrail.amazonaws.com"}), "false"),
        (json!(null), "false"),
    ] {
        check(
            &bucket(allow(principal, json!({}))),
            &[("policy.public", public), ("policy.unreadable", "false")],
        );
    }
    let but = json!({"Effect": "Allow", "NotPrincipal": {"AWS": ACCOUNT}, "Action": "s3:*", "Resource": "*"});
    check(&bucket(but), &[("policy.public", "true"), ("policy.public_actions", "s3:*")]);
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"});
    check(
        &bucket(deny),
        &[("policy.public", "false"), ("policy.trusts", ""), ("policy.denies_all", "false")],
    );
}

#[test]
fn which_conditions_limit() {
    for (condition, limits) in [
        (json!({"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}), "aws:principalorgid"),
        (json!({"StringLike": {"aws:PrincipalOrgID": "o-*"}}), ""),
        (json!({"StringEquals": {"AWS:SourceAccount": ACCOUNT}}), "aws:sourceaccount"),
        (json!({"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}), ""),
        (json!({"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}), ""),
        (json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-abc/*"]}}), "aws:principalorgpaths"),
        (json!({"ForAllValues:StringEquals": {"aws:SourceVpce": ["vpce-1"]}}), ""),
        (json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "10.0.0.0/8"]}}), "aws:sourceip"),
        (json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "1.1.1.1/0"]}}), ""),
        (json!({"IpAddress": {"aws:SourceIp": []}}), ""),
        (json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::bucket"}}), "aws:sourcearn"),
        (json!({"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}), ""),
        (json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}}), ""),
        (json!({"StringLike": {"aws:userid": ["AROAEXAMPLE:*"]}}), "aws:userid"),
        (json!({"Bool": {"aws:SecureTransport": "true"}}), ""),
        (json!({"Bool": {"aws:PrincipalIsAWSService": true}}), "aws:principalisawsservice"),
        (json!({"StringEquals": {"s3:prefix": "public"}}), ""),
        (json!({"StringEquals": {"aws:SourceVpc": "vpc-1", "aws:SourceAccount": "*"}}), "aws:sourcevpc"),
        (json!("nonsense"), ""),
    ] {
        check(
            &bucket(allow(json!("*"), condition)),
            &[("policy.limits", limits), ("policy.public", if limits.is_empty() { "true" } else { "false" })],
        );
    }
}

#[test]
fn foreign_accounts() {
    let other = "444455556666";
    for (principal, condition, foreign) in [
        (json!({"AWS": other}), json!({}), other),
        (json!({"AWS": [format!("arn:aws:iam::{other}:role/x"), ACCOUNT]}), json!({}), other),
        (json!({"AWS": format!("arn:aws-us-gov:sts::{other}:assumed-role/x/y")}), json!({}), other),
        (json!("*"), json!({"StringEquals": {"aws:SourceAccount": [ACCOUNT, other]}}), other),
        (json!("*"), json!({"ArnLike": {"aws:PrincipalArn": format!("arn:aws:iam::{other}:role/*")}}), other),
        (
            json!({"Service": "sns.amazonaws.com"}),
            json!({"StringEquals": {"aws:SourceAccount": other}}),
            other,
        ),
        (json!({"AWS": ACCOUNT}), json!({"StringEquals": {"aws:SourceAccount": other}}), ""),
        (json!({"AWS": "AIDAEXAMPLE"}), json!({}), ""),
    ] {
        let event = bucket(allow(principal, condition));
        check(&event, &[("policy.foreign_accounts", foreign), ("policy.public", "false")]);
        let lists = Lists { trusted_accounts: vec![other.to_owned()], ..Lists::default() };
        assert_eq!(values_with("policy.foreign_accounts", &event, &lists), "");
    }
}

#[test]
fn places() {
    let public = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*",
        "Resource": "*"}});
    let text = public.to_string();
    let encoded = text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    for (service, operation, request) in [
        ("s3", "PutBucketPolicy", json!({"bucketPolicy": public})),
        ("s3", "PutBucketPolicy", json!({"bucketPolicy": text})),
        ("kms", "PutKeyPolicy", json!({"policy": text, "policyName": "default"})),
        ("ecr", "SetRepositoryPolicy", json!({"policyText": text})),
        ("sqs", "SetQueueAttributes", json!({"attributes": {"Policy": text}})),
        ("sqs", "CreateQueue", json!({"attributes": [{"name": "Policy", "value": text}]})),
        ("sns", "SetTopicAttributes", json!({"attributeName": "Policy", "attributeValue": text})),
        ("secretsmanager", "PutResourcePolicy", json!({"resourcePolicy": text})),
        (
            "ec2",
            "CreateVpcEndpoint",
            json!({"CreateVpcEndpointRequest": {"PolicyDocument": text, "VpcId": "v"}}),
        ),
        ("backup", "PutBackupVaultAccessPolicy", json!({"policy": text})),
        ("glacier", "SetVaultAccessPolicy", json!({"policy": {"policy": text}})),
        ("es", "UpdateDomainConfig", json!({"accessPolicies": text})),
        ("glue", "PutResourcePolicy", json!({"policyInJson": text})),
        (
            "apigateway",
            "UpdateRestApi",
            json!({"patchOperations": [{"op": "replace", "path": "/policy", "value": text}]}),
        ),
        ("events", "PutPermission", json!({"policy": text})),
        ("events", "PutPermission", json!({"principal": "*", "action": "events:PutEvents"})),
        ("lambda", "AddPermission20150331v2", json!({"principal": "*", "action": "lambda:InvokeFunction"})),
        (
            "lambda",
            "AddLayerVersionPermission20181031",
            json!({"principal": "*", "action": "lambda:GetLayerVersion"}),
        ),
        ("iam", "UpdateAssumeRolePolicy", json!({"policyDocument": encoded})),
        ("iam", "CreateRole", json!({"assumeRolePolicyDocument": encoded.to_lowercase()})),
    ] {
        let event = call(service, operation, request);
        check(
            &event,
            &[("policy.public", "true"), ("policy.trusts", "anyone"), ("policy.unreadable", "false")],
        );
    }
    for (service, operation, request, unreadable) in [
        ("s3", "GetBucketPolicy", json!({"bucketPolicy": public}), "false"),
        ("sts", "AssumeRole", json!({"policy": text}), "false"),
        ("s3", "PutBucketPolicy", json!({"bucketPolicy": {}, "policy": ""}), "false"),
        ("iam", "PutUserPolicy", json!({"policyDocument": text}), "false"),
        ("fms", "PutPolicy", json!({"policy": {"policyName": "x"}}), "false"),
        ("kms", "PutKeyPolicy", json!({"policy": "{\"Statement\": ["}), "true"),
        ("kms", "PutKeyPolicy", json!({"policy": "HIDDEN_DUE_TO_SECURITY_REASONS"}), "true"),
        ("kms", "PutKeyPolicy", json!({"policy": format!("{}{}", text, " ".repeat(300_000))}), "true"),
        ("kms", "PutKeyPolicy", json!({"policy": format!("{{\"a\":{}", "[".repeat(100_000))}), "true"),
        ("iam", "UpdateAssumeRolePolicy", json!({"policyDocument": "%7B%zz%7"}), "true"),
        ("iam", "UpdateAssumeRolePolicy", json!({"policyDocument": "%é%7B"}), "true"),
    ] {
        let event = call(service, operation, request);
        check(&event, &[("policy.public", "false"), ("policy.unreadable", unreadable)]);
    }
}

#[test]
fn calls_without_a_document() {
    let lambda = |request| call("lambda", "AddPermission20150331v2", request);
    for (event, trusts, unbound, foreign) in [
        (
            lambda(json!({"principal": "s3.amazonaws.com"})),
            "service:s3.amazonaws.com",
            "s3.amazonaws.com",
            "",
        ),
        (
            lambda(json!({"principal": "s3.amazonaws.com", "sourceArn": "arn:aws:s3:::b"})),
            "service:s3.amazonaws.com",
            "",
            "",
        ),
        (
            lambda(json!({"principal": "events.amazonaws.com", "sourceAccount": "444455556666"})),
            "service:events.amazonaws.com",
            "",
            "444455556666",
        ),
        (lambda(json!({"principal": "444455556666"})), "account:444455556666", "", "444455556666"),
        (
            call("sqs", "AddPermission", json!({"aWSAccountIds": ["444455556666", ACCOUNT]})),
            "account:444455556666 account:111122223333",
            "",
            "444455556666",
        ),
        (
            call("kms", "CreateGrant", json!({"granteePrincipal": "arn:aws:iam::444455556666:role/x"})),
            "account:444455556666",
            "",
            "444455556666",
        ),
        (call("lambda", "RemovePermission20150331v2", json!({"principal": "*"})), "", "", ""),
    ] {
        check(
            &event,
            &[
                ("policy.trusts", trusts),
                ("policy.service_unbound", unbound),
                ("policy.foreign_accounts", foreign),
                ("policy.public", "false"),
            ],
        );
    }
}

#[test]
fn federated_trust() {
    let github = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    let trust = |provider: &str, condition: Json| {
        let statement = json!({"Effect": "Allow", "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition});
        call(
            "iam",
            "CreateRole",
            json!({"assumeRolePolicyDocument": json!({"Statement": [statement]}).to_string()}),
        )
    };
    let subject = |value: Json| json!({"StringLike": {"token.actions.githubusercontent.com:sub": value}});
    let audience = json!({"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}});
    let name = "token.actions.githubusercontent.com";
    for (condition, unbound) in [
        (json!({}), name),
        (audience, name),
        (subject(json!("repo:*")), name),
        (subject(json!("*")), name),
        (subject(json!(["repo:shop/web:*", "repo:*"])), name),
        (subject(json!("repo:shop/web:*")), ""),
    ] {
        check(
            &trust(github, condition),
            &[("policy.oidc_unbound", unbound), ("policy.trusts", &format!("oidc:{name}"))],
        );
    }
    let saml = trust("arn:aws:iam::111122223333:saml-provider/Okta", json!({}));
    check(&saml, &[("policy.oidc_unbound", ""), ("policy.trusts", "saml:Okta")]);
    let pool = json!({"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:1"}});
    check(&trust("cognito-identity.amazonaws.com", pool), &[("policy.oidc_unbound", "")]);
}

#[test]
fn what_identities_get() {
    let document = |action: Json, resource: &str| {
        let statement = json!({"Effect": "Allow", "Action": action, "Resource": resource});
        call("iam", "CreatePolicy", json!({"policyDocument": json!({"Statement": [statement]}).to_string()}))
    };
    for (action, resource, admin, escalation) in [
        (json!("iam:PassRole"), "*", "false", "iam:PassRole"),
        (json!("IAM:passrole"), "arn:aws:iam::111122223333:role/*", "false", "iam:PassRole"),
        (json!("iam:PassRole"), "arn:aws:iam::111122223333:role/app", "false", ""),
        (json!("iam:PassRole"), "arn:aws:iam::111122223333:role/app/*", "false", ""),
        (json!(["s3:*", "sts:AssumeRole"]), "*", "false", "sts:AssumeRole"),
        (json!("iam:SetDefault*"), "*", "false", "iam:SetDefaultPolicyVersion"),
        (json!("s3:*"), "*", "false", ""),
        (
            json!("lambda:UpdateFunctionCode"),
            "arn:aws:lambda:*:*:function:*",
            "false",
            "lambda:UpdateFunctionCode",
        ),
        (json!("*"), "arn:aws:s3:::bucket/*", "false", ""),
    ] {
        check(
            &document(action, resource),
            &[("policy.grants_admin", admin), ("policy.escalation", escalation)],
        );
    }
    for (action, resource) in
        [(json!("*"), "*"), (json!(["s3:Get*", "*:*"]), "*"), (json!("iam:*"), "arn:aws:iam::111122223333:*")]
    {
        check(&document(action, resource), &[("policy.grants_admin", "true"), ("policy.public", "false")]);
    }
    let but = |not_action: &str| {
        let statement = json!({"Effect": "Allow", "NotAction": not_action, "Resource": "*"});
        call("iam", "PutRolePolicy", json!({"policyDocument": json!({"Statement": statement}).to_string()}))
    };
    check(&but("s3:*"), &[("policy.grants_admin", "true")]);
    check(&but("iam:*"), &[("policy.grants_admin", "false")]);
    let attach = |arn: &str| call("iam", "AttachUserPolicy", json!({"userName": "bob", "policyArn": arn}));
    for (arn, admin) in [
        ("arn:aws:iam::aws:policy/AdministratorAccess", "true"),
        ("arn:aws-cn:iam::aws:policy/IAMFullAccess", "true"),
        ("arn:aws:iam::111122223333:policy/AdministratorAccess", "false"),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", "false"),
    ] {
        check(&attach(arn), &[("policy.grants_admin", admin)]);
    }
}

#[test]
fn lock_out() {
    let deny = |action: &str, condition: Json| {
        bucket(
            json!({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*", "Condition": condition}),
        )
    };
    check(&deny("s3:*", json!({})), &[("policy.denies_all", "true")]);
    check(&deny("*", json!(null)), &[("policy.denies_all", "true")]);
    check(
        &deny("s3:*", json!({"Bool": {"aws:SecureTransport": "false"}})),
        &[("policy.denies_all", "false")],
    );
    check(&deny("s3:DeleteObject", json!({})), &[("policy.denies_all", "false")]);
}
