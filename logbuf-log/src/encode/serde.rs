//! Values that serde serializes, in the encoding of `postcard`, with the schema of their type in the file.

use core::fmt;

use logbuf_format::definition::Members;
use logbuf_format::types::Type;
use postcard::ser_flavors::{Flavor, Size};
use postcard_schema::Schema;
use postcard_schema::schema::{DataModelType, DataModelVariant, NamedType, NamedValue};
use serde::Serialize;

use crate::Encode;
use crate::description::{self, Description};
use crate::encoder::Encoder;
use crate::signature::{self, Signature};
use crate::value::Value;

/// Logs a value that has [`serde::Serialize`] and a [`Schema`], as `postcard` encodes it.
///
/// For types of other crates, which cannot derive [`Encode`]. The value is serialized twice, to measure and to write;
/// neither allocates. The decoder prints it by its schema, which is what a derived `Debug` prints as long as
/// serialization changes nothing: with `#[serde(rename)]` it prints the new names.
/// A value whose serialization fails prints `[not encoded]`.
///
/// # Examples
///
/// ```
/// use logbuf_log::{Serde, info};
/// use postcard_schema::Schema;
///
/// #[derive(Debug, serde::Serialize, Schema)]
/// struct Quote {
///     symbol: String,
///     px: f64,
/// }
///
/// let quote = Quote { symbol: "BTC-USD".into(), px: 52_100.5 };
/// info!("received {:?}", Serde(&quote));
/// ```
#[derive(Clone, Copy)]
pub struct Serde<T>(pub T);

impl<T: fmt::Debug> fmt::Debug for Serde<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// Not named among the types that can be logged where one cannot: it would be the last to look for.
#[diagnostic::do_not_recommend]
impl<T: Serialize + Schema> Encode for Serde<T> {
    type Value<'a>
        = Serialized<'a, T>
    where
        T: 'a;
    #[inline(always)]
    fn value(&self) -> Serialized<'_, T> {
        Serialized(&self.0)
    }
}

/// A value to be serialized.
#[derive(Debug)]
pub struct Serialized<'a, T>(&'a T);

impl<T> Clone for Serialized<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Serialized<'_, T> {}

impl<T: Serialize + Schema> Value for Serialized<'_, T> {
    const SIGNATURE: Signature = signature::pair(signature::of("Postcard"), of_type(T::SCHEMA));

    fn describe(description: &mut Description) -> Type {
        Type::postcard(describe(T::SCHEMA, description))
    }

    fn encoded_len(self) -> usize {
        4 + postcard::serialize_with_flavor(self.0, Size::default()).unwrap_or(0)
    }

    fn put(self, out: &mut Encoder<'_>) {
        out.put_whole(|out| postcard::serialize_with_flavor(self.0, Sink(out)).is_ok());
    }
}

/// Where `postcard` puts its bytes.
struct Sink<'a, 'room>(&'a mut Encoder<'room>);

