//! `()`, options and results.

use logbuf_format::types::Type;

use crate::Encode;
use crate::description::Description;
use crate::encoder::Encoder;
use crate::signature::{self, Signature};
use crate::value::Value;

impl Encode for () {
    type Value<'a> = ();
    #[inline(always)]
    fn value(&self) {}
}

impl Value for () {
    const SIGNATURE: Signature = signature::of("Unit");
    fn describe(_: &mut Description) -> Type {
        Type::Unit
    }
    #[inline(always)]
    fn encoded_len(self) -> usize {
        0
    }
    #[inline(always)]
    fn put(self, _: &mut Encoder<'_>) {}
}

impl<T: Encode> Encode for Option<T> {
    type Value<'a>
        = Option<T::Value<'a>>
    where
        T: 'a;
    #[inline(always)]
    fn value(&self) -> Option<T::Value<'_>> {
        self.as_ref().map(T::value)
    }
}

impl<V: Value> Value for Option<V> {
    const SIGNATURE: Signature = signature::pair(signature::of("Option"), V::SIGNATURE);
    fn describe(description: &mut Description) -> Type {
        Type::option(V::describe(description))
    }
    #[inline(always)]
    fn encoded_len(self) -> usize {
        1 + self.map_or(0, V::encoded_len)
    }
    #[inline(always)]
    fn put(self, out: &mut Encoder<'_>) {
        out.put(&[self.is_some().into()]);
        if let Some(value) = self {
            value.put(out);
        }
    }
}

impl<T: Encode, E: Encode> Encode for Result<T, E> {
    type Value<'a>
        = Result<T::Value<'a>, E::Value<'a>>
    where
        Self: 'a;
    #[inline(always)]
    fn value(&self) -> Result<T::Value<'_>, E::Value<'_>> {
        self.as_ref().map(T::value).map_err(E::value)
    }
}

impl<V: Value, W: Value> Value for Result<V, W> {
    const SIGNATURE: Signature =
        signature::pair(signature::of("Result"), signature::pair(V::SIGNATURE, W::SIGNATURE));
    fn describe(description: &mut Description) -> Type {
        let ok = V::describe(description);
        Type::result(ok, W::describe(description))
    }
    #[inline(always)]
    fn encoded_len(self) -> usize {
        1 + match self {
            Ok(value) => value.encoded_len(),
            Err(error) => error.encoded_len(),
        }
    }
    #[inline(always)]
    fn put(self, out: &mut Encoder<'_>) {
        out.put(&[self.is_err().into()]);
        match self {
            Ok(value) => value.put(out),
            Err(error) => error.put(out),
        }
    }
}
