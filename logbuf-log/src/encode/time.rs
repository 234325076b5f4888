//! Spans and points of time.

use std::time::{Duration, SystemTime};

use logbuf_format::types::Type;

use crate::Encode;
use crate::description::Description;
use crate::encoder::Encoder;
use crate::signature::{self, Signature};
use crate::value::Value;

/// Bytes of either: seconds, and nanoseconds.
const LEN: usize = 8 + 4;

const SECOND: u32 = 1_000_000_000;

macro_rules! time {
    ($($type:ident => $variant:ident;)*) => {$(
        impl Encode for $type {
            type Value<'a> = $type;
            #[inline(always)]
            fn value(&self) -> $type {
                *self
            }
        }

        impl Value for $type {
            const SIGNATURE: Signature = signature::of(stringify!($variant));
            fn describe(_: &mut Description) -> Type {
                Type::$variant
            }
            #[inline(always)]
            fn encoded_len(self) -> usize {
                LEN
            }
            #[inline(always)]
            fn put(self, out: &mut Encoder<'_>) {
                let (seconds, nanoseconds) = self.parts();
                out.put(&seconds.to_le_bytes());
                out.put(&nanoseconds.to_le_bytes());
            }
        }
    )*};
}

time! {
    Duration => Duration;
    SystemTime => SystemTime;
}

/// What the file holds of a time.
trait Parts {
    type Seconds;

    /// Seconds, rounded down, and nanoseconds since then.
    fn parts(self) -> (Self::Seconds, u32);
}

impl Parts for Duration {
    type Seconds = u64;
    #[inline(always)]
    fn parts(self) -> (u64, u32) {
        (self.as_secs(), self.subsec_nanos())
    }
}

impl Parts for SystemTime {
    type Seconds = i64;
    #[inline(always)]
    fn parts(self) -> (i64, u32) {
        match self.duration_since(Self::UNIX_EPOCH) {
            // A system's clock has no more bits than these.
            Ok(since) => (since.as_secs() as i64, since.subsec_nanos()),
            Err(error) => before_epoch(error.duration()),
        }
    }
}

/// The point of time so long before the epoch.
fn before_epoch(before: Duration) -> (i64, u32) {
    let seconds = (before.as_secs() as i64).wrapping_neg();
    match before.subsec_nanos() {
        0 => (seconds, 0),
        nanoseconds => (seconds.wrapping_sub(1), SECOND - nanoseconds),
    }
}
