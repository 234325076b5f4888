//! The codec packed: what goes in comes out, and what never went in does no harm.

use crate::sample::{self, Sample};
use logbuf_format::{
    Error, Fault, Part, events, limits,
    packed::{self, Layout, Packer},
    types::Type,
};
use proptest::{prelude::*, sample::Index};

/// A record: site, ticks, values.
type Put = (u32, u64, Vec<u8>);

/// Bytes of a packed payload in front of the first record.
const START: usize = 4 + 32;

/// What stands in front of values: anything.
fn framed(values: &[u8]) -> Vec<u8> {
    [&[0xEE; 8], values].concat()
}

/// The payload of extents in codec raw.
fn raw(extents: &[Vec<Put>]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (number, records) in (0..).zip(extents) {
        let mut extent = events::open(&mut payload, number, number + 1, 64 * u64::from(number));
        for (site, ticks, values) in records {
            extent.put(&mut payload, *site, *ticks, values).unwrap();
        }
        extent.seal(&mut payload, u64::MAX);
    }
    payload
}

/// The same packed.
fn pack(packer: &mut Packer, extents: &[Vec<Put>]) -> Vec<u8> {
    packer.clear();
    for (number, records) in (0..).zip(extents) {
        packer.open(number, number + 1, 64 * u64::from(number));
        for (site, ticks, values) in records {
            packer.put(*site, *ticks, &framed(values)).unwrap();
        }
        packer.seal(u64::MAX);
    }
    packer.payload().to_vec()
}

fn expand(packed: &[u8]) -> Result<Vec<u8>, Error> {
    // What is there before must not be seen behind it.
    let mut out = vec![0xEE; 10_000];
    packed::expand(packed, &mut out).map(|()| out)
}

/// A packer that knows sites with values of these types.
fn packer(sites: &[(u32, &[Type])]) -> Packer {
    let mut packer = Packer::new();
    for (site, types) in sites {
        packer.learn(*site, Layout::new(*types, sample::definitions()));
    }
    packer
}

