//! Records of the crate `log`, whichever way they come: their call sites, and how they are written.
//!
//! A record of `log` has no static: where it comes from are strings that it borrows. So its call site is found by what they
//! say, and made when it is met for the first time.

use core::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use logbuf_format::Level;
use logbuf_format::site::Kind;

use crate::chain::Chain;
use crate::dynamic::{DynamicSite, Named, Scalar};
use crate::encoder::Encoder;
use crate::record;
use crate::signature::{self, Signature};
use crate::site::SiteId;
use crate::switch;
use crate::thread;
use crate::typed::{TRUNCATED, Typed};

/// Bytes of the message and the values of one record at most. What is beyond is cut, and the record says so.
const MOST_BYTES: usize = 32 << 10;

/// Values of one record at most; what is beyond is left out, and the record says so.
const MOST_VALUES: usize = 64;

/// Call sites that are told apart. A target can be made at run time, so that there could be any number; records of further
/// ones say where they come from in fields.
const MOST_SITES: usize = 4096;

/// Lists of call sites, a power of two.
const LISTS: usize = 1024;

/// All that were met, by what they say.
static SITES: [Chain<DynamicSite>; LISTS] = [const { Chain::new() }; LISTS];

/// How many there are.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// One of each level for all call sites that are too many.
static CROWD: [OnceLock<DynamicSite>; Level::ALL.len()] =
    [const { OnceLock::new() }; Level::ALL.len()];

/// Where a record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin<'a> {
    pub(crate) level: Level,
    pub(crate) target: &'a str,
    /// Empty if it is not known.
    pub(crate) file: &'a str,
    /// 0 if it is not known.
    pub(crate) line: u32,
}

/// The key/values of a record.
pub(crate) trait Pairs {
    /// Shows them, as far as there is room for them.
    fn show(&self, values: &mut Values<'_, '_>);

    /// Their names, in the same order.
    fn names(&self) -> Vec<String>;
}

