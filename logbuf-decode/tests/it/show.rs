//! In which form records are shown, through the command.

use crate::{
    command::{folder, run},
    file::{File, pack, sample, site},
};
use logbuf_format::{
    Level,
    types::Type,
    value::{Str, Value},
};
use std::fs;

/// The first lines of the sample, in the form that `args` ask for.
fn first(count: &str, args: &[&str]) -> String {
    let folder = folder();
    fs::write(folder.path().join("app.logbuf"), sample().bytes()).expect("write");
    let args = [&["app.logbuf", "--head", count], args].concat();
    let (stdout, stderr, status) = run(folder.path(), &args);
    let notes = match args.iter().any(|arg| arg.contains("{nothing}")) {
        true => "logbuf-decode: note: no call site has a field `nothing`\n",
        false => "",
    };
    assert_eq!((stderr.as_str(), status), (notes, 0), "{args:?}");
    stdout
}

#[track_caller]
fn check(args: &[&str], expected: &str) {
    assert_eq!(first("1", args).trim_end_matches('\n'), expected, "{args:?}");
}

const REST: &str = "  INFO [main] app::book: filled BTC-USD 3 @ 52100.50  order_id=7 rtt_ns=1840";

#[test]
fn times_are_in_the_zone_that_is_asked_for() {
    check(&["-Z", "Europe/Berlin"], &format!("2026-11-23T15:05:06.000001000+01:00{REST}"));
    check(&["-Z", "Asia/Kolkata"], &format!("2026-11-23T19:35:06.000001000+05:30{REST}"));
    check(&["-Z", "UTC"], &format!("2026-11-23T14:05:06.000001000Z{REST}"));
}

#[test]
fn the_local_zone_is_that_of_the_machine() {
    let folder = folder();
    fs::write(folder.path().join("app.logbuf"), sample().bytes()).expect("write");
    let mut command = crate::command::command(folder.path(), &["-L", "--head", "1", "app.logbuf"]);
    let output = command.env("TZ", "America/New_York").output().expect("the command runs");
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(stdout, format!("2026-11-23T09:05:06.000001000-05:00{REST}\n"));
}

