//! Typed values, as text and as JSON.

use crate::file::{File, pack, site};
use logbuf_decode::{Json, Level, Reader, Render, Text};
use logbuf_format::{
    definition::{Definition, Definitions, Member, Members, Shape, Variant},
    types::Type,
    value::{OsStr, Str, SystemTime, Value},
};
use std::{io::Cursor, net::IpAddr, time::Duration};

/// The fields of a record that holds one value: in a line of text, and in JSON.
fn render(ty: Type, value: &[u8]) -> (String, String) {
    render_defined(ty, Definitions::default(), value)
}

/// The same for a type with named types in it.
fn render_defined(ty: Type, definitions: Definitions, value: &[u8]) -> (String, String) {
    let mut file = File::new(1);
    let mut site = site(1, Level::Info, "m", &[("v", ty)]);
    site.definitions = definitions;
    file.sites(&[site]).threads(&[(1, 1, "main")]);
    file.events(&[(1, &[(1, 0, value.to_vec())])]).end();
    let mut reader = Reader::new();
    reader.add_stream("test", Cursor::new(file.bytes()));
    let (mut text, mut json) = (String::new(), String::new());
    reader.for_each(|record| {
        Text::new().record(record, &mut text).expect("a short line");
        Json::new().record(record, &mut json).expect("a short line");
    });
    assert!(reader.findings().is_empty());
    let text = text.split_once(": m  v=").expect("the field").1.trim_end_matches('\n').to_owned();
    let json = json.split_once("\"fields\":{\"v\":").expect("the field").1;
    (text, json.trim_end_matches("}}\n").to_owned())
}

#[track_caller]
fn check(ty: Type, value: Value<'_>, text: &str, json: &str) {
    assert_eq!(render(ty, &pack(&[value])), (text.to_owned(), json.to_owned()));
}

#[test]
fn integers_are_numbers_whatever_their_width() {
    check(Type::U8, Value::U8(255), "255", "255");
    check(Type::U64, Value::U64(u64::MAX), "18446744073709551615", "18446744073709551615");
    let max = "340282366920938463463374607431768211455";
    check(Type::U128, Value::U128(u128::MAX), max, max);
    let min = "-170141183460469231731687303715884105728";
    check(Type::I128, Value::I128(i128::MIN), min, min);
    check(Type::I16, Value::I16(-1), "-1", "-1");
}

#[test]
fn floats_are_numbers_where_json_has_them() {
    check(Type::F64, Value::F64(0.1), "0.1", "0.1");
    check(Type::F32, Value::F32(0.1), "0.1", "0.1");
    check(Type::F64, Value::F64(-0.0), "-0.0", "-0.0");
    check(Type::F64, Value::F64(1e300), "1e300", "1e+300");
    check(Type::F64, Value::F64(f64::NAN), "NaN", "\"NaN\"");
    check(Type::F64, Value::F64(f64::INFINITY), "inf", "\"inf\"");
    check(Type::F32, Value::F32(f32::NEG_INFINITY), "-inf", "\"-inf\"");
}

