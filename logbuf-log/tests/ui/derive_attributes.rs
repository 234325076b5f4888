use logbuf_log::Encode;

#[derive(Encode)]
struct Unknown {
    #[encode(hide)]
    a: u8,
}

#[derive(Encode)]
struct Both {
    #[encode(skip, redact)]
    a: u8,
}

#[derive(Encode)]
#[encode(skip)]
struct OnType {
    a: u8,
}

#[derive(Encode)]
union Union {
    a: u8,
}

fn main() {}
