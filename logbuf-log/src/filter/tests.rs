//! What filters read, write and let through.

use proptest::prelude::*;

use super::*;

/// The names of the levels.
const NAMES: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

fn filter(text: &str) -> Filter {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// Checks the most verbose level that `directives` let record at `target`, `file` and `line`.
fn check(directives: &str, (target, file, line): (&str, &str, u32), expected: &str) {
    let level = filter(directives).max_level(target, file, line);
    assert_eq!(Some(level), parse_level(expected), "{directives:?} at {target} {file}:{line}");
}

#[test]
fn the_most_specific_directive_counts_alone() {
    let place = ("gateway::book::level", "src/gateway/book.rs", 42);
    check("", place, "off");
    check("info", place, "info");
    check("off", place, "off");
    check("warn,gateway=debug,gateway::book=trace,off", place, "trace");
    check("trace,gateway::book=error,gateway=debug", place, "error");
    check("gateway::book::level", place, "trace");
    check("other=trace", place, "off");
    // A file before a target, a line before a file, the longer path before the shorter.
    check("gateway::book=debug,book.rs=warn", place, "warn");
    check("book.rs:42=error,gateway::book::level=trace,src/gateway/book.rs=trace", place, "error");
    check("gateway/book.rs=info,book.rs=warn", place, "info");
    check("gateway/book.rs:42=off,book.rs:42=trace", place, "off");
    check("src/gateway/book.rs", place, "trace");
}

#[test]
fn of_two_directives_for_one_scope_the_last_counts() {
    let place = ("a", "a.rs", 1);
    check("info,warn", place, "warn");
    check("a=off,a=debug", place, "debug");
    check("a.rs:1=debug,a.rs:1=error", place, "error");
    // These have another scope.
    check("a.rs:1=debug,a.rs:2=error", place, "debug");
    assert_eq!(filter("a=off,info,a=debug"), filter("a=debug,info"));
}

#[test]
fn targets_begin_and_paths_end_at_whole_parts() {
    for target in ["gateways", "gateway:x", "a::gateway", "gatewa", "gateway_x::gateway"] {
        check("gateway=trace", (target, "gateway.rs", 1), "off");
    }
    check("gateway=trace", ("gateway", "", 0), "trace");
    check("gateway=trace", ("gateway::a::b", "", 0), "trace");
    for file in ["notebook.rs", "book.rs/x.rs", "book.rss", "ook.rs", ""] {
        check("book.rs=trace", ("book", file, 1), "off");
    }
    for file in ["book.rs", "src/book.rs", "/a/src/book.rs", r"C:\a\src\book.rs"] {
        check("book.rs=trace", ("x", file, 1), "trace");
    }
    check("src/book.rs=trace", ("x", r"a\src\book.rs", 1), "trace");
    check(r"src\book.rs=trace", ("x", "a/src/book.rs", 1), "trace");
    check("src/book.rs=trace", ("x", "a/other_src/book.rs", 1), "off");
}

#[test]
fn space_case_and_empty_directives_mean_nothing() {
    assert_eq!(filter(" ,WARN ,, a::b = Debug ,"), filter("warn,a::b=debug"));
    assert_eq!(filter(" , ,"), Filter::off());
}

#[test]
fn what_cannot_be_read_is_named() {
    let check = |text: &str, position, expected, found: &str| {
        let error = text.parse::<Filter>().expect_err("the directive is wrong");
        assert_eq!(
            (error.position, error.expected, error.found.as_str()),
            (position, expected, found),
            "{text:?}"
        );
        let (_, errors) = Filter::parse_lossy(text);
        assert_eq!(errors[0], error);
    };
    check("a=loud", 0, FilterExpected::Level, "loud");
    check("warn,  a = ", 7, FilterExpected::Level, "");
    check("a=b=info", 0, FilterExpected::Level, "b=info");
    check("info,=debug", 5, FilterExpected::Scope, "");
    check("app[span{field=1}]=debug", 0, FilterExpected::Scope, "app[span{field");
    check("x,a*", 2, FilterExpected::Scope, "a*");
    check("é,book.rs:0=info", 3, FilterExpected::Line, "0");
    check("book.rs:4x", 0, FilterExpected::Line, "4x");
    check("src/book.rs:=off", 0, FilterExpected::Line, "");
    check("book.rs:4294967296", 0, FilterExpected::Line, "4294967296");
}

#[test]
fn what_can_be_read_beside_what_cannot_applies() {
    let (lossy, errors) = Filter::parse_lossy("a=?,info,b=debug,=,c.rs:x");
    assert_eq!(lossy, filter("info,b=debug"));
    assert_eq!(errors.iter().map(|error| error.position).collect::<Vec<_>>(), [0, 17, 19]);
}

fn directive() -> impl Strategy<Value = String> {
    let scope = prop_oneof![
        Just(String::new()),
        "[a-c](::[a-c]){0,2}=",
        "([a-c]/){0,2}[a-c]\\.rs=",
        "([a-c]/){0,1}[a-c]\\.rs:[1-3]=",
    ];
    (scope, prop::sample::select(&NAMES[..])).prop_map(|(scope, level)| scope + level)
}

/// The directive that counts, found the long way: by trying each, and keeping the most specific.
fn expected(directives: &[String], (target, file, line): (&str, &str, u32)) -> Option<Level> {
    let rank = |scope: &str| match scope {
        "" => Some((0, 0)),
        path if path.contains(".rs") => {
            let (path, wanted) =
                path.split_once(':').map_or((path, None), |(path, line)| (path, Some(line)));
            let fits = (file == path || file.ends_with(&format!("/{path}")))
                && wanted.is_none_or(|wanted| wanted == line.to_string());
            fits.then_some((if wanted.is_some() { 3 } else { 2 }, path.len()))
        }
        prefix => {
            (format!("{target}::").starts_with(&format!("{prefix}::"))).then_some((1, prefix.len()))
        }
    };
    let split = |directive: &str| match directive.split_once('=') {
        Some((scope, level)) => (rank(scope), level.to_owned()),
        None => (rank(""), directive.to_owned()),
    };
    let best = directives
        .iter()
        .map(|d| split(d))
        .filter(|(rank, _)| rank.is_some())
        .max_by_key(|(rank, _)| *rank);
    best.and_then(|(_, level)| level.parse().ok())
}

proptest! {
    #[test]
    fn a_filter_is_what_it_displays(directives in prop::collection::vec(directive(), 0..8)) {
        let read = filter(&directives.join(","));
        let again = filter(&read.to_string());
        let off = filter("off");
        // Without a directive it displays as `off`, which is a directive.
        prop_assert!(again == read || (directives.is_empty() && again == off));
    }

    #[test]
    fn a_filter_agrees_with_trying_each_directive(
        directives in prop::collection::vec(directive(), 0..8),
        target in "[a-c](::[a-c]){0,2}",
        file in "([a-c]/){0,2}[a-c]\\.rs",
        line in 1..4_u32,
    ) {
        let place = (target.as_str(), file.as_str(), line);
        let level = filter(&directives.join(",")).max_level(place.0, place.1, place.2);
        prop_assert_eq!(level, expected(&directives, place));
    }

    #[test]
    fn no_text_is_too_strange(text in ".*") {
        let (filter, errors) = Filter::parse_lossy(&text);
        for error in errors {
            prop_assert!(text[error.position..].starts_with(&error.directive));
            prop_assert!(error.directive.contains(&error.found));
        }
        let (again, errors) = Filter::parse_lossy(&filter.to_string());
        prop_assert!(errors.is_empty());
        prop_assert!(again == filter || filter.is_empty());
    }
}
