//! Owned values of every type, which std formats and a record encodes.

use crate::std_format::{self as std_format, Flags};
use logbuf_format::{
    definition::{Definition, Definitions, Member, Members, Shape, Variant},
    types::Type,
};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fmt::{self, Debug},
    net::{IpAddr, SocketAddr, SocketAddrV6},
    sync::LazyLock,
    time::Duration,
};

/// A Rust type as a type of the format, encoded by code of its own.
pub(crate) trait Encode {
    fn ty() -> Type;
    fn encode(&self, out: &mut Vec<u8>);
}

macro_rules! encode_numbers {
    ($($rust:ty => $ty:ident,)*) => {
        $(impl Encode for $rust {
            fn ty() -> Type {
                Type::$ty
            }
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
        })*
    };
}

encode_numbers! {
    u8 => U8, u16 => U16, u32 => U32, u64 => U64, u128 => U128,
    i8 => I8, i16 => I16, i32 => I32, i64 => I64, i128 => I128,
    f32 => F32, f64 => F64,
}

impl Encode for () {
    fn ty() -> Type {
        Type::Unit
    }
    fn encode(&self, _: &mut Vec<u8>) {}
}

impl Encode for bool {
    fn ty() -> Type {
        Type::Bool
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Encode for char {
    fn ty() -> Type {
        Type::Char
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&u32::from(*self).to_le_bytes());
    }
}

impl Encode for String {
    fn ty() -> Type {
        Type::Str
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.len() as u32).to_le_bytes());
        out.extend_from_slice(self.as_bytes());
    }
}

/// The struct and the enum of these tests.
pub(crate) fn definitions() -> &'static Definitions {
    static DEFINITIONS: LazyLock<Definitions> = LazyLock::new(|| {
        let member = |name: &str, ty| Member { name: name.into(), ty };
        let order = Shape::Struct(Members::Named(vec![
            member("id", Type::U32),
            member("side", Type::Named(1)),
            member("type", Type::option(Type::Str)),
        ]));
        let variant = |name: &str, members| Variant { name: name.into(), members };
        let tree = Shape::Enum(vec![
            variant("Leaf", Members::Tuple(vec![])),
            variant("Node", Members::Tuple(vec![Type::I16, Type::seq(Type::Named(1))])),
            variant("Boxed", Members::Named(vec![member("tree", Type::Named(1))])),
        ]);
        let definition = |name: &str, shape| Definition { name: name.into(), shape };
        Definitions::new(vec![definition("Order", order), definition("Tree", tree)])
    });
    &DEFINITIONS
}

#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: u32,
    pub(crate) side: Tree,
    pub(crate) r#type: Option<String>,
}

/// Contains itself.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Leaf,
    Node(i16, Vec<Tree>),
    Boxed { tree: Box<Tree> },
}

impl Encode for Order {
    fn ty() -> Type {
        Type::Named(0)
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.id.encode(out);
        self.side.encode(out);
        self.r#type.encode(out);
    }
}

impl Encode for Tree {
    fn ty() -> Type {
        Type::Named(1)
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Leaf => out.push(0),
            Self::Node(number, trees) => {
                out.push(1);
                number.encode(out);
                trees.encode(out);
            }
            Self::Boxed { tree } => {
                out.push(2);
                tree.encode(out);
            }
        }
    }
}

impl Encode for Duration {
    fn ty() -> Type {
        Type::Duration
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_secs().encode(out);
        self.subsec_nanos().encode(out);
    }
}

/// A `SystemTime`, made of what its `Debug` prints on Unix.
#[derive(Clone)]
pub(crate) struct Instant(pub(crate) i64, pub(crate) u32);

impl Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemTime").field("tv_sec", &self.0).field("tv_nsec", &self.1).finish()
    }
}

impl Encode for Instant {
    fn ty() -> Type {
        Type::SystemTime
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
    }
}

impl Encode for IpAddr {
    fn ty() -> Type {
        Type::Ip
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::V4(ip) => out.extend([&[4], &ip.octets()[..]].concat()),
            Self::V6(ip) => out.extend([&[6], &ip.octets()[..]].concat()),
        }
    }
}

