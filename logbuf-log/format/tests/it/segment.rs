//! A small segment with everything in it, and a reader after the letter of the specification.

use crate::sample::{self, Instant, Order, Sample, Tree};
use logbuf_format::{
    Error, Level,
    block::{self, Codec, Kind, Summary},
    clock::Anchor,
    definition::Definitions,
    end::End,
    events::{self, Extent},
    loss::{Loss, Reason},
    scan::{self, Scan},
    segment::{Clock, Header, Meta},
    site::{self, Role, Site, Slot},
    thread::Thread,
    types::Type,
};
use std::time::Duration;

pub(crate) const SALT: u64 = 0x0123_4567_89AB_CDEF;

/// The start of every segment of these tests.
pub(crate) fn header() -> Header {
    Header {
        number: 1,
        salt: SALT,
        anchor: anchor(1_000, 1_795_442_706_000_000_000),
        meta: Meta {
            writer: "logbuf-log 0.1.0".into(),
            process: "gateway".into(),
            pid: 4242,
            host: "ny4".into(),
            build: String::new(),
            clock: Clock::TSC,
            ticks_per_second: 2_000_000_000,
            session: 0,
        },
    }
}

pub(crate) fn anchor(ticks: u64, unix_ns: i64) -> Anchor {
    Anchor { ticks, unix_ns, uncertainty_ns: 25, step: false }
}

pub(crate) fn site(id: u32, level: Level, template: &str, values: Vec<Slot>) -> Site {
    let (target, file) = (String::from("app::book"), String::from("src/book.rs"));
    let (line, column) = (40 + id, 9);
    let hash = site::hash(level, &target, &file, line, column, template);
    Site {
        id,
        hash,
        level,
        target,
        file,
        line,
        column,
        template: template.into(),
        values,
        typed: true,
        definitions: Definitions::default(),
        kind: Default::default(),
    }
}

pub(crate) fn slot(name: &str, role: Role, ty: Type) -> Slot {
    Slot { name: name.into(), role, ty }
}

pub(crate) fn summary(
    kind: Kind,
    number: u64,
    records: u32,
    levels: u8,
    span: (u64, u64),
) -> Summary {
    let (first, last) = span;
    Summary { kind, codec: Codec::RAW, levels, salt: SALT, number, records, first, last, sites: 0 }
}

/// Builds a segment of version 1 block by block.
pub(crate) struct Builder {
    pub(crate) bytes: Vec<u8>,
    /// Where each block starts.
    pub(crate) starts: Vec<usize>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let mut bytes = Vec::new();
        header().put(&mut bytes).unwrap();
        Self { bytes, starts: Vec::new() }
    }

    pub(crate) fn block(
        &mut self,
        kind: Kind,
        records: u32,
        levels: u8,
        span: (u64, u64),
        fill: impl FnOnce(&mut Vec<u8>),
    ) {
        let number = self.starts.len() as u64;
        self.starts.push(self.bytes.len());
        let block = block::open(&mut self.bytes);
        fill(&mut self.bytes);
        block.seal(&mut self.bytes, summary(kind, number, records, levels, span)).unwrap();
    }
}

