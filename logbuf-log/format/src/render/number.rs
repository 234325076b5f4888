//! Numbers.

use super::{Options, pad};
use crate::template::Style;
use std::{
    cmp::Ordering,
    fmt::{self, Write},
};

/// What all integers of std can be printed as.
pub(super) trait Integer:
    Copy
    + Default
    + PartialOrd
    + fmt::Display
    + fmt::LowerHex
    + fmt::UpperHex
    + fmt::Octal
    + fmt::Binary
    + fmt::LowerExp
    + fmt::UpperExp
    + itoa::Integer
{
}

impl<T> Integer for T where
    T: Copy
        + Default
        + PartialOrd
        + fmt::Display
        + fmt::LowerHex
        + fmt::UpperHex
        + fmt::Octal
        + fmt::Binary
        + fmt::LowerExp
        + fmt::UpperExp
        + itoa::Integer
{
}

/// Appends an integer as `{}` and `{:?}` do.
#[inline]
pub(super) fn decimal(out: &mut String, value: impl itoa::Integer) {
    out.push_str(itoa::Buffer::new().format(value));
}

/// Appends an integer.
#[inline]
pub(super) fn integer<T: Integer>(out: &mut String, value: T, options: &Options) {
    let start = out.len();
    match options.style {
        Style::Display | Style::Debug | Style::Pointer => {
            let digits = sign(out, value < T::default(), options);
            decimal(out, value);
            pad::number(out, start, digits, options);
        }
        Style::LowerExp | Style::UpperExp => {
            let digits = sign(out, value < T::default(), options);
            exponential(out, value, options);
            pad::number(out, start, digits, options);
        }
        // In these a negative number has no sign: its bits are shown.
        Style::LowerHex | Style::DebugLowerHex => {
            let digits = prefix(out, "0x", options);
            put(out, format_args!("{value:x}"));
            pad::number(out, start, digits, options);
        }
        Style::UpperHex | Style::DebugUpperHex => {
            let digits = prefix(out, "0x", options);
            put(out, format_args!("{value:X}"));
            pad::number(out, start, digits, options);
        }
        Style::Octal => {
            let digits = prefix(out, "0o", options);
            put(out, format_args!("{value:o}"));
            pad::number(out, start, digits, options);
        }
        Style::Binary => {
            let digits = prefix(out, "0b", options);
            put(out, format_args!("{value:b}"));
            pad::number(out, start, digits, options);
        }
    }
}

/// Appends a float, whose sign bit is `negative`.
#[inline]
pub(super) fn float<T>(out: &mut String, value: T, negative: bool, options: &Options)
where
    T: Copy
        + PartialOrd
        + Into<f64>
        + zmij::Float
        + fmt::Display
        + fmt::Debug
        + fmt::LowerExp
        + fmt::UpperExp,
{
    let start = out.len();
    // NaN, the only value not equal to itself, has no sign.
    let is_nan = value.partial_cmp(&value).is_none();
    let digits = if is_nan { start } else { sign(out, negative, options) };
    match (options.style, options.precision) {
        (Style::LowerExp | Style::UpperExp, _) => exponential(out, value, options),
        (_, Some(precision)) if fixed(out, value.into(), precision) => {}
        (_, Some(precision)) => put(out, format_args!("{value:.*}", precision.into())),
        (style, None) if shortest(out, value, style) => {}
        (Style::Display, None) => put(out, format_args!("{value}")),
        (_, None) => put(out, format_args!("{value:?}")),
    }
    pad::number(out, start, digits, options);
}

/// Appends the fewest digits that read back as `value`, as std does; `false`, and nothing is appended, if std has to do it.
///
/// `zmij` finds the same digits in a fraction of the time, but where two of the same length are equally close: of these
/// std takes the larger.
#[inline]
pub(super) fn shortest<T: Copy + Into<f64> + zmij::Float>(
    out: &mut String,
    value: T,
    style: Style,
) -> bool {
    let wide: f64 = value.into();
    // Here neither prints an exponent in any style, and neighbours are no more than 1 apart.
    let limit = if size_of::<T>() == size_of::<f32>() { 1e7 } else { 1e12 };
    if !(1e-4..limit).contains(&wide.abs()) {
        return false;
    }
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value);
    let digits = text.bytes().rev().position(|byte| byte == b'.').unwrap_or(0);
    if fraction_bits(wide) == digits as i32 + 1 {
        // Half-way between two numbers of so many digits: only such a one takes a bit more than they have digits.
        return false;
    }
    let whole = if style == Style::Display { text.strip_suffix(".0") } else { None };
    out.push_str(whole.unwrap_or(text));
    true
}

