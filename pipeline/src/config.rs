//! The configuration file. Every setting has a default; a limit can be set, within what is possible.

use kinescope_schemas::Severity;
use kinescope_stages::{
    decode::Limits,
    facts::{Lists, ListsError},
    parse::{FlowFormat, Settings},
};
use serde::{Deserialize, Deserializer};

/// What a user may set, in TOML.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Alerts.
    pub alerts: Alerts,
    /// VPC flow logs.
    pub flow: Flow,
    /// What only the user knows, for facts and rules.
    pub lists: Lists,
    /// Limits.
    pub limits: SetLimits,
}

/// How findings become alerts.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alerts {
    /// One alert per rule, account and resource in so many minutes.
    pub window_minutes: u32,
    /// At most so many alerts in a minute; the rest of the minute goes into one digest.
    pub per_minute_max: u32,
    /// Findings below this raise no alert.
    #[serde(deserialize_with = "severity")]
    pub severity_min: Severity,
}

impl Default for Alerts {
    fn default() -> Self {
        Alerts { window_minutes: 15, per_minute_max: 60, severity_min: Severity::Low }
    }
}

/// How VPC flow logs are written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Flow {
    /// The order of the fields where no header tells it, as AWS writes it: `${version} ${account-id} …`.
    pub format: Option<String>,
}

/// Caps on what one record may unfold to; see [`Limits`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SetLimits {
    /// Mebibytes that one record may inflate to.
    pub inflated_mib_max: Option<usize>,
    /// Inflated over compressed bytes.
    pub inflate_ratio_max: Option<usize>,
    /// Messages of one record.
    pub messages_max: Option<u64>,
    /// Bytes of one message.
    pub message_bytes_max: Option<usize>,
}

/// Why a configuration cannot be used. Fits after "failed to read the configuration".
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is no TOML, or has a setting that there is not.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// The flow format.
    #[error("flow.format: {0}")]
    Flow(String),
    /// The lists.
    #[error("{0}")]
    Lists(#[from] ListsError),
    /// A number that makes no sense.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
}

fn severity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Severity, D::Error> {
    let name = String::deserialize(deserializer)?;
    let names = || Severity::ALL.map(Severity::name).join(", ");
    Severity::from_name(&name)
        .ok_or_else(|| serde::de::Error::custom(format!("{name} is none of {}", names())))
}

impl Config {
    /// Reads a configuration.
    pub fn from_toml(text: &str) -> Result<Config, ConfigError> {
        let config: Config = toml::from_str(text)?;
        config.settings()?;
        config.lists.check()?;
        for (name, value) in [
            ("alerts.window_minutes", config.alerts.window_minutes),
            ("alerts.per_minute_max", config.alerts.per_minute_max),
        ] {
            if value == 0 {
                return Err(ConfigError::Zero(name));
            }
        }
        Ok(config)
    }

    /// The caps on decoding.
    pub fn limits(&self) -> Limits {
        let (set, default) = (&self.limits, Limits::default());
        Limits {
            inflated_bytes_max: set.inflated_mib_max.map_or(default.inflated_bytes_max, |mib| mib << 20),
            inflate_ratio_max: set.inflate_ratio_max.unwrap_or(default.inflate_ratio_max),
            messages_max: set.messages_max.unwrap_or(default.messages_max),
            message_bytes_max: set.message_bytes_max.unwrap_or(default.message_bytes_max),
            ..default
        }
    }

    /// What parsing is told.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        let flow_format = self.flow.format.as_deref().map(FlowFormat::new).transpose();
        let flow_format = flow_format.map_err(|error| ConfigError::Flow(error.to_string()))?;
        Ok(Settings {
            flow_format,
            message_bytes_max: self.limits().message_bytes_max,
            ..Settings::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_refused() {
        for (text, words) in [
            ("", None),
            (
                "[lists]\nallowed_ports = [443]\nallowed_cidrs = [\"203.0.113.0/24\", \"2001:db8::/32\"]\n",
                None,
            ),
            ("[lists]\ntrusted_accounts = [\"111122223333\"]\n[lists.custom]\nvips = [\"alice\"]\n", None),
            ("[lists]\nallowed_cidrs = [\"203.0.113/24\"]\n", Some("203.0.113/24 is no network")),
            ("[lists]\nallowed_ports = [70000]\n", Some("70000")),
            ("[lists]\nown_accounts = [\"prod\"]\n", Some("lists.own_accounts: prod is no account")),
            ("[lists]\nbreakglass = []\n", Some("unknown field `breakglass`")),
            ("[lists.custom]\nscanners = []\n", Some("lists.scanners has this name already")),
        ] {
            let error = Config::from_toml(text).err().map(|error| error.to_string());
            match words {
                None => assert_eq!(error, None, "{text}"),
                Some(words) => {
                    assert!(error.as_ref().is_some_and(|e| e.contains(words)), "{text}: {error:?}")
                }
            }
        }
        assert_eq!(Config::from_toml("").unwrap().lists.allowed_ports, [80, 443]);
    }
}
