//! Findings: ours, and those that arrive.

/// Documentation of the table.
pub const DOC: &str = "Detection findings (2004): what our rules found (metadata_product_name Kinescope) and what \
GuardDuty and Security Hub sent.";

columns! { super::base::END;
    /// Derived from event and rule, or the product's own id.
    FINDING_UID "finding_info.uid" Text;
    /// What was found.
    FINDING_TITLE "finding_info.title" Text;
    /// The rule's or product's page.
    FINDING_DESC "finding_info.desc" Text;
    /// The product's types: JSON list.
    FINDING_TYPES "finding_info.types" Json;
    /// The rule's id.
    ANALYTIC_UID "finding_info.analytic.uid" Text;
    /// The rule's title.
    ANALYTIC_NAME "finding_info.analytic.name" Text;
    /// 1 rule.
    ANALYTIC_TYPE_ID "finding_info.analytic.type_id" Int;
    /// ATT&CK tactics and techniques: JSON list.
    ATTACKS "finding_info.attacks" Json;
    /// The events it was made from: JSON list of uid and type_uid.
    RELATED_EVENTS "finding_info.related_events" Json;
    /// When it was first made, milliseconds since 1970.
    CREATED_TIME "finding_info.created_time" Long;
    /// When it last changed.
    MODIFIED_TIME "finding_info.modified_time" Long;
    /// When what it tells of was first seen.
    FIRST_SEEN_TIME "finding_info.first_seen_time" Long;
    /// When it was last seen.
    LAST_SEEN_TIME "finding_info.last_seen_time" Long;
    /// How often.
    COUNT "count" Int;
    /// The resources concerned: JSON list.
    RESOURCES "resources" Json;
    /// What shows it: JSON list.
    EVIDENCES "evidences" Json;
    /// What to do.
    REMEDIATION_DESC "remediation.desc" Text;
    /// Id of the detector or product.
    PRODUCT_UID "metadata.product.uid" Text;
    /// The product's own severity number.
    SEVERITY_NUMBER "unmapped.severity_number" Double;
    /// Who did it.
    ACTOR_UID "unmapped.actor_uid" Text;
    /// The resource that alerts are folded by.
    RESOURCE_UID "unmapped.resource_uid" Text;
    /// Where to read on: JSON list of links.
    REMEDIATION_REFERENCES "remediation.references" Json;
}
