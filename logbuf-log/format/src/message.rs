//! Messages: canonical templates that have been checked against the values of their site.

mod error;

use crate::{
    render::{self, Options, Room, Sink, TooLong},
    site::Slot,
    template::{self, Argument, Count, Piece, Placeholder, Sign, Spec},
    types::Type,
    value::Value,
};
pub use error::{Error, Fault};

/// A canonical template, ready to print the records of a site.
///
/// # Examples
///
/// ```
/// use logbuf_format::{definition::Definitions, message::Message, render::Room, site::{Role, Slot}, types::Type, value::{self, Value}};
///
/// let slot = |ty| Slot { name: String::new(), role: Role::Argument, ty };
/// let slots = [slot(Type::F64), slot(Type::Str)];
/// let message = Message::new("{1:>4} @ {0:.2}", &slots)?;
///
/// let mut record = 52_100.5_f64.to_le_bytes().to_vec();
/// record.extend_from_slice(&3_u32.to_le_bytes());
/// record.extend_from_slice(b"BTC");
/// let mut values = Vec::new();
/// value::take_all(&slots, Definitions::none(), &record, &mut values)?;
/// let mut text = String::new();
/// let room = Room::most(&text);
/// message.render(&values, &mut text, room)?;
/// assert_eq!(text, " BTC @ 52100.50");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    steps: Vec<Step>,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Literal(Box<str>),
    /// A value whose options say no more than `{}` or `{:?}` does.
    Plain {
        index: usize,
        options: Options,
    },
    Value {
        index: usize,
        /// All but what the next two say.
        options: Options,
        /// The value that is the width.
        width: Option<usize>,
        /// The value that is the precision.
        precision: Option<usize>,
    },
}

impl Message {
    /// Checks a canonical template against the values of its site, which must be typed: the types of a site that has
    /// not fired yet are only place holders.
    ///
    /// # Errors
    ///
    /// The first place where the template is none, is not canonical, or does not fit the values.
    pub fn new(template: &str, slots: &[Slot]) -> Result<Self, Error> {
        let pieces = template::parse(template)?;
        let steps = pieces.into_iter().map(|piece| match piece {
            Piece::Literal(text) => Ok(Step::Literal(text.into())),
            Piece::Placeholder(placeholder) => {
                let offset = placeholder.span.start;
                Step::new(&placeholder, slots).map_err(|fault| Error { offset, fault })
            }
        });
        Ok(Self { steps: steps.collect::<Result<_, _>>()? })
    }

    /// Appends the message of a record with these `values`, those of the site's slots in order.
    ///
    /// # Errors
    ///
    /// [`TooLong`]; `out` is then as it was.
    ///
    /// # Panics
    ///
    /// If there are fewer values than slots.
    pub fn render(
        &self,
        values: &[Value<'_>],
        out: &mut String,
        room: Room,
    ) -> Result<(), TooLong> {
        let start = out.len();
        let mut sink = Sink::new(out, room);
        self.steps
            .iter()
            .try_for_each(|step| step.render(values, &mut sink))
            .inspect_err(|_| out.truncate(start))
    }
}

impl Step {
    fn new(placeholder: &Placeholder<'_>, slots: &[Slot]) -> Result<Self, Fault> {
        let Argument::Index(index) = placeholder.argument else {
            return Err(Fault::NotCanonical);
        };
        let spec = &placeholder.spec;
        let slot = slots.get(index).ok_or(Fault::NoValue { index, values: slots.len() })?;
        if !render::supports(&slot.ty, spec.style) {
            return Err(Fault::Style { index, ty: slot.ty.clone(), style: spec.style });
        }
        let (width, width_index) = count(spec.width, slots)?;
        let (precision, precision_index) = count(spec.precision, slots)?;
        let options = options(spec, width.unwrap_or(0), precision);
        if options.is_plain() && width_index.is_none() && precision_index.is_none() {
            return Ok(Self::Plain { index, options });
        }
        Ok(Self::Value { index, options, width: width_index, precision: precision_index })
    }

    #[inline]
    fn render(&self, values: &[Value<'_>], sink: &mut Sink<'_>) -> Result<(), TooLong> {
        match self {
            Self::Literal(text) => sink.push_str(text),
            Self::Plain { index, options } => render::plain(sink, &values[*index], options),
            Self::Value { index, options, width: None, precision: None } => {
                render::value(sink, &values[*index], options)
            }
            Self::Value { index, options, width, precision } => {
                let options = Options {
                    width: width.map_or(options.width, |index| as_count(&values[index])),
                    precision: precision
                        .map_or(options.precision, |index| Some(as_count(&values[index]))),
                    ..*options
                };
                render::value(sink, &values[*index], &options)
            }
        }
    }
}

fn options(spec: &Spec<'_>, width: u16, precision: Option<u16>) -> Options {
    Options {
        fill: spec.fill,
        align: spec.align,
        plus: spec.sign == Some(Sign::Plus),
        alternate: spec.alternate,
        zero: spec.zero,
        width,
        precision,
        style: spec.style,
    }
}

/// A width or precision: the number, or the index of the value that is the number.
fn count(count: Option<Count<'_>>, slots: &[Slot]) -> Result<(Option<u16>, Option<usize>), Fault> {
    match count {
        None => Ok((None, None)),
        Some(Count::Literal(number)) => Ok((Some(number), None)),
        Some(Count::Index(index)) => {
            let slot = slots.get(index).ok_or(Fault::NoValue { index, values: slots.len() })?;
            match slot.ty {
                Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::U128 => {
                    Ok((None, Some(index)))
                }
                _ => Err(Fault::Count { index, ty: slot.ty.clone() }),
            }
        }
        Some(Count::Name(_) | Count::Star(_)) => Err(Fault::NotCanonical),
    }
}

/// A value as a width or precision. Beyond 65535, where `format!` panics, it is 65535.
fn as_count(value: &Value<'_>) -> u16 {
    value.as_unsigned().map_or(0, |count| u16::try_from(count).unwrap_or(u16::MAX))
}
