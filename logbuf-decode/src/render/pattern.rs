//! Lines as the user wants them.

use crate::{
    record::Record,
    render::Render,
    time::{Clock, TimeStyle},
};
use jiff::tz::TimeZone;
use logbuf_format::{
    line::{Shown, escape_from, push_context, push_spans},
    render::{self, TooLong, unquoted},
    template::{self, Align, Argument, Count, Piece, Placeholder, Spec, Style},
};
use std::fmt::{self, Write};

/// One line for each record, in a pattern: a format string of [`std::fmt`] whose placeholders are parts of a record.
///
/// | placeholder | part |
/// |---|---|
/// | `{time}` | the time |
/// | `{unix_ns}` | the time, nanoseconds since the Unix epoch |
/// | `{level}`, `{target}`, `{thread}`, `{file}`, `{line}` | what they say |
/// | `{process}`, `{pid}`, `{host}` | who wrote the file |
/// | `{message}` | the message |
/// | `{fields}` | all fields, as `name=value`, with a space between them |
/// | `{context}` | all fields of its contexts, likewise |
/// | `{spans}` | the spans that it was logged in, as in a line of text: `outer{id=7}:inner` |
/// | any other name | the field or the argument of this name, of the record, or else of the innermost context or span that has it, a string without quotes; nothing if there is none |
///
/// Fill, alignment, width and precision (the largest width) do what they do to strings. Control characters in the parts
/// are escaped; what stands between them is printed as it is.
///
/// # Examples
///
/// ```
/// use logbuf_decode::Pattern;
///
/// let pattern = Pattern::new("{time} {level:<5} {message} (order {order_id})")?;
/// assert!(Pattern::new("{time").is_err());
/// # drop(pattern);
/// # Ok::<_, logbuf_decode::PatternError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pattern {
    steps: Vec<Step>,
    clock: Clock,
    raw: bool,
    /// A part that is being laid out.
    part: String,
}

/// Why a string is no [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternError {
    /// It is no format string.
    Template(template::Error),
    /// A placeholder does not name a part of a record.
    Unnamed {
        /// Where it stands, in bytes.
        offset: usize,
    },
    /// A placeholder asks for more than a string can be: a style, a sign, or a width that is not a number.
    Spec {
        /// Where it stands, in bytes.
        offset: usize,
    },
}

#[derive(Clone, Debug)]
enum Step {
    Literal(String),
    Part { part: Part, layout: Layout },
}

#[derive(Clone, Debug)]
enum Part {
    Time,
    UnixNs,
    Level,
    Target,
    Thread,
    File,
    Line,
    Process,
    Pid,
    Host,
    Message,
    Fields,
    Context,
    Spans,
    Field(String),
}

/// How a part is fitted into the line.
#[derive(Clone, Copy, Debug)]
struct Layout {
    fill: char,
    align: Align,
    width: usize,
    /// The largest width.
    precision: usize,
}

impl Pattern {
    /// A pattern with times in UTC.
    ///
    /// # Errors
    ///
    /// What is wrong with the first bad placeholder.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let pieces = template::parse(pattern).map_err(PatternError::Template)?;
        let steps = pieces.into_iter().map(|piece| match piece {
            Piece::Literal(text) => Ok(Step::Literal(text.to_owned())),
            Piece::Placeholder(placeholder) => Step::part(&placeholder),
        });
        Ok(Self {
            steps: steps.collect::<Result<_, _>>()?,
            clock: Clock::new(TimeZone::UTC),
            raw: false,
            part: String::new(),
        })
    }

    /// The fields that it names, in order, each as often as it is there.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match step {
            Step::Part { part: Part::Field(name), .. } => Some(name.as_str()),
            _ => None,
        })
    }

    /// What the program logged stays as it is, whatever is in it.
    #[must_use]
    pub fn raw(self) -> Self {
        Self { raw: true, ..self }
    }

    /// Times in this zone, each with its distance from UTC.
    #[must_use]
    pub fn zone(self, zone: TimeZone) -> Self {
        Self { clock: self.clock.with_zone(zone), ..self }
    }

    /// Times in this style.
    #[must_use]
    pub fn time(self, style: TimeStyle) -> Self {
        Self { clock: self.clock.with_style(style), ..self }
    }
}

impl Render for Pattern {
    fn record(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        let start = out.len();
        for step in &self.steps {
            match step {
                Step::Literal(text) => out.push_str(text),
                Step::Part { part, layout } => {
                    self.part.clear();
                    if let Err(error) = part.push(record, &mut self.clock, &mut self.part) {
                        out.truncate(start);
                        return Err(error);
                    }
                    if !self.raw {
                        escape_from(0, &mut self.part);
                    }
                    layout.push(&self.part, out);
                }
            }
        }
        out.push('\n');
        Ok(())
    }
}

