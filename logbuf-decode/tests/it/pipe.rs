//! The pipe that standard output is.

use crate::{
    command::{command, folder},
    file::sample,
};
use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size, pipe};
use std::{fs, io::Read, process::Stdio};

#[test]
fn a_pipe_holds_as_much_as_is_permitted() {
    let folder = folder();
    fs::write(folder.path().join("app.logbuf"), sample().bytes()).expect("write");
    let (_read, write) = pipe().expect("a pipe");
    // Less than a mebibyte, if an administrator said so.
    let permitted = fcntl_setpipe_size(&write, 1 << 20).or_else(|_| fcntl_getpipe_size(&write));
    for args in [&["app.logbuf"][..], &["export", "--to", "csv", "app.logbuf"]] {
        let mut child = command(folder.path(), args).stdout(Stdio::piped()).spawn().expect("runs");
        let mut stdout = child.stdout.take().expect("a pipe");
        let mut lines = String::new();
        stdout.read_to_string(&mut lines).expect("lines");
        assert_eq!(fcntl_getpipe_size(&stdout), permitted, "{args:?}");
        assert!(child.wait().expect("an end").success() && !lines.is_empty());
    }
}
