//! All chance of a run: seeded, and split into named streams so that one part does not shift another.

const HEX: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789AZ";

/// A seeded stream of chance.
pub(crate) struct Random(fastrand::Rng);

impl Random {
    /// The stream called `name` of a run with `seed`.
    pub(crate) fn new(seed: u64, name: &str) -> Random {
        // FNV-1a, so that streams with different names are unrelated.
        let mixed = name.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Random(fastrand::Rng::with_seed(mixed))
    }

    /// A number below `n`, which must not be 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0.u64(..n)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0.u64(low..=high)
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of `items`, which must not be empty.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.0.usize(..items.len())]
    }

    /// An index below `n`, small ones far more often: squaring an even number gives the heavy tail.
    pub(crate) fn skewed(&mut self, n: usize) -> usize {
        let even = self.0.f64();
        ((even * even * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// `n` random bytes.
    pub(crate) fn bytes(&mut self, n: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.0.u8(..)).take(n).collect()
    }

    /// Appends `n` hexadecimal digits.
    pub(crate) fn push_hex(&mut self, out: &mut String, n: usize) {
        let mut left = n;
        while left > 0 {
            let mut bits = self.0.u64(..);
            for _ in 0..left.min(16) {
                out.push(char::from(HEX[(bits & 15) as usize]));
                bits >>= 4;
            }
            left = left.saturating_sub(16);
        }
    }

    /// Appends `n` decimal digits.
    pub(crate) fn push_digits(&mut self, out: &mut String, n: usize) {
        for _ in 0..n {
            out.push(char::from(b'0' + self.0.u8(..10)));
        }
    }

    /// Appends `n` of the characters of which AWS makes unique ids.
    pub(crate) fn push_upper(&mut self, out: &mut String, n: usize) {
        for _ in 0..n {
            out.push(char::from(UPPER[self.0.usize(..32)]));
        }
    }

    /// Appends `n` letters and digits.
    pub(crate) fn push_letters(&mut self, out: &mut String, n: usize) {
        for _ in 0..n {
            out.push(char::from(LETTERS[self.0.usize(..64)]));
        }
    }

    /// Appends a version 4 UUID.
    pub(crate) fn push_uuid(&mut self, out: &mut String) {
        self.push_hex(out, 8);
        out.push('-');
        self.push_hex(out, 4);
        out.push_str("-4");
        self.push_hex(out, 3);
        out.push_str("-a");
        self.push_hex(out, 3);
        out.push('-');
        self.push_hex(out, 12);
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let mut out = String::with_capacity(36);
        self.push_uuid(&mut out);
        out
    }

    /// `n` hexadecimal digits.
    pub(crate) fn hex(&mut self, n: usize) -> String {
        let mut out = String::with_capacity(n);
        self.push_hex(&mut out, n);
        out
    }

    /// An access key id or principal id: `prefix`, nine characters and `EXAMPLE`, so that no scanner takes
    /// it for a real one.
    pub(crate) fn example_id(&mut self, prefix: &str) -> String {
        let mut out = String::with_capacity(20);
        out.push_str(prefix);
        self.push_upper(&mut out, 9);
        out.push_str("EXAMPLE");
        out
    }

    /// A public IPv4 address out of the three ranges kept for documentation (RFC 5737).
    pub(crate) fn push_public_ipv4(&mut self, out: &mut String) {
        out.push_str(self.pick(&["192.0.2.", "198.51.100.", "203.0.113."]));
        push_number(out, self.0.u64(1..255));
    }

    /// A private IPv4 address.
    pub(crate) fn push_private_ipv4(&mut self, out: &mut String) {
        out.push_str("10.");
        push_number(out, self.0.u64(0..40));
        out.push('.');
        push_number(out, self.0.u64(0..256));
        out.push('.');
        push_number(out, self.0.u64(4..255));
    }

    /// An IPv6 address out of the range kept for documentation (RFC 3849).
    pub(crate) fn push_ipv6(&mut self, out: &mut String) {
        out.push_str("2001:db8:");
        self.push_hex(out, 4);
        out.push_str("::");
        self.push_hex(out, 4);
    }
}

/// Appends a number in decimal.
pub(crate) fn push_number(out: &mut String, number: u64) {
    if number >= 10 {
        push_number(out, number / 10);
    }
    out.push(char::from(b'0' + (number % 10) as u8));
}

/// A choice among weighted items.
pub(crate) struct Weighted {
    ends: Vec<u64>,
}

impl Weighted {
    /// Items drawn in proportion to `weights`, at least one of which must not be 0.
    pub(crate) fn new(weights: impl Iterator<Item = u64>) -> Weighted {
        let mut total = 0;
        let ends = weights.map(|weight| {
            total += weight;
            total
        });
        Weighted { ends: ends.collect() }
    }

    /// `n` items of which the first is drawn most, by Zipf's law.
    pub(crate) fn zipf(n: usize) -> Weighted {
        Weighted::new((1..=n as u64).map(|rank| 1_000_000 / rank))
    }

    /// The index of an item.
    pub(crate) fn draw(&self, random: &mut Random) -> usize {
        let total = self.ends.last().copied().unwrap_or(1).max(1);
        let mark = random.below(total);
        self.ends.partition_point(|end| *end <= mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_split_the_stream_and_seeds_repeat_it() {
        let draw = |seed, name| Random::new(seed, name).uuid();
        assert_eq!(draw(7, "a"), draw(7, "a"));
        assert_ne!(draw(7, "a"), draw(7, "b"));
        assert_ne!(draw(7, "a"), draw(8, "a"));
    }

    #[test]
    fn ids_have_the_form_aws_gives_them() {
        let mut random = Random::new(1, "ids");
        assert_eq!(random.example_id("AKIA").len(), 20);
        assert_eq!(random.uuid().len(), 36);
        assert_eq!(random.hex(17).len(), 17);
    }

    #[test]
    fn weights_are_kept() {
        let mut random = Random::new(1, "weights");
        let table = Weighted::new([0, 3, 0, 1].into_iter());
        let mut counts = [0; 4];
        for _ in 0..4_000 {
            counts[table.draw(&mut random)] += 1;
        }
        assert_eq!((counts[0], counts[2]), (0, 0));
        assert!((2_800..3_200).contains(&counts[1]), "{counts:?}");
    }
}
