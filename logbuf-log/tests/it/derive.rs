//! Derived types print as the derived `Debug` prints them.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Display};
use std::marker::PhantomData;
use std::time::Duration;

use logbuf_decode::{Json, Render};
use logbuf_log::{Encode, info};
use serde_json::json;

use crate::support::Session;

#[derive(Debug, Clone, Encode)]
struct Order {
    id: u64,
    symbol: String,
    px: f64,
    r#type: Kind,
    tags: Vec<&'static str>,
}

#[derive(Debug, Clone, Encode)]
enum Kind {
    Market,
    Limit { px: f64, r#in: Option<Duration> },
    Iceberg(u32, (u8, i8)),
    Empty(),
    Braces {},
}

#[derive(Debug, Encode)]
struct Unit;

#[derive(Debug, Encode)]
struct Newtype(i32);

#[derive(Debug, Encode)]
struct Pair(Newtype, Unit);

#[derive(Debug, Encode)]
struct EmptyTuple();

#[derive(Debug, Encode)]
struct EmptyBraces {}

fn order(kind: Kind) -> Order {
    Order { id: 7, symbol: "BTC".into(), px: 1.5, r#type: kind, tags: vec!["a", "b\n"] }
}

#[test]
fn structs_and_enums() {
    let session = Session::start();
    let mut expected = Vec::new();
    let kinds = [
        Kind::Market,
        Kind::Limit { px: -0.0, r#in: Some(Duration::from_millis(5)) },
        Kind::Iceberg(10, (255, -1)),
        Kind::Empty(),
        Kind::Braces {},
    ];
    for kind in &kinds {
        debug_only!(expected, kind);
        debug_only!(expected, order(kind.clone()));
    }
    debug_only!(expected, &kinds[..]);
    debug_only!(expected, Unit);
    debug_only!(expected, Newtype(-5));
    debug_only!(expected, Pair(Newtype(1), Unit));
    debug_only!(expected, EmptyTuple());
    debug_only!(expected, EmptyBraces {});
    debug_only!(expected, Some(Box::new(Pair(Newtype(1), Unit))));
    debug_only!(expected, BTreeMap::from([(1, Newtype(2)), (3, Newtype(4))]));
    session.check_messages(&expected);
}

#[derive(Debug, Encode)]
struct Generic<'a, T, U: Copy = u8, const N: usize = 2>
where
    T: Clone,
{
    value: &'a T,
    list: [U; N],
    nested: Option<Box<Generic<'a, T, U, N>>>,
}

#[derive(Debug, Encode)]
enum Either<L, R> {
    Left(L),
    Right { right: R },
}

#[derive(Debug, Encode)]
struct Items<I: Iterator>
where
    I::Item: Debug,
{
    first: I::Item,
    all: Vec<I::Item>,
}

/// Without `Debug`, so that a derived one would be missing a bound if it took `T` for encoded.
#[derive(Encode)]
struct Tagged<T> {
    id: u32,
    #[encode(skip)]
    _tag: PhantomData<T>,
}

impl<T> Debug for Tagged<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tagged").field("id", &self.id).finish()
    }
}

/// One call site for all types.
fn log<T: Encode + Debug>(expected: &mut Vec<String>, value: T) {
    agree!(expected, "{value:?} {:#?}", value);
}

#[test]
fn generic_types() {
    struct NotEncode;
    let session = Session::start();
    let mut expected = Vec::new();
    let (one, text) = (1_u8, String::from("t"));
    let inner = Some(Box::new(Generic { value: &one, list: [0.5, 1.5], nested: None }));
    debug_only!(expected, Generic { value: &one, list: [2.5, 3.5], nested: inner });
    debug_only!(expected, Generic { value: &text, list: [1_u8, 2], nested: None });
    // One call site, and types that differ in their parameters alone.
    for _ in 0..2 {
        log(&mut expected, Generic { value: &one, list: [1_u16; 3], nested: None });
        log(&mut expected, Generic { value: &one, list: [1_u16; 4], nested: None });
        log(&mut expected, Generic { value: &text, list: [1_u32; 3], nested: None });
        log(&mut expected, Either::<u8, &str>::Left(1));
        log(&mut expected, Either::<&str, u8>::Left("l"));
        log(&mut expected, Either::<(), _>::Right { right: [Some(1)] });
        log(&mut expected, Items::<std::vec::IntoIter<u8>> { first: 1, all: vec![2] });
        log(&mut expected, Items::<std::str::Chars> { first: 'a', all: vec!['b'] });
        log(&mut expected, Tagged::<NotEncode> { id: 3, _tag: PhantomData });
    }
    session.check_messages(&expected);
}

#[test]
fn types_of_one_name_in_one_module() {
    let session = Session::start();
    let mut expected = Vec::new();
    fn first(expected: &mut Vec<String>) {
        #[derive(Debug, Encode)]
        struct Same {
            a: u8,
        }
        log(expected, Same { a: 1 });
    }
    fn second(expected: &mut Vec<String>) {
        #[derive(Debug, Encode)]
        struct Same {
            b: i64,
        }
        log(expected, Same { b: -1 });
    }
    macro_rules! same {
        ($($field:ident: $type:ty = $value:expr;)*) => {$(
            {
                #[derive(Debug, Encode)]
                struct Same {
                    $field: $type,
                }
                log(&mut expected, Same { $field: $value });
            }
        )*};
    }
    first(&mut expected);
    second(&mut expected);
    same! { x: u8 = 1; y: f32 = 2.5; x: &'static str = "3"; }
    session.check_messages(&expected);
}

#[derive(Debug, Clone, Encode)]
enum Tree {
    Leaf(i32),
    Node(Vec<Tree>),
    Link { next: Option<Box<Tree>> },
    Named(BTreeMap<String, Tree>),
}

/// Contain each other.
#[derive(Debug, Clone, Encode)]
struct Even(Option<Box<Odd>>);

#[derive(Debug, Clone, Encode)]
struct Odd(Box<Even>);

fn chain(length: usize) -> Tree {
    (0..length).fold(Tree::Leaf(-1), |next, _| Tree::Link { next: Some(Box::new(next)) })
}

#[test]
fn types_that_contain_themselves() {
    let session = Session::start();
    let mut expected = Vec::new();
    debug_only!(expected, Tree::Leaf(1));
    debug_only!(expected, Tree::Node(vec![Tree::Leaf(1), Tree::Node(vec![]), chain(2)]));
    debug_only!(
        expected,
        Tree::Named([("a".into(), Tree::Leaf(1)), ("b".into(), chain(0))].into())
    );
    debug_only!(expected, chain(100));
    debug_only!(expected, Even(Some(Box::new(Odd(Box::new(Even(None)))))));
    session.check_messages(&expected);
}

#[test]
fn a_value_too_deep_for_the_file_costs_its_record_alone() {
    let session = Session::start();
    info!("{:?}", chain(1_000));
    info!("after");
    let (messages, findings) = session.messages_and_findings();
    assert_eq!(messages, ["after"]);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        findings[0].contains("nesting of a value: 257 is beyond the limit of 256"),
        "{findings:?}"
    );
}

/// Prints nothing of what is in it.
#[derive(Clone, Copy)]
struct Opaque(u8);

impl Display for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "opaque\n{}", self.0)
    }
}

