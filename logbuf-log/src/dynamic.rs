//! Call sites of other facades, which are met at run time.

use logbuf_format::site::{Kind, Role};
use logbuf_format::types::Type;

use crate::chain::Chain;
use crate::fork::Generation;
use crate::place::Place;
use crate::registry::REGISTRY;
use crate::signature::{self, Signature};
use crate::site::{Registration, Site, SiteId};
use crate::switch::{self, Flag};

/// Combinations of names and types of one call site that are told apart. A call has as many as it has optional fields
/// combined; of further ones the values are kept as text.
const MOST_SHAPES: usize = 64;

/// The signature of what is kept of a record with a combination of types too many.
const REST: Signature = signature::of("rest");

/// A call site that was met at run time. There are as many as the program has, so they are never given back.
#[derive(Debug)]
pub(crate) struct DynamicSite {
    /// The place alone, without values: what a record that is lost is counted by.
    pub(crate) bare: Site,
    /// What the values of its records were so far.
    shapes: Chain<Shape>,
    /// What they may always be.
    always: Chain<Shape>,
}

/// One combination of names and types.
#[derive(Debug)]
struct Shape {
    /// Its signature in this process: a forked child has another registry.
    key: u64,
    id: SiteId,
}

/// What a value of another facade is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Scalar {
    Bool,
    I64,
    U64,
    I128,
    U128,
    F64,
    Str,
    Text,
    /// The errors behind an error, as text.
    #[cfg_attr(
        not(feature = "tracing"),
        allow(dead_code, reason = "the visitor of tracing alone meets errors")
    )]
    Sources,
}

/// A value of a record.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) scalar: Scalar,
}

impl Scalar {
    fn ty(self) -> Type {
        match self {
            Self::Bool => Type::Bool,
            Self::I64 => Type::I64,
            Self::U64 => Type::U64,
            Self::I128 => Type::I128,
            Self::U128 => Type::U128,
            Self::F64 => Type::F64,
            Self::Str => Type::Str,
            Self::Text | Self::Sources => Type::Text,
        }
    }
}

impl Named {
    pub(crate) fn field(name: &str, scalar: Scalar) -> Self {
        Self { name: name.to_owned(), role: Role::Field, scalar }
    }

    pub(crate) fn message(scalar: Scalar) -> Self {
        Self { name: "message".to_owned(), role: Role::Argument, scalar }
    }

    /// A number that belongs to what happens to a span.
    #[cfg_attr(not(feature = "tracing"), allow(dead_code, reason = "spans alone have heads"))]
    pub(crate) fn head() -> Self {
        Self { name: String::new(), role: Role::Head, scalar: Scalar::U64 }
    }
}

impl DynamicSite {
    /// A site at this place, which has its switch; a span has a name, as a template.
    pub(crate) fn new(
        level: logbuf_format::Level,
        target: &'static str,
        at: (&'static str, u32),
        kind: Kind,
        name: &'static str,
    ) -> Self {
        let flag: &'static Flag = Box::leak(Box::new(Flag::new()));
        let place = Place::new(flag, level, target, (at.0, at.1, 0));
        switch::add(place);
        let bare = Site::dynamic(place, kind, name, &[], &[]);
        Self { bare, shapes: Chain::new(), always: Chain::new() }
    }

    /// Whether it records.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.bare.place.flag().is_on()
    }

    /// The number of records whose values have this signature, and are what `describe` says. `None` if there are more
    /// combinations than are told apart.
    #[inline]
    pub(crate) fn shape(
        &self,
        signature: Signature,
        describe: impl FnOnce() -> Vec<Named>,
    ) -> Option<SiteId> {
        self.find(&self.shapes, MOST_SHAPES, signature, describe)
    }

    /// The same for one of the few combinations that are the program's and not the call's.
    pub(crate) fn fixed(
        &self,
        signature: Signature,
        describe: impl FnOnce() -> Vec<Named>,
    ) -> SiteId {
        self.find(&self.always, usize::MAX, signature, describe).expect("there is no limit")
    }

    /// The number of records that have a message, unless they are of spans, and all their fields as one text.
    pub(crate) fn rest(&self) -> SiteId {
        self.fixed(REST, || {
            let message = (self.bare.kind == Kind::Event).then(|| Named::message(Scalar::Text));
            message.into_iter().chain([Named::field("fields", Scalar::Text)]).collect()
        })
    }

    #[inline]
    fn find(
        &self,
        shapes: &Chain<Shape>,
        most: usize,
        signature: Signature,
        describe: impl FnOnce() -> Vec<Named>,
    ) -> Option<SiteId> {
        let key = signature ^ u64::from(Generation::current().number());
        let is_wanted = |shape: &Shape| shape.key == key;
        let shape = shapes.find(is_wanted).or_else(|| {
            let make = || Shape { key, id: self.add(signature, &describe()) };
            shapes.find_or_add(is_wanted, most, make)
        });
        shape.map(|shape| shape.id)
    }

    fn add(&self, signature: Signature, values: &[Named]) -> SiteId {
        let names: Vec<&'static str> =
            values.iter().map(|value| &*value.name.clone().leak()).collect();
        let roles: Vec<_> = values.iter().map(|value| value.role).collect();
        let types: Vec<_> = values.iter().map(|value| value.scalar.ty()).collect();
        let message = values.iter().position(|value| value.role == Role::Argument);
        let template = match message {
            // What is text is shown as it is, and everything else as `tracing-subscriber` shows it.
            Some(at) if matches!(types[at], Type::Str | Type::Text) => format!("{{{at}}}").leak(),
            Some(at) => format!("{{{at}:?}}").leak(),
            None => self.bare.template,
        };
        let Site { place, kind, .. } = self.bare;
        let site = Site::dynamic(place, kind, template, names.leak(), roles.leak());
        let registration = Registration { signature, describe: |_| {}, types: types.leak() };
        REGISTRY.add(Box::leak(Box::new(site)), registration)
    }
}
