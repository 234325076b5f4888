//! Rendered values are what `format!` prints, byte for byte.

use crate::{
    sample::{self, Sample},
    std_format::{ALIGNS, ALTERNATES, Flags, SIGNS, ZEROS},
};
use logbuf_format::{
    message::{self, Message},
    render::{self, Room},
    site::{Role, Slot},
    template::{Expected, Style},
    types::Type,
    value::{self, Str, Value},
};
use proptest::{prelude::*, sample::select};

pub(crate) const STYLES: [&str; 10] = ["", "?", "x?", "X?", "x", "X", "o", "b", "e", "E"];

pub(crate) fn slot(ty: Type) -> Slot {
    Slot { name: String::new(), role: Role::Argument, ty }
}

/// Renders a template whose values are these samples, by way of their bytes.
fn rendered(template: &str, samples: &[&Sample]) -> String {
    let slots: Vec<_> = samples.iter().map(|sample| slot(sample.ty())).collect();
    let mut bytes = Vec::new();
    samples.iter().for_each(|sample| sample.encode(&mut bytes));
    let message =
        Message::new(template, &slots).unwrap_or_else(|error| panic!("{template}: {error}"));
    let mut values = Vec::new();
    value::take_all(&slots, sample::definitions(), &bytes, &mut values).unwrap();
    let mut again = Vec::new();
    values.iter().for_each(|value| value.put(&mut again));
    assert_eq!(again, bytes, "{samples:?}");
    let mut text = String::from("before ");
    message.render(&values, &mut text, Room::most("")).unwrap();
    text.strip_prefix("before ").expect("rendering appends").to_owned()
}

/// Checks one spec against std: with width and precision as literals, and as values.
fn check(sample: &Sample, style: &str, flags: Flags, width: u16, precision: Option<u16>) {
    let (wide, precise) = (usize::from(width), precision.map(usize::from));
    let Some(expected) = sample.formatted(style, flags, wide, precise) else {
        let message = Message::new(&format!("{{0:{style}}}"), &[slot(sample.ty())]);
        assert!(matches!(message.unwrap_err().fault, message::Fault::Style { index: 0, .. }));
        return;
    };
    let Flags { align, sign, alternate, zero } = flags;
    let flags = format!("{align}{sign}{alternate}{zero}");
    let point = if precision.is_some() { "." } else { "" };
    let shown = precision.map(|precision| precision.to_string()).unwrap_or_default();
    let width_shown = if width == 0 { String::new() } else { width.to_string() };
    let template = format!("{{0:{flags}{width_shown}{point}{shown}{style}}}");
    assert_eq!(rendered(&template, &[sample]), expected, "{template} of {sample:?}");

    let index = if precision.is_some() { "2$" } else { "" };
    let template = format!("{{0:{flags}1${point}{index}{style}}}");
    let counts = [&Sample::U64(width.into()), &Sample::U16(precision.unwrap_or(0))];
    let all = rendered(&template, &[sample, counts[0], counts[1]]);
    assert_eq!(all, expected, "{template} of {sample:?}");
}

fn all_flags() -> Vec<Flags> {
    let mut all = Vec::new();
    for align in ALIGNS {
        for sign in SIGNS {
            for alternate in ALTERNATES {
                all.extend(ZEROS.map(|zero| Flags { align, sign, alternate, zero }));
            }
        }
    }
    all
}

