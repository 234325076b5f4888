//! What the decoder prints is what `format!` prints: over the grammar of `std::fmt`, for random and extreme values.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::Session;

/// Draws one value.
fn draw<S: Strategy>(runner: &mut TestRunner, strategy: S) -> S::Value {
    strategy.new_tree(runner).expect("the strategy rejects nothing").current()
}

#[test]
fn random_values_in_every_specification_print_as_format_does() {
    const CASES: usize = 24;
    let session = Session::start();
    let mut runner = TestRunner::deterministic();
    let mut expected = Vec::new();
    for _ in 0..CASES {
        integer!(expected, draw(&mut runner, any::<u8>()));
        integer!(expected, draw(&mut runner, any::<u16>()));
        integer!(expected, draw(&mut runner, any::<u32>()));
        integer!(expected, draw(&mut runner, any::<u64>()));
        integer!(expected, draw(&mut runner, any::<u128>()));
        integer!(expected, draw(&mut runner, any::<usize>()));
        integer!(expected, draw(&mut runner, any::<i8>()));
        integer!(expected, draw(&mut runner, any::<i16>()));
        integer!(expected, draw(&mut runner, any::<i32>()));
        integer!(expected, draw(&mut runner, any::<i64>()));
        integer!(expected, draw(&mut runner, any::<i128>()));
        integer!(expected, draw(&mut runner, any::<isize>()));
        float!(expected, draw(&mut runner, any::<f32>()));
        float!(expected, draw(&mut runner, any::<f64>()));
        float!(expected, draw(&mut runner, -1e6..1e6_f64));
        string!(expected, draw(&mut runner, ".{0,20}"));
        string!(expected, draw(&mut runner, any::<char>()));
        string!(expected, draw(&mut runner, any::<bool>()));
        debug_only!(expected, draw(&mut runner, prop::collection::vec(any::<u8>(), 0..9)));
        debug_only!(expected, draw(&mut runner, prop::collection::vec(any::<f32>(), 0..4)));
        debug_only!(expected, draw(&mut runner, prop::collection::vec(".{0,3}", 0..4)));
        session.flush();
    }
    session.check_messages(&expected);
}

#[test]
fn random_widths_and_precisions_print_as_format_does() {
    const CASES: usize = 200;
    let session = Session::start();
    let mut runner = TestRunner::deterministic();
    let mut expected = Vec::new();
    for _ in 0..CASES {
        let (width, prec) = draw(&mut runner, (0..40_usize, 0..12_usize));
        let (int, float, text) = draw(&mut runner, (any::<i32>(), any::<f64>(), ".{0,12}"));
        agree!(expected, "{int:width$}|{int:<width$}|{int:^+width$}|{int:0width$}|{int:#0width$x}");
        agree!(expected, "{float:width$.prec$}|{float:<+width$.prec$e}|{float:0width$.prec$?}");
        agree!(expected, "{text:width$.prec$}|{text:-^width$}|{text:>.prec$}|{text:width$?}");
        agree!(expected, "{:.*} {:>3$} {2:>3$.prec$}", prec, float, text, width);
        agree!(expected, "{:>w$.p$} {0:?} {name}", float, w = width, p = prec, name = int);
        session.flush();
    }
    session.check_messages(&expected);
}

#[test]
fn every_type_at_its_extremes_prints_as_format_does() {
    let session = Session::start();
    let mut expected = Vec::new();
    macro_rules! integers {
        ($($type:ty)*) => {$(
            integer!(expected, <$type>::MIN);
            integer!(expected, <$type>::MAX);
            integer!(expected, 0 as $type);
        )*};
    }
    integers! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }
    session.flush();
    for value in [
        0.0,
        -0.0,
        1e16,
        1e-7,
        123_456_789.0,
        0.1,
        f32::MIN_POSITIVE,
        f32::MAX,
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
    ] {
        float!(expected, value);
        float!(expected, f64::from(value));
    }
    for value in [f64::MIN, f64::MAX, f64::MIN_POSITIVE, 5e-324, f64::EPSILON, 1e21, 1e15 + 0.3] {
        float!(expected, value);
    }
    session.flush();
    let long = "ß".repeat(32 << 10);
    for value in ["", "\0", "a\"b\\c\n\t\u{1b}[31m", "日本語", "👩‍👩‍👧", "\u{202e}", "{}{{0}}", &long]
    {
        string!(expected, value);
        string!(expected, String::from(value));
        session.flush();
    }
    for value in ['\0', '\'', 'é', '\u{10FFFF}', '\u{301}'] {
        string!(expected, value);
    }
    debug_only!(expected, ());
    debug_only!(expected, &[0_u8; 0][..]);
    debug_only!(expected, &[0_u8, 127, 128, 255][..]);
    debug_only!(expected, vec![vec![1_u16], vec![], vec![2, 3]]);
    debug_only!(expected, ["a", "\n"]);
    session.flush();
    debug_only!(expected, vec![7_u8; 1 << 10]);
    session.check_messages(&expected);
}

#[test]
fn arguments_in_every_position_print_as_format_does() {
    let session = Session::start();
    let mut expected = Vec::new();
    let (a, b, r#type, width) = (1, "two", 3.5, 6);
    agree!(expected, "");
    agree!(expected, "no arguments");
    agree!(expected, "{{}} {{{a}}} }}{{");
    agree!(expected, "{a} {b} {type} {a}");
    agree!(expected, "{} {} {0} {1} {}", a, b, r#type);
    agree!(expected, "{1:?} {0:?} {1} {x}", a, b, x = r#type);
    agree!(expected, "{:>width$} {b:>width$} {:>1$} {:>2$}", a, 4, width);
    agree!(expected, "{1:.0$} {1:.*} {2}", 2, r#type, b);
    agree!(expected, "{:?} {}", a as f64 + r#type, if a == 1 { "one" } else { "other" },);
    agree!(expected, r"raw \n {a}");
    agree!(expected, r#"raw "{b}""#);
    agree!(
        expected,
        "line\
        continued {a}\u{e9}\x41"
    );
    agree!(expected, "{a:}  {b: >5} {a:#?}{a:}",);
    agree!(
        expected,
        "{} {} {} {} {} {} {} {} {}",
        1_u8,
        2_i16,
        3_u32,
        4_i64,
        5_u128,
        6_f32,
        true,
        'c',
        "s"
    );
    agree!(expected, "{0}{0}{0}{0}{0}{0}{0}{0}{0}{0}{1}", a, b);
    session.check_messages(&expected);
}

#[test]
fn pointers_print_their_address() {
    let session = Session::start();
    let mut expected = Vec::new();
    let (value, slice) = (7, &[1_u8, 2][..]);
    let reference = &value;
    agree!(expected, "{reference:p} {:p} {:#p} {:24p}|", slice, reference as *const i32, reference);
    session.check_messages(&expected);
}
