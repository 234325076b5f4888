//! Values that serde serializes print as their derived `Debug` does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use logbuf_log::{Serde, info};
use postcard_schema::Schema;
use serde::{Serialize, Serializer};

use crate::support::Session;

#[derive(Debug, Clone, Serialize, Schema)]
struct Order {
    id: u64,
    symbol: String,
    delta: i32,
    ratio: f32,
    kind: Kind,
    tags: Vec<Option<char>>,
    levels: BTreeMap<String, (u16, i64)>,
    venues: BTreeSet<u8>,
    digest: [u8; 4],
    wide: (u128, i128, i64),
    result: Result<bool, Unit>,
}

#[derive(Debug, Clone, Serialize, Schema)]
enum Kind {
    Market,
    Limit(f64),
    Iceberg(u32, i8),
    Stop { trigger: f64, unit: () },
}

#[derive(Debug, Clone, Serialize, Schema)]
struct Unit;

#[derive(Debug, Clone, Serialize, Schema)]
struct Newtype(i16);

#[derive(Debug, Clone, Serialize, Schema)]
struct Two(Newtype, Kind);

fn order(kind: Kind, result: Result<bool, Unit>) -> Order {
    Order {
        id: u64::MAX,
        symbol: "größe\n".into(),
        delta: -300,
        ratio: -0.5,
        kind,
        tags: vec![Some('\u{10FFFF}'), None],
        levels: [("bid".into(), (65_535, i64::MIN)), ("ask".into(), (0, -1))].into(),
        venues: [1, 200].into(),
        digest: [0, 1, 127, 255],
        wide: (u128::MAX, i128::MIN, i64::MAX),
        result,
    }
}

#[test]
fn serialized_values() {
    let session = Session::start();
    let mut expected = Vec::new();
    let kinds = [
        Kind::Market,
        Kind::Limit(1.5),
        Kind::Iceberg(10, -128),
        Kind::Stop { trigger: f64::NAN, unit: () },
    ];
    for kind in kinds {
        debug_only!(expected, Serde(&kind));
        debug_only!(expected, Serde(order(kind.clone(), Ok(true))));
        debug_only!(expected, Some(Serde(Two(Newtype(-1), kind))));
    }
    debug_only!(expected, Serde(vec![order(Kind::Market, Err(Unit))]));
    debug_only!(expected, Serde("text"));
    session.check_messages(&expected);
}

#[test]
fn types_that_differ_have_signatures_that_differ() {
    fn log<T: Serialize + Schema + Debug>(expected: &mut Vec<String>, value: T) {
        agree!(expected, "{:?}", Serde(&value));
    }
    let session = Session::start();
    let mut expected = Vec::new();
    for _ in 0..2 {
        log(&mut expected, 1_u8);
        log(&mut expected, -1_i64);
        log(&mut expected, Some(1_u8));
        log(&mut expected, Some("a"));
        log(&mut expected, vec![1_u8, 2]);
        log(&mut expected, BTreeSet::from([1_u8, 2]));
        log(&mut expected, (1_u8, 2_u8));
        log(&mut expected, [1_u8, 2]);
        log(&mut expected, Newtype(1));
    }
    session.check_messages(&expected);
}

#[test]
fn a_value_that_cannot_be_serialized_is_marked() {
    #[derive(Debug)]
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("on purpose"))
        }
    }
    impl Schema for Fails {
        const SCHEMA: &'static postcard_schema::schema::NamedType = u64::SCHEMA;
    }
    let session = Session::start();
    info!("{:?} {}", Serde(Fails), 1);
    info!("{:?}", Serde((1_u8, Fails)));
    info!("after");
    assert_eq!(session.messages(), ["[not encoded] 1", "[not encoded]", "after"]);
}
