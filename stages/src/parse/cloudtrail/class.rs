//! Which OCSF class and activity a CloudTrail event has, and what those classes want to know.
//!
//! AWS maps CloudTrail to three classes and publishes no list; ours follows its samples. The service is matched too:
//! CreateUser and its like exist outside IAM.

use super::super::{any_text, set_status, text};
use crate::json::{Fields, Raw};
use kinescope_schemas::{
    Class, Row, Value,
    tables::{api_activity as t, base},
};

/// Class and activity_id.
pub(super) struct Classed {
    pub(super) class: Class,
    pub(super) activity: i64,
}

const OTHER: i64 = 99;

/// Decides by service and operation.
pub(super) fn of(service: &str, operation: &str, read_only: bool) -> Classed {
    if let Some(activity) = authentication(service, operation) {
        return Classed { class: Class::Authentication, activity };
    }
    if service == "iam.amazonaws.com"
        && let Some(activity) = account_change(operation)
    {
        return Classed { class: Class::AccountChange, activity };
    }
    Classed { class: Class::ApiActivity, activity: if read_only { 2 } else { api_activity(operation) } }
}

/// 1 logon, 2 logoff, 99 other.
fn authentication(service: &str, operation: &str) -> Option<i64> {
    const LOGON: i64 = 1;
    match service {
        "signin.amazonaws.com" => Some(match operation {
            "ConsoleLogin" | "UserAuthentication" | "ExternalIdPDirectoryLogin" => LOGON,
            "Logout" => 2,
            _ => OTHER,
        }),
        "sts.amazonaws.com" => match operation {
            "AssumeRole"
            | "AssumeRoleWithSAML"
            | "AssumeRoleWithWebIdentity"
            | "AssumeRoot"
            | "GetFederationToken"
            | "GetSessionToken" => Some(LOGON),
            _ => None,
        },
        _ => None,
    }
}

/// IAM's operations whose object is a user or a role.
fn account_change(operation: &str) -> Option<i64> {
    Some(match operation {
        "CreateUser"
        | "CreateRole"
        | "CreateLoginProfile"
        | "CreateAccessKey"
        | "CreateServiceLinkedRole" => 1,
        "ChangePassword" => 3,
        "UpdateLoginProfile" => 4,
        "DeleteUser" | "DeleteRole" | "DeleteLoginProfile" | "DeleteAccessKey" => 6,
        "AttachUserPolicy"
        | "AttachRolePolicy"
        | "PutUserPolicy"
        | "PutRolePolicy"
        | "PutUserPermissionsBoundary"
        | "PutRolePermissionsBoundary" => 7,
        "DetachUserPolicy"
        | "DetachRolePolicy"
        | "DeleteUserPolicy"
        | "DeleteRolePolicy"
        | "DeleteUserPermissionsBoundary"
        | "DeleteRolePermissionsBoundary" => 8,
        "EnableMFADevice" => 10,
        "DeactivateMFADevice" => 11,
        "UpdateAccessKey"
        | "UpdateUser"
        | "UpdateRole"
        | "UpdateRoleDescription"
        | "UpdateAssumeRolePolicy"
        | "AddUserToGroup"
        | "RemoveUserFromGroup"
        | "TagUser"
        | "UntagUser"
        | "TagRole"
        | "UntagRole"
        | "AddRoleToInstanceProfile"
        | "RemoveRoleFromInstanceProfile"
        | "ResyncMFADevice"
        | "UploadSSHPublicKey"
        | "UploadSigningCertificate"
        | "CreateServiceSpecificCredential" => OTHER,
        _ => return None,
    })
}

/// 1 create, 2 read, 3 update, 4 delete, by the first word of the operation.
fn api_activity(operation: &str) -> i64 {
    match super::super::words::first_word(operation) {
        "Create" | "Run" | "Generate" | "Import" | "Copy" | "Allocate" => 1,
        "Get" | "List" | "Describe" | "Lookup" | "Search" | "Batch"
            if !operation.starts_with("BatchDelete") =>
        {
            2
        }
        "Delete" | "Terminate" | "Deregister" | "Release" => 4,
        "Update" | "Put" | "Modify" | "Add" | "Remove" | "Attach" | "Detach" | "Start" | "Stop"
        | "Enable" | "Disable" | "Associate" | "Disassociate" | "Authorize" | "Revoke" | "Set" | "Tag"
        | "Untag" | "Register" => 3,
        _ => OTHER,
    }
}

