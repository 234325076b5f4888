//! What crates do that log by `log`.

use std::net::TcpListener;
use std::{fs, thread};

use tungstenite::Message;

/// Opens a web socket, sends messages back and forth, and closes it.
pub(crate) fn web_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("somebody connects");
        let mut socket = tungstenite::accept(stream).expect("they shake hands");
        while let Ok(message) = socket.read() {
            if message.is_text() {
                socket.send(message).expect("the other side is there");
            }
        }
    });
    let stream = std::net::TcpStream::connect(address).expect("the server listens");
    let (mut socket, _) =
        tungstenite::client(format!("ws://{address}/"), stream).expect("they shake hands");
    for number in 0..20 {
        let sent = Message::text(format!("message {number}"));
        socket.send(sent.clone()).expect("the other side is there");
        assert_eq!(socket.read().expect("it answers"), sent);
    }
    socket.close(None).expect("the other side is there");
    while socket.read().is_ok() {}
    server.join().expect("it does not panic");
}

/// Walks through a folder by its rules, some of which cannot be read.
pub(crate) fn walk() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(".ignore"), "*.tmp\n!kept.tmp\n/a[b\n").expect("a file");
    for number in 0..20 {
        fs::write(folder.path().join(format!("{number}.tmp")), "").expect("a file");
        fs::write(folder.path().join(format!("{number}.txt")), "").expect("a file");
    }
    let walked = ignore::WalkBuilder::new(folder.path()).build();
    assert_eq!(walked.filter_map(Result::ok).count(), 1 + 20);
}