/// How many bits stand behind the point of a normal number, in binary; not more than 0 if it is whole.
fn fraction_bits(value: f64) -> i32 {
    let bits = value.to_bits();
    let exponent = (bits >> 52) as i32 & 0x7FF;
    0x433 - exponent - (bits | 1 << 52).trailing_zeros() as i32
}

/// Appends `value` with so many digits behind the point, as std does; `false`, and nothing is appended, if that takes
/// more than 128 bits.
///
/// A float is `mantissa × 2^exponent`, and so is its product with a power of ten: what is printed is that product,
/// rounded once. Std does the same with numbers of any length.
#[inline]
fn fixed(out: &mut String, value: f64, precision: u16) -> bool {
    const MANTISSA: u64 = (1 << 52) - 1;
    let bits = value.to_bits();
    let (biased, fraction) = ((bits >> 52) as u32 & 0x7FF, bits & MANTISSA);
    // Below 2^53, and normal: the others are rare.
    let (1..=0x433, Some(&scale)) = (biased, POWERS.get(usize::from(precision))) else {
        return false;
    };
    let shift = 0x433 - biased;
    // 53 bits and at most 57.
    let product = u128::from(fraction | (MANTISSA + 1)) * u128::from(scale);
    let Some(rounded) = round(product, shift) else { return false };
    if value.is_sign_negative() {
        out.push('-');
    }
    let mut buffer = itoa::Buffer::new();
    out.push_str(buffer.format(rounded / scale));
    if precision > 0 {
        let digits = buffer.format(rounded % scale);
        out.push('.');
        out.push_str(&ZEROS[..usize::from(precision) - digits.len()]);
        out.push_str(digits);
    }
    true
}

/// `product ÷ 2^shift`, rounded to the nearest, of two to the even one; `None` if it takes more than 64 bits.
#[inline]
fn round(product: u128, shift: u32) -> Option<u64> {
    // A product has 110 bits at most.
    let Some(whole) = product.checked_shr(shift) else { return Some(0) };
    let rest = product - (whole << shift);
    let whole = u64::try_from(whole).ok()?;
    let is_up = match shift {
        0 => false,
        _ => match rest.cmp(&(1 << (shift - 1))) {
            Ordering::Less => false,
            Ordering::Equal => whole % 2 == 1,
            Ordering::Greater => true,
        },
    };
    whole.checked_add(is_up.into())
}

/// Powers of ten, by their exponents.
const POWERS: [u64; 18] = {
    let mut powers = [1; 18];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// As many as there may be digits behind a point.
const ZEROS: &str = "00000000000000000";

fn exponential<T: fmt::LowerExp + fmt::UpperExp>(out: &mut String, value: T, options: &Options) {
    match (options.style == Style::UpperExp, options.precision) {
        (false, None) => put(out, format_args!("{value:e}")),
        (false, Some(precision)) => put(out, format_args!("{value:.*e}", precision.into())),
        (true, None) => put(out, format_args!("{value:E}")),
        (true, Some(precision)) => put(out, format_args!("{value:.*E}", precision.into())),
    }
}

/// Appends the `+` of a number that is not negative, if it is asked for. Returns where the digits will start: a
/// negative number will bring its own sign.
#[inline]
fn sign(out: &mut String, negative: bool, options: &Options) -> usize {
    if !negative && options.plus {
        out.push('+');
        return out.len();
    }
    out.len() + usize::from(negative)
}

/// Appends what comes before digits that are not decimal. Returns where they will start.
fn prefix(out: &mut String, prefix: &str, options: &Options) -> usize {
    if options.plus {
        out.push('+');
    }
    if options.alternate {
        out.push_str(prefix);
    }
    out.len()
}

#[inline]
fn put(out: &mut String, arguments: fmt::Arguments<'_>) {
    // Neither numbers nor strings fail.
    let _ = out.write_fmt(arguments);
}
