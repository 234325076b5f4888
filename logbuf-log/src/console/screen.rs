//! Lines on their way to the console, and the thread that shows them.

use std::io::{self, ErrorKind, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Stream;
use crate::notice::{self, Notice};
use crate::platform;

/// Bytes of text that wait for the console at most.
const LIMIT: usize = 1 << 20;

/// Bytes that are written at once, about: whole lines, so that what the program prints itself comes between lines.
const CHUNK: usize = 8 << 10;

/// How long a flush, or the end, waits for a console that shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long to wait for a console that takes nothing at the moment, and was told not to block.
const NAP: Duration = Duration::from_millis(5);

/// Shared by the writer, which has lines; the thread that shows them; and those who wait for it.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    state: Mutex<State>,
    /// There is something to show, or something was shown.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Lines to be shown.
    text: String,
    /// Lines that came behind these and found no room.
    no_room: u64,
    /// Whether the thread has lines in hand.
    is_showing: bool,
    /// Counts the chunks that were shown.
    progress: u64,
    /// What the progress was when somebody waited in vain.
    stuck_at: Option<u64>,
    /// Whether the console takes nothing any more.
    is_broken: bool,
    /// Whether no more lines come.
    is_closed: bool,
    /// Lines that were not shown, and never will be.
    left_out: u64,
}

impl Screen {
    /// A console, and the thread that shows lines there until the screen is [closed](Self::close).
    pub(super) fn start(stream: Stream) -> io::Result<Arc<Self>> {
        let screen = Arc::new(Self::default());
        let shown = Arc::clone(&screen);
        let work = move || {
            platform::block_pipe_signal();
            let end = match stream {
                Stream::Output => shown.run(&mut io::stdout()),
                Stream::Error => shown.run(&mut io::stderr()),
            };
            if let Err(source) = end {
                notice::post(Notice::ConsoleFailed { source });
            }
        };
        thread::Builder::new().name("logbuf-console".to_owned()).spawn(work)?;
        Ok(screen)
    }

    /// Takes whole lines to be shown, or leaves them out. Never waits for the console.
    pub(super) fn push(&self, lines: &str, count: u64) {
        let mut state = self.lock();
        if state.is_broken {
            state.left_out += count;
        } else if state.no_room > 0 || state.text.len() + lines.len() > LIMIT {
            state.no_room += count;
            state.left_out += count;
        } else {
            state.text.push_str(lines);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Counts a record that does not become a line.
    pub(super) fn leave_out(&self) {
        self.lock().left_out += 1;
    }

    /// Lines that were left out so far.
    pub(crate) fn left_out(&self) -> u64 {
        self.lock().left_out
    }

    /// No more lines come. Whoever waits from here on does so for the last time, and so gives the console another chance.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        state.stuck_at = None;
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until all lines are shown, or `deadline`, or until the console has shown nothing for a second. One that did not
    /// is not waited for again before it shows something.
    pub(crate) fn settle(&self, deadline: Option<Instant>) {
        let mut state = self.lock();
        let mut seen = state.progress;
        let mut patience = Instant::now() + PATIENCE;
        while !state.is_settled() {
            if state.progress != seen {
                seen = state.progress;
                patience = Instant::now() + PATIENCE;
            }
            let until = deadline.map_or(patience, |deadline| deadline.min(patience));
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                if until == patience {
                    state.stuck_at = Some(state.progress);
                }
                return;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Shows lines until no more come, or the console takes nothing any more.
    fn run(&self, out: &mut impl Write) -> io::Result<()> {
        while let Some(text) = self.next() {
            let mut left = lines_in(&text);
            for chunk in chunks(&text) {
                write(out, chunk.as_bytes()).inspect_err(|_| self.give_up(left))?;
                left -= lines_in(chunk);
                self.lock().progress += 1;
                self.changed.notify_all();
            }
        }
        Ok(())
    }

    /// Waits for lines; `None` at the end.
    fn next(&self) -> Option<String> {
        let mut state = self.lock();
        state.is_showing = false;
        self.changed.notify_all();
        let is_idle = |state: &mut State| state.text.is_empty() && !state.is_closed;
        state = self.changed.wait_while(state, is_idle).unwrap_or_else(PoisonError::into_inner);
        if state.text.is_empty() {
            return None;
        }
        state.is_showing = true;
        let mut text = mem::take(&mut state.text);
        let no_room = mem::take(&mut state.no_room);
        drop(state);
        if no_room > 0 {
            text.push_str(&format!(
                "logbuf: the console is slow, {no_room} lines are left out here\n"
            ));
        }
        Some(text)
    }

    /// The console takes nothing any more: not the last lines that were in hand, and not those that wait.
    fn give_up(&self, in_hand: u64) {
        let mut state = self.lock();
        state.is_broken = true;
        state.left_out += in_hand + lines_in(&state.text);
        state.text.clear();
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether nothing is left to be shown, or nobody should wait for that.
    fn is_settled(&self) -> bool {
        (self.text.is_empty() && !self.is_showing)
            || self.is_broken
            || self.stuck_at == Some(self.progress)
    }
}

/// Pieces of whole lines, each of about [`CHUNK`] bytes or of one line.
fn chunks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let bytes = rest.as_bytes();
        let first = &bytes[..bytes.len().min(CHUNK)];
        let is_end = |byte: &u8| *byte == b'\n';
        let end = match first.iter().rposition(is_end) {
            Some(last) => last + 1,
            None => bytes.iter().position(is_end).map_or(bytes.len(), |first| first + 1),
        };
        let (chunk, left) = rest.split_at(end);
        rest = left;
        Some(chunk)
    })
}

fn lines_in(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u64
}

/// Writes everything, however long that takes.
fn write(out: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match out.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) => wait_or_fail(error)?,
        }
    }
    while let Err(error) = out.flush() {
        wait_or_fail(error)?;
    }
    Ok(())
}