#[derive(Encode)]
#[expect(dead_code, reason = "what is kept out is read by nobody")]
struct Account<D> {
    id: u32,
    #[encode(redact)]
    key: Opaque,
    #[encode(skip)]
    cache: Opaque,
    #[encode(display)]
    owner: Opaque,
    #[encode(display)]
    generic: D,
}

impl<D: Display> Debug for Account<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("key", &format_args!("[redacted]"))
            .field("owner", &format_args!("{}", self.owner))
            .field("generic", &format_args!("{}", self.generic))
            .finish()
    }
}

#[derive(Encode)]
#[expect(dead_code, reason = "what is kept out is read by nobody")]
enum Secret {
    Tuple(#[encode(skip)] u8, #[encode(redact)] String, u8),
    All {
        #[encode(skip)]
        hidden: String,
    },
}

impl Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tuple(_, _, shown) => {
                f.debug_tuple("Tuple").field(&format_args!("[redacted]")).field(shown).finish()
            }
            Self::All { .. } => f.write_str("All"),
        }
    }
}

#[test]
fn members_that_are_skipped_displayed_or_redacted() {
    let session = Session::start();
    let mut expected = Vec::new();
    let account =
        Account { id: 1, key: Opaque(0), cache: Opaque(2), owner: Opaque(3), generic: "d" };
    debug_only!(expected, &account);
    debug_only!(
        expected,
        vec![Account { id: 2, key: Opaque(0), cache: Opaque(2), owner: Opaque(4), generic: 1.5 }]
    );
    debug_only!(expected, Secret::Tuple(1, "hunter2".into(), 3));
    debug_only!(expected, Secret::All { hidden: "hunter2".into() });
    let path = session.path();
    session.flush();
    let file = std::fs::read(path).expect("the file is there");
    assert!(!file.windows(7).any(|bytes| bytes == b"hunter2"), "a secret is in the file");
    session.check_messages(&expected);
}

