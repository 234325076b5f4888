//! From the types of a site's values to operations.

use super::op::Op;
use crate::{
    definition::{Definitions, Shape, Variant},
    types::Type,
};

/// Most operations of one site. What they leave over is one item.
pub(super) const MAX_OPS: usize = 64;

/// Arrays that would take more operations than this are left to the item.
const MAX_ARRAY: usize = 16;

/// How deep named types are followed. Those that go deeper contain themselves, or are left to the item.
const MAX_DEPTH: usize = 16;

/// What the records of a site are made of, as far as the codec cares.
///
/// Values of fixed shape are taken apart into numbers and strings. From the first value of variable shape on (an option, a
/// sequence …) the rest of the record is one item, which is compared with the items before it and otherwise copied.
///
/// # Examples
///
/// ```
/// use logbuf_format::{definition::Definitions, packed::Layout, types::Type};
///
/// let types = [Type::U64, Type::Tuple(vec![Type::F32, Type::Str])];
/// let layout = Layout::new(&types, Definitions::none());
/// assert_ne!(layout, Layout::opaque());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub(super) ops: Vec<Op>,
}

/// The type has no fixed shape.
struct Variable;

impl Layout {
    /// The layout of records with values of these types.
    pub fn new<'t>(types: impl IntoIterator<Item = &'t Type>, definitions: &Definitions) -> Self {
        let mut ops = Vec::new();
        for ty in types {
            let before = ops.len();
            let flat = flatten(ty, definitions, MAX_DEPTH, &mut ops);
            // One operation is kept for the item.
            if flat.is_err() || ops.len() >= MAX_OPS {
                ops.truncate(before);
                ops.push(Op::Item);
                break;
            }
        }
        Self { ops }
    }

    /// The layout of records of which nothing is known: all of their values are one item.
    pub fn opaque() -> Self {
        Self { ops: vec![Op::Item] }
    }
}

/// Appends the operations of a type of fixed shape. After an error what was appended means nothing.
fn flatten(
    ty: &Type,
    definitions: &Definitions,
    depth: usize,
    ops: &mut Vec<Op>,
) -> Result<(), Variable> {
    let depth = depth.checked_sub(1).ok_or(Variable)?;
    match ty {
        Type::Unit | Type::Redacted => {}
        Type::Bool | Type::U8 | Type::I8 => ops.push(Op::int(1)),
        Type::U16 | Type::I16 => ops.push(Op::int(2)),
        Type::Char | Type::U32 | Type::I32 => ops.push(Op::int(4)),
        Type::U64 | Type::I64 => ops.push(Op::int(8)),
        Type::U128 | Type::I128 => ops.extend([Op::int(8); 2]),
        Type::F32 => ops.push(Op::bits(4)),
        Type::F64 => ops.push(Op::bits(8)),
        Type::Str | Type::Text | Type::OsStr | Type::Postcard(_) => ops.push(Op::Str),
        Type::Seq(item) if is_byte(item) => ops.push(Op::Str),
        Type::Duration | Type::SystemTime => ops.extend([Op::int(8), Op::int(4)]),
        Type::Array(item, count) => array(item, *count, definitions, depth, ops)?,
        Type::Tuple(items) => {
            items.iter().try_for_each(|item| flatten(item, definitions, depth, ops))?;
        }
        Type::Named(index) => match &definitions.get(*index).ok_or(Variable)?.shape {
            Shape::Struct(members) => {
                members.types().try_for_each(|ty| flatten(ty, definitions, depth, ops))?;
            }
            Shape::Enum(variants) => ops.push(tag(variants)?),
        },
        _ => return Err(Variable),
    }
    // Also where a few nested types stand for very many.
    if ops.len() < MAX_OPS { Ok(()) } else { Err(Variable) }
}

fn array(
    item: &Type,
    count: u32,
    definitions: &Definitions,
    depth: usize,
    ops: &mut Vec<Op>,
) -> Result<(), Variable> {
    let start = ops.len();
    if count > 0 {
        flatten(item, definitions, depth, ops)?;
    }
    let one = ops.len() - start;
    if one.saturating_mul(count as usize) > MAX_ARRAY {
        return Err(Variable);
    }
    // Items that take no operation are none, however many there are.
    if one > 0 {
        (1..count).for_each(|_| ops.extend_from_within(start..start + one));
    }
    Ok(())
}

/// An enum whose variants hold nothing is a number.
fn tag(variants: &[Variant]) -> Result<Op, Variable> {
    let is_plain = variants.iter().all(|variant| variant.members.is_empty());
    match (is_plain, variants.len()) {
        (true, ..=256) => Ok(Op::int(1)),
        (true, _) => Ok(Op::int(4)),
        (false, _) => Err(Variable),
    }
}

/// Whether a sequence of it looks like a string: a count, then as many bytes.
fn is_byte(ty: &Type) -> bool {
    matches!(ty, Type::U8 | Type::I8 | Type::Bool)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ops(types: &[Type]) -> Vec<Op> {
        Layout::new(types, Definitions::none()).ops
    }

    #[test]
    fn fixed_shapes_are_taken_apart() {
        let quote = Type::Tuple(vec![Type::array(Type::F64, 2), Type::U8, Type::Unit]);
        let expected = [Op::bits(8), Op::bits(8), Op::int(1), Op::Str, Op::int(8), Op::int(4)];
        assert_eq!(ops(&[quote, Type::seq(Type::U8), Type::Duration]), expected);
    }

    #[test]
    fn a_value_of_variable_shape_ends_in_an_item() {
        let types = [Type::U8, Type::Tuple(vec![Type::U16, Type::option(Type::U8)]), Type::U8];
        assert_eq!(ops(&types), [Op::int(1), Op::Item]);
    }

    #[test]
    fn large_shapes_end_in_an_item() {
        assert_eq!(ops(&[Type::array(Type::U8, 17)]), [Op::Item]);
        assert_eq!(ops(&[Type::array(Type::Unit, u32::MAX)]), []);
        let nested = (0..12).fold(Type::U8, |ty, _| Type::Tuple(vec![ty.clone(), ty]));
        assert_eq!(ops(&[nested]), [Op::Item]);
        let many = vec![Type::U8; 200];
        assert_eq!(ops(&many).len(), MAX_OPS);
        assert_eq!(ops(&many)[MAX_OPS - 1], Op::Item);
        assert_eq!(ops(&many[..MAX_OPS - 1]), [Op::int(1); MAX_OPS - 1]);
    }
}
