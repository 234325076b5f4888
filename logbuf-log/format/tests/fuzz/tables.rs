//! Any bytes as the payload of a block of each kind: tables, records, scopes, INDEX.

use logbuf_format::{
    block::Header,
    clock::Anchor,
    end::End,
    events, index, limits,
    loss::Loss,
    message::Message,
    packed::{Layout, Packer},
    render::{Room, TooLong},
    scan,
    scope::{Head, Op, Path},
    segment,
    site::Site,
    thread::Thread,
    timeline::Timeline,
    value,
};

/// The length of the first part in two bytes, and then two parts: tables, and what refers to them.
pub(crate) fn run(bytes: &[u8]) {
    let Some((len, bytes)) = bytes.split_first_chunk() else { return };
    let len = usize::from(u16::from_le_bytes(*len)).min(bytes.len());
    let (tables, records) = bytes.split_at(len);
    let sites: Vec<_> = Site::table(tables).flatten().collect();
    sites.iter().for_each(|site| check_site(site, records));
    check_scopes(&sites, records);
    check_index(records);
    check_times(records);
    Thread::table(records).flatten().for_each(|thread| {
        let mut again = Vec::new();
        thread.put(&mut again).expect("it was within the limits");
        assert_eq!(Thread::table(&again).next(), Some(Ok(thread)));
    });
    let _losses = Loss::table(records).count();
    let _end = End::take(records);
    let _segment = segment::Header::take(records);
    let _block = Header::take(records, None).and_then(|header| header.payload(records).map(drop));
    let _found = scan::next_block(records, 0, None);
}

/// What a site says is within the limits, and can be written again; its values are read, and printed.
fn check_site(site: &Site, record: &[u8]) {
    assert!(site.values.len() <= limits::VALUES);
    assert!(site.values.iter().all(|slot| slot.ty.depth() <= limits::DEPTH));
    let mut again = Vec::new();
    if site.put(&mut again).is_ok() {
        assert_eq!(Site::table(&again).next(), Some(Ok(site.clone())));
    }
    let mut values = Vec::new();
    let taken = value::take_all(&site.values, &site.definitions, record, &mut values);
    if taken.is_ok() {
        let mut bytes = Vec::new();
        values.iter().for_each(|value| value.put(&mut bytes));
        assert_eq!(bytes, record, "{site:?}");
        if let Ok(message) = Message::new(&site.template, &site.values) {
            let mut text = String::from("before");
            let room = Room::behind(&text, 4096);
            let rendered = message.render(&values, &mut text, room);
            if rendered == Err(TooLong { limit: 4096 }) {
                assert_eq!(text, "before");
            }
        }
    }
    // Whether or not they are what the site says, they can be packed.
    let mut packer = Packer::new();
    let types = site.values.iter().map(|slot| &slot.ty);
    packer.learn(site.id, Layout::new(types, &site.definitions));
    packer.open(1, 1, 0);
    for ticks in [7, 3, u64::MAX] {
        let record = [&[0; 8], record].concat();
        let _too_long = packer.put(site.id, ticks, &record);
    }
    packer.seal(0);
    let mut raw = Vec::new();
    logbuf_format::packed::expand(packer.payload(), &mut raw).expect("it was just packed");
    for extent in events::extents(&raw) {
        for found in extent.expect("it was just packed").records() {
            assert_eq!(found.expect("it was just packed").values, record);
        }
    }
}

/// Follows the scopes of one thread, as far as there are any.
fn check_scopes(sites: &[Site], payload: &[u8]) {
    let mut path = Path::new();
    for record in events::extents(payload).flatten().flat_map(|extent| extent.records()).flatten() {
        let Some(site) = sites.iter().find(|site| site.id == record.site) else {
            path.forget();
            continue;
        };
        let Ok(Some((head, fields))) = Head::take(site.kind, record.values) else { continue };
        assert_eq!([&head.bytes()[..], fields].concat(), record.values);
        match head.op {
            Op::Enter | Op::Restate => path.enter(head.depth, head.id),
            Op::Leave | Op::Exit => path.leave(head.depth),
            Op::Forget => path.forget(),
            Op::Open | Op::Amend | Op::Close | Op::Follow => {}
        }
        assert!(path.iter().len() <= limits::SCOPES + 1);
    }
}

/// An entry of an index points wherever it likes; only a header that says the same counts.
fn check_index(payload: &[u8]) {
    let Ok((_, entries)) = index::Entry::table(payload) else { return };
    for entry in entries.flatten() {
        assert!(entry.end() >= entry.offset);
        let pointed_at = usize::try_from(entry.offset).ok().and_then(|at| payload.get(at..));
        if let Some(Ok(header)) = pointed_at.map(|bytes| Header::take(bytes, None))
            && entry.matches(&header)
        {
            let found = index::Entry::of(entry.offset, &header);
            assert_eq!(index::Entry { anchor: None, ..entry }, found);
        }
    }
}

/// Time never runs backwards, whatever anchors there are.
fn check_times(payload: &[u8]) {
    for ticks_per_second in [0, 1, 1_000_000_000, u64::MAX] {
        let mut timeline = Timeline::new(ticks_per_second);
        Anchor::table(payload).flatten().for_each(|anchor| timeline.add(anchor));
        let mut instants: Vec<u64> = timeline
            .anchors()
            .iter()
            .flat_map(|anchor| [anchor.ticks.saturating_sub(1), anchor.ticks, anchor.ticks / 2])
            .chain([0, u64::MAX])
            .collect();
        instants.sort_unstable();
        let times: Vec<_> = instants.iter().map(|ticks| timeline.unix_ns(*ticks)).collect();
        assert!(times.is_sorted(), "{:?}: {instants:?} are {times:?}", timeline.anchors());
        let _steps = timeline.steps().count();
    }
}
