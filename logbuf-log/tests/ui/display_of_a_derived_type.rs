use logbuf_log::{Encode, info};

#[derive(Debug, Encode)]
struct Order(u32);

impl std::fmt::Display for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "order {}", self.0)
    }
}

fn main() {
    info!("filled {}", Order(1));
}
