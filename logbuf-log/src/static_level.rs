//! Levels that are compiled out.
//!
//! Cargo features choose them, with the names and the meaning they have in the crate `log`. Which variant of the
//! procedural macro the log macros end in is chosen by the same features, so that macro and constant agree.

use logbuf_format::Level;

/// The most verbose level that was compiled in; `None` if none was.
///
/// The features `max_level_off`, `max_level_error`, `max_level_warn`, `max_level_info`, `max_level_debug` and `max_level_trace`
/// set it; in builds without debug assertions, which release builds are, the features `release_max_level_…` of the same
/// endings go before. Of several, the least verbose counts. Without any, all levels are compiled in. Libraries leave these
/// features to the program.
///
/// A call at a more verbose level leaves neither code nor a call site behind and evaluates none of its arguments;
/// the compiler checks it as any other. Where the level of [`log!`](crate::log!) is a constant of the program's own
/// (`log!(VERBOSITY, …)`), its description stays in the program, switched off.
///
/// ```
/// use logbuf_log::{Level, STATIC_MAX_LEVEL};
///
/// // The program's own choice is made at run time; this says whether it can be had.
/// assert!(STATIC_MAX_LEVEL >= Some(Level::Debug));
/// ```
pub const STATIC_MAX_LEVEL: Option<Level> = chosen::MAX;

pub use chosen::call;

/// Whether a call at `level` may leave code behind.
pub const fn is_compiled_in(level: Level) -> bool {
    match STATIC_MAX_LEVEL {
        Some(max) => level as u8 <= max as u8,
        None => false,
    }
}

/// The variant of the macro, and the level it stands for.
macro_rules! choose {
    ($call:ident, $max:expr) => {
        mod chosen {
            use super::Level;

            pub use logbuf_macros::$call as call;

            pub(super) const MAX: Option<Level> = $max;
        }
    };
}

cfg_select! {
    all(not(debug_assertions), feature = "release_max_level_off") => { choose!(call_off, None::<Level>); }
    all(not(debug_assertions), feature = "release_max_level_error") => { choose!(call_error, Some(Level::Error)); }
    all(not(debug_assertions), feature = "release_max_level_warn") => { choose!(call_warn, Some(Level::Warn)); }
    all(not(debug_assertions), feature = "release_max_level_info") => { choose!(call_info, Some(Level::Info)); }
    all(not(debug_assertions), feature = "release_max_level_debug") => { choose!(call_debug, Some(Level::Debug)); }
    all(not(debug_assertions), feature = "release_max_level_trace") => { choose!(call_trace, Some(Level::Trace)); }
    feature = "max_level_off" => { choose!(call_off, None::<Level>); }
    feature = "max_level_error" => { choose!(call_error, Some(Level::Error)); }
    feature = "max_level_warn" => { choose!(call_warn, Some(Level::Warn)); }
    feature = "max_level_info" => { choose!(call_info, Some(Level::Info)); }
    feature = "max_level_debug" => { choose!(call_debug, Some(Level::Debug)); }
    _ => { choose!(call_trace, Some(Level::Trace)); }
}