#[test]
fn times_can_be_distances() {
    let times = |style| {
        let lines = first("4", &["--time", style, "--format", "{time}"]);
        lines.lines().map(str::trim_start).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(times("delta"), "+0.000000000 +0.000000001 +0.000000001 +0.000000398");
    assert_eq!(times("start"), "+0.000000000 +0.000000001 +0.000000002 +0.000000400");
    check(&["--time", "start"], &format!("    +0.000000000{REST}"));
}

#[test]
fn a_pattern_takes_a_record_apart() {
    check(
        &["--format", "{level}|{target}|{thread}|{file}:{line}"],
        "INFO|app::book|main|src/book.rs:41",
    );
    check(&["--format", "{process} {pid} {host} {unix_ns}"], "app 42 host 1795442706000001000");
    check(
        &["--format", "{message}; {fields}"],
        "filled BTC-USD 3 @ 52100.50; order_id=7 rtt_ns=1840",
    );
    check(&["--format", "{order_id} {rtt_ns:>6} {nothing}."], "7   1840 .");
    check(&["--format", "{{{level:_^8}}} {target:.3}\t\u{2192}"], "{__INFO__} app\t\u{2192}");
    check(
        &["--format", "{time} {level}", "-Z", "Asia/Kolkata"],
        "2026-11-23T19:35:06.000001000+05:30 INFO",
    );
}

#[test]
fn a_pattern_escapes_what_it_shows() {
    let hostile = "a\u{1b}b\nc";
    let folder = folder();
    let mut file = File::new(1);
    file.sites(&[site(1, Level::Info, "{0}", &[("", Type::Str), ("f", Type::Text)])]);
    let text = Str::new(hostile);
    let record = (1, 5, pack(&[Value::Str(text), Value::Text(text)]));
    file.threads(&[(1, 1, "main")]).events(&[(1, &[record])]).end();
    fs::write(folder.path().join("app.logbuf"), file.bytes()).expect("write");
    let args = ["app.logbuf", "--format", "{message} {f}"];
    assert_eq!(run(folder.path(), &args).0, "a\\u{1b}b\\nc a\\u{1b}b\\nc\n");
    let raw = [&args[..], &["--raw"]].concat();
    assert_eq!(run(folder.path(), &raw).0, format!("{hostile} {hostile}\n"));
}

#[test]
fn a_bad_pattern_is_refused() {
    let folder = folder();
    for (pattern, message) in [
        ("{time", "expected `}`"),
        ("a {} b", "at byte 2: a placeholder names a part of a record"),
        ("{0}", "at byte 0: a placeholder names a part of a record"),
        ("{level:?}", "at byte 0: a placeholder has fill, alignment, width and precision"),
        ("{level:>w$}", "at byte 0: a placeholder has fill, alignment, width and precision"),
    ] {
        let (_, stderr, status) = run(folder.path(), &["app.logbuf", "--format", pattern]);
        assert!(stderr.contains(message) && status == 2, "{pattern}: {stderr}");
    }
}

/// A record that needs quotes and escapes everywhere.
fn hostile(args: &[&str]) -> String {
    let hostile = "a,b \"c\"=\\\u{1b}\n\u{202E}";
    let folder = folder();
    let mut file = File::new(1);
    let values = [("", Type::Str), ("a b=\"", Type::Str), ("t", Type::Text), ("none", Type::Str)];
    let mut site = site(1, Level::Warn, "{0}", &values);
    site.target = "a,b c".into();
    let text = Str::new(hostile);
    let values = [Value::Str(text), Value::Str(text), Value::Text(text), Value::Str(Str::new(""))];
    file.sites(&[site])
        .threads(&[(1, 1, "t \"1\"")])
        .events(&[(1, &[(1, 5, pack(&values))])])
        .end();
    fs::write(folder.path().join("app.logbuf"), file.bytes()).expect("write");
    let (stdout, stderr, status) = run(folder.path(), &[&["app.logbuf"], args].concat());
    assert_eq!((stderr.as_str(), status), ("", 0));
    stdout
}

#[test]
fn comma_separated_values() {
    let names = "ts,ts_ns,level,target,file,line,thread,message,fields,context,spans";
    check(
        &["--csv"],
        &format!(
            "{names}\n2026-11-23T14:05:06.000001000Z,1795442706000001000,INFO,app::book,src/book.rs,41,main,\
             filled BTC-USD 3 @ 52100.50,\"{{\"\"order_id\"\":7,\"\"rtt_ns\"\":1840}}\",{{}},[]"
        ),
    );
    assert_eq!(first("0", &["--csv"]), format!("{names}\n"));
    let text = r#"a,b ""c""=\\u{1b}\n\u{202e}"#;
    let json = r#"a,b \""c\""=\\\u001b\n\u202e"#;
    let row = format!(
        "2026-11-23T14:05:06.000000005Z,1795442706000000005,WARN,\"a,b c\",src/book.rs,41,\"t \"\"1\"\"\",\
         \"{text}\",\"{{\"\"a b=\\\"\"\"\":\"\"{json}\"\",\"\"t\"\":\"\"{json}\"\",\"\"none\"\":\"\"\"\"}}\",{{}},[]"
    );
    assert_eq!(hostile(&["--csv"]), format!("{names}\n{row}\n"));
}

#[test]
fn keys_and_values() {
    check(
        &["--logfmt"],
        "ts=2026-11-23T14:05:06.000001000Z level=info target=app::book thread=main \
         msg=\"filled BTC-USD 3 @ 52100.50\" order_id=7 rtt_ns=1840",
    );
    let text = r#""a,b \"c\"=\\\u{1b}\n\u{202e}""#;
    let expected = format!(
        "ts=2026-11-23T14:05:06.000000005Z level=warn target=\"a,b c\" thread=\"t \\\"1\\\"\" msg={text} \
         a_b__={text} t={text} none=\"\"\n"
    );
    assert_eq!(hostile(&["--logfmt"]), expected);
}

#[test]
fn one_form_at_a_time() {
    let forms = [&["--json"][..], &["--csv"], &["--logfmt"], &["--format", "{time}"]];
    for (index, form) in forms.iter().enumerate() {
        for other in &forms[index + 1..] {
            let args = [&["app.logbuf"], *form, *other].concat();
            let (_, stderr, status) = run(&std::env::temp_dir(), &args);
            assert!(stderr.contains("cannot be used with") && status == 2, "{args:?}: {stderr}");
        }
    }
}
