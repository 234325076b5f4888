//! The call sites of a segment: by which number the file knows each, and which are in it.

use std::array;

use logbuf_format::block::Kind;
use logbuf_format::packed::Layout;
use logbuf_format::scope::Head;
use logbuf_format::site::{self, Role, Slot};
use logbuf_format::types::Type;
use logbuf_format::{Error, Level};

use crate::description::Description;
use crate::place::Place;
use crate::registry::REGISTRY;
use crate::site::{self as sites, Registration, SITES, Site, SiteId};
use crate::table::{TABLE, Table};

/// What the writer needs of a site for each of its records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    /// The number by which the file knows the site.
    pub(crate) number: u32,
    pub(crate) level: Level,
    pub(crate) kind: site::Kind,
}

/// The sites of the segment that is being written.
#[derive(Debug)]
pub(crate) struct Dictionary {
    /// For each site of [`SITES`], then for each instance of the registry: whether it is in the segment with its types.
    typed: Vec<bool>,
    /// What is to be written next, in tables short enough for a block each.
    tables: Vec<Table>,
    /// Entries that were looked up, each at the place that its id is mapped to: nearly all of the next look-ups. An entry
    /// that was found once is right for ever.
    found: [(SiteId, Entry); FOUND],
}

/// Entries that are kept at hand; a power of two.
const FOUND: usize = 64;

/// The place of an id among the entries at hand (multiplicative hashing, Knuth, The Art of Computer Programming, 6.4).
#[inline]
fn place_of(id: SiteId) -> usize {
    (id.wrapping_mul(0x9E37_79B1) >> (u32::BITS - FOUND.trailing_zeros())) as usize
}

impl Entry {
    fn new(number: usize, site: &Site) -> Self {
        Self { number: number as u32, level: site.place.level, kind: site.kind }
    }
}

impl Dictionary {
    /// A dictionary that lists every site of the program.
    pub(crate) fn new() -> Result<Self, Error> {
        let mut dictionary = Self {
            typed: vec![false; SITES.len()],
            tables: Vec::new(),
            found: Self::nothing_found(),
        };
        dictionary.list_static()?;
        Ok(dictionary)
    }

    /// In each place an id that does not belong there, so that nobody finds it.
    fn nothing_found() -> [(SiteId, Entry); FOUND] {
        let none = Entry { number: 0, level: Level::Error, kind: site::Kind::Event };
        let elsewhere = |place| (0..).find(|&id| place_of(id) != place).expect("0 or 1");
        array::from_fn(|place| (elsewhere(place), none))
    }

    /// Lists every site of the program again, for a new segment.
    pub(crate) fn list_all(&mut self) {
        self.tables.clear();
        // They were listed before, so they fit.
        let listed = self.list_static();
        debug_assert!(listed.is_ok());
        self.list_typed(SITES.len());
    }

    /// Lists the sites that the linker has put together.
    fn list_static(&mut self) -> Result<(), Error> {
        // A call whose level is compiled out never records, and the file need not know of it.
        let sites = SITES.iter().enumerate();
        for (number, site) in sites.filter(|(_, site)| site.may_record()) {
            let described = site.registration().map(|registration| registration.description());
            self.typed[number] = described.is_some();
            self.list(number as u32, site, described)?;
        }
        Ok(())
    }

    /// Looks up the site of a record, and lists it with its types if it is not yet. `None` if there is no such site.
    #[inline]
    pub(crate) fn entry(&mut self, id: SiteId) -> Option<Entry> {
        match self.found[place_of(id)] {
            (known, entry) if known == id => Some(entry),
            _ => self.look_up(id),
        }
    }

    /// The rest of [`entry`](Self::entry), for an id that is not at hand.
    #[cold]
    fn look_up(&mut self, id: SiteId) -> Option<Entry> {
        let entry = self.discover(id)?;
        self.found[place_of(id)] = (id, entry);
        Some(entry)
    }

