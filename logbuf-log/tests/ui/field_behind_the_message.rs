fn main() {
    logbuf_log::info!("connected", id = 7);
}
