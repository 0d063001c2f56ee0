//! An alert as a notice of SNS: a text for people, JSON for programs, a card for chats.

use crate::port::Notice;
use kinescope_pipeline::alert::Alert;
use serde_json::{Value as Json, json};

/// Bytes of an attribute's value: a filter policy compares it.
const ATTRIBUTE_BYTES_MAX: usize = 256;

/// The notice. Names in it were chosen by whoever is being reported: nothing in it is markup.
pub fn notice(alert: &Alert, chat: bool) -> Notice {
    let json = alert.to_json();
    let mut texts = json!({"default": json.to_string(), "email": email(alert), "sms": alert.subject()});
    if chat {
        texts["https"] = card(alert).to_string().into();
    }
    let attributes = [
        ("kind", "alert"),
        ("severity", alert.severity.name()),
        ("account", &alert.account),
        ("region", &alert.region),
        ("rule", &alert.rule),
        ("family", &alert.family),
    ];
    let attributes = attributes.into_iter().filter(|(_, value)| !value.is_empty());
    Notice {
        uid: alert.uid.to_string(),
        subject: alert.subject(),
        message: texts.to_string(),
        attributes: attributes.map(|(name, value)| (name, cut(value))).collect(),
    }
}

/// The notice of a digest.
pub(super) fn of_digest(digest: &Json) -> Notice {
    let text = |name: &str| digest[name].as_str().unwrap_or_default().to_owned();
    let texts = json!({"default": digest.to_string(), "email": plain(&text("message"))});
    Notice {
        uid: text("uid"),
        subject: text("subject"),
        message: texts.to_string(),
        attributes: vec![("kind", "digest".to_owned()), ("severity", text("severity"))],
    }
}

fn cut(value: &str) -> String {
    plain(&value[..value.floor_char_boundary(ATTRIBUTE_BYTES_MAX)])
}

/// Text without control characters, so that nothing in a name begins a line of its own.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn email(alert: &Alert) -> String {
    let list = |items: &mut dyn Iterator<Item = &String>| {
        items.map(|item| plain(item)).collect::<Vec<_>>().join(", ")
    };
    let mut lines = vec![plain(&alert.message()), String::new()];
    for (name, value) in [
        ("Severity", alert.severity.caption().to_owned()),
        ("Account", plain(&alert.account)),
        ("Region", plain(&alert.region)),
        ("Resource", plain(&alert.resource)),
        ("By", list(&mut alert.actors.iter())),
        ("Also", list(&mut alert.titles.iter().filter(|title| **title != alert.title))),
        ("First", kinescope_schemas::ocsf::rfc3339(alert.first_ms).unwrap_or_default()),
        ("Events", alert.count.to_string()),
        ("Rule", plain(&alert.rule)),
        ("Findings", list(&mut alert.findings.iter())),
    ] {
        if !value.is_empty() {
            lines.push(format!("{name}: {value}"));
        }
    }
    lines.join("\n")
}

/// The schema that AWS's chat client takes of custom notifications.
fn card(alert: &Alert) -> Json {
    json!({
        "version": "1.0",
        "source": "custom",
        "id": alert.uid,
        "content": {
            "textType": "client-markdown",
            "title": markdown(&format!("[{}] {}", alert.severity.caption(), alert.title)),
            "description": markdown(&alert.message()),
            "keywords": [alert.severity.name(), markdown(&alert.account)],
        },
        "metadata": {"threadId": alert.uid, "summary": markdown(&alert.title), "eventType": "finding"},
    })
}

/// Text in which no character is markup of Slack or Teams.
fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // A zero-width space keeps a mark from meaning something.
            '*' | '_' | '~' | '`' | '@' | '[' | ']' | '|' => safe.extend([c, '\u{200b}']),
            _ => safe.push(c),
        }
    }
    safe
}

impl Notice {
    /// What it takes of a call.
    pub(crate) fn n_bytes(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, value)| name.len() + value.len() + 8);
        self.message.len() + self.subject.len() + self.uid.len() + attributes.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinescope_schemas::{Id, Severity};
    use std::collections::BTreeSet;

    fn alert(resource: &str) -> Alert {
        Alert {
            uid: Id::of(&[b"x"]),
            first_ms: 0,
            last_ms: 0,
            severity: Severity::High,
            rule: "s3-bucket_public".into(),
            family: "s3".into(),
            title: "A bucket is public".into(),
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            resource: resource.into(),
            count: 1,
            findings: vec![],
            actors: BTreeSet::new(),
            titles: BTreeSet::new(),
            n_findings: 1,
        }
    }

    #[test]
    fn nothing_that_an_attacker_writes_is_markup() {
        let notice = notice(&alert("<!channel> *now*\nSeverity: none @here"), true);
        let texts: Json = serde_json::from_str(&notice.message).unwrap();
        let email = texts["email"].as_str().unwrap();
        assert_eq!(email.lines().filter(|line| line.starts_with("Severity:")).count(), 1, "{email}");
        let card = texts["https"].as_str().unwrap();
        assert!(!card.contains("<!") && !card.contains("*now*") && !card.contains("@here"), "{card}");
    }

    #[test]
    fn notices_keep_to_what_sns_takes() {
        let notice = notice(&alert(&"é\u{1}".repeat(400)), true);
        assert!(notice.subject.is_ascii() && notice.subject.len() <= 100);
        assert!(notice.attributes.iter().all(|(_, value)| !value.is_empty() && value.len() <= 256));
        assert!(notice.n_bytes() < crate::limits::SNS_CALL_BYTES_MAX / 10, "ten fit one call");
    }
}
