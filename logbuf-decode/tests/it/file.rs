//! Segments for tests, put together block by block.

use logbuf_decode::{Finding, Reader, Render, Text};
use logbuf_format::{
    Level,
    block::{self, Codec, Compression, Kind, Summary},
    clock::Anchor,
    end::End,
    events,
    index::Index,
    loss::Loss,
    segment::{Clock, Header, Meta},
    site::{self, Role, Site, Slot},
    thread::Thread,
    types::Type,
    value::{Str, Value},
};
use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

/// The time at tick 0; a tick is a nanosecond. 2026-11-23T14:05:06Z.
pub(crate) const EPOCH: i64 = 1_795_442_706_000_000_000;

/// A segment that is being built.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
    /// Its blocks.
    pub(crate) blocks: Vec<Block>,
    salt: u64,
    number: u64,
    events: u64,
    lost: u64,
    index: Index,
    /// The level of each site that was put.
    levels: HashMap<u32, Level>,
    /// The sites that are not of events.
    spans: HashSet<u32>,
}

/// A block of a segment.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    /// Header and payload, without padding.
    pub(crate) range: Range<usize>,
}

/// A record to be put: site, ticks, values.
pub(crate) type Put = (u32, u64, Vec<u8>);

impl File {
    /// A segment header.
    pub(crate) fn new(salt: u64) -> Self {
        Self::of_session(salt, 0, anchor(0))
    }

    /// The header of a segment of a session, and what the clock says when it begins.
    pub(crate) fn of_session(salt: u64, session: u64, anchor: Anchor) -> Self {
        let meta = Meta {
            writer: "test 1".into(),
            process: "app".into(),
            pid: 42,
            host: "host".into(),
            build: String::new(),
            clock: Clock::MONOTONIC,
            ticks_per_second: 1_000_000_000,
            session,
        };
        let mut bytes = Vec::new();
        let header = Header { number: 1, salt, anchor, meta };
        header.put(&mut bytes).expect("a small header");
        Self {
            bytes,
            blocks: Vec::new(),
            salt,
            number: 0,
            events: 0,
            lost: 0,
            index: Index::default(),
            levels: HashMap::new(),
            spans: HashSet::new(),
        }
    }

    /// A block with this payload.
    pub(crate) fn block(&mut self, summary: Summary, payload: &[u8]) -> &mut Self {
        self.put(summary, payload, Compression::NONE)
    }

    /// A block of events with this payload, compressed.
    pub(crate) fn compressed(
        &mut self,
        summary: Summary,
        payload: &[u8],
        how: Compression,
    ) -> &mut Self {
        self.events += u64::from(summary.records);
        self.put(summary, payload, how)
    }

    fn put(&mut self, summary: Summary, payload: &[u8], how: Compression) -> &mut Self {
        let start = self.bytes.len();
        let header = block::put_compressed(&mut self.bytes, payload, summary, how)
            .expect("a payload within the limit");
        let end = start + block::HEADER_LEN + header.stored_len as usize;
        self.index.add(start as u64, &header, payload);
        self.blocks.push(Block { kind: summary.kind, range: start..end });
        self.number = summary.number + 1;
        self
    }

    /// The header of the next block.
    pub(crate) fn summary(&self, kind: Kind, records: usize) -> Summary {
        Summary {
            kind,
            codec: Codec::RAW,
            levels: 0,
            salt: self.salt,
            number: self.number,
            records: records as u32,
            first: 0,
            last: 0,
            sites: 0,
        }
    }

    /// Goes on behind the last block that is there.
    pub(crate) fn renumber(&mut self) -> &mut Self {
        self.number = self.blocks.len() as u64;
        self
    }

    /// Leaves out a block number.
    pub(crate) fn skip_number(&mut self) -> &mut Self {
        self.number += 1;
        self
    }

    pub(crate) fn sites(&mut self, sites: &[Site]) -> &mut Self {
        let mut payload = Vec::new();
        sites.iter().for_each(|site| site.put(&mut payload).expect("a small site"));
        let spans = sites.iter().filter(|site| site.kind != site::Kind::Event);
        self.spans.extend(spans.map(|site| site.id));
        self.levels.extend(sites.iter().map(|site| (site.id, site.level)));
        self.block(self.summary(Kind::SITES, sites.len()), &payload)
    }

