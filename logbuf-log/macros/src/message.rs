//! What a message stands for: the values a record holds for it, and the template that prints them.

use logbuf_format::template::{self, Argument, Count, Piece, Placeholder, Style};
use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::{Expr, Result};

use crate::call::{Message, Mode};

/// A message whose placeholders are tied to expressions.
pub(crate) struct Resolved {
    /// Whether a placeholder names an argument that is not there. Then nothing else here is of use.
    pub(crate) lacks_argument: bool,
    /// In the canonical form of the file format: each placeholder names one of `slots`.
    pub(crate) template: String,
    /// The expressions to borrow: the explicit arguments in order, then the captured variables.
    pub(crate) bindings: Vec<Expr>,
    /// The values of the record.
    pub(crate) slots: Vec<Slot>,
}

/// One value of the record.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Slot {
    /// A typed value that the decoder formats.
    Deferred {
        name: String,
        binding: usize,
        /// Whether a placeholder asks for more than `Debug`.
        shown: bool,
    },
    /// Text that is formatted at the call, by `format_args!` with this literal over these bindings.
    Formatted { name: String, literal: String, bindings: Vec<usize> },
}

impl Slot {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Deferred { name, .. } | Self::Formatted { name, .. } => name,
        }
    }
}

impl Resolved {
    /// No message.
    pub(crate) fn empty() -> Self {
        Self {
            lacks_argument: false,
            template: String::new(),
            bindings: Vec::new(),
            slots: Vec::new(),
        }
    }
}

/// Ties the placeholders of `message` to its arguments and to the variables around it.
///
/// What is wrong with the arguments is left for rustc to say, which checks the same literal; but for a named argument that is not
/// used, which is most likely meant for a field.
pub(crate) fn resolve(message: &Message) -> Result<Resolved> {
    let text = message.literal.value();
    let pieces = template::parse(&text).map_err(|error| {
        syn::Error::new(message.literal.span(), format!("invalid format string: {error}"))
    })?;
    let mut resolver = Resolver {
        message,
        bindings: message.arguments.iter().map(|argument| argument.value.clone()).collect(),
        captured: Vec::new(),
        slots: Vec::new(),
        lacks_argument: false,
        used: vec![false; message.arguments.len()],
    };
    let mut template = String::new();
    for piece in pieces {
        let piece = match piece {
            Piece::Placeholder(placeholder) => Piece::Placeholder(resolver.resolve(placeholder)),
            literal @ Piece::Literal(_) => literal,
        };
        template.push_str(&piece.to_string());
    }
    let Resolver { bindings, slots, lacks_argument, used, .. } = resolver;
    for (argument, used) in message.arguments.iter().zip(used) {
        if let (Some(name), false) = (&argument.name, used) {
            let error = format!(
                "the message does not use `{name}`; if it is a field, it comes before the message: `{name} = value, \"message\"`"
            );
            return Err(syn::Error::new(name.span(), error));
        }
    }
    Ok(Resolved { lacks_argument, template, bindings, slots })
}

struct Resolver<'m> {
    message: &'m Message,
    bindings: Vec<Expr>,
    /// Names of the captured variables; their bindings follow those of the arguments.
    captured: Vec<String>,
    slots: Vec<Slot>,
    lacks_argument: bool,
    /// For each argument, whether a placeholder names it.
    used: Vec<bool>,
}

