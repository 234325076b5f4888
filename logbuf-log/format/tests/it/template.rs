//! Templates are read as rustc reads them.

use logbuf_format::template::{
    self, Align, Argument, Count, Error, Expected, Piece, Placeholder, Sign, Spec, Style,
};

/// Checks that rustc reads each template (by compiling it) and that the parser reads it too, and in the same way: put
/// together again it is as written, or as the second string of a pair says.
macro_rules! accepted {
    ($($template:literal $(=> $canonical:literal)?,)*) => {{
        let (a, b, c) = (1_usize, 2_usize, 3_usize);
        $(
            // Every template can be followed by enough arguments to use those it has not named.
            let _ = format!(concat!($template, "{a}{b}{c}"), a = a, b = b, c = c);
            #[allow(unused_mut, unused_assignments)]
            let mut canonical = $template;
            $(canonical = $canonical;)?
            check_canonical($template, canonical);
        )*
    }};
}

fn parse(template: &str) -> Vec<Piece<'_>> {
    template::parse(template).unwrap_or_else(|error| panic!("{template:?}: {error}"))
}

fn check_canonical(template: &str, expected: &str) {
    let printed: String = parse(template).iter().map(Piece::to_string).collect();
    assert_eq!(printed, expected, "{template:?}");
}

fn placeholder(template: &str) -> Placeholder<'_> {
    match &parse(template)[..] {
        [Piece::Placeholder(placeholder)] => placeholder.clone(),
        pieces => panic!("{template:?}: {pieces:?}"),
    }
}

#[test]
fn what_rustc_accepts() {
    accepted! {
        "", "text", "{{", "}}", "{{}}", "}}{{", "a{{b}}c", "ä{{ö", "{a}", "{a}{b}",
        "{a }" => "{a}", "{a :?}" => "{a:?}", "{a:? }" => "{a:?}", "{a:?\n}" => "{a:?}", "{a: }" => "{a}",
        "{a:>5 }" => "{a:>5}", "{a:\u{2003}}" => "{a}", "{a\u{a0}}" => "{a}", "{a:}" => "{a}",
        "{a:.}" => "{a}", "{a:1.}" => "{a:1}",
        "{a:0}", "{a:00}" => "{a:0}", "{a:05}", "{a:005}" => "{a:05}", "{a:-5}", "{a:+#010.3}", "{a:#0}",
        "{a:#?}", "{a:x?}", "{a:#X?}", "{a:x}", "{a:X}", "{a:o}", "{a:b}", "{a:e}", "{a:E}", "{a:+?}", "{a:#e}",
        "{a:}<5}", "{a:{<5}", "{a:<<5}", "{a:→>5}", "{a:\u{301}>5}", "{a:*^}", "{a:^^}",
        "{a: >5}" => "{a:>5}", "{a: <}" => "{a:<}", "{a:x<x}", "{a:?<?}", "{a:0<0}", "{a:.<.1}",
        "{a:65535}", "{a:b$}", "{a:b$.c$}", "{a:b$.c$?}", "{a:.c$e}", "{a:0b$}", "{a:.0}",
    }
}

#[test]
fn what_rustc_accepts_by_position() {
    // The arguments must all be used, so each has its own call.
    let _ = format!("{} {0} { } {0 } {:?}", 1, 2, 3);
    check_canonical("{} {0} { } {0 } {:?}", "{} {0} {} {0} {:?}");
    let _ = format!("{:.*} {:0$} {:00$} {:01$} {2:.1$} {2:.*} {0:5$.*}", 1, 2, 3.0, 4, 5, 6, 7);
    check_canonical(
        "{:.*} {:0$} {:00$} {:01$} {:.1$} {2:.*}",
        "{:.*} {:0$} {:00$} {:01$} {:.1$} {2:.*}",
    );
    assert_eq!(format!("{type}", type = 1), "1");
    assert_eq!(placeholder("{type}").argument, Argument::Name("type"));
    let été = 1;
    assert_eq!(format!("{été}"), "1");
    assert_eq!(placeholder("{été}").argument, Argument::Name("été"));
}

