//! What a dead process left in its session.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use logbuf::{Entry, Image, ImageError, Storage};
use logbuf_format::limits;
use logbuf_format::site::Kind;

use super::covered::{Covered, Rings};
use super::report::{Damage, Report, UnknownSites};
use crate::loss::{self, Lost};
use crate::record::{self, Taken};
use crate::registry::SHARED_RING;
use crate::scope;
use crate::session::catalogue::{self, Listed};
use crate::session::header::Header;
use crate::session::threads::{self, Noted};
use crate::session::{self, system};
use crate::site::SiteId;

/// Files of a session, at most.
const FILES: usize = 1 << 16;

/// Bytes of one file: the largest ring, and what comes before its buffer.
const FILE_BYTES: u64 = Storage::MAX_CAPACITY as u64 + (1 << 20);

/// Bytes of all catalogues and lists of threads together. They are in memory at once; what a process has is a thousandth of that.
const TABLE_BYTES: u64 = 1 << 28;

/// Bytes of all files together.
const ALL_BYTES: u64 = 1 << 36;

/// The files of a session, by what they hold.
#[derive(Debug, Default)]
pub(super) struct Remains {
    rings: Vec<RingAt>,
    catalogues: Vec<PathBuf>,
    pub(super) threads: BTreeMap<u32, Noted>,
    /// Files that could not be read.
    unreadable: Vec<Damage>,
}

/// A ring's file.
#[derive(Debug)]
struct RingAt {
    id: u32,
    path: PathBuf,
    /// Its thread, and the time stamp of the first record in it.
    order: (u32, u64),
}

/// The call sites that records refer to.
#[derive(Debug, Default)]
pub(super) struct Sites {
    by_key: BTreeMap<SiteId, Listed>,
    /// By the numbers that files have for them.
    keys: BTreeMap<u32, SiteId>,
    has_scopes: bool,
}

/// The scopes that a record was logged in.
#[derive(Debug, Clone)]
pub(super) enum Around<'a> {
    /// What the records before it in its ring have made of those of its thread.
    OfThread,
    /// Nobody knows.
    Unknown,
    /// These, from the outermost to the innermost, each with its values and their head.
    These(Vec<(&'a Listed, &'a [u8])>),
}

/// A record that was committed and is in no file.
#[derive(Debug, Clone)]
pub(super) struct Salvaged<'a> {
    pub(super) ring: u32,
    pub(super) thread: u32,
    /// Where it starts and ends in its ring; what is before the start was dealt with.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) site: &'a Listed,
    pub(super) ticks: u64,
    pub(super) values: &'a [u8],
    pub(super) around: Around<'a>,
}

impl Remains {
    /// Lists the files in the folder of a session, and reads its threads. A file that is none, or is too long, is left out and
    /// noted: the others can be recovered.
    pub(super) fn find(folder: &Path) -> io::Result<Self> {
        let mut remains = Self::default();
        let (mut bytes, mut table_bytes) = (0, 0);
        for (count, entry) in entries(folder)?.enumerate() {
            let path = entry?.path();
            let len = fs::symlink_metadata(&path)?.len();
            bytes += len;
            if count >= FILES || bytes > ALL_BYTES {
                return Err(ErrorKind::FileTooLarge.into());
            }
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if let Some(id) = ring_id(name) {
                remains.rings.push(RingAt { id, path, order: (0, 0) });
                continue;
            }
            let is_catalogue = name
                .strip_prefix(catalogue::PREFIX)
                .is_some_and(|number| number.parse::<u32>().is_ok());
            if !is_catalogue && !name.starts_with(threads::PREFIX) {
                continue;
            }
            if len > TABLE_BYTES - table_bytes {
                remains.unreadable.push(unreadable(&path, ErrorKind::FileTooLarge));
                continue;
            }
            table_bytes += len;
            if is_catalogue {
                remains.catalogues.push(path);
            } else {
                match read(&path) {
                    Ok(slots) => remains.threads.extend(
                        threads::read(&slots).into_iter().map(|thread| (thread.entry.id, thread)),
                    ),
                    Err(error) => remains.unreadable.push(unreadable(&path, error.kind())),
                }
            }
        }
        remains.rings.sort_unstable_by_key(|ring| ring.id);
        remains.catalogues.sort_unstable();
        Ok(remains)
    }

