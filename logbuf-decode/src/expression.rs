//! Conditions on the values of records.

mod error;
mod parse;

use crate::record::Record;
pub use error::{Expected, ExpressionError, Hint};
use logbuf_format::{Level, value::Value};
use std::{
    cmp::Ordering,
    fmt::{self, Write},
    str::FromStr,
};

/// A condition on a record, such as `rtt_ns > 1000 && symbol == "BTC-USD"`.
///
/// ```text
/// either     = both { "||" both }
/// both       = not { "&&" not }
/// not        = "!" not | "(" either ")" | comparison
/// comparison = operand [ ("==" | "!=" | "<" | "<=" | ">" | ">=") operand ]
/// operand    = name | number | string | "true" | "false"
/// ```
///
/// A name stands for the field or the named argument of the record; if it has none of this name for the field of the innermost
/// context, or the innermost span, that has one; and if there is none for a part of the record:
/// `target`, `thread`, `file`, `line`, `message`, `process`, `pid`, `host` or `unix_ns`. `level` and `time` are always those of the record.
/// A level is compared with the name of a level, in whatever case and with or without quotes, and a more severe one is greater:
/// `level >= warn` holds for warnings and errors. A time is compared with nanoseconds since the Unix epoch, or with a string of RFC 3339.
/// Numbers are compared exactly, whatever their types (an integer of more than 128 bits is the float next to it); strings
/// and characters by their code points; durations and times as nanoseconds; addresses as text. What is absent, or of another type than what it is compared with, makes the
/// comparison false, whatever it is. An operand alone is true if it is there, and is not `false`.
///
/// # Examples
///
/// ```
/// use logbuf_decode::Expression;
///
/// let expression: Expression = "rtt_ns > 1_000 && !(symbol == \"BTC-USD\" || retry)".parse()?;
/// let error = "rtt_ns >".parse::<Expression>().unwrap_err();
/// assert_eq!(error.to_string(), "at column 9: expected a name, a number or a string, found the end");
/// # drop(expression);
/// # Ok::<_, logbuf_decode::ExpressionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Expression(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// At least one of them. A chain is flat, so that only parentheses and negations nest.
    Either(Vec<Node>),
    /// All of them.
    Both(Vec<Node>),
    Not(Box<Node>),
    Compare(Operand, Operator, Operand),
    /// The level, compared with one.
    Level(Operator, Level),
    Is(Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Name(String),
    Unsigned(u128),
    Signed(i128),
    Float(f64),
    Text(String),
    Bool(bool),
}

/// The name of the level of a record.
const LEVEL: &str = "level";

/// The name of the time of a record.
const TIME: &str = "time";

/// Names that stand for parts of any record.
const PARTS: [&str; 11] = [
    LEVEL, TIME, "unix_ns", "target", "thread", "file", "line", "message", "process", "pid", "host",
];

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        parse::parse(text).map(Self)
    }
}

impl Expression {
    /// Whether it holds for a record.
    pub fn matches(&self, record: &Record<'_>) -> bool {
        self.0.holds(record)
    }

    /// The names in it that stand for nothing but fields, in order, each as often as it is there.
    ///
    /// ```
    /// use logbuf_decode::Expression;
    ///
    /// let expression: Expression = "level > info && !(rtt_ns > 1000 || retry)".parse()?;
    /// assert_eq!(expression.fields(), ["rtt_ns", "retry"]);
    /// # Ok::<_, logbuf_decode::ExpressionError>(())
    /// ```
    pub fn fields(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.0.names(&mut names);
        names.retain(|name| !PARTS.contains(name));
        names
    }
}

impl Node {
    fn holds(&self, record: &Record<'_>) -> bool {
        match self {
            Self::Either(nodes) => nodes.iter().any(|node| node.holds(record)),
            Self::Both(nodes) => nodes.iter().all(|node| node.holds(record)),
            Self::Not(node) => !node.holds(record),
            Self::Compare(a, operator, b) => {
                let mut texts = [String::new(), String::new()];
                let [first, second] = &mut texts;
                match (a.of(record, first), b.of(record, second)) {
                    (Some(a), Some(b)) => operator.holds(a, b),
                    _ => false,
                }
            }
            // A more severe level is the greater one here, and comes first among levels.
            Self::Level(operator, level) => operator.allows(level.cmp(&record.level())),
            Self::Is(operand) => {
                !matches!(operand.of(record, &mut String::new()), None | Some(Known::Bool(false)))
            }
        }
    }

