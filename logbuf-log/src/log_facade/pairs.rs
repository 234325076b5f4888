//! The key/values of a record of `log`.

use log::kv::{self, Key, Value, VisitSource, VisitValue};

use crate::dynamic::Scalar;
use crate::relayed::{Pairs, Values};
use crate::typed::Typed;

/// The key/values of a record.
pub(super) struct Source<'a>(pub(super) &'a log::Record<'a>);

impl Pairs for Source<'_> {
    fn show(&self, values: &mut Values<'_, '_>) {
        // What takes them never fails.
        let _all = self.0.key_values().visit(&mut Show(values));
    }

    fn names(&self) -> Vec<String> {
        struct Names(Vec<String>);
        impl<'kv> VisitSource<'kv> for Names {
            fn visit_pair(&mut self, key: Key<'kv>, _: Value<'kv>) -> Result<(), kv::Error> {
                self.0.push(key.as_str().to_owned());
                Ok(())
            }
        }
        let mut names = Names(Vec::new());
        // As above.
        let _all = self.0.key_values().visit(&mut names);
        names.0
    }
}

struct Show<'v, 'o, 'r>(&'v mut Values<'o, 'r>);

impl<'kv> VisitSource<'kv> for Show<'_, '_, '_> {
    fn visit_pair(&mut self, key: Key<'kv>, value: Value<'kv>) -> Result<(), kv::Error> {
        self.0.add(key.as_str(), |typed| {
            let mut put = Put { typed, scalar: None };
            // As above.
            let _put = value.visit(&mut put);
            put.scalar
        });
        Ok(())
    }
}

/// Writes one value; nothing if there is no room.
struct Put<'t, 'o, 'r> {
    typed: &'t mut Typed<'o, 'r>,
    scalar: Option<Scalar>,
}

impl Put<'_, '_, '_> {
    fn number<const N: usize>(&mut self, scalar: Scalar, bytes: [u8; N]) -> Result<(), kv::Error> {
        self.scalar = self.typed.put(bytes).then_some(scalar);
        Ok(())
    }
}

impl<'v> VisitValue<'v> for Put<'_, '_, '_> {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), kv::Error> {
        self.scalar = self.typed.put_text(format_args!("{value}")).then_some(Scalar::Text);
        Ok(())
    }
    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.number(Scalar::U64, value.to_le_bytes())
    }
    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.number(Scalar::I64, value.to_le_bytes())
    }
    fn visit_u128(&mut self, value: u128) -> Result<(), kv::Error> {
        self.number(Scalar::U128, value.to_le_bytes())
    }
    fn visit_i128(&mut self, value: i128) -> Result<(), kv::Error> {
        self.number(Scalar::I128, value.to_le_bytes())
    }
    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        self.number(Scalar::F64, value.to_le_bytes())
    }
    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.number(Scalar::Bool, [value.into()])
    }
    fn visit_str(&mut self, value: &str) -> Result<(), kv::Error> {
        self.scalar = self.typed.put_str(value).then_some(Scalar::Str);
        Ok(())
    }
}