    /// What the rings say of themselves, as far as that can be read; and which threads began to log in what their rings hold, so that
    /// they were in no scope before. Puts the rings of a thread into the order in which it used them.
    pub(super) fn rings(&mut self, header: &Header) -> (Rings, BTreeSet<u32>) {
        let (mut heads, mut filled) = (BTreeMap::new(), BTreeSet::new());
        let (mut begun, mut others) = (BTreeSet::new(), BTreeSet::new());
        for ring in &mut self.rings {
            // What cannot be read is reported when its records are due.
            let Ok(bytes) = read(&ring.path) else { continue };
            let Ok(image) = Image::parse(&bytes) else { continue };
            let head = image.head_position();
            heads.insert(ring.id, head);
            let Some(first) = image.entries().next() else { continue };
            filled.insert(ring.id);
            if ring.id == SHARED_RING {
                continue;
            }
            let thread = label(&image);
            if let Ok(Entry::Record { payload, .. }) = first
                && payload.len() >= record::HEADER
            {
                ring.order = (thread, record::split(payload).ticks);
            }
            let began = self.threads.get(&thread).and_then(|thread| thread.began);
            let is_beginning = began == Some((ring.id, head));
            if is_beginning {
                begun.insert(thread)
            } else {
                others.insert(thread)
            };
        }
        self.rings.sort_by_key(|ring| (ring.order, ring.id));
        // A recorder lets go of what it does not write, scopes as well, and the files do not say which.
        let (sought, adrift) = match header.keeps {
            Some(_) => (BTreeSet::new(), BTreeSet::new()),
            None => (&others | &begun, &others - &begun),
        };
        (Rings::new(heads, filled, sought, adrift, header), begun)
    }

    /// Hands out every record that was committed and is in no file, ring by ring.
    pub(super) fn records(
        &self,
        covered: &Covered,
        sites: &Sites,
        report: &mut Report,
        mut take: impl FnMut(Salvaged<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        report.damage.extend(self.unreadable.iter().cloned());
        let mut unknown = UnknownSites::default();
        for ring in &self.rings {
            let bytes = match read(&ring.path) {
                Ok(bytes) => bytes,
                Err(error) => {
                    report.damage.push(unreadable(&ring.path, error.kind()));
                    continue;
                }
            };
            let mut odd = 0;
            let name = ring.name();
            let image = match Image::parse(&bytes) {
                Ok(image) if image.is_shared() == (ring.id == SHARED_RING) => image,
                Ok(_) => {
                    let cause = ImageError::UnknownFlavour { found: u32::MAX };
                    report.damage.push(Damage::File { name, cause });
                    continue;
                }
                // It was made, and had no ends yet.
                Err(ImageError::UnknownFlavour { found: 0 }) => continue,
                Err(cause) => {
                    report.damage.push(Damage::File { name, cause });
                    continue;
                }
            };
            // An extent covers the records that are put and no others: what cannot be read is found, and told of, again.
            let mut start = image.head_position();
            let mut entries = image.entries();
            while let Some(entry) = entries.next() {
                let end = entries.position();
                match entry {
                    Ok(Entry::Record { position, .. } | Entry::Open { position, .. })
                        if covered.contains(ring.id, position) => {}
                    Ok(Entry::Open { .. }) => report.uncommitted += 1,
                    Ok(Entry::Record { payload, .. }) => match split(payload, &image, ring.id) {
                        None => odd += 1,
                        Some((thread, taken, scopes)) => match sites.by_key.get(&taken.site) {
                            None => unknown.count(taken.site),
                            Some(site) => {
                                let around =
                                    scopes.map_or(Around::OfThread, |scopes| sites.around(scopes));
                                let (ring, ticks, values) = (ring.id, taken.ticks, taken.values());
                                take(Salvaged {
                                    ring,
                                    thread,
                                    start,
                                    end,
                                    site,
                                    ticks,
                                    values,
                                    around,
                                })?;
                            }
                        },
                    },
                    Err(cause) => {
                        report.damage.push(Damage::File { name: name.clone(), cause });
                    }
                }
                start = end;
            }
            if odd > 0 {
                report.damage.push(Damage::Records { name, count: odd });
            }
        }
        report.damage.extend(unknown.damage());
        Ok(())
    }

    /// What was counted as lost and is in no file.
    pub(super) fn losses<'a>(
        &'a self,
        covered: &'a Covered,
    ) -> impl Iterator<Item = (u32, Lost)> + 'a {
        self.threads.iter().flat_map(move |(&id, thread)| {
            let in_file = move |level, reason| covered.lost(id, level, reason);
            loss::left(&thread.losses, in_file).map(move |lost| (id, lost))
        })
    }
}