    /// Finds a site, and lists it with its types if it is not yet.
    fn discover(&mut self, id: SiteId) -> Option<Entry> {
        let is_instance = id & 1 == 1;
        let number =
            if is_instance { SITES.len() + (id as usize >> 1) } else { sites::index_of(id)? };
        let (site, registration) = match SITES.get(number) {
            Some(site) => (site, *site.registration()?),
            None => {
                let instance = REGISTRY.instance(id)?;
                (instance.site, instance.registration)
            }
        };
        if number >= self.typed.len() {
            self.typed.resize(number + 1, false);
        }
        if !self.typed[number] {
            self.list(number as u32, site, Some(registration.description())).ok()?;
            self.typed[number] = true;
        }
        Some(Entry::new(number, site))
    }

    /// Lists every site again that has recorded, for readers that have lost the first listing.
    pub(crate) fn list_again(&mut self) {
        self.list_typed(0);
    }

    /// Lists the sites that have recorded, from number `first` on.
    fn list_typed(&mut self, first: usize) {
        for number in first..self.typed.len() {
            if !self.typed[number] {
                continue;
            }
            let Some((site, registration)) = recorded(number) else { continue };
            let described = registration.map(|registration| registration.description());
            // It was listed before, so it fits.
            let listed = self.list(number as u32, site, described);
            debug_assert!(listed.is_ok());
        }
    }

    /// What the records of a site that was looked up are made of.
    pub(crate) fn layout(&self, number: u32) -> Layout {
        let Some((site, Some(registration))) = recorded(number as usize) else {
            return Layout::opaque();
        };
        let (types, definitions) = registration.description().into_parts();
        Layout::new(heads(site).iter().chain(&types), &definitions)
    }

    /// What files say of a site that was looked up.
    pub(crate) fn describe(&self, number: u32) -> Option<site::Site> {
        let (site, registration) = recorded(number as usize)?;
        let described = registration.map(|registration| registration.description());
        Some(entry(number, site, described))
    }

    /// Hands out what was listed since the last call.
    pub(crate) fn take_tables(&mut self) -> Vec<Table> {
        std::mem::take(&mut self.tables)
    }

    fn list(
        &mut self,
        number: u32,
        site: &Site,
        described: Option<Description>,
    ) -> Result<(), Error> {
        let entry = entry(number, site, described);
        if self.tables.last().is_none_or(|table| table.payload.len() >= TABLE) {
            self.tables.push(Table::new(Kind::SITES));
        }
        let table = self.tables.last_mut().expect("one was pushed if there was none");
        entry.put(&mut table.payload)?;
        table.entries += 1;
        Ok(())
    }
}

/// The types of what stands in front of the values that a call gives.
fn heads(site: &Site) -> &'static [Type] {
    match site.kind {
        site::Kind::Event => &[],
        _ => &Head::TYPES,
    }
}

/// The site with this number in the file, and what it was registered with.
fn recorded(number: usize) -> Option<(&'static Site, Option<Registration>)> {
    if let Some(site) = SITES.get(number) {
        return Some((site, site.registration().copied()));
    }
    let id = ((number - SITES.len()) as SiteId) << 1 | 1;
    let instance = REGISTRY.instance(id)?;
    Some((instance.site, Some(instance.registration)))
}

/// What files say of a site that they know as `number`, typed if its types are `described`.
pub(crate) fn entry(number: u32, site: &Site, described: Option<Description>) -> site::Site {
    let typed = described.is_some();
    let (types, definitions) = described.unwrap_or_default().into_parts();
    let mut types = types.into_iter();
    let heads =
        heads(site).iter().map(|ty| Slot { name: String::new(), role: Role::Head, ty: ty.clone() });
    let slots = site.names.iter().enumerate().map(|(i, &name)| Slot {
        name: name.to_owned(),
        role: site.role(i),
        ty: types.next().unwrap_or(Type::Unit),
    });
    let Place { level, target, file, line, column, .. } = site.place;
    site::Site {
        id: number,
        hash: site::hash(level, target, file, line, column, site.template),
        level,
        target: target.to_owned(),
        file: file.to_owned(),
        line,
        column,
        template: site.template.to_owned(),
        values: heads.chain(slots).collect(),
        typed,
        definitions,
        kind: site.kind,
    }
}

/// The number by which files know the instance at `index` of the registry's list.
pub(crate) fn instance_number(index: usize) -> u32 {
    (SITES.len() + index) as u32
}
