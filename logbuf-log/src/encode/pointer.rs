//! References and owners, which are logged as what they refer to.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::Encode;

macro_rules! pointer {
    ($($pointer:ty, $($bound:ident)?;)*) => {$(
        impl<T: Encode $(+ $bound)? + ?Sized> Encode for $pointer {
            type Value<'a>
                = T::Value<'a>
            where
                Self: 'a;
            #[inline(always)]
            fn value(&self) -> T::Value<'_> {
                (**self).value()
            }
        }
    )*};
}

pointer! {
    &T,;
    &mut T,;
    Cow<'_, T>, ToOwned;
    Box<T>,;
    Rc<T>,;
    Arc<T>,;
}