impl RingAt {
    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

impl Sites {
    /// Whether the process was in scopes.
    pub(super) fn has_scopes(&self) -> bool {
        self.has_scopes
    }

    /// The site with this number in files.
    pub(super) fn numbered(&self, number: u32) -> Option<&Listed> {
        self.by_key.get(self.keys.get(&number)?)
    }

    /// The scopes that a record in the shared ring says it was logged in, if it does.
    fn around<'a>(&'a self, scopes: Option<&'a [u8]>) -> Around<'a> {
        let listed = |(site, values)| Some((self.by_key.get(&site)?, values));
        let scopes = scopes.and_then(|scopes| scope::split(scopes).map(listed).collect());
        scopes.map_or(Around::Unknown, Around::These)
    }

    fn add(&mut self, site: Listed) {
        self.has_scopes |= site.kind != Kind::Event;
        self.keys.insert(site.number, site.key);
        self.by_key.insert(site.key, site);
    }

    pub(super) fn read(remains: &Remains, report: &mut Report) -> Self {
        let mut sites = Self::default();
        for path in &remains.catalogues {
            let bytes = match read(path) {
                Ok(bytes) => bytes,
                Err(error) => {
                    report.damage.push(unreadable(path, error.kind()));
                    continue;
                }
            };
            match catalogue::read(&bytes) {
                Err(ImageError::UnknownFlavour { found: 0 }) => {}
                Ok(listed) => listed.into_iter().for_each(|site| sites.add(site)),
                Err(cause) => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    report.damage.push(Damage::File { name, cause });
                }
            }
        }
        sites
    }
}

fn unreadable(path: &Path, cause: ErrorKind) -> Damage {
    Damage::Unreadable {
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        cause,
    }
}

/// Whether the rings in the folder of a session hold nothing.
pub(crate) fn is_drained(folder: &Path) -> bool {
    let is_drained = |path: &Path| {
        let bytes = read(path).ok()?;
        match Image::parse(&bytes) {
            Ok(image) => Some(image.entries().next().is_none()),
            Err(error) => Some(error == ImageError::UnknownFlavour { found: 0 }),
        }
    };
    let rings = entries(folder).map(|entries| {
        let files = entries.flatten().filter(|entry| session::is_ring(&entry.file_name()));
        files.map(|entry| entry.path())
    });
    rings.is_ok_and(|mut rings| rings.all(|path| is_drained(&path).unwrap_or(false)))
}

/// The entries of a folder; none if there is no folder.
fn entries(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(error),
    }
}

/// The number of the ring in the file called `name`, if there is one.
pub(crate) fn ring_id(name: &str) -> Option<u32> {
    if name == session::SHARED {
        return Some(SHARED_RING);
    }
    name.strip_prefix(session::RING)?.parse().ok().filter(|id| *id != SHARED_RING)
}

/// The thread whose ring it is; 0 if nobody's.
fn label(image: &Image<'_>) -> u32 {
    u32::try_from(image.label()).unwrap_or(0)
}

/// The thread of a record, its parts, and what it says of the scopes it was logged in, if that is in itself.
type Parts<'a> = (u32, Taken<'a>, Option<Option<&'a [u8]>>);

/// Takes a record apart; `None` if it is too short to have parts, or longer than any.
fn split<'a>(payload: &'a [u8], image: &Image<'_>, ring: u32) -> Option<Parts<'a>> {
    if payload.len() > limits::RECORD - size_of::<u32>() {
        return None;
    }
    if ring == SHARED_RING {
        let shared = record::split_shared(payload)?;
        return Some((shared.thread, shared.record, Some(shared.scopes)));
    }
    (payload.len() >= record::HEADER).then(|| (label(image), record::split(payload), None))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = system::open_plain(path, false)?;
    let len = file.metadata()?.len();
    if len > FILE_BYTES {
        return Err(ErrorKind::FileTooLarge.into());
    }
    let mut bytes = Vec::with_capacity(len as usize);
    file.take(FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