/// A site for each type, and one record of each.
fn samples() -> Vec<Sample> {
    vec![
        Sample::Unit(()),
        Sample::Bool(true),
        Sample::Char('ß'),
        Sample::U8(1),
        Sample::U16(2),
        Sample::U32(3),
        Sample::U64(4),
        Sample::U128(5),
        Sample::I8(-1),
        Sample::I16(-2),
        Sample::I32(-3),
        Sample::I64(-4),
        Sample::I128(-5),
        Sample::F32(0.5),
        Sample::F64(-0.25),
        Sample::Str("BTC-USD".into()),
        Sample::Nested(vec![vec![1, -1], vec![]]),
        Sample::Array([1, 2, 3]),
        Sample::Set([6, 7].into()),
        Sample::Map([("bid".into(), Some(8)), ("ask".into(), None)].into()),
        Sample::Tuple((9, "ten".into(), Some('!'))),
        Sample::Option(Some(-11)),
        Sample::Result(Err("closed".into())),
        Sample::Order(Order { id: 12, side: Tree::Leaf, r#type: Some("limit".into()) }),
        Sample::Tree(Tree::Boxed { tree: Box::new(Tree::Node(-13, vec![Tree::Leaf])) }),
        Sample::Duration(Duration::from_micros(1_500)),
        Sample::SystemTime(Instant(1_795_442_706, 14)),
        Sample::Ip([10, 0, 0, 1].into()),
        Sample::Socket("[fe80::1%7]:80".parse().unwrap()),
        Sample::OsStr("/var/log".into()),
    ]
}

/// A segment with every kind of block and every type of value.
pub(crate) fn everything() -> Builder {
    let samples = samples();
    let count = samples.len() as u32;
    let mut builder = Builder::new();
    builder.block(Kind::CLOCK, 1, 0, (1_000, 1_000), |out| {
        anchor(1_000, 1_795_442_706_000_000_000).put(out);
    });
    builder.block(Kind::SITES, count + 1, 0, (0, 0), |out| {
        for (id, sample) in samples.iter().enumerate() {
            let values = vec![slot("", Role::Argument, sample.ty())];
            let mut site = site(id as u32, Level::ALL[id % 5], "value {0:?}", values);
            if matches!(sample, Sample::Order(_) | Sample::Tree(_)) {
                site.definitions = sample::definitions().clone();
            }
            site.put(out).unwrap();
        }
        let values =
            vec![slot("", Role::Argument, Type::Text), slot("rtt_ns", Role::Field, Type::U64)];
        site(count, Level::Warn, "slow ack from {0}", values).put(out).unwrap();
    });
    builder.block(Kind::THREADS, 2, 0, (0, 0), |out| {
        Thread { id: 0, os_id: 4242, name: "main".into() }.put(out).unwrap();
        Thread { id: 1, os_id: 4243, name: String::new() }.put(out).unwrap();
    });
    builder.block(Kind::EVENTS, count, 0x1F, (1_010, 1_009 + u64::from(count)), |out| {
        let start = out.len();
        let mut extent = events::open(out, 7, 0, 64);
        for (id, sample) in samples.iter().enumerate() {
            let mut values = Vec::new();
            sample.encode(&mut values);
            extent.put(out, id as u32, 1_010 + id as u64, &values).unwrap();
        }
        let end = 64 + (out.len() - start - 32) as u64;
        extent.seal(out, end);
    });
    builder.block(Kind::LOSS, 1, Level::Debug.bit(), (1_030, 1_040), |out| {
        let (level, reason) = (Level::Debug, Reason::RING_FULL);
        Loss { thread: 1, level, reason, count: 3, bytes: 96, first: 1_030, last: 1_040, total: 0 }
            .put(out);
    });
    builder.block(Kind::EVENTS, 2, Level::Warn.bit(), (1_050, 1_060), |out| {
        for (thread, ticks) in [(0, 1_060), (1, 1_050)] {
            let mut extent = events::open(out, 7 + thread, thread, 4_096);
            let values = b"\x09\x00\x00\x00gateway-2\x30\x07\x00\x00\x00\x00\x00\x00";
            extent.put(out, count, ticks, values).unwrap();
            extent.seal(out, 4_096 + 40);
        }
    });
    builder.block(Kind::CLOCK, 1, 0, (2_000, 2_000), |out| {
        anchor(2_000, 1_795_442_706_000_000_500).put(out);
    });
    builder.block(Kind::END, 1, 0, (0, 0), |out| {
        let written = u64::from(count) + 2;
        let closed_unix_ns = 1_795_442_706_000_000_501;
        End { blocks: 7, written, lost: 3, closed_unix_ns, index: None }.put(out);
    });
    builder
}

/// What a reader gets out of a segment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Read {
    /// The blocks whose payload can be read.
    pub(crate) blocks: Vec<(block::Header, Vec<u8>)>,
    /// What was wrong, in order; offsets are in the file.
    pub(crate) errors: Vec<Error>,
    /// Ranges that were passed over.
    pub(crate) skipped: Vec<(usize, usize)>,
    /// Whether an END block was read.
    pub(crate) ended: bool,
}

impl Read {
    /// Reads a whole segment, passing over damage.
    pub(crate) fn all(bytes: &[u8]) -> Self {
        let mut read = Self::default();
        let (mut at, mut salt) = match Header::take(bytes) {
            Ok((header, len)) => (len, Some(header.salt)),
            Err(error) => {
                let incomplete = error.is_incomplete();
                read.errors.push(error);
                if incomplete {
                    return read;
                }
                let Some(found) = read.skip(bytes, 0, None) else { return read };
                found
            }
        };
        while at < bytes.len() && !read.ended {
            match block::Header::take(&bytes[at..], salt) {
                Ok(header) => {
                    if !read.block(&bytes[at..], at, header) {
                        return read;
                    }
                    at += header.block_len();
                }
                Err(error) => {
                    let error = error.after(at as u64);
                    let incomplete = error.is_incomplete();
                    read.errors.push(error);
                    if incomplete {
                        return read;
                    }
                    let Some(found) = read.skip(bytes, at, salt) else { return read };
                    (at, salt) = found;
                }
            }
        }
        read
    }

    /// Reads a block; returns whether there can be more.
    fn block(&mut self, block: &[u8], at: usize, header: block::Header) -> bool {
        match header.payload(block) {
            Ok(payload) => {
                self.ended = header.summary.kind == Kind::END;
                self.blocks.push((header, payload.into_owned()));
                true
            }
            Err(error) => {
                let incomplete = error.is_incomplete();
                self.errors.push(error.after(at as u64));
                !incomplete
            }
        }
    }

    /// Passes over damage at `at`, to the next block.
    fn skip(&mut self, bytes: &[u8], at: usize, salt: Option<u64>) -> Option<(usize, Option<u64>)> {
        match scan::next_block(bytes, at + 8, salt) {
            Scan::Found { offset, header } => {
                self.skipped.push((at, offset));
                Some((offset, Some(header.summary.salt)))
            }
            Scan::Nothing { .. } => {
                self.skipped.push((at, bytes.len()));
                None
            }
        }
    }
}

/// Everything the tables and extents of a block hold, as one line each.
pub(crate) fn lines(header: &block::Header, payload: &[u8]) -> Vec<String> {
    fn shown<T: std::fmt::Debug>(entries: impl Iterator<Item = Result<T, Error>>) -> Vec<String> {
        entries.map(|entry| format!("{:?}", entry.unwrap())).collect()
    }
    match header.summary.kind {
        Kind::SITES => shown(Site::table(payload)),
        Kind::THREADS => shown(Thread::table(payload)),
        Kind::CLOCK => shown(Anchor::table(payload)),
        Kind::LOSS => shown(Loss::table(payload)),
        Kind::END => shown([End::take(payload)].into_iter()),
        Kind::EVENTS => {
            events::extents(payload).flat_map(|extent| extent_lines(&extent.unwrap())).collect()
        }
        kind => panic!("{kind}"),
    }
}

fn extent_lines(extent: &Extent<'_>) -> Vec<String> {
    let Extent { ring, thread, start, end, count, .. } = extent;
    let head = format!("extent: ring {ring}, thread {thread}, {start}..{end}, {count} records");
    let records = extent.records().map(|record| format!("{:?}", record.unwrap()));
    [head].into_iter().chain(records).collect()
}