#[test]
fn every_part_of_a_spec() {
    let expected = Spec {
        fill: '→',
        align: Some(Align::Center),
        sign: Some(Sign::Plus),
        alternate: true,
        zero: true,
        width: Some(Count::Name("width")),
        precision: Some(Count::Index(7)),
        style: Style::DebugUpperHex,
    };
    let all = placeholder("{12:→^+#0width$.7$X?}");
    assert_eq!((all.argument, all.spec, all.span), (Argument::Index(12), expected, 0..23));

    let zero_width = placeholder("{:0$}").spec;
    assert_eq!((zero_width.zero, zero_width.width), (false, Some(Count::Index(0))));
    let flag_and_width = placeholder("{:00$}").spec;
    assert_eq!((flag_and_width.zero, flag_and_width.width), (true, Some(Count::Index(0))));
    assert_eq!(placeholder("{:-}").spec.sign, Some(Sign::Minus));
}

#[test]
fn a_star_takes_its_argument_before_the_value() {
    assert_eq!(format!("{:.*} {} {:.*}", 1, 2.25, 3, 0, 1.5), "2.2 3 2");
    let arguments: Vec<_> = parse("{:.*} {} {:.*}")
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Placeholder(it) => Some((it.spec.precision, it.argument)),
            Piece::Literal(_) => None,
        })
        .collect();
    let star = |index| Some(Count::Star(index));
    let next = Argument::Next;
    assert_eq!(arguments, [(star(0), next(1)), (None, next(2)), (star(3), next(4))]);
}

#[test]
fn escapes_end_pieces() {
    let literals =
        [Piece::Literal("a"), Piece::Literal("{b"), Piece::Literal("}"), Piece::Literal("}ü")];
    assert_eq!(parse("a{{b}}}}ü"), literals);
}

#[test]
fn what_rustc_rejects() {
    let close = |open| Expected::Close { open };
    let rejected: &[(&str, usize, Expected, &str)] = &[
        ("{", 1, close(0), ""),
        ("ä{", 3, close(2), ""),
        ("}", 0, Expected::DoubledClose, "}"),
        ("{}}", 2, Expected::DoubledClose, "}"),
        ("{{}", 2, Expected::DoubledClose, "}"),
        ("{:?", 3, close(0), ""),
        ("{:", 2, close(0), ""),
        ("{0", 2, close(0), ""),
        ("{a", 2, close(0), ""),
        ("{ 0}", 2, close(0), "0"),
        ("{0: ?}", 4, close(0), "?"),
        ("{0x}", 2, close(0), "x"),
        ("{:?x}", 3, close(0), "x"),
        ("{:xx}", 2, Expected::Style, "xx"),
        ("{:y}", 2, Expected::Style, "y"),
        ("{:.a}", 3, Expected::Style, "a"),
        ("{:a.3}", 2, Expected::Style, "a"),
        ("{r#type}", 1, Expected::PlainName, "r"),
        ("{_}", 1, Expected::Name, "_"),
        ("{:_$}", 2, Expected::Name, "_"),
        ("{:65536}", 2, Expected::Number, "65536"),
        ("{:.99999999999999999999}", 3, Expected::Number, "99999999999999999999"),
        ("{65536}", 1, Expected::Number, "65536"),
        ("{:$}", 2, close(0), "$"),
        ("{:e?}", 3, close(0), "?"),
        ("{:o?}", 3, close(0), "?"),
        ("{:.3.4}", 4, close(0), "."),
        ("{:*}", 2, close(0), "*"),
        ("{:.*$}", 4, close(0), "$"),
        ("{:?:}", 3, close(0), ":"),
        ("{a.b}", 2, close(0), "."),
        ("{a()}", 2, close(0), "("),
        ("{:x#?}", 3, close(0), "#"),
        ("{:?#}", 3, close(0), "#"),
        ("{:+-}", 3, close(0), "-"),
        ("{:0#}", 3, close(0), "#"),
        ("{:>>>}", 4, close(0), ">"),
        ("{٣}", 1, close(0), "٣"),
        ("{:٣}", 2, close(0), "٣"),
        ("{·}", 1, close(0), "·"),
    ];
    for &(template, offset, expected, found) in rejected {
        let error = Error { offset, expected, found: found.into() };
        assert_eq!(template::parse(template), Err(error), "{template:?}");
    }
}

#[test]
fn errors_read_well() {
    let check = |template, expected: &str| {
        assert_eq!(template::parse(template).unwrap_err().to_string(), expected);
    };
    check(
        "{:>8",
        "at byte 4: expected `}` for the `{` at byte 0 (`{{` prints a brace), found the end",
    );
    check("}", "at byte 0: expected `}}` (a single `}` closes nothing), found `}`");
    check("{:70000}", "at byte 2: expected a number up to 65535, found `70000`");
}