/// There are none.
impl Pairs for () {
    fn show(&self, _: &mut Values<'_, '_>) {}
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Records a message and key/values, if the filter lets that origin record.
pub(crate) fn record(
    origin: &Origin<'_>,
    ticks: u64,
    message: fmt::Arguments<'_>,
    pairs: &impl Pairs,
) {
    let Some(site) = site_of(origin) else {
        return record_of_crowd(origin, ticks, message, pairs);
    };
    if site.is_on() {
        record::record_filled(&site.bare, ticks, MOST_BYTES, |out, most| {
            put(site, None, message, pairs, out, most)
        });
    }
}

#[cold]
fn record_of_crowd(
    origin: &Origin<'_>,
    ticks: u64,
    message: fmt::Arguments<'_>,
    pairs: &impl Pairs,
) {
    let &Origin { level, target, file, line } = origin;
    if switch::allows(level, target, file, line) {
        let site = CROWD[level as usize]
            .get_or_init(|| DynamicSite::new(level, "log", ("", 0), Kind::Event, ""));
        record::record_filled(&site.bare, ticks, MOST_BYTES, |out, most| {
            put(site, Some(origin), message, pairs, out, most)
        });
    }
}

/// The call site with this origin; `None` if there are too many.
fn site_of(origin: &Origin<'_>) -> Option<&'static DynamicSite> {
    let list = &SITES[place_of(origin)];
    let is_this = |site: &DynamicSite| {
        let place = &site.bare.place;
        // Strings last: those of another call are most often of another line.
        (place.line, place.level) == (origin.line, origin.level)
            && place.target == origin.target
            && place.file == origin.file
    };
    list.find(is_this).or_else(|| {
        // Relaxed: a count. Of two threads that meet a site at once both count it, for a moment.
        if COUNT.fetch_add(1, Ordering::Relaxed) >= MOST_SITES {
            COUNT.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let mut is_new = false;
        let site = list.find_or_add(is_this, usize::MAX, || {
            is_new = true;
            let &Origin { level, target, file, line } = origin;
            let leaked = |text: &str| -> &'static str { text.to_owned().leak() };
            DynamicSite::new(level, leaked(target), (leaked(file), line), Kind::Event, "")
        });
        if !is_new {
            COUNT.fetch_sub(1, Ordering::Relaxed);
        }
        site
    })
}

/// The list that a call site is in: by what tells most calls apart and is read in no time.
fn place_of(origin: &Origin<'_>) -> usize {
    let end =
        |text: &str| text.as_bytes().last_chunk::<8>().map_or(0, |last| u64::from_le_bytes(*last));
    let &Origin { level, target, file, line } = origin;
    let lens = (target.len() as u64) << 48 | (file.len() as u64) << 40 | u64::from(line) << 3;
    let words = [end(target), end(file), lens ^ level as u64];
    // Multiplicative hashing, as of the call sites of the writer.
    let hash = words.iter().fold(0_u64, |hash, word| {
        (hash.rotate_left(29) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    });
    (hash >> (u64::BITS - LISTS.trailing_zeros())) as usize
}

/// Takes the values of a record.
#[derive(Debug)]
pub(crate) struct Values<'o, 'r> {
    typed: Typed<'o, 'r>,
    scalars: [Scalar; MOST_VALUES],
    count: usize,
    signature: Signature,
}

impl Values<'_, '_> {
    /// Takes one that `put` writes, if there is room.
    pub(crate) fn add(
        &mut self,
        name: &str,
        put: impl FnOnce(&mut Typed<'_, '_>) -> Option<Scalar>,
    ) {
        if self.count == MOST_VALUES {
            return self.typed.leave_out();
        }
        // The names that come behind one that is missing would be taken for its.
        if !self.typed.is_truncated()
            && let Some(scalar) = put(&mut self.typed)
        {
            self.scalars[self.count] = scalar;
            self.count += 1;
            let signature = signature::mix(self.signature, name.as_bytes());
            self.signature = signature::mix(signature, &[0xFF, scalar as u8]);
        }
    }
}

/// Writes a record, and says what site it is of.
fn put(
    site: &DynamicSite,
    origin: Option<&Origin<'_>>,
    message: fmt::Arguments<'_>,
    pairs: &impl Pairs,
    out: &mut Encoder<'_>,
    most: usize,
) -> SiteId {
    const SIGNATURE: Signature = signature::of("log");
    let start = out.wanted();
    let mut typed = Typed::new(out, most);
    let has_message = typed.put_text(message);
    debug_assert!(has_message, "a record has room for a length");
    let scalars = [Scalar::Bool; MOST_VALUES];
    let mut values = Values { typed, scalars, count: 0, signature: SIGNATURE };
    if let Some(origin) = origin {
        let str =
            |typed: &mut Typed<'_, '_>, text: &str| typed.put_str(text).then_some(Scalar::Str);
        values.add("log.target", |typed| str(typed, origin.target));
        values.add("log.file", |typed| str(typed, origin.file));
        let line = u64::from(origin.line).to_le_bytes();
        values.add("log.line", |typed| typed.put(line).then_some(Scalar::U64));
    }
    pairs.show(&mut values);
    let Values { typed, scalars, count, signature } = values;
    let is_truncated = typed.finish();
    let describe = || {
        let origin = origin.map(|_| ["log.target", "log.file", "log.line"].map(str::to_owned));
        let names = origin.into_iter().flatten().chain(pairs.names());
        let fields =
            names.zip(&scalars[..count]).map(|(name, scalar)| Named::field(&name, *scalar));
        let mark = is_truncated.then(|| Named::field(TRUNCATED, Scalar::Bool));
        [Named::message(Scalar::Text)].into_iter().chain(fields).chain(mark).collect()
    };
    site.shape(signature::mix(signature, &[is_truncated.into()]), describe).unwrap_or_else(|| {
        out.cut_back(start);
        // What is logged by what is formatted was logged the first time.
        thread::repeat(|| {
            let mut typed = Typed::new(out, most);
            let _has_room = typed.put_text(message);
            if !typed.put_str("") {
                out.cut_back(start);
                out.put(&[0; 8]);
            }
        });
        site.rest()
    })
}
