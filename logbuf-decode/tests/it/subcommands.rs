//! What the command does besides printing records.

use crate::{
    command::{folder, run},
    file::{File, anchor, filled, sample, sample_sites, site},
};
use logbuf_format::{Level, types::Type};
use std::{fs, process::Command};

#[test]
fn sites_lists_what_can_be_logged() {
    let folder = folder();
    let typed = |id, ty| site(id, Level::Info, "generic {0}", &[("", ty)]);
    let place = |mut site: logbuf_decode::Site| {
        (site.line, site.hash) = (9, 99);
        site
    };
    let mut never =
        site(3, Level::Trace, "never \u{1b} {0}", &[("", Type::Unit), ("n", Type::Unit)]);
    never.typed = false;
    let mut untyped = place(typed(1, Type::Unit));
    untyped.typed = false;
    let file = |salt, sites: &[_]| File::new(salt).sites(sites).end().bytes();
    let generic = [place(typed(1, Type::U64)), place(typed(2, Type::Str))];
    fs::write(folder.path().join("1.logbuf"), file(1, &[untyped.clone(), never.clone()]))
        .expect("write");
    fs::write(folder.path().join("2.logbuf"), file(2, &generic)).expect("write");
    fs::write(folder.path().join("3.logbuf"), file(3, &[untyped, never])).expect("write");
    let expected = " INFO src/book.rs:9:5 app::book: \"generic {0}\" (str)\n \
        INFO src/book.rs:9:5 app::book: \"generic {0}\" (u64)\n\
        TRACE src/book.rs:43:5 app::book: \"never \\u{1b} {0}\" (?, n: ?), never fired\n";
    assert_eq!(run(folder.path(), &["sites", "."]), (expected.to_owned(), String::new(), 0));

    let (stdout, _, status) = run(folder.path(), &["sites", "--json", "."]);
    let objects: Vec<serde_json::Value> =
        stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((objects.len(), status), (3, 0));
    assert_eq!(objects[0]["values"][0]["type"], "str");
    assert_eq!(objects[0]["typed"], true);
    assert_eq!(objects[2]["template"], "never \u{1b} {0}");
    assert_eq!(objects[2]["values"][1]["name"], "n");
    assert_eq!(objects[2]["hash"].as_str().map(str::len), Some(16));
}

#[test]
fn verify_reads_everything() {
    let folder = folder();
    let whole = sample().bytes();
    let mut damaged = whole.clone();
    let events = sample().blocks[4].range.clone();
    damaged[events.end - 1] ^= 1;
    let end = sample().blocks.last().expect("END").range.start;
    fs::write(folder.path().join("a.logbuf"), &whole).expect("write");
    fs::write(folder.path().join("b.logbuf"), damaged).expect("write");
    fs::write(folder.path().join("c.logbuf"), &whole[..end]).expect("write");
    let line = |name: &str, records, first, state| {
        format!(
            "{name}.logbuf: {records} records, 0 lost, {state}, \
             from 2026-11-23T14:05:06.{first}Z to 2026-11-23T14:05:06.000005001Z\n"
        )
    };
    let a = line("a", 8, "000001000", "closed");
    assert_eq!(run(folder.path(), &["verify", "a.logbuf"]), (a.clone(), String::new(), 0));
    let (stdout, stderr, status) =
        run(folder.path(), &["verify", "a.logbuf", "b.logbuf", "c.logbuf"]);
    let expected =
        [a, line("b", 4, "000001400", "closed"), line("c", 8, "000001000", "open")].concat();
    assert_eq!((stdout, status), (expected, 1));
    let kinds: Vec<_> = stderr.lines().filter_map(|line| line.split(": ").nth(1)).collect();
    assert_eq!(kinds, ["warning", "note"], "{stderr}");
    assert_eq!(run(folder.path(), &["verify", "missing.logbuf"]).2, 2);
}

#[test]
fn verify_decodes_every_record_if_it_is_told_to() {
    let folder = folder();
    // A site that no block describes: the checksums are right, and the record cannot be decoded.
    let mut file = File::new(1);
    file.sites(&sample_sites()).threads(&[(1, 4711, "main")]).clock(&[anchor(2000)]);
    file.events(&[(1, &[filled(1000, "BTC-USD", 1), (99, 1001, vec![])])]).end();
    fs::write(folder.path().join("a.logbuf"), file.bytes()).expect("write");
    let (stdout, stderr, status) = run(folder.path(), &["verify", "a.logbuf"]);
    assert_eq!((stderr.as_str(), status), ("", 0));
    let (decoded, stderr, status) = run(folder.path(), &["verify", "--records", "a.logbuf"]);
    assert_eq!((decoded, status), (stdout, 1));
    assert!(stderr.contains("1 of 2 records in its blocks cannot be decoded"), "{stderr}");
    assert!(stderr.contains("record of site 99"), "{stderr}");
}