#[test]
fn a_member_that_prints_more_when_it_is_written_than_when_it_was_measured_is_cut() {
    use std::cell::Cell;
    struct Grows(Cell<usize>);
    impl Display for Grows {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(self.0.get() + 1);
            f.write_str(&"x".repeat(self.0.get()))
        }
    }
    #[derive(Encode)]
    struct Holds(#[encode(display)] Grows);
    impl Debug for Holds {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Ok(())
        }
    }
    let session = Session::start();
    info!("before");
    info!("{:?}", Holds(Grows(Cell::new(0))));
    info!("after");
    assert_eq!(session.messages(), ["before", "Holds(x…)", "after"]);
}

#[derive(Debug, Clone, Copy, Encode, bytemuck::NoUninit)]
#[encode(pod)]
#[repr(C)]
struct Quote {
    px: f64,
    qty: u32,
    side: u8,
    flags: [u8; 3],
    levels: [Level; 2],
}

#[derive(Debug, Clone, Copy, Encode, bytemuck::Pod, bytemuck::Zeroable)]
#[encode(pod)]
#[repr(C)]
struct Level {
    px: i32,
    count: u16,
    venue: [u8; 2],
}

#[derive(Debug, Clone, Copy, Encode, bytemuck::NoUninit)]
#[encode(pod)]
#[repr(transparent)]
struct Ticks(u64);

#[test]
fn plain_old_data() {
    let session = Session::start();
    let mut expected = Vec::new();
    let level = Level { px: -5, count: 3, venue: *b"XE" };
    let quote = Quote { px: 1.5, qty: 7, side: 1, flags: [1, 2, 3], levels: [level; 2] };
    debug_only!(expected, quote);
    debug_only!(expected, vec![quote; 2]);
    debug_only!(expected, [[level; 2]; 2]);
    debug_only!(expected, Some(Ticks(u64::MAX)));
    debug_only!(expected, [Ticks(1), Ticks(2)]);
    session.check_messages(&expected);
}

/// Where another crate has this one.
mod elsewhere {
    pub(super) mod renamed {
        pub(crate) use logbuf_log::*;
    }
}

#[derive(Debug, Encode)]
#[encode(crate = elsewhere::renamed)]
struct Renamed {
    a: u8,
}

#[test]
fn the_crate_may_have_another_name() {
    let session = Session::start();
    let mut expected = Vec::new();
    debug_only!(expected, Renamed { a: 1 });
    session.check_messages(&expected);
}

