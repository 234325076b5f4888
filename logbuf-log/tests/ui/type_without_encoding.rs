#[derive(Debug)]
struct Order;

fn main() {
    logbuf_log::info!("filled {:?}", Order);
    logbuf_log::info!(order = Order, "filled");
}