    pub(crate) fn threads(&mut self, threads: &[(u32, u64, &str)]) -> &mut Self {
        let mut payload = Vec::new();
        for &(id, os_id, name) in threads {
            let thread = Thread { id, os_id, name: name.into() };
            thread.put(&mut payload).expect("a small thread");
        }
        self.block(self.summary(Kind::THREADS, threads.len()), &payload)
    }

    pub(crate) fn clock(&mut self, anchors: &[Anchor]) -> &mut Self {
        let mut payload = Vec::new();
        anchors.iter().for_each(|anchor| anchor.put(&mut payload));
        self.block(self.summary(Kind::CLOCK, anchors.len()), &payload)
    }

    /// An EVENTS block of one extent for each thread given.
    pub(crate) fn events(&mut self, extents: &[(u32, &[Put])]) -> &mut Self {
        if self.index.is_full() {
            self.put_index();
        }
        let (summary, payload) = self.event_block(extents);
        self.events += u64::from(summary.records);
        self.block(summary, &payload)
    }

    /// The same, where records of spans are no events.
    pub(crate) fn events_and_happenings(&mut self, extents: &[(u32, &[Put])]) -> &mut Self {
        let (summary, payload) = self.event_block(extents);
        let sites = extents.iter().flat_map(|(_, records)| records.iter().map(|record| record.0));
        let events = || sites.clone().filter(|site| !self.spans.contains(site));
        let levels = events().filter_map(|site| self.levels.get(&site));
        let summary = Summary {
            records: events().count() as u32,
            levels: levels.fold(0, |mask, level| mask | level.bit()),
            ..summary
        };
        self.events += u64::from(summary.records);
        self.block(summary, &payload)
    }

    /// Header and payload of an EVENTS block.
    pub(crate) fn event_block(&self, extents: &[(u32, &[Put])]) -> (Summary, Vec<u8>) {
        let mut payload = Vec::new();
        let ticks =
            || extents.iter().flat_map(|(_, records)| records.iter().map(|record| record.1));
        for &(thread, records) in extents {
            let mut extent = events::open(&mut payload, thread, thread, 0);
            for (site, ticks, values) in records {
                extent.put(&mut payload, *site, *ticks, values).expect("a small record");
            }
            extent.seal(&mut payload, 1 << 20);
        }
        let sites =
            || extents.iter().flat_map(|(_, records)| records.iter().map(|record| record.0));
        let levels = sites().filter_map(|site| self.levels.get(&site));
        let summary = Summary {
            levels: levels.fold(0, |mask, level| mask | level.bit()),
            first: ticks().min().unwrap_or(0),
            last: ticks().max().unwrap_or(0),
            sites: sites().fold(0, |mask, site| mask | logbuf_format::site::bit(site)),
            ..self.summary(Kind::EVENTS, ticks().count())
        };
        (summary, payload)
    }

    pub(crate) fn loss(&mut self, losses: &[Loss]) -> &mut Self {
        let mut payload = Vec::new();
        losses.iter().for_each(|loss| loss.put(&mut payload));
        self.lost += losses.iter().map(|loss| loss.count).sum::<u64>();
        self.block(self.summary(Kind::LOSS, losses.len()), &payload)
    }

    /// Closes the segment with an index and the totals of what was put, as a writer does.
    pub(crate) fn end_with_index(&mut self) -> &mut Self {
        self.put_index();
        self.end_at(self.index.last())
    }

    /// An INDEX block of what is in none yet.
    fn put_index(&mut self) {
        let start = self.bytes.len();
        let is_put = self.index.put(&mut self.bytes, start as u64, self.salt, self.number);
        assert!(is_put.expect("a small index"), "there are events");
        self.blocks.push(Block { kind: Kind::INDEX, range: start..self.bytes.len() });
        self.number += 1;
    }

    /// Closes the segment with the totals of what was put.
    pub(crate) fn end(&mut self) -> &mut Self {
        self.end_at(None)
    }

    pub(crate) fn end_at(&mut self, index: Option<u64>) -> &mut Self {
        let end = End {
            blocks: self.number,
            written: self.events,
            lost: self.lost,
            closed_unix_ns: EPOCH + 1_000_000_000,
            index,
        };
        let mut payload = Vec::new();
        end.put(&mut payload);
        self.block(self.summary(Kind::END, 1), &payload)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }
}