impl Encode for SocketAddr {
    fn ty() -> Type {
        Type::Socket
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.ip().encode(out);
        self.port().encode(out);
        if let Self::V6(socket) = self {
            socket.flowinfo().encode(out);
            socket.scope_id().encode(out);
        }
    }
}

impl Encode for OsString {
    fn ty() -> Type {
        Type::OsStr
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_encoded_bytes().to_vec().encode(out);
    }
}

impl<T: Encode> Encode for Option<T> {
    fn ty() -> Type {
        Type::option(T::ty())
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.is_some().into());
        self.iter().for_each(|value| value.encode(out));
    }
}

impl<T: Encode, E: Encode> Encode for Result<T, E> {
    fn ty() -> Type {
        Type::result(T::ty(), E::ty())
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.is_err().into());
        match self {
            Ok(value) => value.encode(out),
            Err(error) => error.encode(out),
        }
    }
}

impl<A: Encode> Encode for (A,) {
    fn ty() -> Type {
        Type::Tuple(vec![A::ty()])
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
}

impl<A: Encode, B: Encode, C: Encode> Encode for (A, B, C) {
    fn ty() -> Type {
        Type::Tuple(vec![A::ty(), B::ty(), C::ty()])
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
        self.2.encode(out);
    }
}

impl<T: Encode, const N: usize> Encode for [T; N] {
    fn ty() -> Type {
        Type::array(T::ty(), N as u32)
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|item| item.encode(out));
    }
}

impl<T: Encode> Encode for BTreeSet<T> {
    fn ty() -> Type {
        Type::set(T::ty())
    }
    fn encode(&self, out: &mut Vec<u8>) {
        (self.len() as u32).encode(out);
        self.iter().for_each(|item| item.encode(out));
    }
}

impl<K: Encode, V: Encode> Encode for BTreeMap<K, V> {
    fn ty() -> Type {
        Type::map(K::ty(), V::ty())
    }
    fn encode(&self, out: &mut Vec<u8>) {
        (self.len() as u32).encode(out);
        for (key, value) in self {
            key.encode(out);
            value.encode(out);
        }
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn ty() -> Type {
        Type::seq(T::ty())
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.len() as u32).to_le_bytes());
        self.iter().for_each(|item| item.encode(out));
    }
}

/// Declares [`Sample`]: which variant holds what, and in which styles std formats it.
macro_rules! samples {
    ($($variant:ident($rust:ty): $styles:ident,)*) => {
        #[derive(Clone, Debug)]
        pub(crate) enum Sample {
            $($variant($rust),)*
        }

        impl Sample {
            pub(crate) fn ty(&self) -> Type {
                match self {
                    $(Self::$variant(_) => <$rust>::ty(),)*
                }
            }

            pub(crate) fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(value) => value.encode(out),)*
                }
            }

            /// What std prints; `None` if this type has no such style.
            pub(crate) fn formatted(
                &self, style: &str, flags: Flags, width: usize, precision: Option<usize>,
            ) -> Option<String> {
                match self {
                    $(Self::$variant(value) => $styles!(value, style, flags, width, precision),)*
                }
            }
        }
    };
}

macro_rules! debug_only {
    ($value:ident, $style:ident, $($options:ident),*) => {
        match $style {
            "?" => Some(std_format::debug($value, $($options),*)),
            "x?" => Some(std_format::debug_lower_hex($value, $($options),*)),
            "X?" => Some(std_format::debug_upper_hex($value, $($options),*)),
            _ => None,
        }
    };
}

macro_rules! display {
    ($value:ident, $style:ident, $($options:ident),*) => {
        match $style {
            "" => Some(std_format::display($value, $($options),*)),
            _ => debug_only!($value, $style, $($options),*),
        }
    };
}

macro_rules! float {
    ($value:ident, $style:ident, $($options:ident),*) => {
        match $style {
            "e" => Some(std_format::lower_exp($value, $($options),*)),
            "E" => Some(std_format::upper_exp($value, $($options),*)),
            _ => display!($value, $style, $($options),*),
        }
    };
}

