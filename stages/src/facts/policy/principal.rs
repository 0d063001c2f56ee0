//! Whom a statement speaks of.

use crate::facts::{lists::is_account, members};
use serde_json::Value as Json;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Principal {
    /// `*`: everybody, with or without an account.
    Anyone,
    /// An account, or an identity of it.
    Account(String),
    Service(String),
    /// A provider of identities.
    Federated(String),
    /// An account by the id that S3 has for it.
    Canonical(String),
    /// An id that IAM puts where an identity was deleted, and whatever else there is.
    Other,
}

impl Principal {
    /// The principals of a statement: `"*"`, or texts and lists by kind.
    pub(super) fn all(value: &Json) -> Vec<Principal> {
        let Json::Object(kinds) = value else {
            return texts(value).iter().map(|text| Self::plain(text)).collect();
        };
        let mut all = Vec::new();
        for (kind, value) in kinds {
            all.extend(texts(value).into_iter().map(|text| match kind.to_ascii_lowercase().as_str() {
                "service" => Principal::Service(text),
                "federated" => Principal::Federated(text),
                "canonicaluser" => Principal::Canonical(text),
                _ => Self::plain(&text),
            }));
        }
        all
    }

    /// As it stands under `AWS`, or alone: `*`, an account, an ARN, a service.
    pub(super) fn plain(text: &str) -> Principal {
        if !text.is_empty() && text.bytes().all(|byte| byte == b'*') {
            return Principal::Anyone;
        }
        if is_account(text) {
            return Principal::Account(text.to_owned());
        }
        match text.split(':').nth(4) {
            Some("*") => Principal::Anyone,
            Some("cloudfront") => Principal::Service("cloudfront.amazonaws.com".to_owned()),
            Some(account) if is_account(account) => Principal::Account(account.to_owned()),
            None if text.contains(".amazonaws.com") => Principal::Service(text.to_owned()),
            _ => Principal::Other,
        }
    }

    pub(super) fn account(&self) -> Option<String> {
        match self {
            Principal::Account(id) => Some(id.clone()),
            _ => None,
        }
    }

    pub(super) fn service(&self) -> Option<String> {
        match self {
            Principal::Service(name) => Some(name.clone()),
            _ => None,
        }
    }

    /// The provider, if it speaks OIDC: one by its ARN, or one of those that need none.
    pub(super) fn oidc(&self) -> Option<String> {
        let Principal::Federated(provider) = self else { return None };
        if let Some((_, name)) = provider.split_once(":oidc-provider/") {
            return Some(name.to_owned());
        }
        (!provider.contains(":saml-provider/")).then(|| provider.clone())
    }

    /// As facts name it.
    pub(super) fn name(&self) -> Option<String> {
        Some(match self {
            Principal::Anyone => "anyone".to_owned(),
            Principal::Account(id) => format!("account:{id}"),
            Principal::Service(name) => format!("service:{name}"),
            Principal::Canonical(id) => format!("canonical:{id}"),
            Principal::Federated(provider) => match (self.oidc(), provider.split_once(":saml-provider/")) {
                (Some(name), _) => format!("oidc:{name}"),
                (None, Some((_, name))) => format!("saml:{name}"),
                (None, None) => return None,
            },
            Principal::Other => return None,
        })
    }
}

fn texts(value: &Json) -> Vec<String> {
    members::list(value).into_iter().filter_map(members::text).map(|text| text.into_owned()).collect()
}
