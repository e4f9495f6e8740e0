//! Random numbers that a seed repeats for ever.

/// SplitMix64 (Steele, Lea, Flood 2014): tiny, fast, and every seed is as good as the next.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Of `low..=high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        let span = u128::from(high.saturating_sub(low)) + 1;
        let scaled = (u128::from(self.next()) * span) >> 64;
        low + u64::try_from(scaled).unwrap_or(0)
    }

    /// Of `low..=high`.
    pub(crate) fn octet(&mut self, low: u8, high: u8) -> u8 {
        u8::try_from(self.between(u64::from(low), u64::from(high))).unwrap_or(low)
    }

    /// Of `0..len`; 0 if `len` is 0.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        let last = u64::try_from(len).unwrap_or(u64::MAX).saturating_sub(1);
        usize::try_from(self.between(0, last)).unwrap_or(0)
    }

    /// True in this many of 100 cases.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.between(0, 99) < percent
    }

    /// One of these.
    pub(crate) fn pick<T: Copy, const N: usize>(&mut self, of: [T; N]) -> T {
        of[self.index(N)]
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    /// The reference numbers of seed 1234567 (Vigna's splitmix64.c).
    #[test]
    fn a_seed_gives_the_published_numbers() {
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_range_includes_both_ends_and_nothing_else() {
        let mut random = Random::new(1);
        let mut seen = [false; 4];
        for _ in 0..200 {
            seen[usize::from(random.octet(3, 6)) - 3] = true;
        }
        assert_eq!(seen, [true; 4]);
        assert_eq!(random.between(u64::MAX, u64::MAX), u64::MAX);
    }
}
