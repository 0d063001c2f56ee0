//! The request line of an access log: a method, a URL, a version.

use super::int;

/// A request line, split.
#[derive(Debug, PartialEq)]
pub(in crate::parse) struct Request<'a> {
    pub method: &'a str,
    pub url: Url<'a>,
    pub version: Option<&'a str>,
}

/// A URL, or a path and query alone.
#[derive(Debug, PartialEq)]
pub(in crate::parse) struct Url<'a> {
    pub whole: &'a str,
    pub scheme: Option<&'a str>,
    pub host: Option<&'a str>,
    pub port: Option<i64>,
    pub path: &'a str,
    pub query: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// `None` if the text has no method and URL, or a dash for one. Clients write URLs with spaces: the version is the last word only if
    /// it looks like one.
    pub fn of(text: &'a str) -> Option<Request<'a>> {
        let (method, rest) = text.split_once(' ')?;
        let (url, version) = match rest.rsplit_once(' ') {
            Some((url, version)) if version.starts_with("HTTP/") => (url, Some(version)),
            Some((url, "-")) => (url, None),
            _ => (rest, None),
        };
        let whole = url.trim_ascii();
        Some(Request { method: some(method)?, url: Url::of(some(whole)?), version })
    }
}

impl<'a> Url<'a> {
    /// Splits at what is there.
    pub fn of(whole: &'a str) -> Url<'a> {
        let (scheme, rest) = match whole.split_once("://") {
            Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                (some(scheme), rest)
            }
            _ => (None, whole),
        };
        // Without a scheme, the path begins at once.
        let path_at = if scheme.is_some() { rest.find(['/', '?']).unwrap_or(rest.len()) } else { 0 };
        let (authority, target) = rest.split_at_checked(path_at).unwrap_or((rest, ""));
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, some(query)));
        let (host, port) = authority_parts(authority);
        Url { whole, scheme, host: some(host), port, path: some(path).unwrap_or("/"), query }
    }
}

/// Host and port; the brackets of an IPv6 address are left out.
fn authority_parts(authority: &str) -> (&str, Option<i64>) {
    if let Some((host, rest)) = authority.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        return (host, rest.strip_prefix(':').and_then(|port| int(port, 65_535)));
    }
    authority.rsplit_once(':').map_or((authority, None), |(host, port)| (host, int(port, 65_535)))
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty() && text != "-").then_some(text)
}

/// OCSF's activity of HTTP activity by method.
pub(in crate::parse) fn activity(method: &str) -> i64 {
    match method {
        "CONNECT" => 1,
        "DELETE" => 2,
        "GET" => 3,
        "HEAD" => 4,
        "OPTIONS" => 5,
        "POST" => 6,
        "PUT" => 7,
        "TRACE" => 8,
        _ => 99,
    }
}
