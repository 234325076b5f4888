//! A short crash campaign. The long one is `cargo xtask crash --runs 1000`.

use std::process::Command;

const RUNS: usize = 3;

#[test]
fn nothing_is_lost_doubled_or_made_up() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["crash", "--runs", &RUNS.to_string(), "--longest", "2000"]);
    let output = command.output().expect("it can be run");
    let table = String::from_utf8_lossy(&output.stdout);
    print!("{table}");
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success());
    let lines: Vec<Vec<_>> =
        table.lines().map(|line| line.split_ascii_whitespace().collect()).collect();
    // What needs rights that this user may not have.
    let is_skipped = |line: &&Vec<_>| line.get(1) == Some(&"skipped:");
    for line in lines.iter().filter(is_skipped) {
        assert!(["disk-full", "out-of-memory"].contains(&line[0]), "{line:?}");
    }
    let is_kind = |line: &&Vec<_>| line.len() == 9 && line[1] == RUNS.to_string();
    let kinds = lines.iter().filter(is_kind).count();
    assert_eq!(kinds + lines.iter().filter(is_skipped).count(), 17, "{table}");
    let all = lines.iter().find(|line| line.first() == Some(&"all")).expect("a line for all");
    let [_, kills, acknowledged, recovered, rest @ ..] = &all[..] else { panic!("{all:?}") };
    assert_eq!((*kills, rest), (&*(RUNS * kinds).to_string(), &["0"; 5][..]), "{all:?}");
    assert!(*acknowledged != "0" && *recovered != "0", "{all:?}");
}
