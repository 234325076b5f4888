//! Every type that can be logged prints as `format!` prints it, in every specification it has.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{NonZero, Saturating, Wrapping};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16,
    AtomicU32, AtomicU64, AtomicUsize,
};
use std::time::{Duration, Instant, SystemTime};

use logbuf_log::info;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::Session;

/// Draws one value.
fn draw<S: Strategy>(runner: &mut TestRunner, strategy: S) -> S::Value {
    strategy.new_tree(runner).expect("the strategy rejects nothing").current()
}

/// A type that has `LowerHex` and its kin, but perhaps no exponents.
macro_rules! bits {
    ($expected:ident, $value:expr) => {
        each!($expected, $value,
            "{}" "{:?}" "{:#?}" "{:x}" "{:#X}" "{:o}" "{:#b}" "{:+}" "{:5}|" "{:<7}|" "{:^#9x}|" "{:08}" "{:02x?}")
    };
}

/// A type that has `Display` besides `Debug`, and pads as a number does.
macro_rules! number {
    ($expected:ident, $value:expr) => {
        each!($expected, $value,
            "{}" "{:?}" "{:#?}" "{:x?}" "{:+}" "{:5}|" "{:<7}|" "{:^9}|" "{:08}" "{:02x?}" "{:.1}" "{:.2?}")
    };
}

#[test]
fn wrapped_numbers() {
    let session = Session::start();
    let mut expected = Vec::new();
    macro_rules! non_zero {
        ($($type:ident)*) => {$(
            for value in [$type::MIN, $type::MAX, 1, 77] {
                if let Some(value) = NonZero::new(value) {
                    each!(expected, value, "{}" "{:?}" "{:#010x}");
                }
            }
        )*};
    }
    non_zero! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }
    for value in [i16::MIN, -1, 0, 77] {
        bits!(expected, Wrapping(value));
        bits!(expected, Saturating(value));
    }
    for value in [1, 77, u64::MAX] {
        let value = NonZero::new(value).expect("none is zero");
        bits!(expected, value);
        debug_only!(expected, Some(value));
    }
    session.check_messages(&expected);
}

#[test]
fn atomics_as_they_stand() {
    let session = Session::start();
    let mut expected = Vec::new();
    macro_rules! atomics {
        ($($atomic:ident: $value:expr;)*) => {$( debug_only!(expected, $atomic::new($value)); )*};
    }
    atomics! {
        AtomicBool: true;
        AtomicU8: 1;
        AtomicU16: 2;
        AtomicU32: 3;
        AtomicU64: u64::MAX;
        AtomicUsize: 4;
        AtomicI8: -1;
        AtomicI16: -2;
        AtomicI32: -3;
        AtomicI64: i64::MIN;
        AtomicIsize: -4;
    }
    debug_only!(expected, Arc::new([AtomicU64::new(1), AtomicU64::new(2)]));
    session.check_messages(&expected);
}

#[test]
fn owners_of_values() {
    let session = Session::start();
    let mut expected = Vec::new();
    number!(expected, Rc::new(7_u16));
    number!(expected, Arc::new(-7_i64));
    number!(expected, Box::new(7_u128));
    number!(expected, Cow::Borrowed(&1.5_f64));
    string!(expected, Arc::<str>::from("shared"));
    string!(expected, Rc::new(String::from("counted")));
    string!(expected, &&mut Box::new("deep"));
    debug_only!(expected, Arc::<[u8]>::from([1, 2]));
    debug_only!(expected, Rc::new(Box::new(Some(&1))));
    debug_only!(expected, Cow::<[u8]>::Owned(vec![1, 2]));
    session.check_messages(&expected);
}

#[test]
fn options_and_results() {
    let session = Session::start();
    let mut expected = Vec::new();
    debug_only!(expected, None::<u8>);
    debug_only!(expected, Some(255_u8));
    debug_only!(expected, Some(-1.5_f32));
    debug_only!(expected, Some("text"));
    debug_only!(expected, Some(String::from("a\n\"b\"")));
    debug_only!(expected, Some(Some(None::<()>)));
    debug_only!(expected, Some(vec![Some(1), None]));
    debug_only!(expected, Ok::<u8, String>(1));
    debug_only!(expected, Err::<u8, _>(String::from("no")));
    debug_only!(expected, Err::<(), Result<u8, ()>>(Ok(3)));
    session.check_messages(&expected);
}

