//! Records as they come, through the command. What it prints is waited for; no time is.

use crate::{
    command::{command, folder},
    file::{EPOCH, File, anchor, filled, sample_sites},
};
use logbuf_decode::Reader;
use std::{
    convert::Infallible,
    fs::OpenOptions,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Stdio},
};

/// The command, following.
struct Follower {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Follower {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let args = [&["-F", "--format", "{order_id}"], args].concat();
        let mut command = command(folder, &args);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, stdout }
    }

    /// The next lines.
    fn lines(&mut self, count: usize) -> String {
        let mut lines = String::new();
        for _ in 0..count {
            self.stdout.read_line(&mut lines).expect("a line");
        }
        lines.replace('\n', " ").trim_end().to_owned()
    }

    /// Stops it; what it said on standard error.
    fn stop(mut self) -> String {
        self.child.kill().expect("it was running");
        let output = self.child.wait_with_output().expect("it has ended");
        String::from_utf8(output.stderr).expect("UTF-8")
    }
}

/// A segment that grows: what `grow` adds is appended to the file.
struct Growing {
    file: File,
    path: std::path::PathBuf,
    written: usize,
}

impl Growing {
    fn new(folder: &Path, number: u64) -> Self {
        let mut file = File::new(number);
        file.sites(&sample_sites()).threads(&[(1, 4711, "main")]);
        Self { file, path: folder.join(format!("app.{number}.logbuf")), written: 0 }
    }

    fn record(&mut self, ticks: u64, id: u64) -> &mut Self {
        self.file.clock(&[anchor(ticks)]).events(&[(1, &[filled(ticks, "BTC-USD", id - 4)])]);
        self
    }

    /// Appends what is new up to `held` bytes before its end.
    fn write(&mut self, held: usize) -> &mut Self {
        let until = self.file.bytes.len() - held;
        let mut file =
            OpenOptions::new().append(true).create(true).open(&self.path).expect("the file");
        file.write_all(&self.file.bytes[self.written..until]).expect("written");
        self.written = until;
        self
    }
}

#[test]
fn a_file_is_followed_as_it_grows() {
    let folder = folder();
    let mut file = Growing::new(folder.path(), 1);
    file.record(1_000, 11).record(2_000, 12).write(0);
    let mut follower = Follower::start(folder.path(), &["app.1.logbuf"]);
    assert_eq!(follower.lines(2), "11 12");
    file.record(3_000, 13).write(0);
    assert_eq!(follower.lines(1), "13");
    // Half a block is waited for.
    file.record(4_000, 14).write(30);
    file.write(0).record(5_000, 15).write(0);
    assert_eq!(follower.lines(2), "14 15");
    assert_eq!(follower.stop(), "");
}

#[test]
fn a_folder_is_followed_across_its_files() {
    let folder = folder();
    let mut first = Growing::new(folder.path(), 1);
    first.record(1_000, 11).write(0);
    let mut follower = Follower::start(folder.path(), &["."]);
    assert_eq!(follower.lines(1), "11");
    // The header of the next comes in two parts.
    let mut second = Growing::new(folder.path(), 2);
    let len = second.file.bytes.len();
    second.write(len - 20);
    first.record(2_000, 12).file.end();
    first.write(0);
    assert_eq!(follower.lines(1), "12");
    second.record(3_000, 13).write(0);
    assert_eq!(follower.lines(1), "13");
    assert_eq!(follower.stop(), "");
}

#[test]
fn a_reader_holds_back_what_is_later() {
    let folder = folder();
    let mut files = [Growing::new(folder.path(), 1), Growing::new(folder.path(), 2)];
    let mut reader = Reader::new().live();
    for file in &mut files {
        reader.add_file(&file.write(0).path);
    }
    let shown = |reader: &mut Reader, until| {
        let mut ids = Vec::new();
        let result = reader.try_for_each_until(until, |record| {
            let id = record.fields().find(|(name, _)| *name == "order_id");
            ids.extend(id.and_then(|(_, value)| value.as_unsigned()));
            Ok::<_, Infallible>(())
        });
        assert_eq!(result, Ok(()));
        ids
    };
    assert_eq!(reader.newest(), None);
    files[0].record(5_000, 15).record(5_500, 16).write(0);
    reader.refresh();
    assert_eq!(reader.newest(), Some(EPOCH + 5_500));
    assert_eq!(shown(&mut reader, EPOCH + 4_999), []);
    assert_eq!(shown(&mut reader, EPOCH + 5_000), [15]);
    // Late, but before what is held back.
    files[1].record(4_000, 14).record(6_000, 17).write(0);
    reader.refresh();
    assert_eq!(shown(&mut reader, EPOCH + 5_500), [14, 16]);
    assert_eq!(shown(&mut reader, i64::MAX), [17]);
    assert_eq!(shown(&mut reader, i64::MAX), []);
    assert!(reader.findings().is_empty());
}

#[test]
fn what_is_there_can_be_left_out() {
    let folder = folder();
    let mut file = Growing::new(folder.path(), 1);
    for number in 0..5 {
        file.record(1_000 + number, 10 + number);
    }
    file.write(0);
    let args = ["app.1.logbuf", "-n", "2", "--time"];
    let mut follower = Follower::start(folder.path(), &[&args[..], &["wall"]].concat());
    let pattern = ["delta", "--format", "{order_id}{time}"];
    let mut delta = Follower::start(folder.path(), &[&args[..], &pattern].concat());
    assert_eq!(follower.lines(2), "13 14");
    assert_eq!(delta.lines(2), "13    +0.000000001 14    +0.000000001");
    file.record(2_000, 20).write(0);
    assert_eq!(follower.lines(1), "20");
    assert_eq!(delta.lines(1), "20    +0.000000996");
    follower.stop();
    delta.stop();
}

#[test]
fn it_ends_when_enough_is_printed() {
    let folder = folder();
    let mut file = Growing::new(folder.path(), 1);
    file.record(1_000, 11).write(0);
    let mut follower = Follower::start(folder.path(), &["app.*.logbuf", "--head", "2"]);
    assert_eq!(follower.lines(1), "11");
    file.record(2_000, 12).record(3_000, 13).write(0);
    assert_eq!(follower.lines(2), "12");
    let output = follower.child.wait_with_output().expect("it ends");
    assert_eq!((output.stderr, output.status.code()), (vec![], Some(0)));
}

#[test]
fn a_file_may_come_later_and_damage_is_said_at_once() {
    let folder = folder();
    let mut follower = Follower::start(folder.path(), &["app.1.logbuf"]);
    let mut file = Growing::new(folder.path(), 1);
    file.record(1_000, 11);
    let at = file.file.bytes.len() - 8;
    file.file.bytes[at] ^= 1;
    file.record(2_000, 12).write(0);
    assert_eq!(follower.lines(1), "12");
    // What is said of the damage is said before the next record.
    file.record(3_000, 13).write(0);
    assert_eq!(follower.lines(1), "13");
    let stderr = follower.stop();
    assert!(stderr.contains("its 1 records are missing"), "{stderr}");
}
