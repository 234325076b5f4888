//! Sequences: slices, arrays, vectors, and what iterates as they do.

use std::collections::{BinaryHeap, LinkedList, VecDeque};

use logbuf_format::types::Type;

use crate::Encode;
use crate::description::Description;
use crate::encoder::Encoder;
use crate::signature::{self, Signature};
use crate::value::Value;

impl<T: Encode> Encode for [T] {
    type Value<'a>
        = &'a [T]
    where
        T: 'a;
    #[inline(always)]
    fn value(&self) -> &[T] {
        self
    }
}

impl<T: Encode> Encode for Vec<T> {
    type Value<'a>
        = &'a [T]
    where
        T: 'a;
    #[inline(always)]
    fn value(&self) -> &[T] {
        self
    }
}

impl<'a, T: Encode> Value for &'a [T] {
    const SIGNATURE: Signature =
        signature::pair(signature::of("Seq"), <T::Value<'a> as Value>::SIGNATURE);
    fn describe(description: &mut Description) -> Type {
        Type::seq(T::Value::<'a>::describe(description))
    }
    #[inline(always)]
    fn encoded_len(self) -> usize {
        4 + T::items_len(self)
    }
    #[inline(always)]
    fn put(self, out: &mut Encoder<'_>) {
        out.put_count(self.len());
        T::put_items(self, out);
    }
}

impl<T: Encode, const N: usize> Encode for [T; N] {
    type Value<'a>
        = &'a [T; N]
    where
        T: 'a;
    #[inline(always)]
    fn value(&self) -> &[T; N] {
        self
    }
    #[inline(always)]
    fn items_len(items: &[Self]) -> usize {
        T::items_len(items.as_flattened())
    }
    #[inline(always)]
    fn put_items(items: &[Self], out: &mut Encoder<'_>) {
        T::put_items(items.as_flattened(), out);
    }
}

impl<'a, T: Encode, const N: usize> Value for &'a [T; N] {
    const SIGNATURE: Signature = signature::pair(
        signature::pair(signature::of("Array"), N as u64),
        <T::Value<'a> as Value>::SIGNATURE,
    );
    fn describe(description: &mut Description) -> Type {
        const { assert!(N <= u32::MAX as usize, "an array has fewer than 2³² items") };
        Type::array(T::Value::<'a>::describe(description), N as u32)
    }
    #[inline(always)]
    fn encoded_len(self) -> usize {
        T::items_len(self)
    }
    #[inline(always)]
    fn put(self, out: &mut Encoder<'_>) {
        T::put_items(self, out);
    }
}

macro_rules! list {
    ($($list:ident)*) => {$(
        impl<T: Encode> Encode for $list<T> {
            type Value<'a>
                = &'a Self
            where
                T: 'a;
            #[inline(always)]
            fn value(&self) -> &Self {
                self
            }
        }

        impl<'a, T: Encode> Value for &'a $list<T> {
            const SIGNATURE: Signature = <&'a [T]>::SIGNATURE;
            fn describe(description: &mut Description) -> Type {
                <&'a [T]>::describe(description)
            }
            #[inline(always)]
            fn encoded_len(self) -> usize {
                self.iter().fold(4, |len, item| len + item.value().encoded_len())
            }
            #[inline(always)]
            fn put(self, out: &mut Encoder<'_>) {
                out.put_count(self.len());
                for item in self {
                    item.value().put(out);
                }
            }
        }
    )*};
}

list! { VecDeque LinkedList BinaryHeap }