    fn names<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::Either(nodes) | Self::Both(nodes) => {
                nodes.iter().for_each(|node| node.names(names));
            }
            Self::Not(node) => node.names(names),
            Self::Compare(a, _, b) => names.extend([a, b].into_iter().filter_map(Operand::name)),
            Self::Level(..) => {}
            Self::Is(operand) => names.extend(operand.name()),
        }
    }
}

impl Operator {
    fn holds(self, a: Known<'_>, b: Known<'_>) -> bool {
        // NaN has no place in the order: it is unequal to everything, and neither less nor greater.
        match a.compare(b) {
            Compared::Types => false,
            Compared::Unordered => self == Self::Unequal,
            Compared::As(order) => self.allows(order),
        }
    }

    fn allows(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }

    /// The one that says the same with the sides changed.
    fn turned(self) -> Self {
        match self {
            Self::Equal | Self::Unequal => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }
}

/// An operand whose value is known.
#[derive(Clone, Copy, Debug)]
enum Known<'a> {
    Unsigned(u128),
    Signed(i128),
    Float(f64),
    Text(&'a str),
    Bool(bool),
    /// Of a type that is not compared.
    Other,
}

enum Compared {
    As(Ordering),
    Unordered,
    Types,
}

impl Operand {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    fn is_name(&self, name: &str) -> bool {
        self.name() == Some(name)
    }

    /// Its value for a record; `None` if there is none. `text` is room for what has to be put together.
    fn of<'a>(&'a self, record: &Record<'a>, text: &'a mut String) -> Option<Known<'a>> {
        Some(match self {
            Self::Name(name) => return named(name, record, text),
            Self::Unsigned(value) => Known::Unsigned(*value),
            Self::Signed(value) => Known::Signed(*value),
            Self::Float(value) => Known::Float(*value),
            Self::Text(value) => Known::Text(value),
            Self::Bool(value) => Known::Bool(*value),
        })
    }
}

fn named<'a>(name: &str, record: &Record<'a>, text: &'a mut String) -> Option<Known<'a>> {
    match name {
        LEVEL => return Some(Known::Text(record.level().name())),
        TIME => return Some(Known::Signed(record.unix_ns().into())),
        _ => {}
    }
    if let Some(value) = record.find(name) {
        return Some(Known::of(value, text));
    }
    let meta = || record.segment().header().map(|header| &header.meta);
    Some(match name {
        "unix_ns" => Known::Signed(record.unix_ns().into()),
        "process" => Known::Text(&meta()?.process),
        "pid" => Known::Unsigned(meta()?.pid.into()),
        "host" => Known::Text(&meta()?.host),
        "target" => Known::Text(record.target()),
        "file" => Known::Text(record.file()),
        "line" => Known::Unsigned(record.line().into()),
        "thread" => {
            *text = record.thread().to_string();
            Known::Text(text)
        }
        "message" => {
            record.message(text).ok()?;
            Known::Text(text)
        }
        _ => return None,
    })
}

impl<'a> Known<'a> {
    fn of(value: Value<'a>, text: &'a mut String) -> Self {
        match value {
            Value::Bool(value) => Self::Bool(value),
            Value::Char(value) => {
                text.push(value);
                Self::Text(text)
            }
            Value::I8(value) => Self::Signed(value.into()),
            Value::I16(value) => Self::Signed(value.into()),
            Value::I32(value) => Self::Signed(value.into()),
            Value::I64(value) => Self::Signed(value.into()),
            Value::I128(value) => Self::Signed(value),
            Value::F32(value) => Self::Float(value.into()),
            Value::F64(value) => Self::Float(value),
            Value::Str(value) | Value::Text(value) => Self::Text(value.text),
            Value::Option(Some(inner)) => Self::of(inner.get(), text),
            Value::Duration(value) => Self::Unsigned(value.as_nanos()),
            Value::SystemTime(value) => {
                let ns = i128::from(value.seconds) * 1_000_000_000 + i128::from(value.nanoseconds);
                Self::Signed(ns)
            }
            Value::Ip(value) => Self::text(&value, text),
            Value::Socket(value) => Self::text(&value, text),
            Value::OsStr(value) => std::str::from_utf8(value.bytes).map_or(Self::Other, Self::Text),
            _ => value.as_unsigned().map_or(Self::Other, Self::Unsigned),
        }
    }

