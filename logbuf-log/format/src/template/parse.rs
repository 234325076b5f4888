//! The parser: the grammar of `std::fmt` as rustc reads it.

use super::{Align, Argument, Count, Error, Expected, Piece, Placeholder, Sign, Spec, Style};

/// Takes a template apart.
///
/// It accepts what rustc's `format!` accepts, and differs in one point: of names it knows only that they start with a
/// letter or `_`, and leaves to rustc which letters beyond ASCII may follow.
///
/// # Errors
///
/// The first place where the template breaks the grammar.
///
/// # Examples
///
/// ```
/// use logbuf_format::template::{self, Argument, Count, Piece};
///
/// let pieces = template::parse("px={:.*}")?;
/// let [Piece::Literal("px="), Piece::Placeholder(px)] = &pieces[..] else { panic!() };
/// assert_eq!(px.argument, Argument::Next(1));
/// assert_eq!(px.spec.precision, Some(Count::Star(0)));
/// assert_eq!(px.span, 3..8);
///
/// let error = template::parse("{:>8").unwrap_err();
/// assert_eq!(error.offset, 4);
/// # Ok::<_, template::Error>(())
/// ```
pub fn parse(template: &str) -> Result<Vec<Piece<'_>>, Error> {
    let mut parser = Parser { template, at: 0, next: 0 };
    let mut pieces = Vec::new();
    while let Some(piece) = parser.piece()? {
        pieces.push(piece);
    }
    Ok(pieces)
}

struct Parser<'a> {
    template: &'a str,
    /// The first byte that is not read yet.
    at: usize,
    /// The index of the next implicit argument.
    next: usize,
}

impl<'a> Parser<'a> {
    fn piece(&mut self) -> Result<Option<Piece<'a>>, Error> {
        let start = self.at;
        match self.peek() {
            None => Ok(None),
            Some('{') if !self.rest().starts_with("{{") => {
                self.placeholder().map(Piece::Placeholder).map(Some)
            }
            Some('}') if !self.rest().starts_with("}}") => Err(self.error(Expected::DoubledClose)),
            Some('{' | '}') => {
                // The second brace of an escape starts the piece.
                self.at += 2;
                self.text();
                Ok(Some(Piece::Literal(&self.template[start + 1..self.at])))
            }
            Some(_) => {
                self.text();
                Ok(Some(Piece::Literal(&self.template[start..self.at])))
            }
        }
    }

    /// Reads up to the next brace.
    fn text(&mut self) {
        self.at += self.rest().find(['{', '}']).unwrap_or(self.rest().len());
    }

    fn placeholder(&mut self) -> Result<Placeholder<'a>, Error> {
        let open = self.at;
        self.eat('{');
        let argument = self.argument()?;
        self.whitespace();
        let spec = if self.eat(':') { self.spec()? } else { Spec::default() };
        self.whitespace();
        if !self.eat('}') {
            return Err(self.error(Expected::Close { open }));
        }
        // Only now, because a `.*` takes its argument first.
        let argument = argument.unwrap_or_else(|| Argument::Next(self.take_next()));
        Ok(Placeholder { argument, spec, span: open..self.at })
    }

    fn argument(&mut self) -> Result<Option<Argument<'a>>, Error> {
        if let Some(index) = self.number()? {
            return Ok(Some(Argument::Index(index.into())));
        }
        if self.rest().starts_with("r#") {
            return Err(self.error(Expected::PlainName));
        }
        Ok(self.name()?.map(Argument::Name))
    }

    fn spec(&mut self) -> Result<Spec<'a>, Error> {
        let mut spec = Spec { fill: self.fill().unwrap_or(' '), ..Spec::default() };
        spec.align = self.align();
        spec.sign = self.sign();
        spec.alternate = self.eat('#');
        // `0$` is a width and not the flag.
        spec.zero = !self.rest().starts_with("0$") && self.eat('0');
        spec.width = self.count()?;
        if self.eat('.') {
            spec.precision =
                if self.eat('*') { Some(Count::Star(self.take_next())) } else { self.count()? };
        }
        spec.style = self.style()?;
        Ok(spec)
    }

    /// Any `char` that an alignment follows.
    fn fill(&mut self) -> Option<char> {
        let mut chars = self.rest().chars();
        let fill = chars.next()?;
        matches!(chars.next()?, '<' | '^' | '>').then(|| {
            self.at += fill.len_utf8();
            fill
        })
    }

    fn align(&mut self) -> Option<Align> {
        let align = match self.peek()? {
            '<' => Align::Left,
            '^' => Align::Center,
            '>' => Align::Right,
            _ => return None,
        };
        self.at += 1;
        Some(align)
    }

    fn sign(&mut self) -> Option<Sign> {
        let sign = match self.peek()? {
            '+' => Sign::Plus,
            '-' => Sign::Minus,
            _ => return None,
        };
        self.at += 1;
        Some(sign)
    }

    fn count(&mut self) -> Result<Option<Count<'a>>, Error> {
        if let Some(number) = self.number()? {
            let is_index = self.eat('$');
            return Ok(Some(if is_index {
                Count::Index(number.into())
            } else {
                Count::Literal(number)
            }));
        }
        let start = self.at;
        if let Some(name) = self.name()? {
            if self.eat('$') {
                return Ok(Some(Count::Name(name)));
            }
            // It was the style.
            self.at = start;
        }
        Ok(None)
    }

    fn style(&mut self) -> Result<Style, Error> {
        let start = self.at;
        for style in [Style::Debug, Style::DebugLowerHex, Style::DebugUpperHex] {
            if self.rest().starts_with(style.suffix()) {
                self.at += style.suffix().len();
                return Ok(style);
            }
        }
        match self.name()? {
            None => Ok(Style::Display),
            Some("x") => Ok(Style::LowerHex),
            Some("X") => Ok(Style::UpperHex),
            Some("o") => Ok(Style::Octal),
            Some("b") => Ok(Style::Binary),
            Some("e") => Ok(Style::LowerExp),
            Some("E") => Ok(Style::UpperExp),
            Some("p") => Ok(Style::Pointer),
            Some(name) => {
                Err(Error { offset: start, expected: Expected::Style, found: name.into() })
            }
        }
    }

    fn number(&mut self) -> Result<Option<u16>, Error> {
        let digits = self.rest().find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest().len());
        if digits == 0 {
            return Ok(None);
        }
        let offset = self.at;
        let text = &self.rest()[..digits];
        self.at += digits;
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Error { offset, expected: Expected::Number, found: text.into() }),
        }
    }

    fn name(&mut self) -> Result<Option<&'a str>, Error> {
        if !self.peek().is_some_and(starts_name) {
            return Ok(None);
        }
        let rest = self.rest();
        let name = &rest[..rest.find(|c| !continues_name(c)).unwrap_or(rest.len())];
        if name == "_" {
            return Err(self.error(Expected::Name));
        }
        self.at += name.len();
        Ok(Some(name))
    }

    fn whitespace(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take_next(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    fn rest(&self) -> &'a str {
        &self.template[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Reads `c` if it is next.
    fn eat(&mut self, c: char) -> bool {
        let eaten = self.rest().starts_with(c);
        if eaten {
            self.at += c.len_utf8();
        }
        eaten
    }

    /// The error that something else stands here.
    fn error(&self, expected: Expected) -> Error {
        let found = self.peek().map(String::from).unwrap_or_default();
        Error { offset: self.at, expected, found }
    }
}

fn starts_name(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn continues_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric() || !(c.is_ascii() || c.is_whitespace())
}