/// An anchor on the straight line through [`EPOCH`].
pub(crate) fn anchor(ticks: u64) -> Anchor {
    let unix_ns = EPOCH + i64::try_from(ticks).expect("a small tick");
    Anchor { ticks, unix_ns, uncertainty_ns: 10, step: false }
}

/// A site; values are given as name (of a field; empty for an argument) and type.
pub(crate) fn site(id: u32, level: Level, template: &str, values: &[(&str, Type)]) -> Site {
    let slot = |&(name, ref ty): &(&str, Type)| Slot {
        name: name.into(),
        role: if name.is_empty() { Role::Argument } else { Role::Field },
        ty: ty.clone(),
    };
    let (target, file) = ("app::book", "src/book.rs");
    Site {
        id,
        hash: logbuf_format::site::hash(level, target, file, 40 + id, 5, template),
        level,
        target: target.into(),
        file: file.into(),
        line: 40 + id,
        column: 5,
        template: template.into(),
        values: values.iter().map(slot).collect(),
        typed: true,
        definitions: Default::default(),
        kind: Default::default(),
    }
}

/// Values as a record holds them.
pub(crate) fn pack(values: &[Value<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    values.iter().for_each(|value| value.put(&mut bytes));
    bytes
}

/// A record of the first site of [`sample`].
pub(crate) fn filled(ticks: u64, symbol: &str, qty: u64) -> Put {
    let values = [
        Value::Str(Str::new(symbol)),
        Value::U64(qty),
        Value::F64(52_100.5),
        Value::U64(qty + 4),
        Value::U32(1840),
    ];
    (1, ticks, pack(&values))
}

/// The sites of [`sample`].
pub(crate) fn sample_sites() -> [Site; 3] {
    let fill = [
        ("", Type::Str),
        ("", Type::U64),
        ("", Type::F64),
        ("order_id", Type::U64),
        ("rtt_ns", Type::U32),
    ];
    [
        site(1, Level::Info, "filled {0} {1} @ {2:.2}", &fill),
        site(2, Level::Warn, "slow ack", &[]),
        site(3, Level::Debug, "{{{0:?}}}", &[("", Type::seq(Type::U8)), ("peer", Type::Str)]),
    ]
}

/// A small segment with something of everything. Blocks: 2 SITES, THREADS, then CLOCK and EVENTS three times, LOSS-free,
/// END.
pub(crate) fn sample() -> File {
    let [fill, slow, raw] = sample_sites();
    let bytes = [Value::U8(1), Value::U8(255)];
    let mut seq = 2_u32.to_le_bytes().to_vec();
    seq.extend(pack(&bytes));
    seq.extend(pack(&[Value::Str(Str::new("gw-2\u{1b}[2J"))]));
    let mut file = File::new(0x5A17);
    file.sites(&[fill, slow])
        .sites(&[raw])
        .threads(&[(1, 4711, "main"), (2, 4712, "")])
        .clock(&[anchor(2_000)])
        .events(&[
            (1, &[filled(1_000, "BTC-USD", 3), filled(1_002, "ETH-USD", 4)]),
            (2, &[(2, 1_001, vec![]), (3, 1_500, seq)]),
        ])
        .clock(&[anchor(4_000)])
        .events(&[(1, &[filled(1_400, "SOL-USD", 5), (2, 3_000, vec![])])])
        .clock(&[anchor(6_000)])
        .events(&[(2, &[(2, 5_000, vec![]), filled(5_001, "é\u{202E}", 6)])])
        .end();
    file
}

/// Lines and findings of a segment.
pub(crate) fn decode(bytes: Vec<u8>) -> (Vec<String>, Vec<Finding>) {
    decode_all(Reader::new(), [bytes])
}

/// Lines and findings of several segments.
pub(crate) fn decode_all(
    mut reader: Reader,
    files: impl IntoIterator<Item = Vec<u8>>,
) -> (Vec<String>, Vec<Finding>) {
    for bytes in files {
        reader.add_stream("test", std::io::Cursor::new(bytes));
    }
    let mut text = Text::new();
    let mut lines = Vec::new();
    reader.for_each(|record| {
        let mut line = String::new();
        text.record(record, &mut line).expect("a short line");
        lines.push(line.trim_end().to_owned());
    });
    (lines, reader.findings())
}
