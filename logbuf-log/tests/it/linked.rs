//! What the linker leaves: the tables of call sites of a program of several crates, and levels that are compiled out.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use logbuf_format::site::{Kind, Site};
use logbuf_log::Level;

use crate::support::{Shown, listed_sites, visit_file};

/// The program that is built.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/levels");

/// A build of the program.
struct Built(PathBuf);

/// A run of the program.
struct Run {
    said: String,
    sites: Vec<Site>,
    records: Vec<Shown>,
}

/// Builds the program with `arguments`. Its dependencies are those this test was built with, and its own lock file is
/// made of theirs, so that nothing is fetched.
fn build(arguments: &[&str]) -> Built {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("levels");
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    std::fs::copy(lock, Path::new(PROGRAM).join("Cargo.lock")).expect("the workspace is locked");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline", "--manifest-path"])
        .arg(Path::new(PROGRAM).join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .args(arguments)
        // Instrumented tests are about other things. The linker removes what nobody refers to, whatever its own default is.
        .env("RUSTFLAGS", "-Clink-arg=-Wl,--gc-sections")
        .env_remove("CARGO_BUILD_TARGET")
        .status()
        .expect("cargo runs");
    assert!(status.success(), "{arguments:?}: {status}");
    let profile = if arguments.contains(&"--release") { "release" } else { "debug" };
    Built(target.join(profile).join("levels"))
}

impl Built {
    /// Runs the program with these filters, one after the other.
    fn run(&self, filters: &[String]) -> Run {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut child = Command::new(&self.0)
            .arg(folder.path().join("app"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut input = child.stdin.take().expect("it was piped");
        for filter in filters {
            writeln!(input, "{filter}").expect("the program reads");
        }
        drop(input);
        let output = child.wait_with_output().expect("the program ends");
        assert!(output.status.success(), "{output:?}");
        let path = folder.path().join("app.000001.logbuf");
        let mut records = Vec::new();
        assert_eq!(visit_file(&path, |record| records.push(Shown::new(record))), []);
        let said = String::from_utf8(output.stdout).expect("it says text");
        Run { said, sites: listed_sites(&path), records }
    }
}

/// What a site of the program says, and its level. All but the reports of rate limits and of the logger itself.
fn said(sites: &[Site]) -> Vec<(&str, Level)> {
    let mut said: Vec<_> = sites
        .iter()
        .filter(|site| {
            site.kind == Kind::Event
                && !site.template.starts_with("suppressed")
                && !site.target.starts_with("logbuf::")
        })
        .map(|site| (site.template.as_str(), site.level))
        .collect();
    said.sort_unstable();
    said
}

/// The sites of the program, but those that count evaluations, and how often each records in one call of `outer::call`.
const SITES: [(&str, Level, usize); 13] = [
    ("inner constant", Level::Debug, 1),
    ("inner debug", Level::Debug, 1),
    ("inner error", Level::Error, 1),
    ("inner generic", Level::Info, 2),
    ("inner info", Level::Info, 1),
    ("inner inlined", Level::Warn, 1),
    ("inner never", Level::Info, 0),
    ("inner trace", Level::Trace, 1),
    ("inner warn", Level::Warn, 1),
    ("outer enabled", Level::Info, 1),
    ("outer every", Level::Info, 1),
    ("outer every n", Level::Error, 1),
    ("outer once", Level::Debug, 1),
];

/// Checks a program in which the levels up to `max` were compiled in.
fn check(program: &Built, max: Option<Level>) {
    let is_in = |level: Level| Some(level) <= max;
    let first = program.run(&[]);
    let evaluated = 2 * u32::from(is_in(Level::Error)) + 5 * u32::from(is_in(Level::Trace));
    let on = is_in(Level::Trace);
    assert_eq!(first.said, format!("max {max:?}\nevaluated {evaluated}\nenabled {on}\n"));

    let expected = SITES.iter().filter(|(_, level, _)| is_in(*level));
    let counting = |template: &&str| !template.starts_with("{");
    let listed: Vec<_> =
        said(&first.sites).into_iter().filter(|(template, _)| counting(template)).collect();
    assert_eq!(
        listed,
        expected.clone().map(|(said, level, _)| (*said, *level)).collect::<Vec<_>>()
    );
    let binary = std::fs::read(&program.0).expect("the program is there");
    for (text, level, _) in SITES {
        let is_there = binary.windows(text.len()).any(|window| window == text.as_bytes());
        // The description of a call whose level is a constant stays.
        assert!(is_there == is_in(level) || text == "inner constant" && max.is_some(), "{text}");
    }

    // Each site by itself: the switch that a filter sets for its line is its own.
    let expected: Vec<_> = expected.collect();
    let place = |text: &str| {
        let site = first.sites.iter().find(|site| site.template == text).expect("it is listed");
        format!("{}:{}", site.file, site.line)
    };
    let filters: Vec<_> = expected.iter().map(|(text, _, _)| place(text)).collect();
    let records = program.run(&filters).records.into_iter();
    // The first are those that count evaluations.
    let records: Vec<_> = records.skip_while(|shown| !shown.message.starts_with("inner")).collect();
    let messages: Vec<_> = records.iter().map(|shown| shown.message.as_str()).collect();
    let repeated = expected.iter().flat_map(|(text, _, count)| std::iter::repeat_n(*text, *count));
    assert!(messages.iter().copied().eq(repeated), "{messages:?}");
    let on = records.iter().find(|shown| shown.message == "outer enabled");
    assert!(on.is_none_or(|shown| shown.fields == "on=true"), "{on:?}");
}

#[test]
fn every_site_of_every_crate_has_a_switch_of_its_own() {
    check(&build(&[]), Some(Level::Trace));
    check(&build(&["--release"]), Some(Level::Trace));
    // In a release build its own features go before.
    let features = "max_level_warn,release_max_level_info";
    check(&build(&["--release", "--features", features]), Some(Level::Info));
    check(&build(&["--release", "--features", "max_level_off"]), None);
}
