//! Records to be packed: what programs log.

use logbuf_format::definition::Definitions;
use logbuf_format::packed::{LEAD, Layout, Packer};
use logbuf_format::types::Type;

use crate::random::Random;

/// Records of several sites.
#[derive(Debug)]
pub struct Load {
    /// What it is called.
    pub name: &'static str,
    /// The types of each site's values.
    sites: Vec<Vec<Type>>,
    /// Site, ticks, and the values behind 8 bytes of anything.
    records: Vec<(u32, u64, Vec<u8>)>,
}

/// Each load, by the number of records.
pub const LOADS: [fn(u64) -> Load; 3] = [three_numbers, random_strings, trading];

impl Load {
    fn new(name: &'static str, sites: Vec<Vec<Type>>) -> Self {
        Self { name, sites, records: Vec::new() }
    }

    fn push(&mut self, site: u32, ticks: u64, values: &[&[u8]]) {
        let record = [&[0; LEAD][..], &values.concat()].concat();
        self.records.push((site, ticks, record));
    }

    /// A packer that knows the sites.
    pub fn packer(&self) -> Packer {
        let mut packer = Packer::new();
        for (site, types) in (0..).zip(&self.sites) {
            packer.learn(site, Layout::new(types, Definitions::none()));
        }
        packer
    }

    /// Packs all records into blocks of about `len` bytes, and shows each payload to `done`.
    pub fn pack_blocks(&self, packer: &mut Packer, len: usize, mut done: impl FnMut(&[u8])) {
        let mut records = self.records.iter().peekable();
        while records.peek().is_some() {
            packer.clear();
            packer.open(1, 1, 0);
            for (site, ticks, record) in records.by_ref() {
                packer.put(*site, *ticks, record).expect("a short record");
                if packer.len() >= len {
                    break;
                }
            }
            packer.seal(0);
            done(packer.payload());
        }
    }

    /// Packs all records as one extent.
    pub fn pack(&self, packer: &mut Packer) {
        packer.open(1, 1, 0);
        for (site, ticks, record) in &self.records {
            packer.put(*site, *ticks, record).expect("a short record");
        }
        packer.seal(0);
    }
}

/// "Iteration: {} int: {} double: {}", about 25 million a second at 2.6 GHz.
pub fn three_numbers(count: u64) -> Load {
    let mut load = Load::new("three numbers", vec![vec![Type::U64, Type::U64, Type::F64]]);
    for i in 0..count {
        let values = [i, 2 * i, (i as f64 / 2.0).to_bits()].map(u64::to_le_bytes);
        load.push(0, 1_000 + 100 * i + i % 7, &[&values.concat()]);
    }
    load
}

/// Strings of 40 random characters.
pub fn random_strings(count: u64) -> Load {
    let mut load = Load::new("40-byte strings", vec![vec![Type::Str]]);
    let mut random = Random(1);
    for i in 0..count {
        load.push(0, 1_000 + 120 * i, &[&40_u32.to_le_bytes(), random.text(40).as_bytes()]);
    }
    load
}

/// Twelve sites of a trading system, in random order: symbols, order numbers, prices in cents, quantities, latencies.
pub fn trading(count: u64) -> Load {
    let order = vec![Type::Str, Type::U64, Type::F64, Type::U32];
    let latency = vec![Type::U64, Type::U32];
    let quote = vec![Type::Str, Type::F64, Type::F64, Type::U32, Type::U32, Type::Bool];
    let kinds = [order, latency, quote];
    let sites = (0..12).map(|site| kinds[site % 3].clone()).collect();
    let mut load = Load::new("twelve sites", sites);
    let mut random = Random(7);
    let symbols = ["BTC-USD", "ETH-USD", "SOL-USD", "EUR-USD", "ES-DEC26"];
    let mut cents = [5_210_050_i64, 301_025, 15_040, 10_832, 602_525];
    let (mut ticks, mut id) = (1_000_000, 70_000_000_u64);
    for _ in 0..count {
        ticks += 300 + random.number() % 4_000;
        id += 1 + random.number() % 3;
        let site = (random.number() % 12) as u32;
        let i = (random.number() % 5) as usize;
        cents[i] += (random.number() % 11) as i64 - 5;
        let symbol = [&(symbols[i].len() as u32).to_le_bytes(), symbols[i].as_bytes()].concat();
        let price = |cents: i64| (cents as f64 / 100.0).to_le_bytes();
        let number =
            |limit: u64, random: &mut Random| ((random.number() % limit) as u32).to_le_bytes();
        match site % 3 {
            0 => {
                let quantity = number(500, &mut random);
                load.push(site, ticks, &[&symbol, &id.to_le_bytes(), &price(cents[i]), &quantity]);
            }
            1 => load.push(site, ticks, &[&id.to_le_bytes(), &number(5_000, &mut random)]),
            _ => {
                let (bid, ask) = (number(500, &mut random), number(500, &mut random));
                let side = [(random.number() % 2) as u8];
                let prices = [price(cents[i]), price(cents[i] + 2)].concat();
                load.push(site, ticks, &[&symbol, &prices, &bid, &ask, &side]);
            }
        }
    }
    load
}
