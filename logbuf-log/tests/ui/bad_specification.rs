fn main() {
    logbuf_log::info!("filled {:y}", 3);
    logbuf_log::info!("filled {:>8", 3);
    logbuf_log::info!("filled {:x}", 1.5);
}
