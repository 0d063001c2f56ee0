//! The members of an event, in the order in which CloudTrail writes them, and where each goes.

use crate::json::{Name, Names};
use kinescope_schemas::tables::{api_activity as t, base};

/// What is made of a member.
pub(super) enum To {
    /// The value of a slot, if it is a scalar.
    Slot(usize),
    /// The same of a flag.
    Flag(usize),
    /// The same, whatever JSON it is.
    Json(usize),
    /// An object whose members are looked at in turn.
    Level(&'static Level),
    Time,
    Address,
    Request,
    Response,
    Additional,
    Resources,
    Insight,
    /// When the session was opened.
    Created,
    /// Who vouched for the caller.
    Federation,
    /// What mostly repeats the identity: the issuer's type, id, account and name.
    Issuer(usize),
}

/// An object of the event.
pub(super) struct Level {
    /// What the names of its members follow in `unmapped`.
    pub(super) prefix: &'static str,
    pub(super) names: &'static Names<To>,
}

pub(super) static EVENT: Level = Level {
    prefix: "",
    names: &[
        (Name::new("eventVersion"), To::Slot(base::PRODUCT_VERSION)),
        (Name::new("userIdentity"), To::Level(&IDENTITY)),
        (Name::new("eventTime"), To::Time),
        (Name::new("eventSource"), To::Slot(t::API_SERVICE_NAME)),
        (Name::new("eventName"), To::Slot(t::API_OPERATION)),
        (Name::new("awsRegion"), To::Slot(base::CLOUD_REGION)),
        (Name::new("sourceIPAddress"), To::Address),
        (Name::new("userAgent"), To::Slot(t::HTTP_REQUEST_USER_AGENT)),
        (Name::new("errorCode"), To::Slot(t::API_RESPONSE_ERROR)),
        (Name::new("errorMessage"), To::Slot(t::API_RESPONSE_MESSAGE)),
        (Name::new("requestParameters"), To::Request),
        (Name::new("responseElements"), To::Response),
        (Name::new("additionalEventData"), To::Additional),
        (Name::new("requestID"), To::Slot(t::API_REQUEST_UID)),
        (Name::new("eventID"), To::Slot(base::METADATA_UID)),
        (Name::new("readOnly"), To::Flag(t::READ_ONLY)),
        (Name::new("resources"), To::Resources),
        (Name::new("eventType"), To::Slot(base::EVENT_CODE)),
        (Name::new("apiVersion"), To::Slot(t::API_VERSION)),
        (Name::new("managementEvent"), To::Flag(t::MANAGEMENT_EVENT)),
        (Name::new("recipientAccountId"), To::Slot(base::CLOUD_ACCOUNT_UID)),
        (Name::new("vpcEndpointId"), To::Slot(t::SRC_ENDPOINT_UID)),
        (Name::new("eventCategory"), To::Slot(base::PRODUCT_FEATURE)),
        (Name::new("tlsDetails"), To::Json(t::TLS_DETAILS)),
        (Name::new("insightDetails"), To::Insight),
    ],
};

static IDENTITY: Level = Level {
    prefix: "userIdentity.",
    names: &[
        (Name::new("type"), To::Slot(t::ACTOR_USER_TYPE)),
        (Name::new("principalId"), To::Slot(t::ACTOR_USER_UID_ALT)),
        (Name::new("arn"), To::Slot(t::ACTOR_USER_UID)),
        (Name::new("accountId"), To::Slot(t::ACTOR_USER_ACCOUNT_UID)),
        (Name::new("accessKeyId"), To::Slot(t::ACTOR_USER_CREDENTIAL_UID)),
        (Name::new("userName"), To::Slot(t::ACTOR_USER_NAME)),
        (Name::new("sessionContext"), To::Level(&SESSION)),
        (Name::new("invokedBy"), To::Slot(t::ACTOR_INVOKED_BY)),
        (Name::new("identityProvider"), To::Slot(t::ACTOR_IDP_NAME)),
        (Name::new("credentialId"), To::Slot(t::ACTOR_USER_CREDENTIAL_UID)),
    ],
};

static SESSION: Level = Level {
    prefix: "userIdentity.sessionContext.",
    names: &[
        (Name::new("sessionIssuer"), To::Level(&ISSUER)),
        (Name::new("webIdFederationData"), To::Federation),
        (Name::new("attributes"), To::Level(&ATTRIBUTES)),
    ],
};

/// It names the role.
static ISSUER: Level = Level {
    prefix: "userIdentity.sessionContext.sessionIssuer.",
    names: &[
        (Name::new("type"), To::Issuer(0)),
        (Name::new("principalId"), To::Issuer(1)),
        (Name::new("arn"), To::Slot(t::ACTOR_SESSION_ISSUER)),
        (Name::new("accountId"), To::Issuer(2)),
        (Name::new("userName"), To::Issuer(3)),
    ],
};

static ATTRIBUTES: Level = Level {
    prefix: "userIdentity.sessionContext.attributes.",
    names: &[
        (Name::new("creationDate"), To::Created),
        (Name::new("mfaAuthenticated"), To::Flag(t::ACTOR_SESSION_IS_MFA)),
    ],
};
