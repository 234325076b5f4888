#[derive(logbuf_log::Encode)]
struct Order(u32);

fn main() {
    logbuf_log::info!("filled {:?}", Order(1));
}
