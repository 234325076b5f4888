//! What a dead process left in its session.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use logbuf::{Entry, Image, ImageError, Storage};
use logbuf_format::limits;
use logbuf_format::site::Kind;
use logbuf_format::thread::Thread as ThreadEntry;

use super::covered::{Covered, Rings};
use super::report::{Damage, Report};
use crate::record::{self, Taken};
use crate::registry::SHARED_RING;
use crate::session::catalogue::{self, Listed};
use crate::session::header::Header;
use crate::session::{self, system, threads};
use crate::site::SiteId;

/// Files of a session, at most.
const FILES: usize = 1 << 16;

/// Bytes of one file: the largest ring, and what comes before its buffer.
const FILE_BYTES: u64 = Storage::MAX_CAPACITY as u64 + (1 << 20);

/// Bytes of all files together.
const ALL_BYTES: u64 = 1 << 36;

/// The files of a session, by what they hold.
#[derive(Debug, Default)]
pub(super) struct Remains {
    rings: Vec<RingAt>,
    catalogues: Vec<PathBuf>,
    pub(super) threads: BTreeMap<u32, ThreadEntry>,
}

/// A ring's file.
#[derive(Debug)]
struct RingAt {
    id: u32,
    path: PathBuf,
}

/// The call sites that records refer to.
#[derive(Debug, Default)]
pub(super) struct Sites(BTreeMap<SiteId, Listed>);

/// A record that was committed and is in no file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Salvaged<'a> {
    pub(super) ring: u32,
    pub(super) thread: u32,
    /// Where it starts and ends in its ring; what is before the start was dealt with.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) site: &'a Listed,
    pub(super) ticks: u64,
    pub(super) values: &'a [u8],
    /// Whether its thread was in scopes that are not told.
    pub(super) is_adrift: bool,
}

impl Remains {
    /// Lists the files in the folder of a session, and reads its threads.
    pub(super) fn find(folder: &Path) -> io::Result<Self> {
        let mut remains = Self::default();
        let mut bytes = 0;
        for (count, entry) in entries(folder)?.enumerate() {
            let path = entry?.path();
            bytes += fs::symlink_metadata(&path)?.len();
            if count >= FILES || bytes > ALL_BYTES {
                return Err(ErrorKind::FileTooLarge.into());
            }
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if let Some(id) = ring_id(name) {
                remains.rings.push(RingAt { id, path });
            } else if name
                .strip_prefix(catalogue::PREFIX)
                .is_some_and(|number| number.parse::<u32>().is_ok())
            {
                remains.catalogues.push(path);
            } else if name.starts_with(threads::PREFIX) {
                let found = threads::read(&read(&path)?);
                remains.threads.extend(found.into_iter().map(|thread| (thread.id, thread)));
            }
        }
        remains.rings.sort_unstable_by_key(|ring| ring.id);
        remains.catalogues.sort_unstable();
        Ok(remains)
    }

    /// What the rings say of themselves, as far as that can be read.
    pub(super) fn rings(&self, header: &Header) -> io::Result<Rings> {
        let (mut heads, mut filled) = (BTreeMap::new(), BTreeSet::new());
        for ring in &self.rings {
            if let Ok(image) = Image::parse(&read(&ring.path)?) {
                heads.insert(ring.id, image.head_position());
                if image.entries().next().is_some() {
                    filled.insert(ring.id);
                }
            }
        }
        Ok(Rings::new(heads, filled, header))
    }

    /// Hands out every record that was committed and is in no file, ring by ring.
    pub(super) fn records(
        &self,
        covered: &Covered,
        sites: &Sites,
        report: &mut Report,
        mut take: impl FnMut(Salvaged<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        for ring in &self.rings {
            let bytes = read(&ring.path)?;
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
            let mut start = image.head_position();
            let mut entries = image.entries();
            while let Some(entry) = entries.next() {
                let end = entries.position();
                match entry {
                    Ok(Entry::Record { position, .. } | Entry::Open { position, .. })
                        if covered.contains(ring.id, position) =>
                    {
                        start = end;
                    }
                    Ok(Entry::Open { .. }) => report.uncommitted += 1,
                    Ok(Entry::Record { payload, .. }) => match split(payload, &image, ring.id) {
                        None => report.odd_record(&name),
                        Some((thread, taken, is_adrift)) => match sites.0.get(&taken.site) {
                            None => report.unknown_site(taken.site),
                            Some(site) => {
                                let (ring, ticks, values) = (ring.id, taken.ticks, taken.values());
                                take(Salvaged {
                                    ring,
                                    thread,
                                    start,
                                    end,
                                    site,
                                    ticks,
                                    values,
                                    is_adrift,
                                })?;
                                start = end;
                            }
                        },
                    },
                    Err(cause) => {
                        report.damage.push(Damage::File { name: name.clone(), cause });
                    }
                }
            }
        }
        Ok(())
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
        self.0.values().any(|site| site.kind != Kind::Event)
    }

    pub(super) fn read(remains: &Remains, report: &mut Report) -> io::Result<Self> {
        let mut sites = Self::default();
        for path in &remains.catalogues {
            match catalogue::read(&read(path)?) {
                Err(ImageError::UnknownFlavour { found: 0 }) => {}
                Ok(listed) => sites.0.extend(listed.into_iter().map(|site| (site.key, site))),
                Err(cause) => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    report.damage.push(Damage::File { name, cause });
                }
            }
        }
        Ok(sites)
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
        entries.flatten().map(|entry| entry.path()).filter(|path| session::is_ring(path))
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

/// The thread of a record, its parts, and whether it was logged in scopes that only the dead process could name; `None` if it is too short to have any, or longer than any.
fn split<'a>(payload: &'a [u8], image: &Image<'_>, ring: u32) -> Option<(u32, Taken<'a>, bool)> {
    if payload.len() > limits::RECORD - size_of::<u32>() {
        return None;
    }
    if ring == SHARED_RING {
        let shared = record::split_shared(payload)?;
        let is_adrift = shared.scopes.is_none_or(|scopes| !scopes.is_empty());
        return Some((shared.thread, shared.record, is_adrift));
    }
    let thread = u32::try_from(image.label()).unwrap_or(0);
    (payload.len() >= record::HEADER).then(|| (thread, record::split(payload), false))
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
