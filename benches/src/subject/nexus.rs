//! nexus-logbuf.

use nexus_logbuf::queue::{mpsc, spsc};

use super::{Sink, Source, Subject};

macro_rules! subject {
    ($(#[$meta:meta])* $subject:ident, $module:ident) => {
        $(#[$meta])*
        pub struct $subject;

        impl Subject for $subject {
            const NAME: &'static str = "nexus-logbuf";
            type Source = $module::Producer;
            type Sink = $module::Consumer;

            fn make(capacity: usize) -> (Self::Source, Self::Sink) {
                $module::new(capacity)
            }
        }

        impl Source for $module::Producer {
            #[inline]
            fn push(&mut self, record: &[u8]) -> bool {
                match self.try_claim(record.len()) {
                    Ok(mut claim) => {
                        claim.copy_from_slice(record);
                        claim.commit();
                        true
                    }
                    Err(_) => false,
                }
            }
        }

        impl Sink for $module::Consumer {
            #[inline]
            fn drain(&mut self, mut visit: impl FnMut(&[u8])) -> usize {
                let mut count = 0;
                while let Some(record) = self.try_claim() {
                    visit(&record);
                    count += 1;
                }
                count
            }
        }
    };
}

subject!(
    /// Its SPSC ring.
    NexusSpsc,
    spsc
);
subject!(
    /// Its MPSC ring.
    NexusMpsc,
    mpsc
);