/// Waits if that can help. Whoever else has the terminal open may have told it not to block.
fn wait_or_fail(error: io::Error) -> io::Result<()> {
    match error.kind() {
        ErrorKind::Interrupted => Ok(()),
        ErrorKind::WouldBlock => {
            thread::sleep(NAP);
            Ok(())
        }
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Takes a few bytes at a time, when it is told to.
    struct Slow(mpsc::Receiver<()>, Arc<Mutex<String>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(|_| ErrorKind::BrokenPipe)?;
            let len = bytes.len().min(CHUNK / 2);
            let text = str::from_utf8(&bytes[..len]).expect("ASCII");
            self.1.lock().expect("nobody panics").push_str(text);
            Ok(len)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A screen whose console takes something each time that it is told to, and what it took.
    struct Scene {
        screen: Arc<Screen>,
        sender: mpsc::Sender<()>,
        shown: Arc<Mutex<String>>,
        thread: thread::JoinHandle<io::Result<()>>,
    }

    fn slow() -> Scene {
        let (sender, receiver) = mpsc::channel();
        let (screen, shown) = (Arc::new(Screen::default()), Arc::new(Mutex::new(String::new())));
        let (runs, takes) = (Arc::clone(&screen), Arc::clone(&shown));
        let thread = thread::spawn(move || runs.run(&mut Slow(receiver, takes)));
        Scene { screen, sender, shown, thread }
    }

    #[test]
    fn what_finds_no_room_is_counted_and_said() {
        let Scene { screen, sender, shown, thread } = slow();
        let line = format!("{}\n", "x".repeat(999));
        screen.push(&line, 1);
        // It has the first line in hand, so that the room is all there for those behind.
        while !screen.lock().is_showing {
            thread::yield_now();
        }
        for _ in 1..5000 {
            screen.push(&line, 1);
        }
        let left_out = screen.left_out();
        assert_eq!(left_out, 4999 - LIMIT as u64 / 1000);
        screen.push("late\n", 1);
        assert_eq!(screen.left_out(), left_out + 1, "nothing overtakes");
        for _ in 0..1000 {
            sender.send(()).expect("it runs");
        }
        screen.settle(None);
        screen.push("again\n", 1);
        screen.close();
        thread.join().expect("it ends").expect("it was closed");
        let shown = shown.lock().expect("nobody panics");
        assert_eq!(lines_in(&shown), 5001 - left_out - 1 + 2);
        let end = format!(
            "\nlogbuf: the console is slow, {} lines are left out here\nagain\n",
            left_out + 1
        );
        assert!(shown.ends_with(&end), "{}", &shown[shown.len() - 200..]);
    }

    #[test]
    fn a_console_that_stands_still_is_waited_for_once() {
        let Scene { screen, sender, shown, thread } = slow();
        screen.push("one\n", 1);
        let start = Instant::now();
        screen.settle(Some(start + Duration::from_millis(20)));
        assert!(start.elapsed() < PATIENCE);
        screen.settle(None);
        assert!(start.elapsed() >= PATIENCE);
        let again = Instant::now();
        for _ in 0..100 {
            screen.settle(None);
        }
        assert!(again.elapsed() < PATIENCE);
        // It shows something, and so it is waited for again.
        sender.send(()).expect("it runs");
        while shown.lock().expect("nobody panics").is_empty() {
            thread::yield_now();
        }
        // Now it breaks.
        drop(sender);
        screen.push("two\n", 1);
        screen.settle(None);
        screen.push("three\n", 1);
        screen.close();
        let end = thread.join().expect("it ends");
        assert_eq!(end.map_err(|error| error.kind()), Err(ErrorKind::BrokenPipe));
        assert_eq!(*shown.lock().expect("nobody panics"), "one\n");
        assert_eq!(screen.left_out(), 2);
    }

    #[test]
    fn chunks_are_whole_lines() {
        let line = format!("{}\n", "x".repeat(CHUNK / 3));
        let long = format!("{}\n", "y".repeat(3 * CHUNK));
        let text = [&*line, &line, &line, &long, &line].concat();
        let chunks: Vec<_> = chunks(&text).collect();
        assert_eq!(chunks.concat(), text);
        assert!(chunks.iter().all(|chunk| chunk.ends_with('\n')));
        assert_eq!(chunks.len(), 4, "two lines, one, the long one, one");
    }
}