#[test]
fn tuples() {
    let session = Session::start();
    let mut expected = Vec::new();
    debug_only!(expected, (1,));
    debug_only!(expected, ("a", 2.0));
    debug_only!(expected, ((), ((1,), [2_u8]), "three"));
    debug_only!(expected, (1, 2, 3, 4));
    debug_only!(expected, (1, 2, 3, 4, 5));
    debug_only!(expected, (1, 2, 3, 4, 5, 6));
    debug_only!(expected, (1, 2, 3, 4, 5, 6, 7));
    debug_only!(expected, (1, 2, 3, 4, 5, 6, 7, 8));
    debug_only!(expected, (1, 2, 3, 4, 5, 6, 7, 8, 9));
    debug_only!(expected, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
    debug_only!(expected, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    debug_only!(
        expected,
        (1_u8, 2_u16, '3', "4", 5.0, (), true, -8, 9, 10, Some(11), String::new())
    );
    session.check_messages(&expected);
}

#[test]
fn lists() {
    let session = Session::start();
    let mut expected = Vec::new();
    debug_only!(expected, [1_u8; 0]);
    debug_only!(expected, [1_u8, 2, 3]);
    debug_only!(expected, [[true, false], [false, true]]);
    debug_only!(expected, ["a", "b"]);
    debug_only!(expected, [(); 3]);
    debug_only!(expected, vec![[1_usize, 2], [3, 4]]);
    debug_only!(expected, vec!['a', '\u{10FFFF}']);
    debug_only!(expected, vec![f64::NAN, -0.0]);
    let mut deque = VecDeque::from([3, 4]);
    deque.push_front(2);
    debug_only!(expected, &deque);
    debug_only!(expected, LinkedList::from([Some(1), None]));
    debug_only!(expected, BinaryHeap::from([3, 1, 2]));
    let big: [u64; 100] = std::array::from_fn(|i| i as u64 * 0x0101_0101);
    debug_only!(expected, big);
    session.check_messages(&expected);
}

#[test]
fn maps_and_sets() {
    let session = Session::start();
    let mut expected = Vec::new();
    debug_only!(expected, BTreeMap::<u8, u8>::new());
    debug_only!(expected, BTreeMap::from([("bid", 1.5), ("ask", 2.5)]));
    debug_only!(expected, BTreeMap::from([(1, BTreeSet::from(['a', 'b'])), (2, BTreeSet::new())]));
    debug_only!(expected, BTreeSet::from(["x", "y"]));
    // Whatever order they iterate in, it is that of `format!` too, for the same map.
    let map: HashMap<u32, String> = (0..50).map(|i| (i * 7919, i.to_string())).collect();
    debug_only!(expected, &map);
    let set: HashSet<i16> = (-20..20).collect();
    debug_only!(expected, &set);
    session.check_messages(&expected);
}

#[test]
fn times() {
    let session = Session::start();
    let mut expected = Vec::new();
    macro_rules! duration {
        ($value:expr) => {
            debug_only!(expected, $value);
            each!(expected, $value, "{:.0?}" "{:.3?}" "{:.12?}" "{:12?}|" "{:>12.1?}|" "{:+?}" "{:^+14.2?}|" "{:012?}|")
        };
    }
    for duration in [
        Duration::ZERO,
        Duration::MAX,
        Duration::from_nanos(1),
        Duration::from_micros(1_500),
        Duration::from_millis(999),
        Duration::from_secs_f64(1.000_000_5),
    ] {
        duration!(duration);
    }
    let (start, end) = (Instant::now(), Instant::now());
    duration!(end - start);
    for time in [
        SystemTime::UNIX_EPOCH,
        SystemTime::now(),
        SystemTime::UNIX_EPOCH - Duration::from_nanos(1),
        SystemTime::UNIX_EPOCH - Duration::from_secs(1),
        SystemTime::UNIX_EPOCH + Duration::new(u32::MAX.into(), 999_999_999),
    ] {
        debug_only!(expected, time);
    }
    session.check_messages(&expected);
}

#[test]
fn addresses() {
    let session = Session::start();
    let mut expected = Vec::new();
    string!(expected, Ipv4Addr::LOCALHOST);
    string!(expected, Ipv4Addr::BROADCAST);
    string!(expected, Ipv6Addr::LOCALHOST);
    string!(expected, Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 8, 0x800, 0x200c, 0x417a));
    string!(expected, IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    string!(expected, IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    string!(expected, SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 65_535));
    string!(expected, SocketAddrV6::new(Ipv6Addr::LOCALHOST, 80, 9, 0));
    string!(expected, SocketAddrV6::new(Ipv6Addr::LOCALHOST, 80, 0, 7));
    string!(expected, "1.2.3.4:5".parse::<SocketAddr>().expect("an address"));
    string!(expected, "[::2]:5".parse::<SocketAddr>().expect("an address"));
    debug_only!(expected, vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]);
    session.check_messages(&expected);
}

#[test]
fn paths() {
    let session = Session::start();
    let mut expected = Vec::new();
    debug_only!(expected, Path::new("/var/log/a b\n\u{301}\"'"));
    debug_only!(expected, PathBuf::from("größe"));
    debug_only!(expected, OsStr::new(""));
    debug_only!(expected, OsString::from("x"));
    debug_only!(expected, Some(Path::new("/")));
    session.check_messages(&expected);
}

#[cfg(unix)]
#[test]
fn paths_that_are_not_utf_8() {
    use std::os::unix::ffi::OsStrExt;
    let session = Session::start();
    let mut expected = Vec::new();
    debug_only!(expected, Path::new(OsStr::from_bytes(b"/tmp/\xFF\xC3\xA4\x80")));
    session.check_messages(&expected);
}

#[test]
fn random_values() {
    use prop::collection::{btree_map, hash_map, hash_set, vec};
    const CASES: usize = 40;
    let session = Session::start();
    let mut runner = TestRunner::deterministic();
    let mut expected = Vec::new();
    for _ in 0..CASES {
        debug_only!(expected, draw(&mut runner, any::<Option<u64>>()));
        debug_only!(expected, draw(&mut runner, any::<Result<f64, String>>()));
        debug_only!(expected, draw(&mut runner, any::<(i8, char, bool, Option<u128>)>()));
        debug_only!(expected, draw(&mut runner, any::<[Option<i16>; 3]>()));
        debug_only!(expected, draw(&mut runner, btree_map(any::<String>(), any::<f32>(), 0..4)));
        debug_only!(
            expected,
            draw(&mut runner, hash_map(any::<u16>(), vec(any::<u8>(), 0..3), 0..4))
        );
        debug_only!(expected, draw(&mut runner, hash_set(any::<char>(), 0..4)));
        debug_only!(expected, draw(&mut runner, vec(any::<(String, Option<()>)>(), 0..4)));
        debug_only!(expected, draw(&mut runner, any::<Duration>()));
        string!(expected, draw(&mut runner, any::<IpAddr>()));
        string!(expected, draw(&mut runner, any::<SocketAddr>()));
        debug_only!(expected, draw(&mut runner, any::<PathBuf>()));
        session.flush();
    }
    session.check_messages(&expected);
}

#[test]
fn composite_fields_print_as_debug() {
    let session = Session::start();
    let limit = Some(Duration::from_millis(5));
    info!(limit, peer = Ipv4Addr::LOCALHOST, legs = [1, 2], pair = (1, "a"), "call");
    let shown = session.shown();
    assert_eq!(shown[0].fields, "limit=Some(5ms) peer=127.0.0.1 legs=[1, 2] pair=(1, \"a\")");
}

#[test]
fn a_count_that_no_record_can_hold_costs_its_record_alone() {
    let session = Session::start();
    // As many as no reader believes, in no bytes.
    let nothings = vec![(); u32::MAX as usize];
    info!("{:?}", nothings);
    info!("after");
    let (messages, findings) = session.messages_and_findings();
    assert_eq!(messages, ["after"]);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        findings[0].contains("values inside values: 4294967295 is beyond the limit"),
        "{findings:?}"
    );
}
