//! The machine a report was made on.

use std::fs;
use std::process::Command;

/// Processor, cores, system, compiler, day and commit, in one sentence.
pub fn machine() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| "an unnamed processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let system = first_line("uname", &["-sr"]);
    let compiler = first_line("rustc", &["--version"]);
    let commit = first_line("git", &["describe", "--always", "--dirty", "--abbrev=7"]);
    let day = first_line("date", &["-u", "+%Y-%m-%d"]);
    format!("{processor}, {cores} cores, {system}, {compiler}; {day}, commit {commit}.")
}

/// The first line that a program prints, or that it is unknown.
fn first_line(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| Some(String::from_utf8(output.stdout).ok()?.lines().next()?.to_owned()))
        .unwrap_or_else(|| format!("{program} unknown"))
}