/// Fills the columns that only some classes have.
pub(super) fn fill<'a>(
    row: &mut Row<'a>,
    class: Class,
    request: Option<Raw<'a>>,
    response: Option<Raw<'a>>,
    additional: Option<Raw<'a>>,
) {
    let fields = |raw: Option<Raw<'a>>| raw.map(Raw::fields).unwrap_or_default();
    match class {
        Class::Authentication => sign_in(row, &fields(request), &fields(response), &fields(additional)),
        Class::AccountChange => change(row, &fields(request), &fields(response)),
        _ => {}
    }
}

fn sign_in<'a>(row: &mut Row<'a>, request: &Fields<'a>, response: &Fields<'a>, additional: &Fields<'a>) {
    row.set(t::SERVICE_NAME, row[t::API_SERVICE_NAME].clone());
    row.set(t::DST_ENDPOINT_SVC_NAME, text(additional.get("LoginTo")));
    if let Some(mfa) = additional.text("MFAUsed") {
        row.set(t::IS_MFA, mfa.eq_ignore_ascii_case("yes"));
    }
    if let Some(outcome) = response.text("ConsoleLogin") {
        let success = outcome == "Success";
        set_status(row, (success || outcome == "Failure").then_some(success));
    }
    let protocol = match row.str(t::API_OPERATION) {
        "AssumeRoleWithSAML" => 5,
        "AssumeRoleWithWebIdentity" => 4,
        _ => OTHER,
    };
    row.set(t::AUTH_PROTOCOL_ID, protocol);
    if let Some(role) = request.get("roleArn") {
        row.set(t::USER_UID, any_text(Some(role)));
        row.set(t::USER_NAME, text(request.get("roleSessionName")));
    } else {
        who_called(row);
    }
    row.set(t::SESSION_UID, text(response.at(&["assumedRoleUser", "arn"])));
    row.set(t::SESSION_UID_ALT, text(response.at(&["assumedRoleUser", "assumedRoleId"])));
    row.set(t::SESSION_CREDENTIAL_UID, text(response.at(&["credentials", "accessKeyId"])));
}

fn change<'a>(row: &mut Row<'a>, request: &Fields<'a>, response: &Fields<'a>) {
    let changed = response.any(&["user", "role"]).map(Raw::fields).unwrap_or_default();
    row.set(t::USER_UID, text(changed.get("arn")));
    row.set(t::USER_UID_ALT, text(changed.any(&["userId", "roleId"])));
    match request.any(&["userName", "roleName"]) {
        Some(name) => row.set(t::USER_NAME, any_text(Some(name))),
        // Calls about oneself name nobody.
        None => who_called(row),
    }
    let policy = text(request.get("policyArn"));
    let of_arn = policy.as_str().and_then(|arn| arn.rsplit('/').next()).map(str::to_owned);
    row.set(t::POLICY_UID, policy);
    match text(request.get("policyName")) {
        Value::Null => row.set(t::POLICY_NAME, of_arn),
        name => row.set(t::POLICY_NAME, name),
    }
}

/// `user` is required: if nobody else is named it is the caller, of whom at least the type or account is known.
fn who_called(row: &mut Row<'_>) {
    for (to, from) in [
        (t::USER_UID, t::ACTOR_USER_UID),
        (t::USER_UID_ALT, t::ACTOR_USER_UID_ALT),
        (t::USER_NAME, t::ACTOR_USER_NAME),
    ] {
        if row[to].is_null() {
            let caller = row[from].clone();
            row.set(to, caller);
        }
    }
    if row[t::USER_UID].is_null() && row[t::USER_NAME].is_null() && row[t::USER_UID_ALT].is_null() {
        let fallback = [t::ACTOR_USER_ACCOUNT_UID, t::ACTOR_INVOKED_BY, base::CLOUD_ACCOUNT_UID];
        let name = fallback.iter().map(|column| row[*column].clone()).find(|value| !value.is_null());
        row.set(t::USER_NAME, name.unwrap_or_default());
    }
}