#[test]
fn every_command_has_examples() {
    let folder = folder();
    let (help, _, _) = run(folder.path(), &["--help"]);
    let (_, commands) = help.split_once("Commands:\n").expect("the commands");
    let commands = commands.lines().take_while(|line| !line.is_empty());
    // What a description takes further lines for is indented further.
    let commands = commands.filter_map(|line| line.strip_prefix("  "));
    let names: Vec<_> = commands.filter_map(|line| line.split(' ').next()).collect();
    let names: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(names.len(), 8, "{names:?}");
    for name in names {
        let (help, _, status) = run(folder.path(), &[name, "--help"]);
        assert_eq!(status, 0, "{name}");
        assert!(help.contains("\nExamples:\n  logbuf-decode "), "{name}: {help}");
    }
}

#[test]
fn completions_and_manual_name_every_option() {
    let folder = folder();
    let options = ["--level", "--where", "--since", "--json", "--format", "--color"];
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (stdout, stderr, status) = run(folder.path(), &["completions", shell]);
        assert_eq!((stderr.as_str(), status), ("", 0));
        for option in options {
            let name = if shell == "fish" { &option[2..] } else { option };
            assert!(stdout.contains(name), "{shell} {option}");
        }
    }
    let (stdout, stderr, status) = run(folder.path(), &["man"]);
    assert_eq!((stderr.as_str(), status), ("", 0));
    let plain = stdout.replace("\\-", "-");
    for word in options.into_iter().chain([
        ".SH \"EXIT STATUS\"",
        ".SH EXAMPLES",
        ".SH ENVIRONMENT",
        ".TH logbuf-decode 1",
    ]) {
        assert!(plain.contains(word), "{word}");
    }
    for name in ["sites", "stats", "export", "compact", "verify", "recover", "completions", "man"] {
        let (stdout, stderr, status) = run(folder.path(), &["man", name]);
        assert_eq!((stderr.as_str(), status), ("", 0));
        let plain = stdout.replace("\\-", "-");
        let version = env!("CARGO_PKG_VERSION");
        let title = format!(".TH logbuf-decode-{name} 1  \"logbuf-decode {version}\"");
        let example = format!("\nlogbuf-decode {name}");
        for word in [title.as_str(), ".SH EXAMPLES\n.nf\n", &example, ".SH \"EXIT STATUS\""] {
            assert!(plain.contains(word), "{name}: {word}:\n{plain}");
        }
    }
    assert_eq!(run(folder.path(), &["man", "nothing"]).2, 2);
}

#[test]
fn a_file_may_have_the_name_of_a_command() {
    let folder = folder();
    fs::write(folder.path().join("sites"), sample().bytes()).expect("write");
    assert_eq!(run(folder.path(), &["./sites"]).0.lines().count(), 8);
    assert_eq!(run(folder.path(), &["sites"]).2, 2);
    assert_eq!(run(folder.path(), &["sites", "sites"]).0.lines().count(), 3);
}

/// What bash offers for the last of these words.
fn offered(script: &str, words: &[&str]) -> Option<Vec<String>> {
    let complete = r#"source <(printf '%s' "$0"); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _logbuf__decode "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
        printf '%s\n' "${COMPREPLY[@]}""#;
    let output = Command::new("bash").args(["-c", complete, script]).args(words).output().ok()?;
    let offered = String::from_utf8(output.stdout).expect("UTF-8");
    Some(offered.lines().map(str::to_owned).collect())
}

#[test]
fn bash_completes_what_stands_behind_a_subcommand() {
    let (script, _, _) = run(folder().path(), &["completions", "bash"]);
    let check = |words: &[&str], expected: &[&str]| {
        let words = [&["logbuf-decode"], words].concat();
        match offered(&script, &words) {
            None => eprintln!("there is no bash to try {words:?} with"),
            Some(offered) => {
                for word in expected {
                    assert!(
                        offered.iter().any(|offered| offered == word),
                        "{words:?}: {offered:?}"
                    );
                }
            }
        }
    };
    check(&["st"], &["stats"]);
    check(&["stats", "--hi"], &["--histogram"]);
    check(&["export", "--to", ""], &["ndjson", "csv", "chrome"]);
    check(&["completions", ""], &["bash", "zsh"]);
    check(&["-l", ""], &["error", "warn", "info", "debug", "trace"]);
    check(&["verify", "--re"], &["--records"]);
}
