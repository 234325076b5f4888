//! The call: its syntax, when it evaluates, and what it does in unusual places.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use logbuf_log::{Encode, Level, debug, error, info, log, trace, warn};

use crate::support::{Session, Shown};

#[test]
fn every_level_has_its_macro() {
    let session = Session::start();
    error!("e");
    warn!("w");
    info!("i");
    debug!("d");
    trace!("t");
    log!(Level::Warn, "constant {}", 1);
    let levels: Vec<_> =
        session.shown().into_iter().map(|shown| (shown.level, shown.message)).collect();
    let expected = [
        (Level::Error, "e"),
        (Level::Warn, "w"),
        (Level::Info, "i"),
        (Level::Debug, "d"),
        (Level::Trace, "t"),
        (Level::Warn, "constant 1"),
    ];
    assert_eq!(levels, expected.map(|(level, message)| (level, message.to_owned())));
}

#[test]
fn fields_are_named_and_typed() {
    let session = Session::start();
    let (order_id, symbol, nothing) = (7_u32, "BTC-USD", None::<u8>);
    info!(order_id, symbol, "shorthand");
    info!(
        order_id = order_id + 1,
        venue.name = "XETR",
        "a b" = 1.5,
        r#type = 'x',
        "filled {symbol}"
    );
    info!(?nothing, %order_id, debug = ?symbol, display = %symbol, "formatted");
    info!(alone = true);
    let fields: Vec<_> =
        session.shown().into_iter().map(|shown| (shown.message, shown.fields)).collect();
    let expected = [
        ("shorthand", "order_id=7 symbol=\"BTC-USD\""),
        ("filled BTC-USD", "order_id=8 venue.name=\"XETR\" a b=1.5 type='x'"),
        ("formatted", "nothing=None order_id=7 debug=\"BTC-USD\" display=BTC-USD"),
        ("", "alone=true"),
    ];
    assert_eq!(fields, expected.map(|(message, fields)| (message.to_owned(), fields.to_owned())));
}

#[test]
fn the_target_is_the_module_or_what_was_given() {
    const AUDIT: &str = "audit";
    let session = Session::start();
    info!("here");
    info!(target: "gateway", "literal");
    info!(target: AUDIT, id = 1, "constant");
    log!(target: "first", Level::Info, "before the level");
    log!(Level::Info, target: "second", "behind the level");
    let targets: Vec<_> = session.shown().into_iter().map(|shown| shown.target).collect();
    assert_eq!(targets, [module_path!(), "gateway", "audit", "first", "second"]);
}

#[test]
fn the_place_of_the_call_is_known() {
    let session = Session::start();
    info!("here");
    let line = line!() - 1;
    let shown = session.shown().remove(0);
    assert_eq!((shown.file.as_str(), shown.line), (file!(), line));
}

#[test]
fn arguments_are_evaluated_once_and_only_if_the_site_is_on() {
    let counted = Cell::new(0);
    let count = || {
        counted.set(counted.get() + 1);
        counted.get()
    };
    let session = Session::start_with(|builder| builder.level(Level::Info));
    debug!(field = count(), "{}", count());
    assert_eq!(counted.get(), 0);
    info!(field = count(), "{0} {0:?}", count());
    assert_eq!(counted.get(), 2);
    let shown = session.shown();
    assert_eq!(shown.len(), 1);
    assert_eq!((shown[0].message.as_str(), shown[0].fields.as_str()), ("2 2", "field=1"));
}

#[test]
fn a_call_before_start_writes_nothing() {
    let evaluated = Cell::new(false);
    let call = || info!("{}", evaluated.replace(true));
    {
        let _no_other_logger = Session::lock();
        call();
    }
    assert!(!evaluated.get());
    let session = Session::start();
    call();
    assert_eq!(session.messages(), ["false"]);
}

/// One call site for all types.
fn generic<T: Encode + fmt::Debug>(value: T) {
    info!("generic {value:?}");
}

#[test]
fn one_call_site_with_many_types() {
    let session = Session::start();
    for round in 0..3_u8 {
        generic(round);
        generic("text");
        generic(u64::MAX);
        generic(1.5_f32);
        generic(&[1_u8, 2][..]);
        generic(String::from("owned"));
    }
    let round = |i| {
        [
            &format!("generic {i}"),
            "generic \"text\"",
            "generic 18446744073709551615",
            "generic 1.5",
            "generic [1, 2]",
            "generic \"owned\"",
        ]
        .map(str::to_owned)
    };
    assert_eq!(session.messages(), [round(0), round(1), round(2)].concat());
}

#[test]
fn owners_of_a_value_are_logged_as_the_value() {
    let session = Session::start();
    let (boxed, number, mut other) = (Box::new(5_u16), 6, 6);
    let (owned, borrowed) = (Cow::<str>::Owned("o".into()), Cow::Borrowed("b"));
    info!("{} {} {owned} {borrowed} {} {:?}", boxed, &&number, &mut other, Box::<str>::from("s"));
    assert_eq!(session.messages(), ["5 6 o b 6 \"s\""]);
}

#[test]
fn what_is_not_typed_is_formatted_at_the_call() {
    /// Prints what it is asked for.
    struct Asks;
    impl fmt::Debug for Asks {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "debug {:?} {:?} {}", f.width(), f.precision(), f.alternate())
        }
    }
    impl fmt::Display for Asks {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.pad("display")
        }
    }
    let session = Session::start();
    let width = 9;
    info!("{} {:?}", ?Asks, ?Asks);
    info!("{:>width$}|{0:#4.1?}", %Asks);
    info!("{:<1$}|{x:^10.2}|{}", %Asks, 8, x = %Asks);
    let expected = [
        "debug None None false debug None None false".to_owned(),
        format!("{:>width$}|{0:#4.1?}", Asks),
        format!("{:<1$}|{x:^10.2}|{1}", Asks, 8, x = Asks),
    ];
    assert_eq!(session.messages(), expected);
}

#[test]
fn formatted_text_finds_room_wherever_the_ring_stands() {
    const RECORDS: usize = 2000;
    let session = Session::start_with(|builder| builder.ring_capacity(4096));
    let mut expected = Vec::new();
    std::thread::scope(|scope| {
        // A thread of its own has a ring of the size asked for.
        scope.spawn(|| {
            for i in 0..RECORDS {
                let text = "x".repeat(i % 1500);
                info!("{i} {}", %text);
                expected.push(format!("{i} {text}"));
                session.flush();
            }
        });
    });
    session.check_messages(&expected);
}

#[test]
fn an_implementation_that_panics_costs_its_own_record_only() {
    struct Panics;
    impl fmt::Debug for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("on purpose")
        }
    }
    let session = Session::start();
    info!("before");
    let caught = std::panic::catch_unwind(|| info!("{:?} {}", ?Panics, 1));
    assert!(caught.is_err());
    info!("after");
    let decoded = session.decode();
    assert_eq!(decoded.messages(), ["before", "after"]);
}

#[test]
fn a_call_is_an_expression() {
    let session = Session::start();
    match 1 {
        1 => info!("arm"),
        _ => unreachable!(),
    }
    let closure = |x: u8| info!(x);
    closure(3);
    let shown: Vec<Shown> = session.shown();
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[1].fields, "x=3");
}
