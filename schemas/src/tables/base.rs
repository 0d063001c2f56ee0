//! The columns that every table begins with, so that one query spans them all.

columns! { 0;
    /// The event's id: what the source gave, or one derived from its content and place. Derived metric points have none.
    METADATA_UID "metadata.uid" Text;
    /// When it happened, milliseconds since 1970.
    TIME "time" Long;
    /// When it happened, as a timestamp.
    TIME_DT "time_dt" Time;
    /// OCSF class: 6003 API activity, 3002 authentication, 3001 account change, 4001 network, 4002 HTTP, 2004 finding, 0 none.
    CLASS_UID "class_uid" Int;
    /// OCSF category: the class's thousands.
    CATEGORY_UID "category_uid" Int;
    /// OCSF activity within the class.
    ACTIVITY_ID "activity_id" Int;
    /// class_uid x 100 + activity_id.
    TYPE_UID "type_uid" Long;
    /// 0 unknown, 1 informational, 2 low, 3 medium, 4 high, 5 critical, 6 fatal.
    SEVERITY_ID "severity_id" Int;
    /// Which line of the severity table decided.
    SEVERITY_REASON "unmapped.severity_reason" Text;
    /// What kind of act it is: read, write, permission, destructive, credential, sign_in, traffic, health, alarm, agent, log, metric, finding.
    CATEGORY "unmapped.category" Text;
    /// 1 success, 2 failure, 0 unknown, 99 other; of a finding 1 new, 2 in progress, 3 suppressed, 4 resolved.
    STATUS_ID "status_id" Int;
    /// The source's own code: an error code, an HTTP status, a log status.
    STATUS_CODE "status_code" Text;
    /// The source's own words for it.
    STATUS_DETAIL "status_detail" Text;
    /// A line of text for a person.
    MESSAGE "message" Text;
    /// The account that it happened in.
    CLOUD_ACCOUNT_UID "cloud.account.uid" Text;
    /// The Region that it happened in.
    CLOUD_REGION "cloud.region" Text;
    /// What wrote it: CloudTrail, Amazon VPC, GuardDuty and so on.
    PRODUCT_NAME "metadata.product.name" Text;
    /// The part of the product: Management, Data, Flowlogs and so on.
    PRODUCT_FEATURE "metadata.product.feature.name" Text;
    /// The version of the source's own format.
    PRODUCT_VERSION "metadata.product.version" Text;
    /// The source's own type of event.
    EVENT_CODE "metadata.event_code" Text;
    /// The time as it was received, where it was not written in the source's usual form.
    ORIGINAL_TIME "metadata.original_time" Text;
    /// The log it was written to: the log group, or the source of the event that a finding is about.
    LOG_NAME "metadata.log_name" Text;
    /// Whatever has no column of its own: JSON, text by the path it had.
    UNMAPPED "unmapped" Json;
}
