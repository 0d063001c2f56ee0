//! Access control lists: by a canned name, by headers, or as a document.

use crate::facts::{View, members};
use serde_json::Value as Json;

/// The ends of the URIs of the groups that everybody is in, or everybody with an account of AWS.
const GROUPS: &[&str] = &["/global/AllUsers", "/global/AuthenticatedUsers"];

/// Canned lists, and what they grant to those groups.
const CANNED: &[(&str, &[&str])] = &[
    ("public-read", &["read"]),
    ("public-read-write", &["read", "write"]),
    ("authenticated-read", &["read"]),
];

/// Headers that grant.
const HEADERS: &[(&str, &str)] = &[
    ("x-amz-grant-read", "read"),
    ("x-amz-grant-write", "write"),
    ("x-amz-grant-read-acp", "read_acp"),
    ("x-amz-grant-write-acp", "write_acp"),
    ("x-amz-grant-full-control", "full_control"),
];

/// Where the document stands.
const DOCUMENTS: &[&str] = &["AccessControlPolicy.AccessControlList.Grant", "AccessControlPolicy.Grant"];

fn is_public_group(text: &str) -> bool {
    GROUPS.iter().any(|group| text.contains(group))
}

/// What the call grants to everybody.
pub(super) fn public_grants(view: &View<'_>) -> Vec<String> {
    let request = view.request();
    let mut grants = Vec::new();
    // Headers stand in the request, or in a member of their own.
    for headers in [request, members::at(request, "accessControlList")] {
        for canned in members::texts(headers, "x-amz-acl") {
            let known = CANNED.iter().filter(|(name, _)| canned.eq_ignore_ascii_case(name));
            grants.extend(known.flat_map(|(_, grants)| grants.iter().map(|grant| (*grant).to_owned())));
        }
        for (header, grant) in HEADERS {
            if members::texts(headers, header).iter().any(|text| is_public_group(text)) {
                grants.push((*grant).to_owned());
            }
        }
    }
    for grant in DOCUMENTS.iter().flat_map(|path| members::each(request, path)) {
        if members::texts(grant, "Grantee.URI").iter().any(|uri| is_public_group(uri)) {
            grants.push(permission(grant));
        }
    }
    grants
}

fn permission(grant: &Json) -> String {
    members::text(members::at(grant, "Permission")).unwrap_or_default().to_ascii_lowercase()
}
