//! Pieces that no reader can make sense of. Each is exactly one thing to quarantine: it has no line break
//! inside, and no event in it counts.

use std::io;

use crate::cloudwatch::gzip;
use crate::output::Output;
use crate::random::Random;

const N_RANDOM_BYTES: usize = 2_000;

/// A CloudTrail event that ends in the middle of a string.
pub(crate) const CUT_TRAIL_LINE: &str = r#"{"eventVersion":"1.11","userIdentity":{"type":"AWSService","invokedBy":"lambda.amazonaws.com"},"eventTime":"2026-03-01T00:00:00Z","eventSource":"sts.amaz"#;

/// An EventBridge event that ends in the middle of a string.
pub(crate) const CUT_EVENTBRIDGE_LINE: &str = r#"{"version":"0","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","account":"111122223333","time":"2026-03-01T00:00:00Z","region":"us-east-1","resources":[],"detail":{"eventVersion":"1.11","userIdentity":{"type":"Assum"#;

/// Writes the broken files: a cut gzip file, random bytes, and a payload of cut JSON.
pub(crate) fn write_files(seed: u64, output: &mut Output<'_>) -> io::Result<()> {
    let mut random = Random::new(seed, "broken");
    output.write("broken/cut-short.json.gz", &cut_gzip(&mut random)?)?;
    output.write("broken/random.bin", &random_bytes(&mut random))?;
    output.write("broken/cut-payload.gz", &cut_payload()?)?;
    output.n_broken += 3;
    Ok(())
}

/// Bytes that are neither text nor any format of ours.
pub(crate) fn random_bytes(random: &mut Random) -> Vec<u8> {
    // The head is no format's magic, and is not UTF-8.
    let mut bytes = vec![0x00, 0x9C, 0xFF, 0x00];
    let body = random.bytes(N_RANDOM_BYTES);
    // Line breaks would make several pieces of one.
    bytes.extend(body.into_iter().map(|byte| if byte == b'\n' || byte == b'\r' { 0 } else { byte }));
    bytes
}

/// A gzip file that lost its second half on the way, in the middle of its only record: what is whole before it would count.
fn cut_gzip(random: &mut Random) -> io::Result<Vec<u8>> {
    let items: Vec<String> = (0..40).map(|_| format!(r#"{{"instanceId":"{}"}}"#, random.uuid())).collect();
    let text = format!(
        r#"{{"Records":[{{"eventVersion":"1.11","eventName":"DescribeInstances","eventSource":"ec2.amazonaws.com","requestParameters":{{"instancesSet":{{"items":[{}]}}}}}}]}}"#,
        items.join(",")
    );
    let mut bytes = gzip(text.as_bytes())?;
    bytes.truncate(bytes.len() / 2);
    Ok(bytes)
}

/// A whole gzip file around half a payload.
fn cut_payload() -> io::Result<Vec<u8>> {
    gzip(br#"{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"/aws/lambda/checkout-handler","logStream":"2026/03/01/[$LATEST]0123","subscriptionFilters":["kinescope"],"logEvents":[{"id":"39000","timestamp":1772323200000,"message":"half a mess"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_broken_has_a_line_break_or_parses() {
        let mut random = Random::new(1, "broken");
        let bytes = random_bytes(&mut random);
        assert!(bytes.contains(&0) && !bytes.contains(&b'\n'));
        assert!(std::str::from_utf8(&bytes).is_err());
        for line in [CUT_TRAIL_LINE, CUT_EVENTBRIDGE_LINE] {
            let problem = serde_json::from_str::<serde_json::Value>(line).unwrap_err();
            assert!(problem.is_eof() && !line.contains('\n'));
        }
    }
}
