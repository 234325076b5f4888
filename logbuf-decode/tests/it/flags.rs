//! Every flag, given to the command itself. What it shows of the sample, on a terminal and elsewhere, is in `tests/shown`; `LOGBUF_BLESS=1` writes it anew.

use crate::{
    command::{command, folder, run},
    file::sample,
    terminal::on_terminal,
};
use std::{fs, path::Path};

/// What is asked, in the words of a shell; what it is asked of stands behind it.
const ASKED: &[&str] = &[
    "",
    "-l warn",
    "--level error",
    "--target 'app::*'",
    "--target gateway",
    "--thread main",
    "--site book.rs:42",
    "--grep 'BTC|ETH'",
    "--where 'order_id > 7 && thread == \"main\"'",
    "--where 'order_id >'",
    "--since 2026-11-23T14:05:06.000003Z",
    "--until 2026-11-23T14:05:06.0000015Z",
    "-n 2",
    "--tail 1",
    "--tail 2 --time delta",
    "--head 2",
    "-F --head 8",
    "--follow --head 1",
    "-C 1 --grep SOL",
    "--context 1 --site book.rs:43",
    "--json",
    "--csv",
    "--csv --columns ts_ns,thread,order_id,symbol --head 3",
    "--columns ts",
    "--json -C 1 --grep SOL",
    "--logfmt",
    "--raw --level info --thread 4712",
    "--format '{time} {level:<5} {message:.10} {order_id:>4}|'",
    "--time delta",
    "--time start",
    "--color always --head 2",
    "--color never --head 1",
    "--pager never --head 1",
    "--pager always",
    "-Z Europe/Berlin --head 1",
    "--zone Asia/Kolkata --since '2026-11-23 19:35:06.000005'",
    "-L --head 1",
    "--local --head 1",
    "sites",
    "sites --json",
    "sites --pager never",
    "verify",
    "verify --records",
    "export",
    "export -l warn",
    "export --level warn --to csv",
    "export --to csv --columns level,order_id",
    "export --columns level",
    "export --to chrome --thread main",
    "export --output out --thread main --grep SOL",
    "export -o out --to csv --grep BTC",
    "export --target gateway",
    "export --site book.rs:43",
    "export --where 'order_id == 9'",
    "export --since 2026-11-23T14:05:06.000005Z",
    "export --until 2026-11-23T14:05:06.000001001Z",
    "export -Z Europe/Berlin --grep BTC",
    "export --zone Europe/Berlin --grep SOL",
    "export -L --grep BTC",
    "export --local --grep SOL",
    "stats",
    "stats -l warn",
    "stats --level error",
    "stats --target gateway",
    "stats --thread main",
    "stats --site book.rs:43",
    "stats --grep BTC",
    "stats --where 'order_id > 8'",
    "stats --since 2026-11-23T14:05:06.000005Z",
    "stats --until 2026-11-23T14:05:06.000001001Z",
    "stats -Z Europe/Berlin --grep BTC",
    "stats --zone Asia/Kolkata --grep SOL",
    "stats -L --grep BTC",
    "stats --local --grep SOL",
    "stats --histogram order_id",
    "stats --between book.rs:41 book.rs:42",
    "stats --between book.rs:41 book.rs:41 --key rtt_ns",
    "stats --json",
    "stats --pager never --grep SOL",
];

/// Flags of `recover`, which needs sessions: those who died for it are in `recover.rs`.
const RECOVER: &str = include_str!("recover.rs");

/// The commands that have a page of help of their own.
const COMMANDS: [&str; 9] =
    ["", "sites", "stats", "export", "compact", "verify", "recover", "completions", "man"];

/// Puts what was asked, and what came, one behind the other.
fn transcript(ask: impl Fn(&Path, &[&str]) -> String) -> String {
    let mut all = String::new();
    for asked in ASKED {
        let folder = folder();
        fs::write(folder.path().join("app.logbuf"), sample().bytes()).expect("write");
        let words = shlex::split(asked).expect("words");
        let words: Vec<_> = words.iter().map(String::as_str).chain(["app.logbuf"]).collect();
        let shown = ask(folder.path(), &words);
        let out = fs::read_to_string(folder.path().join("out")).unwrap_or_default();
        let asked = [&["$ logbuf-decode", asked][..], &["app.logbuf"]].concat();
        let asked: Vec<_> = asked.into_iter().filter(|word| !word.is_empty()).collect();
        all += &format!("{}\n{shown}{out}\n", asked.join(" "));
    }
    all
}

fn compare(name: &str, shown: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shown").join(name);
    if std::env::var_os("LOGBUF_BLESS").is_some() {
        return fs::write(path, shown).expect("write");
    }
    let expected = fs::read_to_string(path).expect("what was shown before");
    // The first question whose answer is another.
    let questions = |text: &str| text.split("$ ").map(str::to_owned).collect::<Vec<_>>();
    for (expected, shown) in questions(&expected).iter().zip(&questions(shown)) {
        assert_eq!(expected, shown);
    }
    assert_eq!(expected, shown);
}

/// What is left of an exit status that is not success.
fn status(status: i32) -> String {
    if status == 0 { String::new() } else { format!("exit status {status}\n") }
}

#[test]
fn every_flag_shows_what_it_did() {
    let shown = transcript(|folder, words| {
        let mut command = command(folder, words);
        let output = command.env("TZ", "America/New_York").output().expect("the command runs");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).expect("UTF-8");
        format!("{text}{}", status(output.status.code().expect("an exit status")))
    });
    compare("flags.txt", &shown);
}

#[test]
fn every_flag_shows_what_it_did_on_a_terminal() {
    let shown = transcript(|folder, words| {
        let (shown, code) = on_terminal(folder, words, |command| {
            command.env("TZ", "America/New_York");
        });
        format!("{}{}", shown.replace('\u{1b}', "\\e"), status(code))
    });
    compare("flags.terminal.txt", &shown);
}

#[test]
fn no_flag_goes_without() {
    let folder = folder();
    for name in COMMANDS {
        let words: Vec<_> = [name, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let (help, _, _) = run(folder.path(), &words);
        for flag in help.lines().flat_map(flags) {
            let is_given = match name {
                "recover" => RECOVER.contains(&format!("{flag:?}")),
                _ => ASKED.iter().any(|asked| is_of(asked, name) && gives(asked, flag)),
            };
            assert!(
                is_given || ["-h", "--help", "-V", "--version"].contains(&flag),
                "{name} {flag}"
            );
        }
    }
    // And no command.
    let (help, _, _) = run(folder.path(), &["--help"]);
    let (_, commands) = help.split_once("\nCommands:\n").expect("commands");
    let commands = commands.split("\n\n").next().expect("their names").lines();
    let named = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let mut named: Vec<_> = named.filter(|name| !name.is_empty()).collect();
    named.sort_unstable();
    let mut known = COMMANDS[1..].to_vec();
    known.sort_unstable();
    assert_eq!(named, known);
}

/// The flags that a line of help is about.
fn flags(line: &str) -> impl Iterator<Item = &str> {
    let is_about = line.trim_start().starts_with('-') && line.starts_with(' ');
    let words = line.split([' ', ',']).filter(|word| !word.is_empty());
    words.take_while(move |word| is_about && word.starts_with('-'))
}

/// Whether it is asked of this command; of that without a subcommand if its name is empty.
fn is_of(asked: &str, name: &str) -> bool {
    let first = asked.split(' ').next().unwrap_or_default();
    first == name || (name.is_empty() && first.starts_with('-'))
}

fn gives(asked: &str, flag: &str) -> bool {
    asked.split(' ').any(|word| word == flag)
}
