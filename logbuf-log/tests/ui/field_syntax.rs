fn main() {
    let id = 7;
    logbuf_log::info!();
    logbuf_log::info!(7, "a number is no field");
    logbuf_log::info!(id = , "no value");
    logbuf_log::info!(id "no comma");
}
