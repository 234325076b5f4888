//! Call sites of other facades, which are met at run time.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use logbuf_format::site::Kind;
use logbuf_format::types::Type;

use crate::place::Place;
use crate::registry::REGISTRY;
use crate::signature::{self, Signature};
use crate::site::{Registration, Site, SiteId};
use crate::switch::{self, Flag};

/// Combinations of names and types of one call site that are told apart. A call has as many as it has optional fields
/// combined; of further ones nothing but their text is kept.
const MOST_SHAPES: usize = 64;

/// A call site that was met at run time. There are as many as the program has, so they are never given back.
#[derive(Debug)]
pub(crate) struct DynamicSite {
    pub(crate) place: Place,
    kind: Kind,
    /// The name of a span; an event has its message.
    name: &'static str,
    /// What the values of its records were so far.
    shapes: RwLock<HashMap<Signature, Shape>>,
}

/// One combination of names and types.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) site: &'static Site,
    pub(crate) id: SiteId,
}

/// A value of a record: its name and its type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) ty: Type,
}

impl DynamicSite {
    /// A site at this place; `place` names its switch.
    pub(crate) fn new(
        level: logbuf_format::Level,
        target: &'static str,
        at: (&'static str, u32),
        kind: Kind,
        name: &'static str,
    ) -> &'static Self {
        let flag: &'static Flag = Box::leak(Box::new(Flag::new()));
        let place = Place::new(flag, level, target, (at.0, at.1, 0));
        let shapes = RwLock::new(HashMap::new());
        let site: &'static Self = Box::leak(Box::new(Self { place, kind, name, shapes }));
        switch::add(&site.place);
        site
    }

    /// Whether it records.
    pub(crate) fn is_on(&self) -> bool {
        self.place.flag().is_on()
    }

    /// The site of records with these values, of which the first is the message if `has_message`. `None` if there are more
    /// combinations than are told apart.
    pub(crate) fn shape(&'static self, values: &[Named], has_message: bool) -> Option<Shape> {
        let signature = signature_of(values, has_message);
        let shapes = self.shapes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(shape) = shapes.get(&signature) {
            return Some(*shape);
        }
        drop(shapes);
        let mut shapes = self.shapes.write().unwrap_or_else(PoisonError::into_inner);
        if shapes.len() >= MOST_SHAPES && !shapes.contains_key(&signature) {
            return None;
        }
        Some(*shapes.entry(signature).or_insert_with(|| self.add(signature, values, has_message)))
    }

    fn add(&'static self, signature: Signature, values: &[Named], has_message: bool) -> Shape {
        let names: Vec<_> = values.iter().map(|value| value.name).collect();
        let types: Vec<_> = values.iter().map(|value| value.ty.clone()).collect();
        let template = match self.kind {
            Kind::Event if has_message => "{0}",
            _ => self.name,
        };
        let site = Site::dynamic(
            self.place,
            self.kind,
            template,
            Box::leak(names.into()),
            usize::from(has_message),
        );
        let site: &'static Site = Box::leak(Box::new(site));
        let types: &'static [Type] = Box::leak(types.into());
        let id = REGISTRY.add(site, Registration { signature, describe: |_| {}, types });
        Shape { site, id }
    }
}

fn signature_of(values: &[Named], has_message: bool) -> Signature {
    values.iter().fold(signature::of(if has_message { "message" } else { "" }), |before, value| {
        // The types that facades have are told apart by their text.
        let ty = signature::of(&value.ty.to_string());
        signature::pair(before, signature::pair(signature::of(value.name), ty))
    })
}
