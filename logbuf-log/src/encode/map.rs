//! Maps and sets.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use logbuf_format::types::Type;

use crate::Encode;
use crate::description::Description;
use crate::encoder::Encoder;
use crate::signature::{self, Signature};
use crate::value::Value;

macro_rules! map {
    ($($map:ident<K, V $(, $hasher:ident)?>;)*) => {$(
        impl<K: Encode, V: Encode $(, $hasher)?> Encode for $map<K, V $(, $hasher)?> {
            type Value<'a>
                = &'a Self
            where
                Self: 'a;
            #[inline(always)]
            fn value(&self) -> &Self {
                self
            }
        }

        impl<'a, K: Encode, V: Encode $(, $hasher)?> Value for &'a $map<K, V $(, $hasher)?> {
            const SIGNATURE: Signature = signature::pair(
                signature::of("Map"),
                signature::pair(
                    <K::Value<'a> as Value>::SIGNATURE,
                    <V::Value<'a> as Value>::SIGNATURE,
                ),
            );
            fn describe(description: &mut Description) -> Type {
                let key = K::Value::<'a>::describe(description);
                Type::map(key, V::Value::<'a>::describe(description))
            }
            fn encoded_len(self) -> usize {
                self.iter().fold(4, |len, (key, value)| {
                    len + key.value().encoded_len() + value.value().encoded_len()
                })
            }
            fn put(self, out: &mut Encoder<'_>) {
                out.put_count(self.len());
                for (key, value) in self {
                    key.value().put(out);
                    value.value().put(out);
                }
            }
        }
    )*};
}

map! {
    BTreeMap<K, V>;
    HashMap<K, V, S>;
}

macro_rules! set {
    ($($set:ident<T $(, $hasher:ident)?>;)*) => {$(
        impl<T: Encode $(, $hasher)?> Encode for $set<T $(, $hasher)?> {
            type Value<'a>
                = &'a Self
            where
                Self: 'a;
            #[inline(always)]
            fn value(&self) -> &Self {
                self
            }
        }

        impl<'a, T: Encode $(, $hasher)?> Value for &'a $set<T $(, $hasher)?> {
            const SIGNATURE: Signature =
                signature::pair(signature::of("Set"), <T::Value<'a> as Value>::SIGNATURE);
            fn describe(description: &mut Description) -> Type {
                Type::set(T::Value::<'a>::describe(description))
            }
            fn encoded_len(self) -> usize {
                self.iter().fold(4, |len, item| len + item.value().encoded_len())
            }
            fn put(self, out: &mut Encoder<'_>) {
                out.put_count(self.len());
                for item in self {
                    item.value().put(out);
                }
            }
        }
    )*};
}

set! {
    BTreeSet<T>;
    HashSet<T, S>;
}
