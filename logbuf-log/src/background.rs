//! How the background thread is set up.

use std::fmt;
use std::io::{self, ErrorKind};
use std::thread::JoinHandle;
use std::{sync::mpsc, thread};

use crate::error::InitError;
use crate::notice::{self, Notice};
use crate::platform;
use crate::writer::Writer;

/// How the system schedules the background thread. [`Builder::priority`](crate::Builder::priority) sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Priority {
    /// The nice value of the thread, from -20 (most favoured) to 19. Values below that of the process need a permission.
    Nice(i8),
    /// First in, first out among real-time threads (`SCHED_FIFO`), with a priority from 1 to 99. Needs a permission. A
    /// spinning writer of real-time priority keeps its core to itself.
    RealTime(u8),
}

/// An option of the background thread that needs the system's consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ThreadOption {
    /// To run on this CPU alone.
    Cpu(usize),
    /// To be scheduled so.
    Priority(Priority),
}

impl fmt::Display for ThreadOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu(cpu) => write!(f, "CPU {cpu}"),
            Self::Priority(Priority::Nice(nice)) => write!(f, "nice value {nice}"),
            Self::Priority(Priority::RealTime(priority)) => {
                write!(f, "real-time priority {priority}")
            }
        }
    }
}

/// What the builder was told of the background thread.
#[derive(Debug)]
pub(crate) struct Background {
    pub(crate) name: String,
    pub(crate) cpu: Option<usize>,
    pub(crate) priority: Option<Priority>,
    /// Whether an option that cannot be had keeps the logger from starting.
    pub(crate) strict: bool,
}

impl Default for Background {
    fn default() -> Self {
        Self { name: "logbuf-writer".to_owned(), cpu: None, priority: None, strict: false }
    }
}

impl Background {
    /// Refuses a name that no thread can have.
    pub(crate) fn check(&self) -> Result<(), InitError> {
        if self.name.contains('\0') {
            let source = io::Error::new(ErrorKind::InvalidInput, "its name has a zero byte");
            return Err(InitError::SpawnThread { source });
        }
        Ok(())
    }

    /// Starts the thread, which runs `writer`. Returns once its options are in force, or known to be refused.
    pub(crate) fn spawn(self, mut writer: Writer) -> Result<JoinHandle<()>, InitError> {
        let (report, reported) = mpsc::sync_channel(1);
        let Self { name, cpu, priority, strict } = self;
        let options = cpu.map(ThreadOption::Cpu).into_iter();
        let options: Vec<_> = options.chain(priority.map(ThreadOption::Priority)).collect();
        let work = move || {
            platform::block_pipe_signal();
            let refused = options.into_iter().find_map(|option| refusal(option, strict));
            let goes_on = refused.is_none();
            // `spawn` waits for it, so there is somebody to receive.
            let _received = report.send(refused);
            if goes_on {
                writer.run();
            }
        };
        let thread = thread::Builder::new()
            .name(name)
            .spawn(work)
            .map_err(|source| InitError::SpawnThread { source })?;
        match reported.recv() {
            Ok(Some((option, source))) => {
                // The thread lets go of the writer, and so of being the one logger, when it ends.
                let _ended = thread.join();
                Err(InitError::ThreadOption { option, source })
            }
            // A thread that panicked before it could report says so when it is joined.
            Ok(None) | Err(_) => Ok(thread),
        }
    }
}

/// Sets an option of the calling thread. A refusal is returned if it matters, and otherwise a notice.
fn refusal(option: ThreadOption, strict: bool) -> Option<(ThreadOption, io::Error)> {
    let source = apply(option).err()?;
    if strict {
        return Some((option, source));
    }
    notice::post(Notice::OptionRefused { option, source });
    None
}

fn apply(option: ThreadOption) -> io::Result<()> {
    match option {
        ThreadOption::Cpu(cpu) => platform::pin_to(cpu),
        ThreadOption::Priority(Priority::Nice(nice)) => platform::set_nice(nice),
        ThreadOption::Priority(Priority::RealTime(priority)) => platform::set_real_time(priority),
    }
}
