//! All sites as the packer knows them.

use std::collections::HashMap;

use super::{Head, Layout, site::Site};
use crate::site;

/// All sites that the packer knows.
#[derive(Debug)]
pub(super) struct Sites {
    sites: Vec<Site>,
    /// For ids below [`DENSE`], the place in `sites` plus one.
    dense: Vec<u32>,
    /// For all others, their place.
    sparse: HashMap<u32, usize>,
    /// Definitions in the block.
    defined: u32,
    /// Definitions in the block and their operations.
    weight: usize,
    mask: u32,
}

/// Ids that are looked up in an array. A program numbers its sites from 0, so that others come from files alone.
const DENSE: u32 = 1 << 16;

impl Sites {
    pub(super) fn new() -> Self {
        Self {
            sites: Vec::new(),
            dense: Vec::new(),
            sparse: HashMap::new(),
            defined: 0,
            weight: 0,
            mask: 0,
        }
    }

    /// Begins a block: no site is in it.
    pub(super) fn clear(&mut self) {
        if self.defined > 0 {
            self.sites.iter_mut().for_each(Site::leave_block);
        }
        (self.defined, self.weight, self.mask) = (0, 0, 0);
    }

    /// The place of the site with this id.
    #[inline]
    pub(super) fn find(&self, id: u32) -> Option<usize> {
        match self.dense.get(id as usize) {
            Some(place) => (*place as usize).checked_sub(1),
            None => self.find_sparse(id),
        }
    }

    fn find_sparse(&self, id: u32) -> Option<usize> {
        self.sparse.get(&id).copied()
    }

    /// The site with this id, its place, and the head of its records, if the block has its definition as it is now.
    #[inline]
    pub(super) fn in_block(&mut self, id: u32) -> Option<(usize, &mut Site, Head)> {
        let place = (*self.dense.get(id as usize)? as usize).wrapping_sub(1);
        let site = self.sites.get_mut(place)?;
        let head = site.head()?;
        Some((place, site, head))
    }

    #[inline]
    pub(super) fn get_mut(&mut self, place: usize) -> &mut Site {
        &mut self.sites[place]
    }

    /// Adds a site, or changes its layout. Returns its place.
    pub(super) fn learn(&mut self, id: u32, layout: &Layout) -> usize {
        let site = Site::new(id, layout);
        if let Some(place) = self.find(id) {
            self.sites[place] = site;
            return place;
        }
        let place = self.sites.len();
        self.sites.push(site);
        if id < DENSE {
            let need = id as usize + 1;
            self.dense.resize(self.dense.len().max(need), 0);
            self.dense[id as usize] = place as u32 + 1;
        } else {
            self.sparse.insert(id, place);
        }
        place
    }

    /// Gives a site the next index of the block.
    pub(super) fn enter(&mut self, place: usize) -> (&mut Site, u32) {
        let index = self.defined;
        let site = &mut self.sites[place];
        self.defined += 1;
        self.weight += site.weight();
        self.mask |= site::bit(site.id());
        site.enter_block(index);
        (site, index)
    }

    /// Takes back the index that was given last: the definition was not written after all.
    pub(super) fn leave(&mut self, place: usize, index: u32) {
        let site = &mut self.sites[place];
        self.defined = index;
        self.weight -= site.weight();
        site.leave_block();
    }

    /// Counts a definition of `site`, which will not be referred to again.
    pub(super) fn pass(&mut self, site: &Site) {
        self.defined += 1;
        self.weight += site.weight();
        self.mask |= site::bit(site.id());
    }

    /// Definitions in the block and their operations.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// The bits of the sites in the block.
    pub(super) fn mask(&self) -> u32 {
        self.mask
    }
}
