//! What a builder says about where rings are kept.

use super::Builder;
use crate::session::CrashSafe;

impl Builder {
    /// Where rings are kept, and so what becomes of records that are not in the file yet when the process is killed; the
    /// default is [`CrashSafe::Auto`]. The first logger of a process decides: rings stay with their threads, and so do
    /// they with the loggers that come after it. A logger that writes to something else than files keeps nothing: nobody could
    /// tell what it had written.
    ///
    /// # Examples
    ///
    /// ```
    /// use logbuf_log::{Builder, CrashSafe, info};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let (path, rings) = (folder.path().join("app"), folder.path().join("rings"));
    /// # /*
    /// let (path, rings) = ("logs/app", "/run/user/1000/rings");
    /// # */
    /// let guard = Builder::new(path).crash_safe(CrashSafe::Dir(rings.into())).start()?;
    /// info!("in the file now, or after the next start");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn crash_safe(mut self, crash_safe: CrashSafe) -> Self {
        self.rings.place = crash_safe;
        self
    }

    /// Bytes of shared memory that the rings of this process may take; the default is 256 MiB, and it is never more than half of
    /// what is free when the first logger starts. Rings beyond that are in memory of the process:
    /// [`Stats::private_rings`](crate::Stats::private_rings) tells how many, and the first of them posts a
    /// [`Notice::PrivateRings`](crate::Notice::PrivateRings).
    pub fn shared_memory(mut self, max_bytes: usize) -> Self {
        self.rings.most_bytes = max_bytes;
        self
    }

    /// Whether the start salvages what earlier processes with the same path left in their rings when they died, into
    /// segments of their own: see [`recover`](crate::recover). The default is that it does; a
    /// [`Notice`](crate::Notice) says what came of it.
    pub fn recover(mut self, recover: bool) -> Self {
        self.rings.recovers = recover;
        self
    }
}