#[test]
fn the_rest_is_what_it_is_called() {
    check(Type::Unit, Value::Unit, "()", "null");
    check(Type::Bool, Value::Bool(true), "true", "true");
    check(Type::Char, Value::Char('"'), "'\"'", r#""\"""#);
    check(Type::Str, Value::Str(Str::new("a\"b\n")), r#""a\"b\n""#, r#""a\"b\n""#);
    check(Type::Text, Value::Text(Str::new("a b")), "a b", "\"a b\"");
    check(Type::Text, Value::Text(Str { text: "a", cut: true }), "a…", "\"a…\"");
    let mut seq = 2_u32.to_le_bytes().to_vec();
    seq.extend(pack(&[Value::F32(1.0), Value::F32(f32::NAN)]));
    let (text, json) = render(Type::seq(Type::F32), &seq);
    assert_eq!((text.as_str(), json.as_str()), ("[1.0, NaN]", r#"[1.0,"NaN"]"#));
}

#[test]
fn nested_values_keep_their_shape() {
    let pair = [Type::Str, Type::U8];
    let text = |text: &str| pack(&[Value::Str(Str::new(text))]);
    let (one, two) = (1_u32.to_le_bytes(), 2_u32.to_le_bytes());
    for (ty, value, json) in [
        (Type::Option(Box::new(Type::U8)), vec![0], "null"),
        (Type::Option(Box::new(Type::U8)), vec![1, 7], "7"),
        (Type::Result(Box::new(pair.clone())), [&[1][..], &[7]].concat(), r#"{"Err":7}"#),
        (Type::Result(Box::new(pair.clone())), [&[0][..], &text("a")].concat(), r#"{"Ok":"a"}"#),
        (Type::Tuple(pair.to_vec()), [&text("a")[..], &[7]].concat(), r#"["a",7]"#),
        (Type::Set(Box::new(Type::U8)), [&two[..], &[3, 4]].concat(), "[3,4]"),
        (Type::Map(Box::new(pair)), [&one[..], &text("a"), &[7]].concat(), r#"{"a":7}"#),
        (Type::Map(Box::new([Type::U8, Type::U8])), [&one[..], &[3, 4]].concat(), "[[3,4]]"),
    ] {
        assert_eq!(render(ty, &value).1, json);
    }
    check(Type::Duration, Value::Duration(Duration::new(2, 5)), "2.000000005s", "2000000005");
    let time = SystemTime { seconds: -1, nanoseconds: 5 };
    assert_eq!(render(Type::SystemTime, &pack(&[Value::SystemTime(time)])).1, "-999999995");
    let ip = IpAddr::from([127, 0, 0, 1]);
    check(Type::Ip, Value::Ip(ip), "127.0.0.1", "\"127.0.0.1\"");
    let path = OsStr { bytes: b"a\xFF", cut: true };
    assert_eq!(render(Type::OsStr, &pack(&[Value::OsStr(path)])).1, "\"a\u{FFFD}…\"");
    check(Type::Redacted, Value::Redacted, "[redacted]", "\"[redacted]\"");
}

#[test]
fn structs_and_enums_are_as_serde_has_them() {
    let definition = |name: &str, shape| Definition { name: name.into(), shape };
    let variant = |name: &str, members| Variant { name: name.into(), members };
    let member = |name: &str, ty| Member { name: name.into(), ty };
    let named = || Members::Named(vec![member("a", Type::U8), member("b", Type::Bool)]);
    let types = |types: &[Type]| Members::Tuple(types.to_vec());
    let variants = vec![
        variant("Unit", types(&[])),
        variant("New", types(&[Type::U8])),
        variant("Pair", types(&[Type::U8, Type::U8])),
        variant("Named", named()),
    ];
    let definitions = [
        definition("Named", Shape::Struct(named())),
        definition("New", Shape::Struct(types(&[Type::U8]))),
        definition("Pair", Shape::Struct(types(&[Type::U8, Type::U8]))),
        definition("Unit", Shape::Struct(types(&[]))),
        definition("Enum", Shape::Enum(variants)),
    ];
    for (index, value, json) in [
        (0, &[7, 1][..], r#"{"a":7,"b":true}"#),
        (1, &[7], "7"),
        (2, &[7, 8], "[7,8]"),
        (3, &[], "null"),
        (4, &[0], r#""Unit""#),
        (4, &[1, 7], r#"{"New":7}"#),
        (4, &[2, 7, 8], r#"{"Pair":[7,8]}"#),
        (4, &[3, 7, 0], r#"{"Named":{"a":7,"b":false}}"#),
    ] {
        let definitions = Definitions::new(definitions.to_vec());
        let (_, found) = render_defined(Type::Named(index), definitions, value);
        assert_eq!(found, json);
    }
}

#[test]
fn nothing_reaches_the_terminal_unescaped() {
    let hostile = "\u{1b}[31m\r\n\u{9b}\u{202E}\u{7f}";
    let mut file = File::new(1);
    let mut site = site(1, Level::Info, hostile, &[(hostile, Type::Text)]);
    site.target = hostile.into();
    file.sites(&[site]).threads(&[(1, 1, hostile)]);
    file.events(&[(1, &[(1, 0, pack(&[Value::Text(Str::new(hostile))]))])]).end();
    let line = |render: &mut dyn Render| {
        let mut reader = Reader::new();
        reader.add_stream("test", Cursor::new(file.bytes()));
        let mut line = String::new();
        reader.for_each(|record| render.record(record, &mut line).expect("a short line"));
        line
    };
    let escaped = r"\u{1b}[31m\r\n\u{9b}\u{202e}\u{7f}";
    let expected = |text| {
        format!("2026-11-23T14:05:06.000000000Z  INFO [{text}] {text}: {text}  {text}={text}\n")
    };
    assert_eq!(line(&mut Text::new()), expected(escaped));
    assert_eq!(line(&mut Text::new().raw()), expected(hostile));

    let json = line(&mut Json::new());
    let escaped = r"\u001b[31m\r\n\u009b\u202e\u007f";
    assert!(json.contains(&format!(r#""fields":{{"{escaped}":"{escaped}"}}"#)), "{json}");
    let object: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(object["message"], hostile);
}

#[test]
fn a_record_too_long_as_text_leaves_the_line_as_it_was() {
    // 1200 times the widest padding there is.
    let template = "{0:>65535}".repeat(1200);
    let mut file = File::new(1);
    file.sites(&[site(1, Level::Info, &template, &[("", Type::U8)])]).threads(&[(1, 1, "main")]);
    file.events(&[(1, &[(1, 0, vec![7])])]).end();
    let mut reader = Reader::new();
    reader.add_stream("test", Cursor::new(file.bytes()));
    let mut count = 0;
    reader.for_each(|record| {
        for render in [&mut Text::new() as &mut dyn Render, &mut Json::new()] {
            let mut out = String::from("before\n");
            assert!(render.record(record, &mut out).is_err());
            assert_eq!(out, "before\n");
            count += 1;
        }
    });
    assert_eq!(count, 2);
}