/// Packs records of one site in one extent, expands them, and returns the packed payload.
#[track_caller]
fn check(types: &[Type], records: impl IntoIterator<Item = (u64, Vec<u8>)>) -> Vec<u8> {
    let records = records.into_iter().map(|(ticks, values)| (7, ticks, values)).collect();
    let extents = [records];
    let packed = pack(&mut packer(&[(7, types)]), &extents);
    assert_eq!(expand(&packed).unwrap(), raw(&extents));
    packed
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

#[test]
fn counters_and_short_decimals_cost_a_bit_each() {
    let records = (0..10_000_u64).map(|i| {
        let values = [i, 2 * i, (i as f64 / 2.0).to_bits()].map(u64::to_le_bytes).concat();
        (1_000 + 90 * i, values)
    });
    let packed = check(&[Type::U64, Type::U64, Type::F64], records);
    // Site, time and misses take a byte each.
    assert!(packed.len() <= START + 3 * 10_000 + 200, "{}", packed.len());
}

#[test]
fn prices_cost_as_much_as_their_steps() {
    let mut cents = 5_210_050_i64;
    let records = (0..1_000_u64).map(|i| {
        cents += [1, -3, 25, 0, -20][i as usize % 5];
        (100 * i, (cents as f64 / 100.0).to_le_bytes().to_vec())
    });
    let packed = check(&[Type::F64], records);
    assert!(packed.len() <= START + 4 * 1_000 + 200, "{}", packed.len());
}

#[test]
fn floats_of_no_short_decimal_form_cost_what_they_have() {
    let records = (1..1_000_u64).map(|i| (100 * i, (1.0 / i as f64).to_le_bytes().to_vec()));
    let packed = check(&[Type::F64], records);
    assert!(packed.len() <= START + 12 * 1_000, "{}", packed.len());
    let records = (1..1_000_u64).map(|i| (100 * i, (1.0 / i as f32).to_le_bytes().to_vec()));
    check(&[Type::F32], records);
}

#[test]
fn strings_that_come_again_are_references() {
    let symbols =
        ["BTC-USD", "ETH-USD", "SOL-USD", "a rather long name of an instrument, 42 letters"];
    let records = (0..1_000_u64).map(|i| (100 * i, text(symbols[(i * i % 7 % 4) as usize])));
    let packed = check(&[Type::Str], records);
    assert!(packed.len() <= START + 4 * 1_000 + 200, "{}", packed.len());
}

#[test]
fn unique_strings_are_copied() {
    let records = (0..1_000_u64)
        .map(|i| (100 * i, text(&format!("{:040}", i.wrapping_mul(0x9E37_79B9_7F4A)))));
    let packed = check(&[Type::Str], records);
    assert!(packed.len() <= START + 46 * 1_000, "{}", packed.len());
}

#[test]
fn times_may_run_backwards_and_wrap() {
    let ticks = [5, 4, u64::MAX, 0, 1 << 63, 0, 300, 40, u64::MAX / 2, 7, 7];
    check(&[], ticks.map(|ticks| (ticks, vec![])));
}

#[test]
fn records_that_are_not_what_their_site_says_are_packed_all_the_same() {
    let good = |i: u64| (i, [text("abc"), i.to_le_bytes().to_vec()].concat());
    let types = [Type::Str, Type::U64];
    let bad: [&[u8]; 5] = [b"", b"abc", &[0; 3], &[255; 40], &[0; 13]];
    for bad in bad {
        check(&types, [good(1), good(2), (3, bad.to_vec()), good(4), good(5), (6, bad.to_vec())]);
    }
    // The extent of a site that nobody described.
    let extents = [vec![(9, 1, b"abc".to_vec()), (u32::MAX, 2, vec![]), (9, 3, b"abc".to_vec())]];
    assert_eq!(expand(&pack(&mut Packer::new(), &extents)).unwrap(), raw(&extents));
}

#[test]
fn a_packer_is_the_same_after_it_was_cleared() {
    let mut packer = packer(&[(1, &[Type::F64, Type::Str])]);
    let record = |i: u64| (1, i, [(i as f64 / 8.0).to_le_bytes().to_vec(), text("again")].concat());
    for _ in 0..3 {
        let extents = [(0..100).map(record).collect::<Vec<_>>(), (50..70).map(record).collect()];
        assert_eq!(expand(&pack(&mut packer, &extents)).unwrap(), raw(&extents));
    }
}

#[test]
fn many_sites_fit_a_block_and_too_many_are_refused() {
    let types = vec![Type::U8; 20];
    let mut packer = Packer::new();
    let mut extents = [vec![]];
    for site in 0..4_000 {
        packer.learn(site, Layout::new(&types, sample::definitions()));
        extents[0].push((site, u64::from(site), vec![site as u8; 20]));
    }
    let again = extents[0].clone();
    extents[0].extend(again);
    let packed = pack(&mut packer, &extents);
    assert!(packer.is_crowded());
    assert_eq!(expand(&packed).unwrap(), raw(&extents));

    packer.clear();
    packer.open(0, 0, 0);
    let mut refused = (0..70_000_u32).filter_map(|site| {
        let error = packer.put(100_000 + site, 0, &framed(b"")).err()?;
        Some((site, error))
    });
    let (site, error) = refused.next().unwrap();
    drop(refused);
    assert_eq!(site as usize, limits::LAYOUTS / 2);
    let (found, limit) = (limits::LAYOUTS as u64 + 2, limits::LAYOUTS as u64);
    assert_eq!(error.fault, Fault::Limit { part: Part::Layout, found, limit });
    packer.seal(0);
    let mut out = Vec::new();
    packed::expand(packer.payload(), &mut out).unwrap();
    assert_eq!(events::extents(&out).next().unwrap().unwrap().count, site);
}

#[test]
fn what_is_too_long_is_refused() {
    let mut packer = Packer::new();
    packer.open(0, 0, 0);
    let fault = packer.put(1, 0, &framed(&vec![0; limits::RECORD - 15])).unwrap_err().fault;
    let limit = limits::RECORD as u64;
    assert_eq!(fault, Fault::Limit { part: Part::Record, found: limit + 1, limit });
    let longest = framed(&vec![1; limits::RECORD - 16]);
    for _ in 0..3 {
        packer.put(1, 0, &longest).unwrap();
    }
    let fault = packer.put(1, 0, &longest).unwrap_err().fault;
    let limit = limits::PAYLOAD as u64;
    assert_eq!(fault, Fault::Limit { part: Part::ExpandedPayload, found: limit + 32, limit });
    packer.seal(0);
    assert_eq!(expand(packer.payload()).unwrap().len(), packer.raw_len());
}

/// Three records of one site in one extent, packed.
fn small() -> (Vec<u8>, Vec<u8>) {
    let record = |i: u64| {
        (
            7,
            1_000 + i * i,
            [
                text("BTC"),
                i.to_le_bytes().to_vec(),
                (i as f64 / 4.0).to_le_bytes().to_vec(),
                vec![1],
            ]
            .concat(),
        )
    };
    let extents = [(0..20).map(record).collect::<Vec<_>>(), vec![record(3)]];
    let types = [Type::Str, Type::U64, Type::F64, Type::option(Type::U8)];
    (pack(&mut packer(&[(7, &types)]), &extents), raw(&extents))
}

#[test]
fn every_cut_is_found() {
    let (packed, _) = small();
    for len in 0..packed.len() {
        let mut out = vec![0xEE; 10_000];
        let error = packed::expand(&packed[..len], &mut out).unwrap_err();
        assert!(
            matches!(error.fault, Fault::Incomplete { .. } | Fault::Mismatch { .. }),
            "{len}: {error}"
        );
        assert!(error.offset <= len as u64);
        // What is in front of the cut can be read.
        for extent in events::extents(&out) {
            assert!(extent.unwrap().records().all(|record| record.is_ok()));
        }
    }
}

#[test]
fn every_flipped_bit_is_harmless() {
    let (packed, raw) = small();
    for bit in 0..8 * packed.len() {
        let mut packed = packed.clone();
        packed[bit / 8] ^= 1 << (bit % 8);
        let mut out = Vec::new();
        let result = packed::expand(&packed, &mut out);
        assert!(out.len() <= limits::PAYLOAD);
        for extent in events::extents(&out) {
            assert!(extent.unwrap().records().all(|record| record.is_ok()), "bit {bit}");
        }
        // A bit of a value changes values and no more.
        assert!(result.is_err() || out.len() == raw.len(), "bit {bit}");
    }
}

/// A payload of one extent with these bytes of records.
fn forged(raw_len: u32, count: u32, records: &[u8]) -> Vec<u8> {
    let mut payload = raw_len.to_le_bytes().to_vec();
    payload.extend([0; 24]);
    payload.extend(count.to_le_bytes());
    payload.extend((records.len() as u32).to_le_bytes());
    payload.extend(records);
    payload
}

#[test]
fn hostile_payloads_are_refused() {
    let fault = |payload: &[u8]| {
        let error = expand(payload).unwrap_err();
        (error.offset, error.fault)
    };
    let unknown = |part, found| Fault::Unknown { part, found };
    let limit = limits::PAYLOAD as u64;
    let most = 1 << 20;

    let found = limit + 1;
    assert_eq!(
        fault(&forged(found as u32, 0, &[])),
        (0, Fault::Limit { part: Part::ExpandedPayload, found, limit })
    );
    // A site that was not defined, by each code of an index.
    assert_eq!(fault(&forged(most, 1, &[0x02])), (37, unknown(Part::PackedSite, 2)));
    assert_eq!(fault(&forged(most, 1, &[0x0D, 200])), (38, unknown(Part::PackedSite, 200)));
    assert_eq!(fault(&forged(most, 1, &[0x0E, 0, 1])), (39, unknown(Part::PackedSite, 256)));
    // An operation that does not exist, and too many of them.
    assert_eq!(
        fault(&forged(most, 1, &[0x0F, 7, 0, 0, 0, 2, 1, 3])),
        (43, unknown(Part::Layout, 3))
    );
    let many = Fault::Limit { part: Part::Layout, found: 65, limit: 64 };
    assert_eq!(fault(&forged(most, 1, &[0x0F, 7, 0, 0, 0, 65])), (41, many));
    // A miss of a value that the site does not have.
    assert_eq!(
        fault(&forged(most, 1, &[0x0F, 7, 0, 0, 0, 1, 1, 2, 0])),
        (43, unknown(Part::Packed, 1))
    );
    // A string that was not there before, and a length that no string has.
    assert_eq!(
        fault(&forged(most, 1, &[0x0F, 7, 0, 0, 0, 1, 0x40, 1, 0x01])),
        (44, unknown(Part::String, 0))
    );
    let huge = [0x0F, 7, 0, 0, 0, 1, 0x40, 1, 0x60, 0, 0, 0, 0, 0x40];
    assert_eq!(fault(&forged(most, 1, &huge)), (44, unknown(Part::String, 1 << 40 | 1)));
    // More records than bytes, and fewer.
    let cut = Fault::Incomplete { part: Part::Packed, have: 0, need: 1 };
    assert_eq!(fault(&forged(most, 2, &[0x0F, 7, 0, 0, 0, 0])), (42, cut));
    let more = Fault::Mismatch { part: Part::Extent, found: 6, expected: 7 };
    assert_eq!(fault(&forged(most, 1, &[0x0F, 7, 0, 0, 0, 0, 0])), (36, more));
    // More than was announced, and less.
    let found = Fault::Limit { part: Part::ExpandedPayload, found: 48, limit: 47 };
    assert_eq!(fault(&forged(47, 1, &[0x0F, 7, 0, 0, 0, 0])), (36, found));
    let less = Fault::Mismatch { part: Part::ExpandedPayload, found: 48, expected: 49 };
    assert_eq!(fault(&forged(49, 1, &[0x0F, 7, 0, 0, 0, 0])), (0, less));
    let mut ends_first = forged(most, 0, &[]);
    ends_first[12] = 1;
    let found = Fault::Mismatch { part: Part::ExtentEnd, found: 0, expected: 1 };
    assert_eq!(fault(&ends_first), (20, found));
}

#[test]
fn a_bomb_ends_at_the_length_that_was_announced() {
    // A string of 1000 bytes, and then itself, a byte a time.
    let mut records = vec![0x0F, 7, 0, 0, 0, 1, 0x41, 1];
    records.extend([0x86, 0x3E]);
    records.extend([b'x'; 1_000]);
    let definition = records.len();
    records.extend([0, 0].repeat(100_000));
    let packed = forged(limits::PAYLOAD as u32, 100_001, &records);
    let mut out = Vec::new();
    let error = packed::expand(&packed, &mut out).unwrap_err();
    assert!(matches!(error.fault, Fault::Limit { part: Part::ExpandedPayload, .. }), "{error}");
    assert!(out.len() <= limits::PAYLOAD && out.capacity() <= 2 * limits::PAYLOAD);
    assert!(error.offset as usize > START + definition);
    // A record is no longer in a packed block than it may be elsewhere.
    let mut records = vec![0x0F, 7, 0, 0, 0, 2, 0x41, 0x41, 3];
    let half = limits::RECORD / 2 + 1;
    let (new, known) = ((half as u64) << 2 | 1, 0_u64);
    records.extend(((new << 4) | 1 << 3).to_le_bytes().into_iter().take(4));
    records.extend(vec![0; half]);
    records.push((known << 1) as u8 | 1);
    let fault = expand(&forged(limits::PAYLOAD as u32, 1, &records)).unwrap_err().fault;
    assert!(matches!(fault, Fault::Limit { part: Part::Record, .. }), "{fault}");
}

/// Sites with their types, and records of them in any order.
fn any_extents() -> impl Strategy<Value = (Vec<Vec<Type>>, Vec<Vec<Put>>)> {
    let site = prop::collection::vec(sample::any_sample(), 0..6);
    prop::collection::vec(site, 1..20).prop_flat_map(|sites| {
        let types =
            sites.iter().map(|site| site.iter().map(Sample::ty).collect()).collect::<Vec<Vec<_>>>();
        // The same values come again, and now and then bytes that fit no type.
        let variants: Vec<Vec<u8>> = sites
            .iter()
            .map(|site| {
                let mut bytes = Vec::new();
                site.iter().for_each(|sample| sample.encode(&mut bytes));
                bytes
            })
            .collect();
        let count = variants.len();
        let record = (0..count, any::<u8>(), any::<u64>(), any::<Index>(), any::<u8>()).prop_map(
            move |(site, kind, ticks, index, byte)| {
                let mut values = variants[site].clone();
                match kind {
                    0..8 => values.push(byte),
                    8..16 => values.truncate(index.index(values.len() + 1)),
                    16..128 if !values.is_empty() => {
                        let at = index.index(values.len());
                        values[at] = values[at].wrapping_add(byte % 4);
                    }
                    _ => {}
                }
                (site as u32 * 5_003, ticks >> (kind % 64), values)
            },
        );
        let extents = prop::collection::vec(prop::collection::vec(record, 0..40), 0..4);
        (Just(types), extents)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_packed_is_what_is_expanded((types, extents) in any_extents()) {
        let mut packer = Packer::new();
        for (site, types) in types.iter().enumerate() {
            packer.learn(site as u32 * 5_003, Layout::new(types, sample::definitions()));
        }
        for _ in 0..2 {
            prop_assert_eq!(expand(&pack(&mut packer, &extents)).unwrap(), raw(&extents));
        }
    }

    #[test]
    fn numbers_of_all_sizes_come_back(
        values in prop::collection::vec((any::<u64>(), 0..64_u32, any::<i16>()), 0..200)
    ) {
        let mut last = 0_i64;
        let records = values.into_iter().map(|(value, shift, step)| {
            last = last.wrapping_add(step.into());
            let (wide, price) = (value >> shift, last as f64 / 100.0);
            let parts: [&[u8]; 6] = [
                &wide.to_le_bytes(),
                &(wide as u32).to_le_bytes(),
                &(last as u16).to_le_bytes(),
                &[last as u8],
                &price.to_le_bytes(),
                &(price as f32).to_le_bytes(),
            ];
            (value, parts.concat())
        });
        check(&[Type::U64, Type::I32, Type::I16, Type::Bool, Type::F64, Type::F32], records);
    }

    #[test]
    fn any_bytes_end_in_records_or_an_error(
        raw_len in 0..70_000_u32,
        count in 0..100_u32,
        records in prop::collection::vec(prop_oneof![0..20_u8, any::<u8>(), 0x40..0x42_u8], 0..300),
    ) {
        let mut out = Vec::new();
        let _either_will_do = packed::expand(&forged(raw_len, count, &records), &mut out);
        prop_assert!(out.len() <= raw_len as usize);
        for extent in events::extents(&out) {
            prop_assert!(extent.unwrap().records().all(|record| record.is_ok()));
        }
    }

    #[test]
    fn changed_bytes_end_in_records_or_an_error(
        (types, extents) in any_extents(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let mut packer = Packer::new();
        for (site, types) in types.iter().enumerate() {
            packer.learn(site as u32 * 5_003, Layout::new(types, sample::definitions()));
        }
        let mut packed = pack(&mut packer, &extents);
        for (index, byte) in changes {
            let at = index.index(packed.len());
            packed[at] = byte;
        }
        let mut out = Vec::new();
        let _either_will_do = packed::expand(&packed, &mut out);
        for extent in events::extents(&out) {
            prop_assert!(extent.unwrap().records().all(|record| record.is_ok()));
        }
    }
}
