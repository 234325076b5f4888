use logbuf_log::Encode;

#[derive(Clone, Copy, Encode, bytemuck::NoUninit)]
#[encode(pod)]
#[repr(C)]
struct NotPlain {
    px: u64,
    id: Option<std::num::NonZero<u64>>,
}

#[derive(Encode)]
#[encode(pod)]
enum Side {
    Buy,
}

#[derive(Clone, Copy, Encode, bytemuck::NoUninit)]
#[encode(pod)]
#[repr(C)]
struct Hidden {
    #[encode(redact)]
    key: u64,
}

#[derive(Clone, Copy, Encode)]
#[encode(pod)]
#[repr(C)]
struct NotPod(u8);

fn main() {}