impl Flavor for Sink<'_, '_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.put(&[byte]);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.put(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// The type that the file names for a schema. Schemas are constants, and so have an end.
fn describe(schema: &NamedType, description: &mut Description) -> Type {
    let signature = of_type(schema);
    match *schema.ty {
        DataModelType::Unit => Type::Unit,
        DataModelType::Bool => Type::Bool,
        DataModelType::Char => Type::Char,
        DataModelType::U8 => Type::U8,
        DataModelType::U16 => Type::U16,
        DataModelType::U32 => Type::U32,
        DataModelType::U64 | DataModelType::Usize => Type::U64,
        DataModelType::U128 => Type::U128,
        DataModelType::I8 => Type::I8,
        DataModelType::I16 => Type::I16,
        DataModelType::I32 => Type::I32,
        DataModelType::I64 | DataModelType::Isize => Type::I64,
        DataModelType::I128 => Type::I128,
        DataModelType::F32 => Type::F32,
        DataModelType::F64 => Type::F64,
        DataModelType::String => Type::Str,
        DataModelType::ByteArray => Type::seq(Type::U8),
        DataModelType::Option(inner) => Type::option(describe(inner, description)),
        DataModelType::Seq(item) => list(schema.name, describe(item, description)),
        DataModelType::Map { key, val } => {
            let key = describe(key, description);
            Type::map(key, describe(val, description))
        }
        DataModelType::Tuple(items) => tuple(schema.name, items, description),
        DataModelType::UnitStruct => {
            description.structure(signature, schema.name, |_| description::tuple(Vec::new()))
        }
        DataModelType::NewtypeStruct(inner) => {
            description.structure(signature, schema.name, |description| {
                description::tuple(vec![describe(inner, description)])
            })
        }
        DataModelType::TupleStruct(items) => {
            description.structure(signature, schema.name, |description| {
                description::tuple(describe_all(items, description))
            })
        }
        DataModelType::Struct(members) => {
            description.structure(signature, schema.name, |description| named(members, description))
        }
        DataModelType::Enum(variants) => {
            description.enumeration(signature, schema.name, |description| {
                let variant = |variant: &&postcard_schema::schema::NamedVariant| {
                    let members = match *variant.ty {
                        DataModelVariant::UnitVariant => description::tuple(Vec::new()),
                        DataModelVariant::NewtypeVariant(inner) => {
                            description::tuple(vec![describe(inner, description)])
                        }
                        DataModelVariant::TupleVariant(items) => {
                            description::tuple(describe_all(items, description))
                        }
                        DataModelVariant::StructVariant(members) => named(members, description),
                    };
                    description::variant(variant.name, members)
                };
                variants.iter().map(variant).collect()
            })
        }
        // A schema as a value. It is not encoded by a schema of its own.
        DataModelType::Schema => Type::Redacted,
    }
}

/// A sequence; sets are sequences to serde.
fn list(name: &str, item: Type) -> Type {
    match name {
        "BTreeSet<K>" | "HashSet<K>" => Type::set(item),
        _ => Type::seq(item),
    }
}

/// A tuple; arrays are tuples to serde.
fn tuple(name: &str, items: &[&NamedType], description: &mut Description) -> Type {
    match items {
        [first, ..] if name.starts_with('[') => {
            Type::array(describe(first, description), items.len() as u32)
        }
        _ => Type::Tuple(describe_all(items, description)),
    }
}

fn describe_all(schemas: &[&NamedType], description: &mut Description) -> Vec<Type> {
    schemas.iter().map(|schema| describe(schema, description)).collect()
}

fn named(members: &[&NamedValue], description: &mut Description) -> Members {
    description::named(
        members.iter().map(|member| (member.name, describe(member.ty, description))).collect(),
    )
}

/// The signature of a schema.
const fn of_type(schema: &NamedType) -> Signature {
    let name = signature::of(schema.name);
    match *schema.ty {
        DataModelType::Option(inner) => under(name, "Option", of_type(inner)),
        DataModelType::NewtypeStruct(inner) => under(name, "NewtypeStruct", of_type(inner)),
        DataModelType::Seq(item) => under(name, "Seq", of_type(item)),
        DataModelType::Map { key, val } => {
            under(name, "Map", signature::pair(of_type(key), of_type(val)))
        }
        DataModelType::Tuple(items) => under(name, "Tuple", of_types(items)),
        DataModelType::TupleStruct(items) => under(name, "TupleStruct", of_types(items)),
        DataModelType::Struct(members) => under(name, "Struct", of_members(members)),
        DataModelType::Enum(variants) => {
            let mut signature = under(name, "Enum", name);
            let mut i = 0;
            while i < variants.len() {
                let variant = variants[i];
                let members = match *variant.ty {
                    DataModelVariant::UnitVariant => signature::of("Unit"),
                    DataModelVariant::NewtypeVariant(inner) => {
                        under(name, "Newtype", of_type(inner))
                    }
                    DataModelVariant::TupleVariant(items) => under(name, "Tuple", of_types(items)),
                    DataModelVariant::StructVariant(members) => {
                        under(name, "Struct", of_members(members))
                    }
                };
                signature = under(signature, variant.name, members);
                i += 1;
            }
            signature
        }
        // The names of all others are their own: `u8`, `String`.
        _ => name,
    }
}

const fn under(name: Signature, kind: &str, inner: Signature) -> Signature {
    signature::pair(signature::pair(name, signature::of(kind)), inner)
}

const fn of_types(schemas: &[&NamedType]) -> Signature {
    let mut signature = signature::of("types");
    let mut i = 0;
    while i < schemas.len() {
        signature = signature::pair(signature, of_type(schemas[i]));
        i += 1;
    }
    signature
}

const fn of_members(members: &[&NamedValue]) -> Signature {
    let mut signature = signature::of("members");
    let mut i = 0;
    while i < members.len() {
        signature = under(signature, members[i].name, of_type(members[i].ty));
        i += 1;
    }
    signature
}
