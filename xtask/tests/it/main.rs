//! A short crash campaign. The long one is `cargo xtask crash --runs 1000`.

use std::process::Command;

#[test]
fn nothing_is_lost_doubled_or_made_up() {
    let kinds =
        ["kill", "abort", "exit", "rotation", "recovery", "start", "writer-stopped", "flood"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(["crash", "--runs", "3", "--longest", "2000"]);
    for kind in kinds {
        command.args(["--kind", kind]);
    }
    let output = command.output().expect("it can be run");
    let table = String::from_utf8_lossy(&output.stdout);
    print!("{table}");
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success());
    let all = table.lines().find(|line| line.starts_with("all ")).expect("a line for all");
    let columns: Vec<_> = all.split_ascii_whitespace().collect();
    let [_, kills, acknowledged, recovered, rest @ ..] = &columns[..] else { panic!("{all}") };
    assert_eq!((*kills, rest), ("24", &["0"; 5][..]), "{all}");
    assert!(*acknowledged != "0" && *recovered != "0", "{all}");
}