    fn text(value: &dyn fmt::Display, text: &'a mut String) -> Self {
        // Writing to a string does not fail.
        let _ = write!(text, "{value}");
        Self::Text(text)
    }

    fn compare(self, other: Known<'_>) -> Compared {
        let as_order = |order: Option<Ordering>| order.map_or(Compared::Unordered, Compared::As);
        match (self, other) {
            (Self::Unsigned(a), Known::Unsigned(b)) => Compared::As(a.cmp(&b)),
            (Self::Signed(a), Known::Signed(b)) => Compared::As(a.cmp(&b)),
            (Self::Signed(a), Known::Unsigned(b)) => Compared::As(signed(a, b)),
            (Self::Unsigned(a), Known::Signed(b)) => Compared::As(signed(b, a).reverse()),
            (Self::Float(a), Known::Float(b)) => as_order(a.partial_cmp(&b)),
            (Self::Float(a), Known::Unsigned(b)) => as_order(unsigned(b, a).map(Ordering::reverse)),
            (Self::Float(a), Known::Signed(b)) => as_order(integer(b, a).map(Ordering::reverse)),
            (Self::Unsigned(a), Known::Float(b)) => as_order(unsigned(a, b)),
            (Self::Signed(a), Known::Float(b)) => as_order(integer(a, b)),
            (Self::Text(a), Known::Text(b)) => Compared::As(a.cmp(b)),
            (Self::Bool(a), Known::Bool(b)) => Compared::As(a.cmp(&b)),
            _ => Compared::Types,
        }
    }
}

fn signed(a: i128, b: u128) -> Ordering {
    u128::try_from(a).map_or(Ordering::Less, |a| a.cmp(&b))
}

fn integer(a: i128, b: f64) -> Option<Ordering> {
    match u128::try_from(a) {
        Ok(a) => unsigned(a, b),
        Err(_) => unsigned(a.unsigned_abs(), -b).map(Ordering::reverse),
    }
}

/// Compares exactly: `a` need not be a float.
fn unsigned(a: u128, b: f64) -> Option<Ordering> {
    /// 2¹²⁸, the first float beyond.
    const BEYOND: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0;
    if b.is_nan() {
        return None;
    }
    if b < 0.0 {
        return Some(Ordering::Greater);
    }
    if b >= BEYOND {
        return Some(Ordering::Less);
    }
    // The whole part is exact as an integer, whatever its size; the fraction decides between equals.
    Some(a.cmp(&(b.trunc() as u128)).then(0.0.partial_cmp(&b.fract())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_floats_compare_exactly() {
        let check = |a: u128, b: f64, expected| assert_eq!(unsigned(a, b), expected, "{a} {b}");
        check(1, 1.0, Some(Ordering::Equal));
        check(1, 1.5, Some(Ordering::Less));
        check(2, 1.5, Some(Ordering::Greater));
        check(0, -0.0, Some(Ordering::Equal));
        check(0, -0.5, Some(Ordering::Greater));
        check(9_007_199_254_740_993, 9_007_199_254_740_992.0, Some(Ordering::Greater));
        check(u128::MAX, f64::INFINITY, Some(Ordering::Less));
        check(u128::MAX, 2_f64.powi(127), Some(Ordering::Greater));
        check(0, f64::NAN, None);
        assert_eq!(integer(-1, -1.5), Some(Ordering::Greater));
        assert_eq!(integer(-2, -1.5), Some(Ordering::Less));
        assert_eq!(integer(-1, 0.5), Some(Ordering::Less));
        assert_eq!(integer(i128::MIN, f64::NEG_INFINITY), Some(Ordering::Greater));
        assert_eq!(signed(-1, 0), Ordering::Less);
        assert_eq!(signed(5, 4), Ordering::Greater);
    }
}