#[test]
fn every_spec_with_values_at_the_edge() {
    let flags = all_flags();
    for (turn, sample) in sample::edges().iter().enumerate() {
        for style in STYLES {
            for (index, &flags) in flags.iter().enumerate() {
                // Widths and precisions take turns, so that each meets each flag and style with some value.
                let width = [0, 1, 5, 12, 40, 300][(turn + index / 5) % 6];
                let precision = [None, Some(0), Some(1), Some(3), Some(20)][(turn + index) % 5];
                check(sample, style, flags, width, precision);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn any_spec_with_any_value(
        sample in sample::any_sample(),
        style in select(&STYLES[..]),
        flags in select(all_flags()),
        width in prop_oneof![0..30_u16, 0..1000_u16],
        precision in prop_oneof![Just(None), (0..30_u16).prop_map(Some), (0..1000_u16).prop_map(Some)],
    ) {
        check(&sample, style, flags, width, precision);
    }

    #[test]
    fn any_fill(fill in any::<char>(), width in 0..20_u16, value in any::<i32>()) {
        let missing = usize::from(width).saturating_sub(value.to_string().len());
        let fills = |count| std::iter::repeat_n(fill, count).collect::<String>();
        let (before, after) = (missing / 2, missing - missing / 2);
        let template = |align| format!("{{0:{fill}{align}{width}}}");
        let sample = Sample::I32(value);
        prop_assert_eq!(rendered(&template('<'), &[&sample]), format!("{value}{}", fills(missing)));
        prop_assert_eq!(rendered(&template('>'), &[&sample]), format!("{}{value}", fills(missing)));
        let expected = format!("{}{value}{}", fills(before), fills(after));
        prop_assert_eq!(rendered(&template('^'), &[&sample]), expected);
    }
}

#[test]
fn whole_messages() {
    let (symbol, qty, px) = (Sample::Str("BTC-USD".into()), Sample::U64(3), Sample::F64(52_100.5));
    assert_eq!(
        rendered("filled {0} {1} @ {2:.2} {{{0:?}}}", &[&symbol, &qty, &px]),
        format!("filled {0} {1} @ {2:.2} {{{0:?}}}", "BTC-USD", 3, 52_100.5),
    );
    assert_eq!(rendered("", &[]), "");
    assert_eq!(rendered("}}", &[&qty]), "}");
}

#[test]
fn the_widest_is_what_std_prints() {
    let expected = format!("{:>65535.65535}", 1.5_f64);
    assert_eq!(rendered("{0:>65535.65535}", &[&Sample::F64(1.5)]), expected);
    let expected = format!("{:→^65535.5}", "größer");
    assert_eq!(rendered("{0:→^65535.5}", &[&Sample::Str("größer".into())]), expected);
    // Where `format!` panics, the width is the largest there is.
    let widest = rendered("{0:1$}", &[&Sample::U8(1), &Sample::U128(u128::MAX)]);
    assert_eq!(widest, format!("{:65535}", 1));
}

#[test]
fn text_is_printed_as_it_is() {
    let slots = [slot(Type::Text), slot(Type::seq(Type::Text))];
    let mut bytes = Vec::new();
    Value::Text(Str::new("a\n{b}")).put(&mut bytes);
    bytes.extend_from_slice(&2_u32.to_le_bytes());
    Value::Text(Str::new("x\ny")).put(&mut bytes);
    Value::Text(Str::new("")).put(&mut bytes);
    let mut values = Vec::new();
    value::take_all(&slots, sample::definitions(), &bytes, &mut values).unwrap();
    let mut text = String::new();
    Message::new("{0} {0:9.1x} {1:#?}", &slots)
        .unwrap()
        .render(&values, &mut text, Room::most(""))
        .unwrap();
    let list = [format_args!("x\ny"), format_args!("")];
    assert_eq!(text, format!("a\n{{b}} a\n{{b}} {list:#?}"));
}

#[cfg(unix)]
#[test]
fn strings_of_the_operating_system_that_are_not_utf_8() {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt};
    let odd =
        [&b"\xFF"[..], b"a\xF0\x9F\xC3\xA4\x80z", b"\"\xC3\"\n\x1B\xE2\x80\xAE", b"\xCC\x81\x00"];
    for bytes in odd {
        let sample = Sample::OsStr(OsString::from_vec(bytes.to_vec()));
        for flags in [all_flags()[0], all_flags()[2]] {
            check(&sample, "?", flags, 12, None);
        }
    }
}

#[test]
fn what_cannot_be_shown_is_marked() {
    let slots =
        [slot(Type::Redacted), slot(Type::postcard(Type::U8)), slot(Type::option(Type::Redacted))];
    let bytes = [0, 0, 0, 0x80, 1];
    let mut values = Vec::new();
    value::take_all(&slots, sample::definitions(), &bytes, &mut values).unwrap();
    let mut text = String::new();
    let message = Message::new("{0:9?}|{1:9?}|{2:?}", &slots).unwrap();
    message.render(&values, &mut text, Room::most("")).unwrap();
    assert_eq!(text, "[redacted]|[not encoded]|Some([redacted])");
}

/// A value as `postcard` encodes it, printed by its type and by std.
#[track_caller]
fn check_postcard<T: serde::Serialize + std::fmt::Debug + sample::Encode>(value: T) {
    let encoded = postcard::to_allocvec(&value).unwrap();
    let slots = [slot(Type::postcard(T::ty()))];
    let mut bytes = (encoded.len() as u32).to_le_bytes().to_vec();
    bytes.extend_from_slice(&encoded);
    let mut values = Vec::new();
    value::take_all(&slots, sample::definitions(), &bytes, &mut values).unwrap();
    let mut again = Vec::new();
    values[0].put(&mut again);
    assert_eq!(again, bytes);
    let mut text = String::new();
    Message::new("{0:#?}{0:02x?}", &slots)
        .unwrap()
        .render(&values, &mut text, Room::most(""))
        .unwrap();
    assert_eq!(text, format!("{value:#?}{value:02x?}"));
}

proptest! {
    #[test]
    fn values_encoded_by_postcard(
        unsigned in any::<(u16, u32, u64)>(), signed in any::<(i16, i32, i64)>(), wide in any::<(u128, i128, i8)>(),
        text in any::<(String, char, bool)>(), floats in any::<(f32, f64, Option<u8>)>(),
        result in any::<Result<u16, Vec<i32>>>(), lists in any::<Vec<([u16; 2],)>>(),
        map in prop::collection::btree_map(any::<String>(), any::<Option<()>>(), 0..4),
    ) {
        check_postcard(unsigned);
        check_postcard(signed);
        check_postcard(wide);
        check_postcard(text);
        check_postcard(floats);
        check_postcard(result);
        check_postcard(lists);
        check_postcard(map);
    }
}

#[test]
fn cut_strings_are_marked() {
    let slots = [slot(Type::Str), slot(Type::Text)];
    let mut bytes = Vec::new();
    Value::Str(Str { text: "abc", cut: true }).put(&mut bytes);
    Value::Text(Str { text: "def", cut: true }).put(&mut bytes);
    let mut values = Vec::new();
    value::take_all(&slots, sample::definitions(), &bytes, &mut values).unwrap();
    let mut text = String::new();
    Message::new("{0} {0:?} {1}", &slots)
        .unwrap()
        .render(&values, &mut text, Room::most(""))
        .unwrap();
    assert_eq!(text, "abc… \"abc\"… def…");
}

#[test]
fn fields() {
    let check = |value: Value<'_>, expected: &str| {
        let mut out = String::new();
        render::field(&mut out, &value, Room::most("")).unwrap();
        assert_eq!(out, expected);
    };
    check(Value::I64(-7), "-7");
    check(Value::F64(1.0), "1.0");
    check(Value::Bool(true), "true");
    check(Value::Unit, "()");
    check(Value::Char('\n'), "'\\n'");
    check(Value::Str(Str::new("a \"b\"")), "\"a \\\"b\\\"\"");
    check(Value::Text(Str::new("a \"b\"")), "a \"b\"");
}

#[test]
fn templates_that_do_not_fit_their_site() {
    let slots = [slot(Type::Str), slot(Type::I32), slot(Type::seq(Type::U8))];
    let check = |template: &str, offset, fault| {
        assert_eq!(
            Message::new(template, &slots),
            Err(message::Error { offset, fault }),
            "{template}"
        );
    };
    use message::Fault;
    check("a {}", 2, Fault::NotCanonical);
    check("a {b}", 2, Fault::NotCanonical);
    check("{0:a$}", 0, Fault::NotCanonical);
    check("{0:.*}", 0, Fault::NotCanonical);
    check("{3}", 0, Fault::NoValue { index: 3, values: 3 });
    check("{1}{1:4$}", 3, Fault::NoValue { index: 4, values: 3 });
    check("{1:1$}", 0, Fault::Count { index: 1, ty: Type::I32 });
    check("{1:.0$}", 0, Fault::Count { index: 0, ty: Type::Str });
    check("{0:x}", 0, Fault::Style { index: 0, ty: Type::Str, style: Style::LowerHex });
    check("{1:p}", 0, Fault::Style { index: 1, ty: Type::I32, style: Style::Pointer });
    check("{2}", 0, Fault::Style { index: 2, ty: Type::seq(Type::U8), style: Style::Display });
    let error = Message::new("ab{", &slots).unwrap_err();
    assert_eq!(error.offset, 3);
    let Fault::Template(inner) = error.fault else { panic!("{error:?}") };
    assert_eq!(inner.expected, Expected::Close { open: 2 });
}

/// Checks a float in the ways that are printed by other means than std's.
fn check_float(value: f64, precision: u16) {
    let places = usize::from(precision);
    let single = value as f32;
    for (sample, [plain, debug, fixed]) in [
        (
            Sample::F64(value),
            [format!("{value}"), format!("{value:?}"), format!("{value:.places$}")],
        ),
        (
            Sample::F32(single),
            [format!("{single}"), format!("{single:?}"), format!("{single:.places$}")],
        ),
    ] {
        assert_eq!(rendered("{0}", &[&sample]), plain);
        assert_eq!(rendered("{0:?}", &[&sample]), debug);
        assert_eq!(rendered(&format!("{{0:.{precision}}}"), &[&sample]), fixed, "of {sample:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Binary fractions have decimal ones of their own length: here are the ties.
    #[test]
    fn floats_of_few_bits(mantissa in -2000_i64..2000, exponent in -24_i32..60, precision in 0..20_u16) {
        check_float(mantissa as f64 * 2_f64.powi(exponent), precision);
    }

    #[test]
    fn floats_as_people_write_them(digits in -10_000_000_000_i64..10_000_000_000, places in 0..20, precision in 0..20_u16) {
        check_float(digits as f64 / 10_f64.powi(places), precision);
    }

    #[test]
    fn floats_of_any_bits(bits in any::<u64>(), precision in 0..20_u16) {
        check_float(f64::from_bits(bits), precision);
        check_float(f32::from_bits(bits as u32).into(), precision);
    }
}

#[test]
fn floats_at_the_edges_of_what_is_printed_quickly() {
    for exponent in -20..20 {
        let edge = 10_f64.powi(exponent);
        for value in [edge, edge.next_down(), edge.next_up(), 9.5 * edge, 2_f64.powi(3 * exponent)]
        {
            for precision in 0..20 {
                check_float(value, precision);
                check_float(-value, precision);
            }
        }
    }
}
