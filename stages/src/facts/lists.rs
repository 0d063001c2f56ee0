//! What only the user knows: which accounts are theirs, which ports are meant to be open, who may do what.

use ipnet::IpNet;
use serde::{Deserialize, Deserializer};
use std::{collections::BTreeMap, net::IpAddr};
use thiserror::Error;

/// Entries of one list at most: lists are compared with events one entry after the other.
pub const LIST_ENTRIES_MAX: usize = 1_000;

/// The user's lists, in TOML the table `[lists]`. Every list may be left out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lists {
    /// Ports that may be open to the world: 80 and 443.
    pub allowed_ports: Vec<u16>,
    /// Networks that may be let in, however wide: `203.0.113.0/24`.
    #[serde(deserialize_with = "networks")]
    pub allowed_cidrs: Vec<IpNet>,
    /// Accounts of others that may be trusted with things of ours.
    pub trusted_accounts: Vec<String>,
    /// Our accounts. The account that an event happened in is always one of them.
    pub own_accounts: Vec<String>,
    /// ARNs of the identities for emergencies; `*` and `?` match as in policies.
    pub break_glass: Vec<String>,
    /// ARNs, addresses and networks of security scanners that we run ourselves.
    pub scanners: Vec<String>,
    /// ARNs of pipelines and other machines that change things as they should.
    pub automation: Vec<String>,
    /// Regions that we use; empty if any may be used.
    pub expected_regions: Vec<String>,
    /// Lists of any name, for `|expand` in rules: `%name%`.
    pub custom: BTreeMap<String, Vec<String>>,
}

impl Default for Lists {
    fn default() -> Lists {
        Lists {
            allowed_ports: vec![80, 443],
            allowed_cidrs: Vec::new(),
            trusted_accounts: Vec::new(),
            own_accounts: Vec::new(),
            break_glass: Vec::new(),
            scanners: Vec::new(),
            automation: Vec::new(),
            expected_regions: Vec::new(),
            custom: BTreeMap::new(),
        }
    }
}

/// Lists that cannot be used. Fits after "failed to read the configuration".
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ListsError {
    /// Too long.
    #[error("lists.{name} has {n_entries} entries, more than {LIST_ENTRIES_MAX}")]
    TooLong {
        /// The list.
        name: String,
        /// Its length.
        n_entries: usize,
    },
    /// Not an account's id.
    #[error("lists.{name}: {entry} is no account: an id has twelve digits")]
    NoAccount {
        /// The list.
        name: &'static str,
        /// The entry.
        entry: String,
    },
    /// A list of the user's own has the name of one of ours.
    #[error("lists.custom.{0}: lists.{0} has this name already")]
    NameTaken(String),
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let net = |text: &String| {
        network(text)
            .ok_or_else(|| serde::de::Error::custom(format!("{text} is no network such as 10.0.0.0/8")))
    };
    texts.iter().map(net).collect()
}

impl Lists {
    /// Refuses what cannot be meant.
    pub fn check(&self) -> Result<(), ListsError> {
        let built_in = self.built_in();
        if let Some((name, _)) = built_in.iter().find(|(name, _)| self.custom.contains_key(*name)) {
            return Err(ListsError::NameTaken((*name).to_owned()));
        }
        let custom = self.custom.iter().map(|(name, list)| (format!("custom.{name}"), list.len()));
        let lengths = built_in.iter().map(|(name, list)| ((*name).to_owned(), list.len())).chain(custom);
        for (name, n_entries) in lengths {
            if n_entries > LIST_ENTRIES_MAX {
                return Err(ListsError::TooLong { name, n_entries });
            }
        }
        for (name, list) in
            [("trusted_accounts", &self.trusted_accounts), ("own_accounts", &self.own_accounts)]
        {
            if let Some(entry) = list.iter().find(|entry| !is_account(entry)) {
                return Err(ListsError::NoAccount { name, entry: entry.clone() });
            }
        }
        Ok(())
    }

    /// The entries of the list of this name, the user's own or one of ours, as text; `None` if there is no such list.
    pub fn expand(&self, name: &str) -> Option<Vec<String>> {
        if let Some(list) = self.custom.get(name) {
            return Some(list.clone());
        }
        self.built_in().into_iter().find(|(known, _)| *known == name).map(|(_, list)| list)
    }

