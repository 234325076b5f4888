fn main() {
    logbuf_log::info!("filled {}", 3, 4);
}
