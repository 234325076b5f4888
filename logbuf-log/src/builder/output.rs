//! What a builder says about files and other places to write to.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

#[cfg(feature = "lz4")]
use logbuf_format::block::Compression;

use super::Builder;
use crate::output::{Memory, Stream, SyncPolicy, Target};

impl Builder {
    /// A logger to one file, at `path`. A file that is there must be empty; its folder is made if need be.
    ///
    /// When the file was moved away, by `logrotate` say, what is logged after the next write goes into a new file at
    /// `path`; [`Guard::rotate`](crate::Guard::rotate) makes it at once.
    pub fn to_file(path: impl Into<PathBuf>) -> Self {
        Self::to(Target::File(path.into()))
    }

    /// A logger to `writer`: a pipe, a socket, a compressor. It is written to on the writer's thread alone, in whole
    /// blocks as far as it takes them, and flushed by [`Guard::sync`](crate::Guard::sync), as the [`SyncPolicy`] says,
    /// and at the end. Where it fails it is tried again as a disk is, with what it has not taken.
    ///
    /// # Examples
    ///
    /// ```
    /// use logbuf_log::{Builder, info};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("app.logbuf");
    /// let guard = Builder::to_writer(std::fs::File::create(&path)?).start()?;
    /// info!("into a file that was there");
    /// drop(guard);
    /// assert!(std::fs::metadata(&path)?.len() > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_writer(writer: impl Write + Send + 'static) -> Self {
        Self::to(Target::Sink("<writer>".into(), Box::new(Stream(writer))))
    }

    /// A logger into memory, for tests, and what it writes.
    ///
    /// # Examples
    ///
    /// ```
    /// use logbuf_log::{Builder, info};
    ///
    /// let (builder, memory) = Builder::in_memory();
    /// let guard = builder.start()?;
    /// info!(answer = 42, "found");
    /// drop(guard);
    ///
    /// let mut reader = logbuf_decode::Reader::new();
    /// reader.add_stream("memory", std::io::Cursor::new(memory.bytes()));
    /// let mut messages = Vec::new();
    /// reader.for_each(|record| {
    ///     let mut message = String::new();
    ///     record.message(&mut message).expect("a short one");
    ///     messages.push(message);
    /// });
    /// assert_eq!(messages, ["found"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn in_memory() -> (Self, Memory) {
        let memory = Memory::default();
        (Self::to(Target::Sink("<memory>".into(), Box::new(memory.clone()))), memory)
    }

    /// A segment that has reached so many bytes is followed by the next. It may be longer by what was written last, which is
    /// seldom more than 100 KB, and holds something in any case. The default is no limit.
    pub fn rotate_at(mut self, bytes: u64) -> Self {
        self.output.rotate_at = Some(bytes);
        self
    }

    /// Periods of this length have segments of their own. They are those of the wall clock, counted from the Unix epoch:
    /// an hour begins at minute 0, a day at midnight, UTC. A segment into which nothing was logged goes on into the next
    /// period. The default is no limit.
    pub fn rotate_every(mut self, period: Duration) -> Self {
        self.output.rotate_every = Some(period);
        self
    }

    /// At most so many segments are kept, the live one among them: the oldest closed ones are deleted when a segment is begun.
    /// The default is no limit.
    ///
    /// What is deleted has the name of a segment of this logger and is one; whatever else is in the folder stays, and so does
    /// what another process is writing. That holds for all `keep_` limits; of several, each has its way.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use logbuf_log::{Builder, info};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("app");
    /// # /*
    /// let path = "logs/app";
    /// # */
    /// let guard = Builder::new(path)
    ///     .rotate_at(64 << 20)
    ///     .rotate_every(Duration::from_secs(3600))
    ///     .keep_files(48)
    ///     .keep_free(1 << 30)
    ///     .start()?;
    /// info!("for two days at most");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn keep_files(mut self, count: usize) -> Self {
        self.output.retention.files = Some(count);
        self
    }

    /// Segments have at most so many bytes together: the oldest closed ones are deleted when a segment is begun, so that
    /// the live one comes on top with what it grows by. The default is no limit.
    pub fn keep_bytes(mut self, bytes: u64) -> Self {
        self.output.retention.bytes = Some(bytes);
        self
    }

    /// Closed segments that nothing was written to for so long are deleted, within a minute. The default is no limit.
    pub fn keep_for(mut self, age: Duration) -> Self {
        self.output.retention.age = Some(age);
        self
    }

    /// Closed segments are deleted, the oldest first, while fewer bytes than these are free where they are: within a
    /// minute, and at once when a write finds the disk full. When none is left to delete, the logger goes on writing.
    /// The default is to leave none free.
    pub fn keep_free(mut self, bytes: u64) -> Self {
        self.output.retention.free = Some(bytes);
        self
    }

    /// Closed segments are compressed by zstd, block by block, in their places: a reader finds the same records in them, in
    /// fewer bytes. A thread of its own does that, one segment at a time and at the lowest priority; the logger does not wait for it.
    ///
    /// The segment that is open when the logger ends is compressed by the next logger, as is what an earlier one did not get
    /// to. Segments that were not closed, because their process was killed, stay as they are. The time at which a file was last modified
    /// is kept, and whatever instant the process dies at, a segment is there whole. What cannot be compressed goes to
    /// [`on_notice`](Self::on_notice). The default is not to.
    ///
    /// # Examples
    ///
    /// ```
    /// use logbuf_log::{Builder, info};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("app");
    /// # /*
    /// let path = "logs/app";
    /// # */
    /// let guard = Builder::new(path).rotate_at(64 << 20).compress_closed(true).start()?;
    /// info!("soon in fewer bytes");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "zstd")]
    pub fn compress_closed(mut self, compress: bool) -> Self {
        self.output.compress = compress;
        self
    }

    /// Blocks of records are compressed by LZ4 before they are written. A block that this would not make shorter is stored as it
    /// is. The default is not to.
    ///
    /// Long strings that resemble each other gain most, as messages of a protocol do: those of 100 bytes become a third. The work is
    /// the background thread's, three to four times as much for such a record, so that it keeps up with fewer records a second; calls cost the
    /// same. What was written so can be compressed better yet when it is closed. A process that recovers what a crash left needs this
    /// feature, too.
    ///
    /// # Examples
    ///
    /// ```
    /// use logbuf_log::{Builder, info};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("app");
    /// # /*
    /// let path = "logs/app";
    /// # */
    /// let guard = Builder::new(path).compress_live(true).start()?;
    /// info!("8=FIX.4.4|9=148|35=D|34=1080|49=TESTBUY1|56=TESTSELL1|11=636730640278898634");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "lz4")]
    pub fn compress_live(mut self, compress: bool) -> Self {
        self.output.live = if compress { Compression::LZ4 } else { Compression::NONE };
        self
    }

    /// When what was written is synced; the default is when a segment is closed.
    pub fn sync(mut self, policy: SyncPolicy) -> Self {
        self.output.sync = policy;
        self
    }
}