impl Resolver<'_> {
    /// Gives the placeholder its slots, and returns it in canonical form.
    fn resolve<'a>(&mut self, placeholder: Placeholder<'a>) -> Placeholder<'a> {
        let Placeholder { argument, mut spec, span } = placeholder;
        let binding = match argument {
            Argument::Next(index) | Argument::Index(index) => self.positional(index),
            Argument::Name(name) => self.named(name),
        };
        let mode =
            self.message.arguments.get(binding).map_or(Mode::Deferred, |argument| argument.mode);
        if mode == Mode::Deferred && spec.style != Style::Pointer {
            let shown = !spec.style.is_debug();
            let argument = Argument::Index(self.deferred(binding, shown));
            spec.width = spec.width.map(|count| self.count(count));
            spec.precision = spec.precision.map(|count| self.count(count));
            return Placeholder { argument, spec, span };
        }
        // Formatted at the call, with its whole specification; a pointer means nothing elsewhere.
        if mode == Mode::Debug && spec.style == Style::Display {
            spec.style = Style::Debug;
        }
        let name = self.name(binding);
        let mut bindings = vec![binding];
        let mut local = |count: Count<'a>, resolver: &mut Self| match resolver.count_binding(count)
        {
            None => count,
            Some(binding) => {
                bindings.push(binding);
                Count::Index(bindings.len() - 1)
            }
        };
        spec.width = spec.width.map(|count| local(count, self));
        spec.precision = spec.precision.map(|count| local(count, self));
        let literal =
            Placeholder { argument: Argument::Index(0), spec, span: span.clone() }.to_string();
        let index = self.slot(Slot::Formatted { name, literal, bindings });
        Placeholder { argument: Argument::Index(index), spec: Default::default(), span }
    }

    /// A count in canonical form.
    fn count<'a>(&mut self, count: Count<'a>) -> Count<'a> {
        self.count_binding(count)
            .map_or(count, |binding| Count::Index(self.deferred(binding, false)))
    }

    fn count_binding(&mut self, count: Count<'_>) -> Option<usize> {
        match count {
            Count::Literal(_) => None,
            Count::Index(index) | Count::Star(index) => Some(self.positional(index)),
            Count::Name(name) => Some(self.named(name)),
        }
    }

    /// The binding of an argument by its place.
    fn positional(&mut self, index: usize) -> usize {
        match self.used.get_mut(index) {
            Some(used) => *used = true,
            None => self.lacks_argument = true,
        }
        index
    }

    /// The binding of a named argument or, if there is none, of the variable of that name.
    fn named(&mut self, name: &str) -> usize {
        let arguments = &self.message.arguments;
        let is = |ident: &Ident| ident.unraw() == name;
        if let Some(index) =
            arguments.iter().position(|argument| argument.name.as_ref().is_some_and(is))
        {
            self.used[index] = true;
            return index;
        }
        if let Some(index) = self.captured.iter().position(|captured| captured == name) {
            return arguments.len() + index;
        }
        let variable = variable(name, self.message.literal.span());
        self.captured.push(name.to_owned());
        self.bindings.push(Expr::Path(syn::ExprPath {
            attrs: Vec::new(),
            qself: None,
            path: variable.into(),
        }));
        self.bindings.len() - 1
    }

    fn deferred(&mut self, binding: usize, shown: bool) -> usize {
        let known =
            |slot: &Slot| matches!(slot, Slot::Deferred { binding: of, .. } if *of == binding);
        if let Some(index) = self.slots.iter().position(known) {
            if let Slot::Deferred { shown: so_far, .. } = &mut self.slots[index] {
                *so_far |= shown;
            }
            return index;
        }
        let name = self.name(binding);
        self.slots.push(Slot::Deferred { name, binding, shown });
        self.slots.len() - 1
    }

    /// The index of the slot, which is made if there is none like it.
    fn slot(&mut self, slot: Slot) -> usize {
        self.slots.iter().position(|known| *known == slot).unwrap_or_else(|| {
            self.slots.push(slot);
            self.slots.len() - 1
        })
    }

    /// What to call the value: the argument's name, or the variable that it is.
    fn name(&self, binding: usize) -> String {
        match self.message.arguments.get(binding) {
            Some(argument) => match (&argument.name, &argument.value) {
                (Some(name), _) => name.unraw().to_string(),
                (None, Expr::Path(path)) => {
                    path.path.get_ident().map(|name| name.unraw().to_string()).unwrap_or_default()
                }
                (None, _) => String::new(),
            },
            None => self
                .captured
                .get(binding - self.message.arguments.len())
                .cloned()
                .unwrap_or_default(),
        }
    }
}

/// The variable that a placeholder captures: looked up where the format string was written.
fn variable(name: &str, span: Span) -> Ident {
    match syn::parse_str::<Ident>(name) {
        Ok(_) => Ident::new(name, span),
        // `{self}` is what it says; other keywords stand for raw identifiers.
        Err(_) if matches!(name, "self" | "Self" | "super" | "crate") => Ident::new(name, span),
        Err(_) => Ident::new_raw(name, span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(call: &str, template: &str, slots: &[&str]) {
        let message: Message = syn::parse_str(call).expect("the call parses");
        let resolved = resolve(&message).expect("the message resolves");
        assert_eq!(resolved.template, template, "{call}");
        let shown: Vec<String> = resolved
            .slots
            .iter()
            .map(|slot| match slot {
                Slot::Deferred { name, binding, .. } => format!("{name}={binding}"),
                Slot::Formatted { name, literal, bindings } => {
                    format!("{name}={literal}{bindings:?}")
                }
            })
            .collect();
        assert_eq!(shown, slots, "{call}");
    }

    #[test]
    fn placeholders_are_numbered_by_value() {
        check(
            r#""filled {symbol} {qty} @ {px:.2}""#,
            "filled {0} {1} @ {2:.2}",
            &["symbol=0", "qty=1", "px=2"],
        );
        check(r#""{} {x} {} {0}", a, b + 1"#, "{0} {1} {2} {0}", &["a=0", "x=2", "=1"]);
        check(r#""{n:?} {type}", n = 3"#, "{0:?} {1}", &["n=0", "type=1"]);
        check(r#""{{}} {:#010x}", x"#, "{{}} {0:#010x}", &["x=0"]);
    }

    #[test]
    fn widths_and_precisions_are_values() {
        check(r#""{:>width$.prec$}", x"#, "{0:>1$.2$}", &["x=0", "width=1", "prec=2"]);
        check(r#""{:.*} {}", 2, x, y"#, "{0:.1$} {2}", &["x=1", "=0", "y=2"]);
    }

    #[test]
    fn eager_arguments_carry_their_specification_with_them() {
        check(r#""{:>8} {0:?}", %x"#, "{0} {1}", &["x={0:>8}[0]", "x={0:?}[0]"]);
        check(r#""{:w$} {}", ?x, y"#, "{0} {1}", &["x={0:1$?}[0, 2]", "y=1"]);
        check(r#""{:p}", x"#, "{0}", &["x={0:p}[0]"]);
    }
}
