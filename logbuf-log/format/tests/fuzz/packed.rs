//! Any bytes as a packed payload, and as records to be packed.

use logbuf_format::{
    definition::Definitions,
    events, limits,
    packed::{self, LEAD, Layout, Packer},
    types::Type,
};

/// What expands is a raw payload; what is packed expands to what it was.
pub(crate) fn run(bytes: &[u8]) {
    expand(bytes);
    pack(bytes);
}

/// Whatever a packed payload says, no more comes out than may, and what does can be read.
fn expand(bytes: &[u8]) {
    let mut raw = Vec::new();
    let expanded = packed::expand(bytes, &mut raw);
    assert!(raw.len() <= limits::PAYLOAD);
    if let Err(error) = &expanded {
        assert!(!error.to_string().is_empty());
    }
    for extent in events::extents(&raw) {
        match extent {
            Ok(extent) => assert!(extent.records().all(|record| record.is_ok()), "{expanded:?}"),
            Err(error) => panic!("{error} in what was expanded: {expanded:?}"),
        }
    }
}

/// Takes the bytes as orders: which sites there are, and what is logged by them.
fn pack(bytes: &[u8]) {
    let mut orders = Orders(bytes);
    let mut packer = Packer::new();
    // Two blocks: what the packer learns about sites outlives a block.
    for _ in 0..2 {
        packer.clear();
        let mut raw = Vec::new();
        for _ in 0..orders.below(4) {
            let ring = u32::from(orders.byte());
            packer.open(ring, 1, 8);
            let mut extent = events::open(&mut raw, ring, 1, 8);
            for _ in 0..orders.below(32) {
                let site = u32::from(orders.byte() % 20);
                if orders.byte() < 40 {
                    let types: Vec<_> = (0..orders.below(6)).map(|_| orders.ty(3)).collect();
                    packer.learn(site, Layout::new(&types, Definitions::none()));
                }
                let ticks = orders.number();
                let values = orders.take(40);
                let record = [&[0xEE; LEAD], values].concat();
                packer.put(site, ticks, &record).expect("it is short");
                extent.put(&mut raw, site, ticks, values).expect("it is short");
            }
            packer.seal(4096);
            extent.seal(&mut raw, 4096);
        }
        let mut expanded = Vec::new();
        packed::expand(packer.payload(), &mut expanded).expect("it was just packed");
        assert_eq!(expanded, raw);
    }
}

/// Bytes that say what to do. When there are no more, they say 0.
struct Orders<'a>(&'a [u8]);

impl<'a> Orders<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn below(&mut self, bound: u8) -> u8 {
        self.byte() % bound
    }

    /// A number of any size.
    fn number(&mut self) -> u64 {
        self.take(8).iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// As many bytes as the next one says, at most `most`.
    fn take(&mut self, most: u8) -> &'a [u8] {
        let len = usize::from(self.below(most + 1)).min(self.0.len());
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        taken
    }

    /// A type that nests at most this deep.
    fn ty(&mut self, depth: u8) -> Type {
        if depth == 0 {
            return Type::U8;
        }
        match self.below(18) {
            0 => Type::Unit,
            1 => Type::Bool,
            2 => Type::Char,
            3 => Type::U8,
            4 => Type::I16,
            5 => Type::U32,
            6 => Type::U64,
            7 => Type::U128,
            8 => Type::F32,
            9 => Type::F64,
            10 => Type::Str,
            11 => Type::Duration,
            12 => Type::seq(self.ty(depth - 1)),
            13 => Type::array(self.ty(depth - 1), u32::from(self.byte())),
            14 => Type::option(self.ty(depth - 1)),
            15 => Type::Tuple((0..self.below(4)).map(|_| self.ty(depth - 1)).collect()),
            16 => Type::postcard(self.ty(depth - 1)),
            _ => Type::Ip,
        }
    }
}
