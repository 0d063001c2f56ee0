//! Templates: text in which `$` and a letter stand for a name or a number of the scene.
//!
//! An operation is a row of templates rather than a function, so that adding one is adding a row.

use crate::clock::Clock;
use crate::random::{Random, push_number};
use crate::world::APPS;

const PURPOSES: [&str; 6] = ["assets", "data", "exports", "logs", "uploads", "artifacts"];
const FOLDERS: [&str; 5] = ["raw", "curated", "reports", "images", "events"];
const ENDINGS: [&str; 5] = ["parquet", "json.gz", "csv", "jpg", "avro"];

/// What an event is about. Its names stay the same throughout the event.
pub(crate) struct Scene {
    pub(crate) account: &'static str,
    pub(crate) region: &'static str,
    app: &'static str,
    purpose: &'static str,
    key: String,
    id: String,
}

impl Scene {
    /// An empty scene, to be set again for every event.
    pub(crate) fn new() -> Scene {
        Scene { account: "", region: "", app: "", purpose: "", key: String::new(), id: String::new() }
    }

    /// Draws what the next event is about.
    pub(crate) fn set(
        &mut self,
        account: &'static str,
        region: &'static str,
        clock: &Clock,
        random: &mut Random,
    ) {
        self.account = account;
        self.region = region;
        self.app = APPS[random.skewed(APPS.len())];
        self.purpose = PURPOSES[random.skewed(PURPOSES.len())];
        self.id.clear();
        random.push_hex(&mut self.id, 16);
        self.key.clear();
        self.key.push_str(random.pick(&FOLDERS));
        self.key.push_str("/day=");
        self.key.push_str(clock.day());
        self.key.push_str("/part-");
        random.push_digits(&mut self.key, 5);
        self.key.push('.');
        self.key.push_str(random.pick(&ENDINGS));
    }

    /// Appends `template` with its places filled. A `$` before another character stands for itself.
    pub(crate) fn expand(&self, out: &mut String, template: &str, clock: &Clock, random: &mut Random) {
        let mut parts = template.split('$');
        out.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let Some(letter) = part.chars().next() else {
                out.push('$');
                continue;
            };
            if self.fill(out, letter, clock, random) {
                out.push_str(&part[letter.len_utf8()..]);
            } else {
                out.push('$');
                out.push_str(part);
            }
        }
    }

    fn fill(&self, out: &mut String, letter: char, clock: &Clock, random: &mut Random) -> bool {
        match letter {
            'a' => out.push_str(self.account),
            'b' => self.push_bucket(out),
            'c' => out.push_str(clock.hour_iso()),
            'd' => out.push_str(clock.day()),
            'e' => self.push_id(out, "eni-0"),
            'f' => self.push_named(out, "-handler"),
            'g' => self.push_id(out, "sg-0"),
            'h' => random.push_letters(out, 64),
            'i' => self.push_id(out, "i-0"),
            'k' => out.push_str(&self.key),
            'l' => random.push_letters(out, 20),
            'n' => push_number(out, random.between(1, 9_999)),
            'o' => random.push_upper(out, 9),
            'p' => self.push_named(out, "/prod/settings"),
            'q' => out.push_str(self.app),
            'r' => out.push_str(self.region),
            's' => self.push_id(out, "subnet-0"),
            't' => self.push_named(out, "-items"),
            'u' => random.push_uuid(out),
            'v' => self.push_id(out, "vpc-0"),
            'w' => self.push_id(out, "vol-0"),
            'x' => random.push_hex(out, 17),
            'y' => random.push_private_ipv4(out),
            'z' => out.push_str(clock.iso()),
            _ => return false,
        }
        true
    }

    /// Appends the bucket's name.
    pub(crate) fn push_bucket(&self, out: &mut String) {
        for part in [self.app, "-", self.purpose, "-", self.account] {
            out.push_str(part);
        }
    }

    fn push_id(&self, out: &mut String, prefix: &str) {
        out.push_str(prefix);
        out.push_str(&self.id);
    }

    fn push_named(&self, out: &mut String, ending: &str) {
        out.push_str(self.app);
        out.push_str(ending);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_the_same_within_a_scene() {
        let clock = Clock::new(1_772_368_496_007).unwrap();
        let mut random = Random::new(1, "scene");
        let mut scene = Scene::new();
        scene.set("111122223333", "eu-west-1", &clock, &mut random);
        let mut out = String::new();
        scene.expand(&mut out, "$i|$i|$a|$LATEST|$z|$", &clock, &mut random);
        let parts: Vec<&str> = out.split('|').collect();
        assert_eq!(parts[0], parts[1]);
        assert_eq!(parts[2..], ["111122223333", "$LATEST", "2026-03-01T12:34:56Z", "$"]);
        assert_eq!(parts[0].len(), 19);
    }
}