/// More variants than a byte can count.
#[derive(Debug, Clone, Encode)]
#[expect(dead_code, reason = "they are there to be counted")]
#[rustfmt::skip]
enum Many {
    V0, V1, V2, V3, V4, V5, V6, V7, V8, V9, V10, V11, V12, V13, V14, V15,
    V16, V17, V18, V19, V20, V21, V22, V23, V24, V25, V26, V27, V28, V29, V30, V31,
    V32, V33, V34, V35, V36, V37, V38, V39, V40, V41, V42, V43, V44, V45, V46, V47,
    V48, V49, V50, V51, V52, V53, V54, V55, V56, V57, V58, V59, V60, V61, V62, V63,
    V64, V65, V66, V67, V68, V69, V70, V71, V72, V73, V74, V75, V76, V77, V78, V79,
    V80, V81, V82, V83, V84, V85, V86, V87, V88, V89, V90, V91, V92, V93, V94, V95,
    V96, V97, V98, V99, V100, V101, V102, V103, V104, V105, V106, V107, V108, V109, V110, V111,
    V112, V113, V114, V115, V116, V117, V118, V119, V120, V121, V122, V123, V124, V125, V126, V127,
    V128, V129, V130, V131, V132, V133, V134, V135, V136, V137, V138, V139, V140, V141, V142, V143,
    V144, V145, V146, V147, V148, V149, V150, V151, V152, V153, V154, V155, V156, V157, V158, V159,
    V160, V161, V162, V163, V164, V165, V166, V167, V168, V169, V170, V171, V172, V173, V174, V175,
    V176, V177, V178, V179, V180, V181, V182, V183, V184, V185, V186, V187, V188, V189, V190, V191,
    V192, V193, V194, V195, V196, V197, V198, V199, V200, V201, V202, V203, V204, V205, V206, V207,
    V208, V209, V210, V211, V212, V213, V214, V215, V216, V217, V218, V219, V220, V221, V222, V223,
    V224, V225, V226, V227, V228, V229, V230, V231, V232, V233, V234, V235, V236, V237, V238, V239,
    V240, V241, V242, V243, V244, V245, V246, V247, V248, V249, V250, V251, V252, V253, V254, V255,
    Last(u8),
}

#[test]
fn an_enum_of_many_variants() {
    let session = Session::start();
    let mut expected = Vec::new();
    debug_only!(expected, [Many::V0, Many::V1, Many::V127, Many::V255, Many::Last(7)]);
    session.check_messages(&expected);
}

/// Of which there is no value.
#[derive(Debug, Encode)]
enum Never {}

#[test]
fn an_enum_of_no_variants() {
    let session = Session::start();
    let mut expected = Vec::new();
    debug_only!(expected, [None::<Never>]);
    session.check_messages(&expected);
}

#[test]
fn nested_values_are_nested_in_json() {
    let session = Session::start();
    let order = order(Kind::Limit { px: 2.5, r#in: Some(Duration::from_nanos(1_500)) });
    let account =
        Account { id: 1, key: Opaque(0), cache: Opaque(2), owner: Opaque(3), generic: "d" };
    let map = BTreeMap::from([("bid", Some(1)), ("ask", None)]);
    let results = [Ok(1), Err("no")];
    info!(order, account, map, results, tree = chain(1), pair = (1, 'x'), "m");
    let mut line = String::new();
    let lost = session.visit(|record| Json::new().record(record, &mut line).expect("it is short"));
    assert_eq!(lost, []);
    let object: serde_json::Value = serde_json::from_str(&line).expect("a line is JSON");
    let expected = json!({
        "order": {
            "id": 7, "symbol": "BTC", "px": 1.5,
            "type": {"Limit": {"px": 2.5, "in": 1500}},
            "tags": ["a", "b\n"],
        },
        "account": {"id": 1, "key": "[redacted]", "owner": "opaque\n3", "generic": "d"},
        "map": {"bid": 1, "ask": null},
        "results": [{"Ok": 1}, {"Err": "no"}],
        "tree": {"Link": {"next": {"Leaf": -1}}},
        "pair": [1, "x"],
    });
    assert_eq!(object["fields"], expected);
}
