//! Signatures: what tells the value types of one call from those of another.
//!
//! A call site in generic code is one static for all instances of the code, while the types of its values differ. So a
//! record can name its site alone only if the types are those that the site was registered with; the signature is what
//! the call compares. Equal types have equal signatures; that different ones have different signatures is as sure as
//! 64-bit FNV-1a makes it, and matters only between instances of one call site.

/// Never 0, which stands for "none yet".
pub(crate) type Signature = u64;

pub(crate) const OFFSET_BASIS: u64 = 0xCBF2_9CE4_8422_2325;
const PRIME: u64 = 0x0100_0000_01B3;

/// The signature of the type called `name`.
pub(crate) const fn of(name: &str) -> Signature {
    mix(OFFSET_BASIS, name.as_bytes())
}

/// The signature of the type declared at `place` by these tokens.
///
/// It does not contain those of the members, so that a type can contain itself. The place tells apart types of the same name, and
/// the tokens those that one macro declares.
pub const fn declared(place: &str, (line, column): (u32, u32), tokens: &str) -> Signature {
    let place = mix(mix(of(place), &line.to_le_bytes()), &column.to_le_bytes());
    mix(place, tokens.as_bytes())
}

/// The signature of `first` followed by, or containing, `second`.
pub const fn pair(first: Signature, second: Signature) -> Signature {
    mix(mix(OFFSET_BASIS, &first.to_le_bytes()), &second.to_le_bytes())
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo; parameters as in RFC 9923).
pub(crate) const fn mix(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(PRIME);
        i += 1;
    }
    if hash == 0 { 1 } else { hash }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_nesting_tell_signatures_apart() {
        let (a, b, c) = (of("U64"), of("F64"), of("Str"));
        assert_ne!(pair(a, b), pair(b, a));
        assert_ne!(pair(pair(a, b), c), pair(a, pair(b, c)));
        assert_ne!(of("Seq"), pair(of("Seq"), of("Seq")));
    }
}
