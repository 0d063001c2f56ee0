//! The forms in which traffic can be written, and the words a user types for them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The form in which the traffic is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// CloudTrail by CloudWatch Logs: one gzipped subscription payload a file.
    Cwl,
    /// CloudTrail as delivered to S3: gzipped `{"Records":[…]}`.
    Records,
    /// One CloudTrail event a line.
    Jsonl,
    /// CloudTrail by EventBridge: one event a line.
    Eventbridge,
    /// VPC flow logs, one file in the default order and one in a custom order with a header.
    Flow,
    /// Application load balancer access logs.
    Alb,
    /// Kinesis records as `GetRecords` returns them, one a line.
    Capture,
    /// Everything above and the other sources too, in one folder.
    Mixed,
}

impl Shape {
    /// Every shape, in the order in which help texts list them.
    pub const ALL: [Shape; 8] = [
        Shape::Cwl,
        Shape::Records,
        Shape::Jsonl,
        Shape::Eventbridge,
        Shape::Flow,
        Shape::Alb,
        Shape::Capture,
        Shape::Mixed,
    ];

    fn word(self) -> &'static str {
        match self {
            Shape::Cwl => "cwl",
            Shape::Records => "records",
            Shape::Jsonl => "jsonl",
            Shape::Eventbridge => "eventbridge",
            Shape::Flow => "flow",
            Shape::Alb => "alb",
            Shape::Capture => "capture",
            Shape::Mixed => "mixed",
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Shape {
    type Err = ParseShapeError;

    fn from_str(word: &str) -> Result<Shape, ParseShapeError> {
        Shape::ALL
            .into_iter()
            .find(|shape| shape.word() == word)
            .ok_or_else(|| ParseShapeError { word: word.to_owned() })
    }
}

/// A word that names no [`Shape`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseShapeError {
    word: String,
}

impl fmt::Display for ParseShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown shape '{}' (one of", self.word)?;
        for shape in Shape::ALL {
            write!(f, " {shape}")?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for ParseShapeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for shape in Shape::ALL {
            assert_eq!(shape.to_string().parse(), Ok(shape));
        }
        let unknown = "xml".parse::<Shape>().unwrap_err();
        assert!(unknown.to_string().starts_with("unknown shape 'xml' (one of cwl records"));
    }
}