macro_rules! integer {
    ($value:ident, $style:ident, $($options:ident),*) => {
        match $style {
            "x" => Some(std_format::lower_hex($value, $($options),*)),
            "X" => Some(std_format::upper_hex($value, $($options),*)),
            "o" => Some(std_format::octal($value, $($options),*)),
            "b" => Some(std_format::binary($value, $($options),*)),
            _ => float!($value, $style, $($options),*),
        }
    };
}

samples! {
    Unit(()): debug_only,
    Bool(bool): display,
    Char(char): display,
    U8(u8): integer,
    U16(u16): integer,
    U32(u32): integer,
    U64(u64): integer,
    U128(u128): integer,
    I8(i8): integer,
    I16(i16): integer,
    I32(i32): integer,
    I64(i64): integer,
    I128(i128): integer,
    F32(f32): float,
    F64(f64): float,
    Str(String): display,
    Units(Vec<()>): debug_only,
    Bools(Vec<bool>): debug_only,
    Chars(Vec<char>): debug_only,
    Bytes(Vec<u8>): debug_only,
    Numbers(Vec<i64>): debug_only,
    Floats(Vec<f64>): debug_only,
    Strings(Vec<String>): debug_only,
    Nested(Vec<Vec<i16>>): debug_only,
    Option(Option<i32>): debug_only,
    Options(Vec<Option<String>>): debug_only,
    Result(Result<u8, String>): debug_only,
    One((f32,)): debug_only,
    Tuple((u16, String, Option<char>)): debug_only,
    Array([i8; 3]): debug_only,
    Arrays(Vec<[bool; 2]>): debug_only,
    Set(BTreeSet<u32>): debug_only,
    Map(BTreeMap<String, Option<i16>>): debug_only,
    Maps(BTreeMap<u8, BTreeMap<char, ()>>): debug_only,
    Order(Order): debug_only,
    Orders(Vec<Order>): debug_only,
    Tree(Tree): debug_only,
    Duration(Duration): debug_only,
    SystemTime(Instant): debug_only,
    Ip(IpAddr): display,
    Socket(SocketAddr): display,
    OsStr(OsString): debug_only,
    Addresses(Vec<(IpAddr,)>): debug_only,
    Timeouts(Option<Duration>): debug_only,
}

/// Values at the edges of each type.
pub(crate) fn edges() -> Vec<Sample> {
    let strings =
        ["", "a", "größer", "日本語", "tab\tquote\"\u{1b}[31m\\\n\u{301}e\u{301}\u{200b}"];
    let floats = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        0.1,
        9.995,
        1e-4,
        9.9e-5,
        1e15,
        1e16,
        -1e16,
        1.5e300,
        5e-324,
        f64::MAX,
        f64::MIN,
        f64::EPSILON,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        -f64::NAN,
    ];
    let mut edges = vec![
        Sample::Unit(()),
        Sample::U8(0),
        Sample::U8(255),
        Sample::U16(u16::MAX),
        Sample::U32(u32::MAX),
        Sample::U64(u64::MAX),
        Sample::U64(123_456_789),
        Sample::U128(u128::MAX),
        Sample::I8(i8::MIN),
        Sample::I16(i16::MIN),
        Sample::I32(i32::MIN),
        Sample::I64(i64::MIN),
        Sample::I64(-1),
        Sample::I64(9_995),
        Sample::I128(i128::MIN),
        Sample::I128(i128::MAX),
        Sample::F32(f32::MAX),
        Sample::F32(f32::MIN_POSITIVE),
        Sample::F32(1e16),
        Sample::F32(f32::NAN),
        Sample::Units(vec![(); 3]),
        Sample::Bools(vec![true, false]),
        Sample::Chars(vec!['\'', '"']),
        Sample::Bytes(vec![]),
        Sample::Bytes(vec![0, 10, 255]),
        Sample::Numbers(vec![-1, i64::MAX]),
        Sample::Floats(floats.to_vec()),
        Sample::Strings(strings.map(String::from).to_vec()),
        Sample::Nested(vec![vec![], vec![1, -2], vec![3]]),
    ];
    edges.extend(nested_edges());
    edges.extend([true, false].map(Sample::Bool));
    edges.extend(['a', '\'', '"', '\n', '\0', 'ß', '\u{301}', '\u{10FFFF}'].map(Sample::Char));
    edges.extend(floats.map(Sample::F64));
    edges.extend(strings.map(|text| Sample::Str(text.into())));
    edges
}

