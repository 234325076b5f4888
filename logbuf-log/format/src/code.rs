//! Small numbers with names, which keep a number that has none yet.

/// Declares a newtype over an integer with a constant for each known number.
///
/// Unlike an enum it holds what a later writer may have written, and hands it on.
macro_rules! codes {
    ($(#[$meta:meta])* $name:ident: $repr:ty { $($(#[$code_meta:meta])* $code:ident = $number:literal => $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub $repr);

        impl $name {
            $($(#[$code_meta])* pub const $code: Self = Self($number);)*
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.0 {
                    $($number => f.pad($text),)*
                    number => write!(f, "unknown ({number})"),
                }
            }
        }
    };
}

pub(crate) use codes;
