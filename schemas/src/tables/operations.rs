//! What the platform says of itself.

/// Documentation of the table.
pub const DOC: &str = "AWS Health events (one row a page), CloudWatch alarm state changes and the agents' own events. \
No class of OCSF 1.3.0 fits, so rows are base events (class 0).";

columns! { super::base::END;
    /// health, alarm or agent.
    KIND "unmapped.kind" Text;
    /// Health: the service. Agent: its id's service.
    SERVICE "unmapped.service" Text;
    /// Health: eventTypeCategory. Alarm: the metric's namespace.
    TYPE_CATEGORY "unmapped.type_category" Text;
    /// ARN of the Health event or the alarm.
    ARN "unmapped.arn" Text;
    /// Alarm name, or agent id.
    NAME "unmapped.name" Text;
    /// State: open, closed, upcoming; ALARM, OK, INSUFFICIENT_DATA; or the agent's status.
    STATE "unmapped.state" Text;
    /// The state before.
    PREVIOUS_STATE "unmapped.previous_state" Text;
    /// Health: the Region concerned, which may not be the one it was delivered in.
    AFFECTED_REGION "unmapped.affected_region" Text;
    /// Health: the account concerned.
    AFFECTED_ACCOUNT "unmapped.affected_account" Text;
    /// Ids of the things concerned: JSON list.
    AFFECTED "unmapped.affected" JsonText;
    /// Health: communicationId without its page.
    COMMUNICATION_ID "unmapped.communication_id" Text;
    /// Health: number of this page, from 1.
    PAGE "unmapped.page" Int;
    /// Health: number of pages.
    TOTAL_PAGES "unmapped.total_pages" Int;
    /// When it began, milliseconds since 1970.
    START_TIME "unmapped.started" Long;
    /// When it ended.
    END_TIME "unmapped.ended" Long;
    /// Agent: its version.
    VERSION "unmapped.version" Text;
}
