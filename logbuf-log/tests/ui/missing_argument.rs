fn main() {
    let symbol = "BTC";
    logbuf_log::info!("filled {symbol} {} @ {}", 3);
}
