struct Socket;

#[derive(logbuf_log::Encode)]
struct Session {
    id: u64,
    socket: Socket,
}

fn main() {}
