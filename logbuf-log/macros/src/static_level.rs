//! Which calls are compiled out.

use logbuf_format::Level;
use syn::Expr;

/// Whether a call leaves code behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compiled {
    In,
    Out,
    /// The level is a constant whose value only rustc can tell.
    Unknown,
}

/// What becomes of a call at `level` if `max` is the most verbose level compiled in.
pub(crate) fn compiled(level: &Expr, max: Option<Level>) -> Compiled {
    match (known(level), max) {
        (_, Some(Level::Trace)) => Compiled::In,
        (_, None) => Compiled::Out,
        (Some(level), Some(max)) if level <= max => Compiled::In,
        (Some(_), Some(_)) => Compiled::Out,
        (None, Some(_)) => Compiled::Unknown,
    }
}

/// The level that `…::Level::Name` stands for.
fn known(level: &Expr) -> Option<Level> {
    match level {
        // What another macro took as an expression.
        Expr::Group(group) => known(&group.expr),
        Expr::Paren(paren) => known(&paren.expr),
        Expr::Path(path) => {
            let mut segments = path.path.segments.iter().rev();
            let (name, of) = (segments.next()?, segments.next()?);
            let is = |level: &Level| name.ident == format!("{level:?}");
            (of.ident == "Level").then(|| Level::ALL.into_iter().find(is))?
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_known_by_their_path() {
        let check = |level: &str, max, expected| {
            let expr = syn::parse_str(level).expect("the test's levels are expressions");
            assert_eq!(compiled(&expr, max), expected, "{level} {max:?}");
        };
        check("Level::Info", Some(Level::Info), Compiled::In);
        check("logbuf_log::Level::Debug", Some(Level::Info), Compiled::Out);
        check("(Level::Trace)", Some(Level::Debug), Compiled::Out);
        check("Level::Error", None, Compiled::Out);
        check("VERBOSITY", None, Compiled::Out);
        check("VERBOSITY", Some(Level::Debug), Compiled::Unknown);
        check("Debug", Some(Level::Info), Compiled::Unknown);
        check("Level::DEFAULT", Some(Level::Info), Compiled::Unknown);
        check("VERBOSITY", Some(Level::Trace), Compiled::In);
    }
}
