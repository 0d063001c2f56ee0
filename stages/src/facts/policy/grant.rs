//! How much a statement grants.

use super::{document::Statement, principal::Principal};
use crate::facts::{View, lists::glob, members};

/// Actions by which whoever has them can take more than they were given.
const ESCALATIONS: &[&str] = &[
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:CreateServiceSpecificCredential",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteUserPermissionsBoundary",
    "iam:PassRole",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "sts:AssumeRole",
    "codebuild:UpdateProject",
    "ec2-instance-connect:SendSSHPublicKey",
    "glue:UpdateDevEndpoint",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
    "sagemaker:CreatePresignedNotebookInstanceUrl",
    "ssm:SendCommand",
    "ssm:StartSession",
];

/// AWS's own policies that make an administrator, or someone who can become one.
const ADMIN_POLICIES: &[&str] = &["AdministratorAccess", "IAMFullAccess", "PowerUserAccess"];

/// An action of IAM that there is not: only patterns for all of IAM match it.
const ANY_IAM: &str = "iam:\u{1}";

fn grants(statement: &Statement, action: &str) -> bool {
    let is_named = statement.actions.iter().any(|pattern| glob(pattern, action));
    is_named != statement.is_not_action
}

/// Whether a resource is every one of a service: `*`, `arn:aws:iam::111122223333:*`, `arn:aws:iam::*:role/*`.
fn is_every(resource: &str, service: &str) -> bool {
    if resource.bytes().all(|byte| byte == b'*') {
        return true;
    }
    let mut parts = resource.splitn(6, ':');
    let of = parts.nth(2).unwrap_or_default();
    let name = parts.nth(2).unwrap_or(if of.ends_with('*') { "*" } else { "" });
    let Some(kind) = name.strip_suffix('*') else { return false };
    let kind = kind.trim_end_matches('*');
    let is_whole_kind = kind.strip_suffix(['/', ':']).is_some_and(|kind| !kind.contains(['/', ':']));
    glob(of, service) && (kind.is_empty() || is_whole_kind)
}

fn is_on_every(statement: &Statement, action: &str) -> bool {
    let service = action.split(':').next().unwrap_or_default();
    statement.resources.iter().any(|resource| is_every(resource, service))
}

/// Whether it grants all, or all of IAM, which comes to the same.
pub(super) fn is_admin(statement: &Statement) -> bool {
    grants(statement, ANY_IAM) && is_on_every(statement, ANY_IAM)
}

/// The escalating actions that it grants on every resource.
pub(super) fn escalations(statement: &Statement) -> Vec<&'static str> {
    let granted = |action: &&&str| grants(statement, action) && is_on_every(statement, action);
    ESCALATIONS.iter().filter(granted).copied().collect()
}

/// Whether it denies everybody everything, whatever the circumstances.
pub(super) fn is_lockout(statement: &Statement) -> bool {
    let is_all = |action: &String| action.bytes().all(|byte| byte == b'*') || action.ends_with(":*");
    !statement.is_allow
        && statement.has(&Principal::Anyone)
        && statement.conditions.is_empty()
        && !statement.is_not_action
        && statement.actions.iter().any(is_all)
}

/// Whether the call attaches one of AWS's own policies for administrators.
pub(super) fn attaches_admin(view: &View<'_>) -> bool {
    let name = match view.service() {
        "iam" if view.operation().starts_with("Attach") => "policyArn",
        "sso" if view.operation() == "AttachManagedPolicyToPermissionSet" => "managedPolicyArn",
        _ => return false,
    };
    let arns = members::texts(view.request(), name);
    arns.iter().any(|arn| {
        let name = arn.rsplit('/').next().unwrap_or_default();
        arn.contains(":iam::aws:policy/") && ADMIN_POLICIES.contains(&name)
    })
}
