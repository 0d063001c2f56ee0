//! CloudTrail.

/// Documentation of the table.
pub const DOC: &str = "Every CloudTrail event: API activity (6003), authentication (3002) and account change (3001). \
One row an event, whichever way and however often it arrived.";

columns! { super::base::END;
    /// CloudTrail eventName.
    API_OPERATION "api.operation" Text;
    /// CloudTrail eventSource, such as ec2.amazonaws.com.
    API_SERVICE_NAME "api.service.name" Text;
    /// apiVersion.
    API_VERSION "api.version" Text;
    /// requestID.
    API_REQUEST_UID "api.request.uid" Text;
    /// requestParameters as JSON text.
    API_REQUEST_DATA "api.request.data" JsonText;
    /// responseElements as JSON text.
    API_RESPONSE_DATA "api.response.data" JsonText;
    /// errorCode; absent when the call succeeded.
    API_RESPONSE_ERROR "api.response.error" Text;
    /// errorMessage.
    API_RESPONSE_MESSAGE "api.response.message" Text;
    /// userIdentity.type: IAMUser, AssumedRole, Root, AWSService, AWSAccount, FederatedUser and so on.
    ACTOR_USER_TYPE "actor.user.type" Text;
    /// 1 IAM user, 2 root, 3 AWS service, 99 other.
    ACTOR_USER_TYPE_ID "actor.user.type_id" Int;
    /// userIdentity.arn.
    ACTOR_USER_UID "actor.user.uid" Text;
    /// userIdentity.principalId.
    ACTOR_USER_UID_ALT "actor.user.uid_alt" Text;
    /// userIdentity.userName, or the role's name.
    ACTOR_USER_NAME "actor.user.name" Text;
    /// userIdentity.accountId: the caller's account.
    ACTOR_USER_ACCOUNT_UID "actor.user.account.uid" Text;
    /// userIdentity.accessKeyId.
    ACTOR_USER_CREDENTIAL_UID "actor.user.credential_uid" Text;
    /// userIdentity.invokedBy: the AWS service that called for them.
    ACTOR_INVOKED_BY "actor.invoked_by" Text;
    /// The identity provider of a federated caller.
    ACTOR_IDP_NAME "actor.idp.name" Text;
    /// sessionContext.sessionIssuer.arn: the role that was assumed.
    ACTOR_SESSION_ISSUER "actor.session.issuer" Text;
    /// Whether the session was opened with MFA.
    ACTOR_SESSION_IS_MFA "actor.session.is_mfa" Bool;
    /// When the session was opened, milliseconds since 1970.
    ACTOR_SESSION_CREATED_TIME "actor.session.created_time" Long;
    /// sourceIPAddress, when it is an address.
    SRC_ENDPOINT_IP "src_endpoint.ip" Text;
    /// sourceIPAddress, when it is the name of a service.
    SRC_ENDPOINT_SVC_NAME "src_endpoint.svc_name" Text;
    /// vpcEndpointId.
    SRC_ENDPOINT_UID "src_endpoint.uid" Text;
    /// userAgent, as the caller wrote it.
    HTTP_REQUEST_USER_AGENT "http_request.user_agent" Text;
    /// Authentication: who is signed in. Account change: who is changed (ARN).
    USER_UID "user.uid" Text;
    /// Its name.
    USER_NAME "user.name" Text;
    /// Its unique id.
    USER_UID_ALT "user.uid_alt" Text;
    /// Authentication: ARN of the session that was opened.
    SESSION_UID "session.uid" Text;
    /// Its unique id.
    SESSION_UID_ALT "session.uid_alt" Text;
    /// Its access key id.
    SESSION_CREDENTIAL_UID "session.credential_uid" Text;
    /// Authentication: whether MFA was used to sign in.
    IS_MFA "is_mfa" Bool;
    /// Authentication: 5 SAML, 4 OpenID, 99 other.
    AUTH_PROTOCOL_ID "auth_protocol_id" Int;
    /// Authentication: the service that checked it.
    SERVICE_NAME "service.name" Text;
    /// Authentication: the page that was signed in to.
    DST_ENDPOINT_SVC_NAME "dst_endpoint.svc_name" Text;
    /// Account change: ARN of the policy.
    POLICY_UID "policy.uid" Text;
    /// Account change: its name.
    POLICY_NAME "policy.name" Text;
    /// The resources that CloudTrail names: JSON list of uid, type and owner.
    RESOURCES "resources" Json;
    /// readOnly.
    READ_ONLY "unmapped.read_only" Bool;
    /// managementEvent.
    MANAGEMENT_EVENT "unmapped.management_event" Bool;
    /// additionalEventData as JSON text.
    ADDITIONAL_EVENT_DATA "unmapped.additional_event_data" JsonText;
    /// tlsDetails as JSON text.
    TLS_DETAILS "unmapped.tls_details" JsonText;
}