    fn built_in(&self) -> [(&'static str, Vec<String>); 8] {
        [
            ("allowed_ports", self.allowed_ports.iter().map(u16::to_string).collect()),
            ("allowed_cidrs", self.allowed_cidrs.iter().map(IpNet::to_string).collect()),
            ("trusted_accounts", self.trusted_accounts.clone()),
            ("own_accounts", self.own_accounts.clone()),
            ("break_glass", self.break_glass.clone()),
            ("scanners", self.scanners.clone()),
            ("automation", self.automation.clone()),
            ("expected_regions", self.expected_regions.clone()),
        ]
    }

    /// Whether an address or one of the ARNs is a scanner's.
    pub(super) fn is_scanner(&self, address: Option<IpAddr>, arns: &[&str]) -> bool {
        self.scanners.iter().any(|entry| match network(entry) {
            Some(net) => address.is_some_and(|address| net.contains(&address)),
            None => any_matches(std::slice::from_ref(entry), arns),
        })
    }
}

/// Whether one of the patterns matches one of the texts.
pub(super) fn any_matches(patterns: &[String], texts: &[&str]) -> bool {
    patterns.iter().any(|pattern| texts.iter().any(|text| !text.is_empty() && glob(pattern, text)))
}

/// Whether a text is an account's id: twelve digits.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Matches `*` and `?` as IAM does, without regard to ASCII case. Time grows with the product of the lengths at most.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where the last star stands, and how far it has eaten.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || byte.eq_ignore_ascii_case(&text[t]) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, eaten)) = star else { return false };
                star = Some((at, eaten + 1));
                p = at + 1;
                t = eaten + 1;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// A network as people and APIs write it: bits behind the prefix may be set, an address alone is a network of one, and
/// IPv4 inside IPv6 is IPv4.
pub(super) fn network(text: &str) -> Option<IpNet> {
    let (address, prefix) = match text.trim().split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
        None => (text.trim(), None),
    };
    let address: IpAddr = address.parse().ok()?;
    const MAPPED_BITS: u8 = 96;
    let (address, prefix) = match (address, address.to_canonical()) {
        (IpAddr::V6(_), v4 @ IpAddr::V4(_)) => match prefix {
            Some(prefix) if prefix < MAPPED_BITS => (address, Some(prefix)),
            prefix => (v4, prefix.map(|prefix| prefix - MAPPED_BITS)),
        },
        (address, _) => (address, prefix),
    };
    let widest = if address.is_ipv4() { 32 } else { 128 };
    IpNet::new(address, prefix.unwrap_or(widest)).ok().map(|net| net.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, text, matches) in [
            ("", "", true),
            ("*", "", true),
            ("?", "", false),
            ("a*c", "abbc", true),
            ("a*c", "abbcd", false),
            ("A?C", "abc", true),
            ("*b*b*", "abcb", true),
            ("*b*b*", "abc", false),
            ("arn:aws:iam::*:role/ops-*", "arn:aws:iam::111122223333:role/ops-x", true),
            ("**", "x", true),
            ("é*", "éa", true),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
        assert!(!glob(&"*a".repeat(2_000), &"b".repeat(20_000)));
    }

    #[test]
    fn networks_as_they_are_written() {
        for (text, net) in [
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("208.236.235.254/0", Some("0.0.0.0/0")),
            ("10.1.2.3", Some("10.1.2.3/32")),
            (" 10.1.2.3/8 ", Some("10.0.0.0/8")),
            ("0:0::/0", Some("::/0")),
            ("::1", Some("::1/128")),
            ("::ffff:0.0.0.0/96", Some("0.0.0.0/0")),
            ("::ffff:10.0.0.1", Some("10.0.0.1/32")),
            ("0.0.0.0/00", Some("0.0.0.0/0")),
            ("10.0.0.0/33", None),
            ("10.0.0/8", None),
            ("world", None),
            ("", None),
        ] {
            assert_eq!(network(text).map(|net| net.to_string()).as_deref(), net, "{text}");
        }
    }

    #[test]
    fn lists_expand_and_refuse() {
        let custom = |name: &str| BTreeMap::from([(name.to_owned(), vec!["a".to_owned()])]);
        let lists = Lists { custom: custom("vips"), ..Lists::default() };
        assert_eq!(lists.check(), Ok(()));
        assert_eq!(lists.expand("vips"), Some(vec!["a".to_owned()]));
        assert_eq!(lists.expand("allowed_ports"), Some(vec!["80".to_owned(), "443".to_owned()]));
        assert_eq!(lists.expand("nothing"), None);
        for (lists, words) in [
            (Lists { custom: custom("scanners"), ..Lists::default() }, "already"),
            (Lists { own_accounts: vec!["12".to_owned()], ..Lists::default() }, "12 is no account"),
            (Lists { allowed_ports: vec![1; LIST_ENTRIES_MAX + 1], ..Lists::default() }, "allowed_ports has"),
        ] {
            assert!(lists.check().unwrap_err().to_string().contains(words), "{words}");
        }
    }
}
