//! Tuples.

use logbuf_format::types::Type;

use crate::Encode;
use crate::description::Description;
use crate::encoder::Encoder;
use crate::signature::{self, Signature};
use crate::value::Value;

macro_rules! tuple {
    ($($type:ident $index:tt)*) => {
        impl<$($type: Encode),*> Encode for ($($type,)*) {
            type Value<'a>
                = &'a Self
            where
                Self: 'a;
            #[inline(always)]
            fn value(&self) -> &Self {
                self
            }
        }

        impl<'a, $($type: Encode),*> Value for &'a ($($type,)*) {
            const SIGNATURE: Signature = {
                let signature = signature::of("Tuple");
                $(let signature = signature::pair(signature, <$type::Value<'a> as Value>::SIGNATURE);)*
                signature
            };
            fn describe(description: &mut Description) -> Type {
                Type::Tuple(vec![$(<$type::Value<'a>>::describe(description)),*])
            }
            #[inline(always)]
            fn encoded_len(self) -> usize {
                0 $(+ self.$index.value().encoded_len())*
            }
            #[inline(always)]
            fn put(self, out: &mut Encoder<'_>) {
                $(self.$index.value().put(out);)*
            }
        }
    };
}

tuple! { A 0 }
tuple! { A 0 B 1 }
tuple! { A 0 B 1 C 2 }
tuple! { A 0 B 1 C 2 D 3 }
tuple! { A 0 B 1 C 2 D 3 E 4 }
tuple! { A 0 B 1 C 2 D 3 E 4 F 5 }
tuple! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 }
tuple! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 }
tuple! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 }
tuple! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 }
tuple! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 }
tuple! { A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 }
