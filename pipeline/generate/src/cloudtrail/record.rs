//! One CloudTrail event as JSON, in the order in which CloudTrail writes its members.

use super::push_message;

/// What kind of event it is, which decides its EventBridge detail type too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventType {
    ApiCall,
    ConsoleSignIn,
    ServiceEvent,
}

impl EventType {
    fn word(self) -> &'static str {
        match self {
            EventType::ApiCall => "AwsApiCall",
            EventType::ConsoleSignIn => "AwsConsoleSignIn",
            EventType::ServiceEvent => "AwsServiceEvent",
        }
    }
}

/// The members of an event. Those called JSON hold a whole value; an empty one is left out.
pub(crate) struct Record<'a> {
    pub(crate) version: &'a str,
    /// JSON.
    pub(crate) identity: &'a str,
    pub(crate) time: &'a str,
    pub(crate) service: &'a str,
    pub(crate) name: &'a str,
    pub(crate) region: &'a str,
    pub(crate) source_ip: &'a str,
    pub(crate) user_agent: &'a str,
    /// Code and message, either of which may be empty: a failed sign-in has a message only.
    pub(crate) error: Option<(&'a str, &'a str)>,
    /// JSON, at least `null`.
    pub(crate) params: &'a str,
    /// JSON, at least `null`.
    pub(crate) response: &'a str,
    /// JSON.
    pub(crate) additional: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) event_id: &'a str,
    pub(crate) read_only: bool,
    /// JSON.
    pub(crate) resources: &'a str,
    pub(crate) event_type: EventType,
    pub(crate) management: bool,
    pub(crate) account: &'a str,
    /// Set where several accounts get the same event.
    pub(crate) shared_id: &'a str,
    /// The host that the client asked; empty where the call came from inside AWS.
    pub(crate) host: &'a str,
    pub(crate) from_console: bool,
}

impl Record<'_> {
    /// Appends the event.
    pub(crate) fn push(&self, out: &mut String) {
        push_text(out, "{\"eventVersion\":", self.version);
        push_value(out, ",\"userIdentity\":", self.identity);
        push_text(out, ",\"eventTime\":", self.time);
        push_text(out, ",\"eventSource\":", self.service);
        // The closing quote of the service comes after the domain that all of them share.
        out.pop();
        out.push_str(".amazonaws.com\"");
        push_text(out, ",\"eventName\":", self.name);
        push_text(out, ",\"awsRegion\":", self.region);
        push_text(out, ",\"sourceIPAddress\":", self.source_ip);
        push_text(out, ",\"userAgent\":", self.user_agent);
        self.push_error(out);
        push_value(out, ",\"requestParameters\":", self.params);
        push_value(out, ",\"responseElements\":", self.response);
        push_value(out, ",\"additionalEventData\":", self.additional);
        if !self.request_id.is_empty() {
            push_text(out, ",\"requestID\":", self.request_id);
        }
        push_text(out, ",\"eventID\":", self.event_id);
        push_bool(out, ",\"readOnly\":", self.read_only);
        push_value(out, ",\"resources\":", self.resources);
        push_text(out, ",\"eventType\":", self.event_type.word());
        push_bool(out, ",\"managementEvent\":", self.management);
        push_text(out, ",\"recipientAccountId\":", self.account);
        self.push_end(out);
    }

    fn push_error(&self, out: &mut String) {
        let Some((code, message)) = self.error else { return };
        if !code.is_empty() {
            push_text(out, ",\"errorCode\":", code);
        }
        if !message.is_empty() {
            out.push_str(",\"errorMessage\":");
            push_message(out, message);
        }
    }

    fn push_end(&self, out: &mut String) {
        if !self.shared_id.is_empty() {
            push_text(out, ",\"sharedEventID\":", self.shared_id);
        }
        let category = if self.management { "Management" } else { "Data" };
        push_text(out, ",\"eventCategory\":", category);
        if !self.host.is_empty() {
            out.push_str(
                ",\"tlsDetails\":{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\"",
            );
            push_text(out, ",\"clientProvidedHostHeader\":", self.host);
            out.push('}');
        }
        if self.from_console {
            out.push_str(",\"sessionCredentialFromConsole\":\"true\"");
        }
        out.push('}');
    }
}

fn push_text(out: &mut String, name: &str, text: &str) {
    out.push_str(name);
    out.push('"');
    out.push_str(text);
    out.push('"');
}

fn push_value(out: &mut String, name: &str, json: &str) {
    if !json.is_empty() {
        out.push_str(name);
        out.push_str(json);
    }
}

fn push_bool(out: &mut String, name: &str, value: bool) {
    out.push_str(name);
    out.push_str(if value { "true" } else { "false" });
}
