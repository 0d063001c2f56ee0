//! Objects of a bucket: listed page by page, read with bounded memory.
//!
//! [`ObjectsFeed`] hands them to runs. Which objects are done is known by bucket, key and ETag, so that a backfill can
//! be stopped at any time and goes on where it was; an object that was overwritten is another one.

use crate::{
    access::{Access, Fault},
    stream::{at_first, patiently},
};
use aws_sdk_s3::{Client, types::Object};
use kinescope_schemas::Id;
use std::fmt;

mod body;
mod feed;
pub(crate) mod lines;

use body::Body;
pub use feed::{Counts, Holds, ObjectsFeed};

/// A bucket and the start of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The bucket.
    pub bucket: String,
    /// What keys begin with; "" for all.
    pub prefix: String,
}

/// What is no location. Fits after "failed to".
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("read {0}: write it as s3://BUCKET/PREFIX")]
pub struct LocationError(String);

impl std::str::FromStr for Location {
    type Err = LocationError;

    fn from_str(url: &str) -> Result<Location, LocationError> {
        let rest = url.strip_prefix("s3://").unwrap_or_default();
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(LocationError(url.to_owned()));
        }
        Ok(Location { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix)
    }
}

/// An object, as the bucket lists it.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) key: String,
    pub(crate) etag: String,
    pub(crate) n_bytes: u64,
}

/// The objects of a location.
#[derive(Clone)]
pub(crate) struct Objects {
    pub(crate) access: Access,
    client: Client,
    location: Location,
}

/// A page of a listing, and where the next begins.
type Page = (Vec<Listed>, Option<String>);

impl Objects {
    pub(crate) fn new(access: &Access, location: Location) -> Objects {
        // An endpoint of one's own seldom has a name for every bucket.
        let has_endpoint = access.config.endpoint_url().is_some();
        let config = aws_sdk_s3::config::Builder::from(&access.config).force_path_style(has_endpoint);
        Objects { access: access.clone(), client: Client::from_conf(config.build()), location }
    }

    /// The address of an object, as people write it.
    pub(crate) fn address(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.location.bucket)
    }

    /// Which version of which object: what is done is known by it.
    pub(crate) fn id(&self, object: &Listed) -> Id {
        Id::of(&[b"s3", self.location.bucket.as_bytes(), object.key.as_bytes(), object.etag.as_bytes()])
    }

    /// The next page, of up to a thousand objects.
    pub(crate) async fn page(&self, token: Option<&String>) -> Result<Page, Fault> {
        let list = || async move {
            let ask = self.client.list_objects_v2().bucket(&self.location.bucket);
            let ask = ask.prefix(&self.location.prefix).set_continuation_token(token.cloned());
            let answer = ask.send().await;
            answer.map_err(|error| Fault::of("list", &self.location.to_string(), &error))
        };
        let answer = if token.is_none() { at_first(list).await? } else { patiently(list).await? };
        let objects = answer.contents().iter().filter_map(listed).collect();
        Ok((objects, answer.next_continuation_token))
    }

    /// Begins to read an object at an offset; it must still be the version that was listed.
    pub(crate) async fn open(
        &self,
        object: &Listed,
        offset: u64,
    ) -> Result<aws_sdk_s3::primitives::ByteStream, Fault> {
        patiently(|| async move {
            let ask = self.client.get_object().bucket(&self.location.bucket).key(&object.key);
            let ask = ask.if_match(&object.etag);
            let ask = if offset == 0 { ask } else { ask.range(format!("bytes={offset}-")) };
            let answer = ask.send().await;
            let answer = answer.map_err(|error| Fault::of("read", &self.address(&object.key), &error))?;
            Ok(answer.body)
        })
        .await
    }
}

fn listed(object: &Object) -> Option<Listed> {
    Some(Listed {
        key: object.key()?.to_owned(),
        etag: object.e_tag().unwrap_or_default().to_owned(),
        n_bytes: u64::try_from(object.size()?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_read() {
        for (url, expected) in [
            ("s3://b", Some(("b", ""))),
            ("s3://b/", Some(("b", ""))),
            ("s3://b/a b/é", Some(("b", "a b/é"))),
            ("s3://", None),
            ("s3:///key", None),
            ("b/key", None),
        ] {
            let location = url.parse::<Location>();
            let parts = location.as_ref().ok().map(|at| (at.bucket.as_str(), at.prefix.as_str()));
            assert_eq!(parts, expected, "{url}");
        }
    }
}
