//! Records of the crate `log`, by themselves, beside `tracing`, and by way of it.

use std::sync::Once;

use logbuf_log::log_facade::{self, LogInitError};
use logbuf_log::{Level, context};

use crate::support::{Session, Shown};

/// Has `log` log here: it can be set once in a process.
fn init() {
    static SET: Once = Once::new();
    SET.call_once(|| log_facade::init().expect("there is no other"));
    assert_eq!(log_facade::init(), Err(LogInitError::LoggerIsSet));
}

#[test]
fn a_record_has_its_origin_and_typed_values() {
    let session = Session::start();
    init();
    let line = line!() + 1;
    log::info!(id = 7, ratio = 0.5, ok = true, name = "n", debug:? = Some(1), char = 'c'; "took {} ms", 12);
    log::warn!(target: "elsewhere", "plain");
    log::logger().flush();
    let stats = session.stats();
    assert_eq!(stats.written, 2, "both are in the file");
    let shown = session.shown();
    let Shown { level, target, file, message, fields, .. } = &shown[0];
    assert_eq!((*level, &**target, shown[0].line), (Level::Info, module_path!(), line));
    assert!(file.ends_with("log_facade.rs"), "{file}");
    assert_eq!(message, "took 12 ms");
    assert_eq!(fields, "id=7 ratio=0.5 ok=true name=\"n\" debug=Some(1) char=\"c\"");
    assert_eq!((&*shown[1].target, &*shown[1].message), ("elsewhere", "plain"));
}

#[test]
fn the_filter_is_that_of_the_logger() {
    let session = Session::start_with(|builder| builder.level(Level::Info));
    init();
    assert_eq!(log::max_level(), log::LevelFilter::Info);
    let call = |i: u32| {
        log::debug!(target: "a", "a {i}");
        log::debug!(target: "b", "b {i}");
    };
    call(1);
    session.guard().set_filter("warn,a=debug".parse().expect("they are directives"));
    assert_eq!(log::max_level(), log::LevelFilter::Debug);
    assert!(log::log_enabled!(target: "a", log::Level::Debug));
    assert!(!log::log_enabled!(target: "b", log::Level::Info));
    call(2);
    session.guard().set_filter("off".parse().expect("it is a directive"));
    assert_eq!(log::max_level(), log::LevelFilter::Off);
    call(3);
    assert_eq!(session.messages(), ["a 2"]);
}

#[test]
fn targets_that_are_made_at_run_time_are_bounded() {
    const TARGETS: usize = 4200;
    let session = Session::start();
    init();
    for i in 0..TARGETS {
        let target = format!("made {i}");
        log::info!(target: &target, i; "message {i}");
    }
    let shown = session.shown();
    assert_eq!(shown.len(), TARGETS);
    let mut in_fields = 0;
    for (i, shown) in shown.iter().enumerate() {
        assert_eq!(shown.message, format!("message {i}"));
        if shown.target == "log" {
            in_fields += 1;
            let expected = format!("log.target=\"made {i}\" log.file=");
            assert!(shown.fields.starts_with(&expected), "{}", shown.fields);
            assert!(shown.fields.ends_with(&format!(" i={i}")), "{}", shown.fields);
        } else {
            assert_eq!((&shown.target, &shown.fields), (&format!("made {i}"), &format!("i={i}")));
        }
    }
    // Other tests have met some, too.
    assert!((TARGETS - 4096..TARGETS - 4000).contains(&in_fields), "{in_fields}");
}

#[test]
fn what_is_too_long_or_too_much_is_cut_and_marked() {
    let session = Session::start();
    init();
    let long = "x".repeat(100_000);
    log::info!("{long}");
    log::info!(long = long.as_str(), after = 1; "long");
    let shown = session.shown();
    assert!(shown[0].message.ends_with('…') && shown[0].message.len() < 33_000);
    assert!(shown[1].fields.ends_with("truncated=true"), "{}", &shown[1].fields[32_000..]);
}

#[test]
fn records_are_in_contexts() {
    let session = Session::start();
    init();
    let _context = context!(session = 7);
    log::info!("in it");
    assert_eq!(session.shown()[0].context, "session=7");
}

#[cfg(feature = "tracing")]
mod beside_tracing {
    use logbuf_log::tracing::Layer;
    use tracing::info_span;
    use tracing::subscriber::with_default;
    use tracing_subscriber::prelude::*;

    use super::*;
    use crate::support::{is_on_its_own, spanned};

    #[test]
    fn all_facades_are_in_one_order_under_one_filter() {
        let session = Session::start();
        init();
        session.guard().set_filter("info,loud=trace".parse().expect("they are directives"));
        with_default(tracing_subscriber::registry().with(Layer::new()), || {
            let _span = info_span!("request", id = 1).entered();
            for i in 0..20 {
                logbuf_log::info!("{} macro", 3 * i);
                tracing::info!("{} tracing", 3 * i + 1);
                log::info!("{} log", 3 * i + 2);
                logbuf_log::debug!("not this");
                tracing::debug!("not this");
                log::debug!("not this");
            }
            logbuf_log::trace!(target: "loud", "60 macro");
            tracing::trace!(target: "loud", "61 tracing");
            log::trace!(target: "loud", "62 log");
        });
        let (lost, lines) = spanned(session);
        assert_eq!(lost, []);
        let facades = ["macro", "tracing", "log"].into_iter().cycle();
        let expected: Vec<_> = facades
            .take(63)
            .enumerate()
            .map(|(i, by)| format!("request{{id=1}}: {i} {by}"))
            .collect();
        assert_eq!(lines, expected);
    }

    /// `log` hands its records to `tracing` in this one.
    #[test]
    fn what_comes_by_way_of_tracing_is_recorded_once_as_what_it_was() {
        let test = "what_comes_by_way_of_tracing_is_recorded_once_as_what_it_was";
        if !is_on_its_own(&format!("log_facade::beside_tracing::{test}")) {
            return;
        }
        let session = Session::start();
        tracing_log::LogTracer::init().expect("there is no other");
        assert_eq!(log_facade::init(), Err(LogInitError::LoggerIsSet));
        session.guard().set_filter("info,loud=debug".parse().expect("they are directives"));
        let line = line!() + 4;
        with_default(tracing_subscriber::registry().with(Layer::new()), || {
            let _span = info_span!("request").entered();
            tracing::info!("traced");
            log::info!("logged {}", 1);
            log::debug!("not this");
            log::debug!(target: "loud", "logged 2");
        });
        let shown = session.shown();
        let found: Vec<_> = shown.iter().map(|shown| (&*shown.target, &*shown.message)).collect();
        let here = module_path!();
        assert_eq!(found, [(here, "traced"), (here, "logged 1"), ("loud", "logged 2")]);
        assert_eq!((shown[1].line, &*shown[1].fields), (line, ""));
        assert!(shown[1].file.ends_with("log_facade.rs"), "{}", shown[1].file);
    }
}
