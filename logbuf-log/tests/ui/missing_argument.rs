fn main() {
    let symbol = "BTC";
    logbuf_log::info!("filled {symbol} {} @ {}", 3);
    logbuf_log::info!("{} {}", 3);
    logbuf_log::info!("{:>1$}", 3);
}
