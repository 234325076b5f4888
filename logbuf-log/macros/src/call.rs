//! The syntax of a log call.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, LitStr, Result, Token};

/// What a macro of `logbuf-log` hands over: `$crate; tokens of the user's`. Macros other than `log!` and those of the
/// levels put `@` and their purpose before the user's tokens, which cannot be the beginning of a level.
#[allow(clippy::large_enum_variant, reason = "there is one at a time, and it is not moved about")]
pub(crate) enum Input {
    Call(Call),
    /// `@enabled`: whether a call would record.
    Enabled(Place),
}

/// What `context!` hands over: `$crate; name = value, …`.
pub(crate) struct Context {
    /// The path of `logbuf-log` as the caller knows it.
    pub(crate) krate: TokenStream,
    pub(crate) fields: Vec<Field>,
}

/// What filters go by, and where the macros find what they need.
pub(crate) struct Place {
    /// The path of `logbuf-log` as the caller knows it.
    pub(crate) krate: TokenStream,
    pub(crate) level: Expr,
    pub(crate) target: Option<Expr>,
}

/// `level, target: "…", ts: …, when_full: …, name = value, …, "template", argument, …`
pub(crate) struct Call {
    pub(crate) limit: Option<Limit>,
    pub(crate) place: Place,
    /// When the record was made, if the caller knows.
    pub(crate) timestamp: Option<Expr>,
    /// What to do if the ring is full, if not what the logger says.
    pub(crate) when_full: Option<Expr>,
    pub(crate) fields: Vec<Field>,
    pub(crate) message: Option<Message>,
}

/// How seldom a call records.
pub(crate) enum Limit {
    /// `@every(duration)`
    Every(Expr),
    /// `@every_n(n)`
    EveryN(Expr),
    /// `@once`
    Once,
}

/// How a value reaches the record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As typed bytes, formatted by the decoder.
    Deferred,
    /// `?value`: formatted at the call by `Debug`.
    Debug,
    /// `%value`: formatted at the call by `Display`.
    Display,
}

/// `name = value`, or `value` for both.
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) mode: Mode,
    pub(crate) value: Expr,
}

/// A format string and its explicit arguments.
pub(crate) struct Message {
    pub(crate) literal: LitStr,
    pub(crate) arguments: Vec<Argument>,
}

/// `value` or `name = value`.
pub(crate) struct Argument {
    pub(crate) name: Option<Ident>,
    pub(crate) mode: Mode,
    pub(crate) value: Expr,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let krate = parse_crate(input)?;
        if !input.peek(Token![@]) {
            return Call::parse(input, krate, None).map(Self::Call);
        }
        input.parse::<Token![@]>()?;
        let purpose: Ident = input.parse()?;
        let limit = match purpose.to_string().as_str() {
            "enabled" => return parse_enabled(input, krate).map(Self::Enabled),
            "every" => Limit::Every(parse_parenthesized(input)?),
            "every_n" => Limit::EveryN(parse_parenthesized(input)?),
            "once" => Limit::Once,
            _ => return Err(syn::Error::new(purpose.span(), "unknown purpose")),
        };
        Call::parse(input, krate, Some(limit)).map(Self::Call)
    }
}

fn parse_parenthesized(input: ParseStream<'_>) -> Result<Expr> {
    let inside;
    syn::parenthesized!(inside in input);
    inside.parse()
}

/// A place and nothing else.
fn parse_enabled(input: ParseStream<'_>, krate: TokenStream) -> Result<Place> {
    let mut options = Options::default();
    let place = parse_place(input, krate, &mut options)?;
    let option = options.timestamp.or(options.when_full);
    if input.is_empty() && option.is_none() {
        return Ok(place);
    }
    let span = option.map_or(input.span(), |option| option.span());
    Err(syn::Error::new(
        span,
        "expected nothing but a level and a target, as in `enabled!(target: \"audit\", Level::Info)`",
    ))
}

impl Parse for Context {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let krate = parse_crate(input)?;
        let fields = Punctuated::<Field, Token![,]>::parse_terminated(input)?;
        if fields.is_empty() {
            return Err(input.error("expected a field, as in `context!(session = 7)`"));
        }
        Ok(Self { krate, fields: fields.into_iter().collect() })
    }
}

/// The options come before the level, as in the `log` crate, or behind it, as in tracing.
fn parse_place(input: ParseStream<'_>, krate: TokenStream, options: &mut Options) -> Result<Place> {
    options.parse(input)?;
    let level = input.parse()?;
    parse_comma(input)?;
    options.parse(input)?;
    Ok(Place { krate, level, target: options.target.take() })
}

/// `name: value`, which come before fields and message, in any order.
#[derive(Default)]
struct Options {
    target: Option<Expr>,
    timestamp: Option<Expr>,
    when_full: Option<Expr>,
}

