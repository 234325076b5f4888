//! SITES: the call sites that records refer to.

use crate::{
    Error, Fault, Level, Part, definition::Definitions, fields, fields::Fields, limits, table,
    types::Type,
};
use serde::{Deserialize, Serialize};

/// A call site: all that is the same for each of its records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Site {
    /// The number by which records of this segment refer to the site.
    pub id: u32,
    /// The same for the same call site in every process and run: see [`hash`].
    pub hash: u64,
    /// The level of its records.
    pub level: Level,
    /// The target: by default the path of the module.
    pub target: String,
    /// The source file, empty if unknown.
    pub file: String,
    /// The line in the file, 0 if unknown.
    pub line: u32,
    /// The column in the line, 0 if unknown.
    pub column: u32,
    /// The message: a canonical template.
    pub template: String,
    /// What a record holds, in order.
    pub values: Vec<Slot>,
    /// Whether the types of the values are known. They are from the site's first record on.
    pub typed: bool,
    /// The structs and enums among the types, and inside them.
    pub definitions: Definitions,
    /// What its records are.
    pub kind: Kind,
}

/// What the records of a site are. The order of the variants is part of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// What a program logs.
    #[default]
    Event,
    /// A context is entered: see [`scope`](crate::scope).
    Context,
    /// Something happens to a span.
    Span,
    /// A context or a span is left.
    Leave,
}

/// One value that each record of a site holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// Its name, empty if it has none.
    pub name: String,
    /// What it is there for.
    pub role: Role,
    /// Its type.
    pub ty: Type,
}

/// What a value is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Role {
    /// An argument of the template.
    Argument,
    /// A field of the record, beside the message.
    Field,
    /// A part of the record's [head](crate::scope::Head): for readers, and shown to nobody.
    Head,
}

impl Site {
    /// Appends the site to the payload of a SITES block.
    ///
    /// # Errors
    ///
    /// [`Fault::Limit`] if the site is longer than [`limits::ENTRY`] or has more than [`limits::VALUES`] values,
    /// [`Fault::TooDeep`] if a type nests deeper than [`limits::DEPTH`], [`Fault::Undefined`] if a named type has no
    /// definition. Nothing is then appended.
    pub fn put(&self, payload: &mut Vec<u8>) -> Result<(), Error> {
        check_count(self.values.len()).map_err(|fault| Error::at(payload.len(), fault))?;
        if self.types().any(|ty| ty.depth() > limits::DEPTH) {
            return Err(Error::at(payload.len(), Fault::TooDeep { limit: limits::DEPTH as u64 }));
        }
        self.check_named().map_err(|fault| Error::at(payload.len(), fault))?;
        table::put(payload, |out| fields::put(out, self))
    }

    /// The sites in the payload of a SITES block. A bad entry is an error in its place and costs no other.
    ///
    /// # Examples
    ///
    /// ```
    /// use logbuf_format::{Level, site::Site};
    ///
    /// let site = Site {
    ///     id: 1,
    ///     hash: logbuf_format::site::hash(Level::Info, "app", "src/main.rs", 7, 5, "hello"),
    ///     level: Level::Info,
    ///     target: "app".into(),
    ///     file: "src/main.rs".into(),
    ///     line: 7,
    ///     column: 5,
    ///     template: "hello".into(),
    ///     values: vec![],
    ///     typed: true,
    ///     definitions: Default::default(),
    ///     kind: Default::default(),
    /// };
    /// let mut payload = Vec::new();
    /// site.put(&mut payload)?;
    /// assert_eq!(Site::table(&payload).next(), Some(Ok(site)));
    /// # Ok::<_, logbuf_format::Error>(())
    /// ```
    pub fn table(payload: &[u8]) -> impl Iterator<Item = Result<Self, Error>> {
        table::prefixed(payload, Self::take)
    }

    /// Reads the fields of one entry; what follows them is from a later writer.
    fn take(entry: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::new(entry);
        let site = Self {
            id: fields.take(Part::Site)?,
            hash: fields.take(Part::Site)?,
            level: fields.take(Part::Level)?,
            target: fields.take(Part::Site)?,
            file: fields.take(Part::Site)?,
            line: fields.take(Part::Site)?,
            column: fields.take(Part::Site)?,
            template: fields.take(Part::Site)?,
            values: Slot::take_all(&mut fields)?,
            typed: fields.take(Part::Site)?,
            definitions: match fields.is_empty() {
                true => Definitions::default(),
                false => Definitions::take(&mut fields)?,
            },
            kind: match fields.is_empty() {
                true => Kind::default(),
                false => fields.take(Part::Kind)?,
            },
        };
        site.check_named().map_err(|fault| fields.error(fault))?;
        Ok(site)
    }

    /// The types of the values, and of all members of the definitions.
    fn types(&self) -> impl Iterator<Item = &Type> {
        self.values.iter().map(|slot| &slot.ty).chain(self.definitions.types())
    }

    fn check_named(&self) -> Result<(), Fault> {
        let is_defined = self.types().all(|ty| ty.is_defined(&self.definitions));
        let definitions = self.definitions.len() as u64;
        if is_defined { Ok(()) } else { Err(Fault::Undefined { definitions }) }
    }
}

impl Slot {
    fn take_all(fields: &mut Fields<'_>) -> Result<Vec<Self>, Error> {
        let count: usize = fields.take(Part::Values)?;
        check_count(count).map_err(|fault| fields.error(fault))?;
        (0..count).map(|_| Self::take(fields)).collect()
    }

    fn take(fields: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self {
            name: fields.take(Part::Values)?,
            role: fields.take(Part::Role)?,
            ty: Type::take(fields, limits::DEPTH)?,
        })
    }
}

fn check_count(count: usize) -> Result<(), Fault> {
    match count {
        0..=limits::VALUES => Ok(()),
        _ => Err(Fault::Limit {
            part: Part::Values,
            found: count as u64,
            limit: limits::VALUES as u64,
        }),
    }
}

/// The bit that stands for a site in a [site mask](crate::block::Summary::sites). Others share it.
pub const fn bit(id: u32) -> u32 {
    1 << (id % 32)
}

/// The hash of a site: 64-bit FNV-1a over the level, the strings (each closed by `0xFF`, which no UTF-8 contains) and
/// the position.
///
/// It is a `const fn`, so that a call site can hold its hash without computing it.
pub const fn hash(
    level: Level,
    target: &str,
    file: &str,
    line: u32,
    column: u32,
    template: &str,
) -> u64 {
    let mut hash = fnv1a(0xCBF2_9CE4_8422_2325, &[level.as_u8()]);
    hash = closed(hash, target);
    hash = closed(hash, file);
    hash = fnv1a(hash, &line.to_le_bytes());
    hash = fnv1a(hash, &column.to_le_bytes());
    closed(hash, template)
}

const fn closed(hash: u64, string: &str) -> u64 {
    fnv1a(fnv1a(hash, string.as_bytes()), &[0xFF])
}

const fn fnv1a(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x100_0000_01B3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv1a() {
        // From the test suite of the algorithm's authors: "foobar".
        assert_eq!(fnv1a(0xCBF2_9CE4_8422_2325, b"foobar"), 0x8594_4171_F739_67E8);
    }

    #[test]
    fn strings_do_not_run_into_each_other() {
        let split = |target, file| hash(Level::Info, target, file, 1, 1, "");
        assert_ne!(split("ab", "c"), split("a", "bc"));
    }
}