fn nested_edges() -> Vec<Sample> {
    let leaf = || Tree::Boxed { tree: Box::new(Tree::Leaf) };
    let order = Order { id: 7, side: leaf(), r#type: Some("a\nb".into()) };
    let mut edges = vec![
        Sample::Option(None),
        Sample::Option(Some(-1)),
        Sample::Options(vec![None, Some(String::new())]),
        Sample::Result(Ok(1)),
        Sample::Result(Err("no\n".into())),
        Sample::One((1.0,)),
        Sample::Tuple((1, "two".into(), None)),
        Sample::Array([1, -2, 3]),
        Sample::Arrays(vec![[true, false]; 2]),
        Sample::Set(BTreeSet::new()),
        Sample::Set([1, 2].into()),
        Sample::Map(BTreeMap::new()),
        Sample::Map([("a".into(), None), ("b".into(), Some(3))].into()),
        Sample::Maps([(1, BTreeMap::new()), (2, [('x', ())].into())].into()),
        Sample::Order(order.clone()),
        Sample::Orders(vec![order.clone(), Order { r#type: None, ..order }]),
        Sample::Orders(vec![]),
        Sample::Tree(Tree::Leaf),
        Sample::Tree(Tree::Node(-1, vec![Tree::Leaf, Tree::Node(2, vec![]), leaf()])),
        Sample::SystemTime(Instant(-1, 999_999_999)),
        Sample::SystemTime(Instant(i64::MAX, 0)),
        Sample::Timeouts(Some(Duration::from_micros(1_500))),
        Sample::Addresses(vec![([10, 0, 0, 1].into(),)]),
    ];
    let durations = [
        Duration::ZERO,
        Duration::MAX,
        Duration::from_nanos(1),
        Duration::from_nanos(999_999_999),
        Duration::from_nanos(1_000_000_001),
        Duration::from_micros(1_500),
        Duration::from_millis(2_999),
        Duration::new(u64::MAX, 999_999_999),
    ];
    edges.extend(durations.map(Sample::Duration));
    let ips =
        ["0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::8a2e:370:7334", "::ffff:1.2.3.4"];
    edges.extend(ips.map(|ip| Sample::Ip(ip.parse().unwrap())));
    let sockets = ["127.0.0.1:0", "[::1]:65535", "[fe80::1%7]:80"];
    edges.extend(sockets.map(|socket| Sample::Socket(socket.parse().unwrap())));
    edges.extend(["", "/tmp/a b", "größe\u{301}\"\\\n\'"].map(|path| Sample::OsStr(path.into())));
    edges
}

fn any_tree() -> impl Strategy<Value = Tree> {
    Just(Tree::Leaf).prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            (any::<i16>(), prop::collection::vec(inner.clone(), 0..4))
                .prop_map(|(number, trees)| Tree::Node(number, trees)),
            inner.prop_map(|tree| Tree::Boxed { tree: Box::new(tree) }),
        ]
    })
}

fn any_order() -> impl Strategy<Value = Order> {
    (any::<u32>(), any_tree(), any::<Option<String>>()).prop_map(|(id, side, r#type)| Order {
        id,
        side,
        r#type,
    })
}

fn any_nested() -> impl Strategy<Value = Sample> {
    use prop::collection::{btree_map, btree_set, vec};
    let sums = prop_oneof![
        any::<Option<i32>>().prop_map(Sample::Option),
        vec(any::<Option<String>>(), 0..3).prop_map(Sample::Options),
        any::<Result<u8, String>>().prop_map(Sample::Result),
        any::<(f32,)>().prop_map(Sample::One),
        any::<(u16, String, Option<char>)>().prop_map(Sample::Tuple),
        any::<[i8; 3]>().prop_map(Sample::Array),
        vec(any::<[bool; 2]>(), 0..3).prop_map(Sample::Arrays),
    ];
    let collections = prop_oneof![
        btree_set(any::<u32>(), 0..4).prop_map(Sample::Set),
        btree_map(any::<String>(), any::<Option<i16>>(), 0..4).prop_map(Sample::Map),
        btree_map(any::<u8>(), btree_map(any::<char>(), Just(()), 0..3), 0..3)
            .prop_map(Sample::Maps),
        any_order().prop_map(Sample::Order),
        vec(any_order(), 0..3).prop_map(Sample::Orders),
        any_tree().prop_map(Sample::Tree),
    ];
    let duration = || {
        let nanoseconds =
            prop_oneof![0..1_000_000_000_u32, (0..1000_u32).prop_map(|ms| ms * 1_000_000)];
        (prop_oneof![any::<u64>(), 0..100_u64], nanoseconds)
            .prop_map(|(seconds, nanoseconds)| Duration::new(seconds, nanoseconds))
    };
    let socket_v6 = (any::<[u8; 16]>(), any::<u16>(), any::<u32>(), any::<u32>())
        .prop_map(|(ip, port, flow, scope)| SocketAddrV6::new(ip.into(), port, flow, scope).into());
    let system = prop_oneof![
        duration().prop_map(Sample::Duration),
        duration().prop_map(|duration| Sample::Timeouts(Some(duration))),
        (any::<i64>(), 0..1_000_000_000_u32).prop_map(|(s, ns)| Sample::SystemTime(Instant(s, ns))),
        any::<IpAddr>().prop_map(Sample::Ip),
        any::<SocketAddr>().prop_map(Sample::Socket),
        socket_v6.prop_map(Sample::Socket),
        any::<String>().prop_map(|path| Sample::OsStr(path.into())),
        vec(any::<(IpAddr,)>(), 0..3).prop_map(Sample::Addresses),
    ];
    prop_oneof![sums, collections, system]
}

/// Any value of any type.
pub(crate) fn any_sample() -> impl Strategy<Value = Sample> {
    use prop::collection::vec;
    let float = || prop_oneof![any::<f64>(), any::<u64>().prop_map(f64::from_bits), -1e6..1e6_f64];
    let scalar = prop_oneof![
        any::<bool>().prop_map(Sample::Bool),
        any::<char>().prop_map(Sample::Char),
        any::<f32>().prop_map(Sample::F32),
        any::<u32>().prop_map(|bits| Sample::F32(f32::from_bits(bits))),
        float().prop_map(Sample::F64),
        any::<String>().prop_map(Sample::Str),
    ];
    let unsigned = prop_oneof![
        any::<u8>().prop_map(Sample::U8),
        any::<u16>().prop_map(Sample::U16),
        any::<u32>().prop_map(Sample::U32),
        any::<u64>().prop_map(Sample::U64),
        any::<u128>().prop_map(Sample::U128),
    ];
    let signed = prop_oneof![
        any::<i8>().prop_map(Sample::I8),
        any::<i16>().prop_map(Sample::I16),
        any::<i32>().prop_map(Sample::I32),
        any::<i64>().prop_map(Sample::I64),
        any::<i128>().prop_map(Sample::I128),
    ];
    let sequence = prop_oneof![
        vec(any::<()>(), 0..4).prop_map(Sample::Units),
        vec(any::<bool>(), 0..4).prop_map(Sample::Bools),
        vec(any::<char>(), 0..4).prop_map(Sample::Chars),
        vec(any::<u8>(), 0..20).prop_map(Sample::Bytes),
        vec(any::<i64>(), 0..4).prop_map(Sample::Numbers),
        vec(float(), 0..4).prop_map(Sample::Floats),
        vec(any::<String>(), 0..4).prop_map(Sample::Strings),
        vec(vec(any::<i16>(), 0..3), 0..3).prop_map(Sample::Nested),
    ];
    prop_oneof![2 => scalar, 2 => unsigned, 2 => signed, 1 => sequence, 3 => any_nested()]
}