impl Step {
    fn part(placeholder: &Placeholder<'_>) -> Result<Self, PatternError> {
        let offset = placeholder.span.start;
        let Argument::Name(name) = placeholder.argument else {
            return Err(PatternError::Unnamed { offset });
        };
        let layout = Layout::of(&placeholder.spec).ok_or(PatternError::Spec { offset })?;
        Ok(Self::Part { part: Part::named(name), layout })
    }
}

impl Part {
    fn named(name: &str) -> Self {
        match name {
            "time" => Self::Time,
            "unix_ns" => Self::UnixNs,
            "level" => Self::Level,
            "target" => Self::Target,
            "thread" => Self::Thread,
            "file" => Self::File,
            "line" => Self::Line,
            "process" => Self::Process,
            "pid" => Self::Pid,
            "host" => Self::Host,
            "message" => Self::Message,
            "fields" => Self::Fields,
            "context" => Self::Context,
            "spans" => Self::Spans,
            _ => Self::Field(name.to_owned()),
        }
    }

    fn push(
        &self,
        record: &Record<'_>,
        clock: &mut Clock,
        out: &mut String,
    ) -> Result<(), TooLong> {
        let meta = || record.segment().header().map(|header| &header.meta);
        // Writing to a string does not fail.
        let mut put = |text: fmt::Arguments<'_>| {
            let _ = out.write_fmt(text);
        };
        match self {
            Self::Time => clock.push(record.unix_ns(), out),
            Self::UnixNs => put(format_args!("{}", record.unix_ns())),
            Self::Level => out.push_str(record.level().name()),
            Self::Target => out.push_str(record.target()),
            Self::Thread => put(format_args!("{}", record.thread())),
            Self::File => out.push_str(record.file()),
            Self::Line => put(format_args!("{}", record.line())),
            Self::Process => out.push_str(meta().map_or("", |meta| &meta.process)),
            Self::Pid => put(format_args!("{}", meta().map_or(0, |meta| meta.pid))),
            Self::Host => out.push_str(meta().map_or("", |meta| &meta.host)),
            Self::Message => record.message(out)?,
            Self::Fields => {
                let room = record.room(out);
                for (index, (name, value)) in record.fields().enumerate() {
                    out.push_str(if index > 0 { " " } else { "" });
                    out.push_str(name);
                    out.push('=');
                    render::field(out, value, room)?;
                }
            }
            Self::Context => push_context(&record.context(), out, record.room(out))?,
            Self::Spans => {
                let start = out.len();
                push_spans(&Shown::spans(record), out, record.room(out))?;
                // The colon and the space are for the target behind them.
                out.truncate(out[start..].trim_end_matches([':', ' ']).len() + start);
            }
            Self::Field(wanted) => {
                if let Some(value) = record.find(wanted) {
                    unquoted(out, &value, record.room(out))?;
                }
            }
        }
        Ok(())
    }
}

impl Layout {
    /// `None` if a string cannot be laid out like this.
    fn of(spec: &Spec<'_>) -> Option<Self> {
        let count = |count: Option<Count<'_>>, otherwise: usize| match count {
            None => Some(otherwise),
            Some(Count::Literal(number)) => Some(number.into()),
            Some(_) => None,
        };
        let is_plain =
            spec.style == Style::Display && spec.sign.is_none() && !spec.alternate && !spec.zero;
        is_plain.then_some(())?;
        Some(Self {
            fill: spec.fill,
            align: spec.align.unwrap_or(Align::Left),
            width: count(spec.width, 0)?,
            precision: count(spec.precision, usize::MAX)?,
        })
    }

    fn push(&self, part: &str, out: &mut String) {
        if self.width == 0 && self.precision == usize::MAX {
            out.push_str(part);
            return;
        }
        let length = part.chars().take(self.precision).count();
        let padding = self.width.saturating_sub(length);
        let before = match self.align {
            Align::Left => 0,
            Align::Center => padding / 2,
            Align::Right => padding,
        };
        out.extend(std::iter::repeat_n(self.fill, before));
        out.extend(part.chars().take(length));
        out.extend(std::iter::repeat_n(self.fill, padding - before));
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template(error) => error.fmt(f),
            Self::Unnamed { offset } => write!(
                f,
                "at byte {offset}: a placeholder names a part of a record, such as {{time}} or {{message}}"
            ),
            Self::Spec { offset } => write!(
                f,
                "at byte {offset}: a placeholder has fill, alignment, width and precision, and nothing else"
            ),
        }
    }
}

impl std::error::Error for PatternError {}
