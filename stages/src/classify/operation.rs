//! What kind of act an API operation is, told by its service and name.

use crate::parse::first_word;

/// The kinds, by what they can do to you.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Opening a session.
    SignIn,
    /// Making, changing or reading out a credential.
    Credential,
    /// Changing who may do what.
    Permission,
    /// Removing, stopping or disabling.
    Destructive,
    /// Any other change.
    Write,
    /// Looking.
    Read,
}

impl Act {
    /// The name in the `category` column.
    pub fn name(self) -> &'static str {
        match self {
            Act::SignIn => "sign_in",
            Act::Credential => "credential",
            Act::Permission => "permission",
            Act::Destructive => "destructive",
            Act::Write => "write",
            Act::Read => "read",
        }
    }
}

/// Operations that hand out or change a credential.
const CREDENTIALS: &[&str] = &[
    "BatchGetSecretValue",
    "ChangePassword",
    "CreateAccessKey",
    "CreateKeyPair",
    "CreateLoginProfile",
    "CreateServiceSpecificCredential",
    "CreateVirtualMFADevice",
    "DeactivateMFADevice",
    "GetFederationToken",
    "GetPasswordData",
    "GetSecretValue",
    "ImportKeyPair",
    "PutSecretValue",
    "ResetServiceSpecificCredential",
    "SendSSHPublicKey",
    "UpdateAccessKey",
    "UpdateLoginProfile",
    "UploadSSHPublicKey",
    "UploadSigningCertificate",
];

/// Words in the name of an operation that changes who may do what.
const PERMISSION_WORDS: &[&str] = &[
    "Policy",
    "Permission",
    "Acl",
    "Grant",
    "SecurityGroup",
    "PublicAccessBlock",
    "TrustAnchor",
    "UserToGroup",
    "RoleToInstanceProfile",
    "OpenIDConnectProvider",
    "SAMLProvider",
    "NetworkAclEntry",
    "ImageAttribute",
    "SnapshotAttribute",
    "ResourceShare",
];

/// Tells what kind of act it is.
pub(super) fn act_of(service: &str, operation: &str, read_only: bool) -> Act {
    if service == "signin.amazonaws.com"
        || (service == "sts.amazonaws.com" && operation.starts_with("Assume"))
    {
        return Act::SignIn;
    }
    if CREDENTIALS.contains(&operation) {
        return Act::Credential;
    }
    let verb = first_word(operation);
    if read_only
        || matches!(
            verb,
            "Get" | "List" | "Describe" | "Lookup" | "Search" | "Head" | "Select" | "Query" | "Scan"
        )
    {
        return Act::Read;
    }
    if PERMISSION_WORDS.iter().any(|word| operation.contains(word)) {
        return Act::Permission;
    }
    match verb {
        "Delete" | "Terminate" | "Deregister" | "Disable" | "Stop" | "Schedule" | "Remove" | "Purge"
        | "Leave" | "Cancel" | "Revoke" => Act::Destructive,
        _ => Act::Write,
    }
}
