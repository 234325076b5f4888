//! Numbers that look random and are the same in each run.

/// xorshift64 by George Marsaglia ("Xorshift RNGs", 2003); begins with any number but 0.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// As many random letters.
    pub fn text(&mut self, len: usize) -> String {
        (0..len).map(|_| char::from(b'a' + (self.number() % 26) as u8)).collect()
    }

    /// The next number, of 53 bits: the lowest are the least random.
    pub fn number(&mut self) -> u64 {
        self.bits() >> 11
    }

    /// The next number, of 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
