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

/// Whether an operation hands out or changes a credential.
fn is_of_credentials(operation: &str) -> bool {
    matches!(
        operation,
        "BatchGetSecretValue"
            | "ChangePassword"
            | "CreateAccessKey"
            | "CreateKeyPair"
            | "CreateLoginProfile"
            | "CreateServiceSpecificCredential"
            | "CreateVirtualMFADevice"
            | "DeactivateMFADevice"
            | "GetFederationToken"
            | "GetPasswordData"
            | "GetSecretValue"
            | "ImportKeyPair"
            | "PutSecretValue"
            | "ResetServiceSpecificCredential"
            | "SendSSHPublicKey"
            | "UpdateAccessKey"
            | "UpdateLoginProfile"
            | "UploadSSHPublicKey"
            | "UploadSigningCertificate"
    )
}

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

/// Whether one of the words is in the operation's name. Each begins with a capital, so it can only be where one is.
fn changes_permissions(operation: &str) -> bool {
    let name = operation.as_bytes();
    name.iter().enumerate().filter(|(_, byte)| byte.is_ascii_uppercase()).any(|(at, capital)| {
        let words = PERMISSION_WORDS.iter().map(|word| word.as_bytes());
        words.filter(|word| word.first() == Some(capital)).any(|word| name[at..].starts_with(word))
    })
}

/// Tells what kind of act it is.
pub(super) fn act_of(service: &str, operation: &str, read_only: bool) -> Act {
    if service == "signin.amazonaws.com"
        || (service == "sts.amazonaws.com" && operation.starts_with("Assume"))
    {
        return Act::SignIn;
    }
    if is_of_credentials(operation) {
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
    if changes_permissions(operation) {
        return Act::Permission;
    }
    match verb {
        "Delete" | "Terminate" | "Deregister" | "Disable" | "Stop" | "Schedule" | "Remove" | "Purge"
        | "Leave" | "Cancel" | "Revoke" => Act::Destructive,
        _ => Act::Write,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_permissions_are_found_wherever_they_stand() {
        for word in PERMISSION_WORDS {
            for name in [
                (*word).to_owned(),
                format!("Put{word}"),
                format!("{word}Entry"),
                format!("AXé{word}s"),
                word.to_lowercase(),
                word[..word.len() - 1].to_owned(),
            ] {
                let expected = PERMISSION_WORDS.iter().any(|word| name.contains(word));
                assert_eq!(changes_permissions(&name), expected, "{name}");
            }
        }
    }
}