impl Options {
    fn parse(&mut self, input: ParseStream<'_>) -> Result<()> {
        while is_option(input) {
            let name: Ident = input.call(Ident::parse_any)?;
            let place = match name.to_string().as_str() {
                "target" => &mut self.target,
                "ts" => &mut self.timestamp,
                "when_full" => &mut self.when_full,
                other => {
                    return Err(syn::Error::new(
                        name.span(),
                        format!(
                            "there is no option `{other}:`, only `target:`, `ts:` and `when_full:`; a field is written `{other} = value`"
                        ),
                    ));
                }
            };
            input.parse::<Token![:]>()?;
            if place.replace(input.parse()?).is_some() {
                let error = format!("`{name}:` is given twice");
                return Err(syn::Error::new(name.span(), error));
            }
            parse_comma(input)?;
        }
        Ok(())
    }
}

/// Whether what follows is `name:` and not the path `name::…`.
fn is_option(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![:]) && !input.peek2(Token![::])
}

impl Call {
    fn parse(input: ParseStream<'_>, krate: TokenStream, limit: Option<Limit>) -> Result<Self> {
        let mut options = Options::default();
        let place = parse_place(input, krate, &mut options)?;
        let Options { timestamp, when_full, .. } = options;
        let mut call =
            Self { limit, place, timestamp, when_full, fields: Vec::new(), message: None };
        while !input.is_empty() {
            if input.peek(LitStr) && !input.peek2(Token![=]) {
                call.message = Some(input.parse()?);
                return Ok(call);
            }
            if is_option(input) {
                return Err(input.error("options (`target:`, `ts:`, `when_full:`) come before the fields; a field is written `name = value`"));
            }
            call.fields.push(input.parse()?);
            parse_comma(input)?;
        }
        if call.fields.is_empty() {
            return Err(input.error("expected a message or a field; fields come first, as in `info!(id = 7, \"connected to {peer}\")`"));
        }
        Ok(call)
    }
}

/// Everything before the first semicolon.
fn parse_crate(input: ParseStream<'_>) -> Result<TokenStream> {
    let mut path = TokenStream::new();
    while !input.peek(Token![;]) {
        path.extend([input.parse::<TokenTree>()?]);
    }
    input.parse::<Token![;]>()?;
    Ok(path)
}

/// A comma, unless the input ends.
fn parse_comma(input: ParseStream<'_>) -> Result<()> {
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    Ok(())
}

impl Parse for Mode {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(Token![?]) {
            input.parse::<Token![?]>()?;
            Ok(Self::Debug)
        } else if input.peek(Token![%]) {
            input.parse::<Token![%]>()?;
            Ok(Self::Display)
        } else {
            Ok(Self::Deferred)
        }
    }
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mode: Mode = input.parse()?;
        if mode != Mode::Deferred {
            let (name, value) = parse_shorthand(input)?;
            return Ok(Self { name, mode, value });
        }
        if input.peek(LitStr) {
            let name = input.parse::<LitStr>()?.value();
            input.parse::<Token![=]>()?;
            return Ok(Self { name, mode: input.parse()?, value: input.parse()? });
        }
        if !input.peek(Ident::peek_any) {
            return Err(input.error("expected a field (`name = value`, `name = ?value`, `name = %value`, `name`), `target: \"…\"`, or the message as a string literal"));
        }
        let (name, value) = parse_shorthand(input)?;
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            return Ok(Self { name, mode: input.parse()?, value: input.parse()? });
        }
        Ok(Self { name, mode, value })
    }
}

/// `a.b.c`, as a name and as the expression it is.
fn parse_shorthand(input: ParseStream<'_>) -> Result<(String, Expr)> {
    let path =
        Punctuated::<Ident, Token![.]>::parse_separated_nonempty_with(input, Ident::parse_any)?;
    let name = path.iter().map(|part| part.unraw().to_string()).collect::<Vec<_>>().join(".");
    // A name need not be an expression: `type = 1` is a fine field. Then the tokens are kept as they are and unused.
    let tokens = path.into_token_stream();
    let value = syn::parse2(tokens.clone()).unwrap_or(Expr::Verbatim(tokens));
    Ok((name, value))
}

impl Parse for Message {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let literal = input.parse()?;
        parse_comma(input)?;
        let arguments = Punctuated::<Argument, Token![,]>::parse_terminated(input)?;
        Ok(Self { literal, arguments: arguments.into_iter().collect() })
    }
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let named =
            input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]);
        let name = if named {
            let name = input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            Some(name)
        } else {
            None
        };
        Ok(Self { name, mode: input.parse()?, value: input.parse()? })
    }
}
